//! Who signs: a software key, or one that we do not hold.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use crate::{Algorithm, Jwk};

/// Something that signs with a private key: a [`PrivateKey`](crate::PrivateKey), an HSM, an agent, a KMS.
///
/// Nothing in these crates needs more of a key than this trait gives.
pub trait Signer: Send + Sync {
    /// The algorithm of the signatures. It fits the key: ES256 goes with P-256 and so on (RFC 7518 §3.1).
    fn algorithm(&self) -> Algorithm;

    /// The public key.
    fn public_key(&self) -> Jwk;

    /// Signs `message`, which is not hashed yet, and gives the signature in the form JWS wants: for ECDSA R ‖ S in full
    /// width, which [`ecdsa_der_to_fixed`](crate::ecdsa_der_to_fixed) makes from DER; for Ed25519 64 octets; for RSA as
    /// many octets as the modulus has.
    ///
    /// # Errors
    /// When the key cannot be reached or refuses. Never because of the message.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Why a signature could not be made.
#[derive(Debug)]
pub struct SignError {
    message: String,
    source: Option<Box<dyn core::error::Error + Send + Sync>>,
}

impl SignError {
    /// An error that says what went wrong.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// The same, keeping the error below it.
    pub fn with_source(
        message: impl Into<String>,
        source: impl Into<Box<dyn core::error::Error + Send + Sync>>,
    ) -> Self {
        Self { message: message.into(), source: Some(source.into()) }
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot sign: {}", self.message)
    }
}

impl core::error::Error for SignError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
