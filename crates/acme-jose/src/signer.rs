//! Who signs: a software key, or one that we do not hold.

use alloc::{boxed::Box, string::String, vec, vec::Vec};
use core::fmt;

use pkcs8::der::{Decode, Encode, Reader, asn1::UintRef};

use crate::{Algorithm, Jwk};

/// Something that signs with a private key: a [`PrivateKey`](crate::PrivateKey), an HSM, an agent, a KMS.
///
/// Nothing in these crates needs more of a key than this trait gives.
pub trait Signer: Send + Sync {
    /// The algorithm of the signatures. It fits the key: ES256 goes with P-256 and so on (RFC 7518 §3.1).
    fn algorithm(&self) -> Algorithm;

    /// The public key.
    fn public_key(&self) -> Jwk;

    /// Signs `message`, which is not hashed yet, and gives the signature in the form JWS wants: R ‖ S in full width
    /// for ECDSA ([`ecdsa_der_to_fixed`] makes it from DER), 64 octets for Ed25519, as many octets as the modulus
    /// has for RSA.
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

/// An ECDSA signature as DER (`SEQUENCE { r, s }`, what OpenSSL, PKCS#11 wrappers and cloud KMS give) in the form
/// JWS wants: R ‖ S, each left-padded with zeros to the width of the field (RFC 7518 §3.4).
///
/// # Errors
/// When `signature` is not that DER, when a number is wider than the field, or when `algorithm` is not ECDSA.
pub fn ecdsa_der_to_fixed(algorithm: Algorithm, signature: &[u8]) -> Result<Vec<u8>, SignError> {
    let width = half_width(algorithm)?;
    let (r, s) = parse_der(signature)
        .map_err(|_| SignError::new("the ECDSA signature is not a DER sequence of two positive integers"))?;
    let mut fixed = vec![0; 2 * width];
    let (high, low) = fixed.split_at_mut(width);
    for (number, half) in [(r, high), (s, low)] {
        let number = number.as_bytes();
        let Some(start) = half.len().checked_sub(number.len()) else {
            return Err(SignError::new(alloc::format!(
                "a number of {} octets is too wide for {algorithm}",
                number.len()
            )));
        };
        half[start..].copy_from_slice(number);
    }
    Ok(fixed)
}

/// The other way round: R ‖ S as DER, the form X.509 wants.
///
/// # Errors
/// When `signature` has not the length that `algorithm` asks for, or `algorithm` is not ECDSA.
pub fn ecdsa_fixed_to_der(algorithm: Algorithm, signature: &[u8]) -> Result<Vec<u8>, SignError> {
    let width = half_width(algorithm)?;
    if signature.len() != 2 * width {
        return Err(SignError::new(alloc::format!(
            "an {algorithm} signature has {} octets, not {}",
            2 * width,
            signature.len()
        )));
    }
    let (r, s) = signature.split_at(width);
    encode_der(r, s).map_err(|error| SignError::new(alloc::format!("cannot write the signature as DER: {error}")))
}

fn half_width(algorithm: Algorithm) -> Result<usize, SignError> {
    let len = algorithm
        .ecdsa_signature_len()
        .ok_or_else(|| SignError::new(alloc::format!("{algorithm} is not ECDSA: its signatures have one form only")))?;
    Ok(len / 2)
}

fn parse_der(signature: &[u8]) -> pkcs8::der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = pkcs8::der::SliceReader::new(signature)?;
    let pair =
        reader.sequence(|inner| Ok::<_, pkcs8::der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?)))?;
    reader.finish()?;
    Ok(pair)
}

fn encode_der(r: &[u8], s: &[u8]) -> pkcs8::der::Result<Vec<u8>> {
    vec![UintRef::new(r)?, UintRef::new(s)?].to_der()
}
