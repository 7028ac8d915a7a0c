//! PEM on the way in (RFC 7468): finding the private key in what a user hands over.

use alloc::{format, string::String, string::ToString as _, vec::Vec};

use base64ct::{Base64, Encoding as _};
use zeroize::Zeroizing;

use super::KeyError;
use crate::excerpt::excerpt;

/// The DER inside the one private key block of a text.
///
/// Text around the blocks is skipped, and so is the `EC PARAMETERS` block that OpenSSL puts before a key.
pub(super) fn private_key_block(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut key = None;
    for block in blocks(text) {
        let block = block?;
        match block.label {
            "EC PARAMETERS" => {}
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" if key.is_none() => key = Some(block.decode()?),
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
                return Err(KeyError::NotAPrivateKey { found: "more than one private key".to_string() });
            }
            other => return Err(KeyError::NotAPrivateKey { found: described(other) }),
        }
    }
    key.ok_or_else(|| KeyError::NotAPrivateKey { found: "a text without a PEM block".to_string() })
}

fn described(label: &str) -> String {
    match label {
        "CERTIFICATE" | "TRUSTED CERTIFICATE" | "X509 CERTIFICATE" => "a certificate".to_string(),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a certificate request".to_string(),
        "PUBLIC KEY" | "RSA PUBLIC KEY" => "a public key".to_string(),
        "OPENSSH PRIVATE KEY" => "a key in OpenSSH's own form (ssh-keygen -p -m PKCS8 converts it)".to_string(),
        other => format!("a PEM block {:?}", excerpt(other)),
    }
}

struct Block<'a> {
    label: &'a str,
    /// What stands between the two lines.
    body: &'a str,
}

impl Block<'_> {
    /// The octets, whatever the length of the lines.
    fn decode(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        // RFC 1421 §4.6.1.1, as OpenSSL writes it with `-traditional`.
        if self.body.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(KeyError::Encrypted);
        }
        let mut base64 = Zeroizing::new(String::with_capacity(self.body.len()));
        base64.extend(self.body.split_ascii_whitespace());
        Base64::decode_vec(&base64)
            .map(Zeroizing::new)
            .map_err(|_| KeyError::Malformed(format!("the PEM block {:?} is not base64", excerpt(self.label))))
    }
}

/// The PEM blocks of a text, in their order.
fn blocks(mut rest: &str) -> impl Iterator<Item = Result<Block<'_>, KeyError>> {
    core::iter::from_fn(move || {
        let (_, text) = rest.split_once("-----BEGIN ")?;
        let block = block(text);
        rest = block.as_ref().map_or("", |(_, rest)| rest);
        Some(block.map(|(block, _)| block))
    })
}

/// The block that starts with its label, and the text behind it.
fn block(text: &str) -> Result<(Block<'_>, &str), KeyError> {
    let truncated = |expected: &str| KeyError::Truncated { expected: excerpt(expected) };
    let (label, text) = text.split_once("-----").ok_or_else(|| truncated("-----"))?;
    let end = format!("-----END {label}-----");
    let (body, rest) = text.split_once(&end).ok_or_else(|| truncated(&end))?;
    Ok((Block { label, body }, rest))
}
