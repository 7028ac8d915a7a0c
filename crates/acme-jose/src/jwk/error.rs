//! Why a public key could not be read, and why a signature does not count.

use alloc::string::String;
use core::fmt;

use crate::JsonError;

/// Why a public key could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwkError {
    /// The JSON is not that of a JWK.
    Json(JsonError),
    /// A coordinate, or a point, that is not in full width (RFC 7518 §6.2.1.2).
    Width {
        /// The member.
        member: &'static str,
        /// The octets it has.
        found: usize,
        /// The octets it must have.
        expected: usize,
    },
    /// The point is not on the curve, or is one of small order.
    NotOnCurve {
        /// The curve that was named.
        expected: &'static str,
    },
    /// A kind of key that is not known here.
    Unsupported {
        /// What was found.
        found: String,
        /// What could have been there.
        expected: &'static str,
    },
    /// A kind of key whose feature of this crate is off.
    FeatureOff {
        /// The kind of key.
        key: &'static str,
        /// The feature that adds it.
        feature: &'static str,
    },
    /// An RSA modulus outside of 2048 to 8192 bits.
    ModulusSize {
        /// The bits it has.
        bits: usize,
    },
    /// A public key, but damaged.
    Malformed(String),
}

impl From<JsonError> for JwkError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a JWK: {error}"),
            Self::Width { member, found, expected } => {
                write!(f, "found {found} octets as {member:?}, expected {expected}")
            }
            Self::NotOnCurve { expected } => {
                write!(f, "found a public key that is not a usable point, expected one of {expected}")
            }
            Self::Unsupported { found, expected } => write!(f, "found {found}, expected {expected}"),
            Self::FeatureOff { key, feature } => {
                write!(f, "found {key}, which this build cannot use: turn on the feature {feature:?} of acme-jose")
            }
            Self::ModulusSize { bits } => write!(f, "found an RSA modulus of {bits} bits, expected 2048 to 8192"),
            Self::Malformed(what) => write!(f, "the public key is damaged: {what}"),
        }
    }
}

impl core::error::Error for JwkError {}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The algorithm is not the key's.
    Algorithm {
        /// The one named.
        found: String,
        /// The key's.
        expected: &'static str,
    },
    /// The protected header names no algorithm.
    NoAlgorithm,
    /// The signature is not one of this message under this key.
    Signature,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm { found, expected } => write!(f, "found a signature with {found}, expected {expected}"),
            Self::NoAlgorithm => f.write_str("the protected header names no algorithm"),
            Self::Signature => f.write_str("the signature is wrong"),
        }
    }
}

impl core::error::Error for VerifyError {}
