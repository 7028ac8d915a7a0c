#![doc = include_str!("../README.md")]
#![warn(missing_debug_implementations)]
#![no_std]

extern crate alloc;

mod algorithm;
pub mod base64url;
mod curve;
mod ec;
#[cfg_attr(not(feature = "ed25519"), path = "ed25519_off.rs")]
mod ed25519;
mod excerpt;
mod json;
mod jwk;
mod jws;
mod key;
mod mac;
#[cfg_attr(not(feature = "rsa"), path = "rsa_key_off.rs")]
mod rsa_key;
mod signature_form;
mod signer;
mod thumbprint;
mod unique;

pub use algorithm::{Algorithm, KeyType, MacAlgorithm};
pub use base64url::Base64UrlError;
pub use json::JsonError;
pub use jwk::{Jwk, JwkError, VerifyError};
pub use jws::{
    Header, InnerJws, Jws, JwsError, KeyId, ParsedAlgorithm, ParsedHeader, ParsedKeyId, Payload, PayloadText,
};
pub use key::{KeyError, PrivateKey};
pub use mac::{MacKey, MacKeyError};
pub use signature_form::{ecdsa_der_to_fixed, ecdsa_fixed_to_der};
pub use signer::{SignError, Signer};
pub use thumbprint::Thumbprint;

/// Text or bytes that are wiped from memory when dropped.
pub use zeroize::Zeroizing;
