//! Message authentication with a shared secret (RFC 7518 §3.2).

use alloc::{string::String, vec, vec::Vec};
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, Mac as _};
use sha2::{Sha256, Sha384, Sha512};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::excerpt::excerpt;
use crate::jws::{WireHeader, WireKey};
use crate::{InnerJws, Jws, MacAlgorithm, Payload, SignError, VerifyError};

/// A secret that two parties share, for the inner JWS that shows one of them knows it.
///
/// Wiped from memory when dropped; `Debug` does not show it.
pub struct MacKey(Zeroizing<Vec<u8>>);

impl MacKey {
    /// A key from its octets.
    pub fn from_bytes(octets: &[u8]) -> Self {
        Self(Zeroizing::new(octets.to_vec()))
    }

    /// A key as people are given it: base64url or standard base64, padded or not. All spellings of the same octets
    /// give the same key; white space around them is dropped.
    ///
    /// # Errors
    /// When it is empty or in neither alphabet.
    pub fn from_text(text: &str) -> Result<Self, MacKeyError> {
        let text = text.trim();
        let digits = text.trim_end_matches('=');
        let padding = text.len() - digits.len();
        let padded_wrongly = padding > 2 || (padding > 0 && !text.len().is_multiple_of(4));
        if padded_wrongly || (digits.contains(['-', '_']) && digits.contains(['+', '/'])) {
            return Err(MacKeyError(()));
        }
        let digits = Zeroizing::new(digits.bytes().map(url_digit).collect::<Vec<_>>());
        let mut octets = Zeroizing::new(vec![0; digits.len()]);
        let len = Base64UrlUnpadded::decode(&*digits, &mut octets).map_err(|_| MacKeyError(()))?.len();
        octets.truncate(len);
        if octets.is_empty() { Err(MacKeyError(())) } else { Ok(Self(octets)) }
    }

    /// A JWS without a nonce, whose `kid` names this key: an external account binding (RFC 8555 §7.3.4).
    ///
    /// # Errors
    /// Never with the algorithms that exist; the signature leaves room.
    pub fn sign(
        &self,
        algorithm: MacAlgorithm,
        kid: &str,
        url: &str,
        payload: &Payload,
    ) -> Result<InnerJws, SignError> {
        let header = WireHeader { alg: algorithm.name(), key: WireKey::Kid(kid), nonce: None, url };
        Jws::build(&header, payload, |input| self.tag(algorithm, input)).map(InnerJws)
    }

    /// Checks a JWS that was signed with this key, in constant time.
    ///
    /// # Errors
    /// When the protected header names another algorithm, or the MAC is wrong.
    pub fn verify(&self, algorithm: MacAlgorithm, jws: &Jws) -> Result<(), VerifyError> {
        let named = jws.alg()?;
        if named != algorithm.name() {
            return Err(VerifyError::Algorithm { found: excerpt(&named), expected: algorithm.name() });
        }
        self.verify_tag(algorithm, jws.signing_input().as_bytes(), &jws.signature())
    }

    /// The MAC of a message.
    ///
    /// # Errors
    /// Never: HMAC takes keys of any length.
    pub fn tag(&self, algorithm: MacAlgorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        macro_rules! tag {
            ($hash:ty) => {{
                let mut mac = self.keyed::<Hmac<$hash>>()?;
                mac.update(message);
                mac.finalize().into_bytes().to_vec()
            }};
        }
        Ok(match algorithm {
            MacAlgorithm::Hs256 => tag!(Sha256),
            MacAlgorithm::Hs384 => tag!(Sha384),
            MacAlgorithm::Hs512 => tag!(Sha512),
        })
    }

    /// Checks the MAC of a message, in constant time: `verify_slice` compares without branching on the octets, `==` on
    /// [`tag`](Self::tag) would not. A shortened one does not count.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn verify_tag(&self, algorithm: MacAlgorithm, message: &[u8], tag: &[u8]) -> Result<(), VerifyError> {
        macro_rules! verify {
            ($hash:ty) => {{
                let mut mac = self.keyed::<Hmac<$hash>>().map_err(|_| VerifyError::Signature)?;
                mac.update(message);
                mac.verify_slice(tag)
            }};
        }
        match algorithm {
            MacAlgorithm::Hs256 => verify!(Sha256),
            MacAlgorithm::Hs384 => verify!(Sha384),
            MacAlgorithm::Hs512 => verify!(Sha512),
        }
        .map_err(|_| VerifyError::Signature)
    }

    fn keyed<M: hmac::KeyInit>(&self) -> Result<M, SignError> {
        M::new_from_slice(&self.0).map_err(|_| SignError::new(String::from("HMAC refuses the key")))
    }
}

/// A digit of either alphabet as that of base64url.
fn url_digit(digit: u8) -> u8 {
    match digit {
        b'+' => b'-',
        b'/' => b'_',
        other => other,
    }
}

impl ZeroizeOnDrop for MacKey {}

/// Compiles only while the field wipes itself.
const _: fn(&MacKey) = |MacKey(octets)| {
    fn wiped(_: &impl ZeroizeOnDrop) {}
    wiped(octets);
};

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey([redacted])")
    }
}

/// A MAC key that is neither base64url nor base64, or empty. Does not show the text: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MacKeyError(());

impl fmt::Display for MacKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the MAC key is not base64url (or base64) text, or is empty")
    }
}

impl core::error::Error for MacKeyError {}
