//! The thumbprint of a public key (RFC 7638).

use alloc::string::String;
use core::fmt;

use sha2::{Digest, Sha256};

use crate::base64url::{self, Base64UrlError};

/// The SHA-256 thumbprint of a [`Jwk`](crate::Jwk): over its required members only, in lexicographic order, without
/// white space (RFC 7638 §3). Displayed as 43 characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Hashes the canonical JSON text of a public key.
    pub(crate) fn of(canonical_json: &str) -> Self {
        Self(Sha256::digest(canonical_json.as_bytes()).into())
    }

    /// Reads what [`to_base64url`](Self::to_base64url) wrote.
    ///
    /// # Errors
    /// When it is not base64url of 32 octets.
    pub fn parse(text: &str) -> Result<Self, Base64UrlError> {
        let octets = base64url::decode(text)?;
        octets.try_into().map(Self).map_err(|_| Base64UrlError::Length(text.len()))
    }

    /// The 32 octets of the hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash as base64url, 43 characters.
    pub fn to_base64url(&self) -> String {
        base64url::encode(&self.0)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64url())
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}
