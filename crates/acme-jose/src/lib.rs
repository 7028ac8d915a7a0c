#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod algorithm;
pub mod base64url;
mod ec;
#[cfg(feature = "ed25519")]
mod ed25519;
mod encoding;
mod jwk;
mod jws;
mod key;
mod mac;
#[cfg(feature = "rsa")]
mod rsa_key;
mod signer;
mod thumbprint;

pub use algorithm::{Algorithm, KeyType, MacAlgorithm};
pub use base64url::Base64UrlError;
pub use jwk::{Jwk, JwkError, VerifyError};
pub use jws::{Header, Jws, JwsError, KeyId, ParsedAlgorithm, ParsedHeader, ParsedKeyId, Payload};
pub use key::{KeyError, PrivateKey};
pub use mac::{MacKey, MacKeyError};
pub use signer::{SignError, Signer, ecdsa_der_to_fixed, ecdsa_fixed_to_der};
pub use thumbprint::Thumbprint;

/// Text or bytes that are wiped from memory when dropped.
pub use zeroize::Zeroizing;
