//! Why a private key could not be made or read.

use alloc::string::String;
use core::fmt;

use crate::JwkError;

/// Why a private key could not be made or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is protected by a password, which is not asked for here.
    Encrypted,
    /// There is no private key in the input.
    NotAPrivateKey {
        /// What there is instead.
        found: String,
    },
    /// A PEM block that breaks off.
    Truncated {
        /// The text that should have followed.
        expected: String,
    },
    /// A private key, but damaged.
    Malformed(String),
    /// A key with another length than its kind has.
    Width {
        /// The kind of key.
        key: &'static str,
        /// The octets it has.
        found: usize,
        /// The octets it must have.
        expected: usize,
    },
    /// The public key that came along is not the private key's.
    Mismatch,
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
    /// An RSA modulus outside of 2048 to 4096 bits, which is what CAs take.
    ModulusSize {
        /// The bits it has.
        bits: usize,
    },
    /// The JWK could not be read.
    Jwk(JwkError),
    /// The operating system gave no randomness.
    Random,
}

impl From<JwkError> for KeyError {
    fn from(error: JwkError) -> Self {
        match error {
            JwkError::FeatureOff { key, feature } => Self::FeatureOff { key, feature },
            JwkError::ModulusSize { bits } => Self::ModulusSize { bits },
            JwkError::Unsupported { found, expected } => Self::Unsupported { found, expected },
            other => Self::Jwk(other),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encrypted => f.write_str(
                "found an encrypted private key, expected a plain one: decrypt it first (openssl pkey -in …)",
            ),
            Self::NotAPrivateKey { found } => {
                write!(f, "found {found}, expected a private key (PKCS#8, SEC1 or PKCS#1)")
            }
            Self::Truncated { expected } => write!(f, "found the end of a truncated PEM text, expected {expected:?}"),
            Self::Malformed(what) => write!(f, "the private key is damaged: {what}"),
            Self::Width { key, found, expected } => {
                write!(f, "found a private {key} key of {found} octets, expected {expected}")
            }
            Self::Mismatch => f.write_str("found a public key that is not the private key's"),
            Self::Unsupported { found, expected } => write!(f, "found {found}, expected {expected}"),
            Self::FeatureOff { key, feature } => {
                write!(f, "found {key}, which this build cannot use: turn on the feature {feature:?} of acme-jose")
            }
            Self::ModulusSize { bits } => write!(f, "found an RSA modulus of {bits} bits, expected 2048 to 4096"),
            Self::Jwk(error) => error.fmt(f),
            Self::Random => f.write_str("the operating system gave no randomness"),
        }
    }
}

impl core::error::Error for KeyError {}
