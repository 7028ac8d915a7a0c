//! PEM and DER on the way in: finding the private key in what a user hands over.

use alloc::{format, string::ToString as _, vec::Vec};

use pkcs8::PrivateKeyInfoRef;
use pkcs8::der::{Decode, Reader, SliceReader, Tag, Tagged as _, pem};
use zeroize::Zeroizing;

use crate::KeyError;

/// A private key in one of its three DER forms.
pub(crate) enum KeyDer<'a> {
    /// PKCS#8 (RFC 5958): names its own algorithm.
    Pkcs8(PrivateKeyInfoRef<'a>),
    /// SEC1 `ECPrivateKey` (RFC 5915).
    Sec1(sec1::EcPrivateKey<'a>),
    /// PKCS#1 `RSAPrivateKey` (RFC 8017 §A.1.2).
    Pkcs1(&'a [u8]),
}

impl<'a> KeyDer<'a> {
    /// Tells the forms apart by the second and third element of the outer sequence.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, KeyError> {
        let malformed = |error: pkcs8::der::Error| KeyError::Malformed(format!("not a DER private key: {error}"));
        let tags = element_tags(der).map_err(malformed)?;
        match tags.as_slice() {
            [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => match PrivateKeyInfoRef::try_from(der) {
                Ok(info) => Ok(Self::Pkcs8(info)),
                Err(error) => Err(KeyError::Malformed(format!("not PKCS#8: {error}"))),
            },
            [Tag::Integer, Tag::OctetString, ..] => {
                sec1::EcPrivateKey::from_der(der).map(Self::Sec1).map_err(malformed)
            }
            [Tag::Integer, Tag::Integer, Tag::Integer, Tag::Integer, ..] => Ok(Self::Pkcs1(der)),
            [Tag::Sequence, Tag::OctetString] => Err(KeyError::Encrypted),
            [Tag::Sequence, Tag::BitString] => Err(KeyError::NotAPrivateKey { found: "a public key".to_string() }),
            [Tag::Sequence, Tag::Sequence, Tag::BitString] => {
                Err(KeyError::NotAPrivateKey { found: "a certificate or a request for one".to_string() })
            }
            _ => Err(KeyError::Malformed("DER, but neither PKCS#8 nor SEC1 nor PKCS#1".to_string())),
        }
    }
}

/// The tags of the elements of the outer sequence, which must be all there is.
fn element_tags(der: &[u8]) -> pkcs8::der::Result<Vec<Tag>> {
    let mut outer = SliceReader::new(der)?;
    let tags = outer.sequence(|inner| {
        let mut tags = Vec::new();
        while !inner.is_finished() {
            tags.push(pkcs8::der::AnyRef::decode(inner)?.tag());
        }
        Ok::<_, pkcs8::der::Error>(tags)
    })?;
    outer.finish()?;
    Ok(tags)
}

/// The DER inside the one private key block of a PEM text (RFC 7468).
///
/// Text around the blocks is skipped, and so is the `EC PARAMETERS` block that OpenSSL puts before a key.
pub(crate) fn private_key_block(text: &str) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    let mut key = None;
    for block in blocks(text) {
        let block = block?;
        match block.label {
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" if block.text.contains("Proc-Type: 4,ENCRYPTED") => {
                return Err(KeyError::Encrypted);
            }
            "ENCRYPTED PRIVATE KEY" => return Err(KeyError::Encrypted),
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" if key.is_some() => {
                return Err(KeyError::Malformed("more than one private key in one file".to_string()));
            }
            "PRIVATE KEY" | "EC PRIVATE KEY" | "RSA PRIVATE KEY" => {
                let (_, der) = pem::decode_vec(block.text.as_bytes())
                    .map_err(|error| KeyError::Malformed(format!("the {} block is damaged: {error}", block.label)))?;
                key = Some(Zeroizing::new(der));
            }
            "EC PARAMETERS" => {}
            other => return Err(KeyError::NotAPrivateKey { found: format!("a PEM block {other:?}") }),
        }
    }
    key.ok_or_else(|| KeyError::NotAPrivateKey { found: "no PEM block".to_string() })
}

struct Block<'a> {
    label: &'a str,
    /// From the first dash of `-----BEGIN` to the last one of the end line.
    text: &'a str,
}

/// The PEM blocks of a text, in their order.
fn blocks(text: &str) -> impl Iterator<Item = Result<Block<'_>, KeyError>> {
    const BEGIN: &str = "-----BEGIN ";
    let mut rest = text;
    core::iter::from_fn(move || {
        rest = &rest[rest.find(BEGIN)?..];
        let block = block_at_start(rest, BEGIN.len());
        rest = match &block {
            Ok(block) => &rest[block.text.len()..],
            Err(_) => "",
        };
        Some(block)
    })
}

fn block_at_start(text: &str, label_at: usize) -> Result<Block<'_>, KeyError> {
    let truncated = |what: &str| KeyError::Malformed(format!("truncated PEM: {what}"));
    let label_len = text[label_at..].find("-----").ok_or_else(|| truncated("the first line has no end"))?;
    let label = &text[label_at..label_at + label_len];
    let end_line = format!("-----END {label}-----");
    let end = text.find(&end_line).ok_or_else(|| truncated(&format!("no {end_line:?} line")))?;
    Ok(Block { label, text: &text[..end + end_line.len()] })
}
