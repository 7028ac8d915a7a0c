//! The names of `ed25519` when the feature is off.

use alloc::boxed::Box;

use crate::key::SecretKey;
use crate::{JwkError, KeyError};

pub(crate) fn generate() -> Result<Box<dyn SecretKey>, KeyError> {
    Err(KeyError::FeatureOff { key: "Ed25519", feature: "ed25519" })
}

pub(crate) fn from_seed(_: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
    generate()
}

pub(crate) fn check_public(_: &[u8; 32]) -> Result<(), JwkError> {
    Err(JwkError::FeatureOff { key: "Ed25519", feature: "ed25519" })
}

pub(crate) fn verify(_: &[u8; 32], _: &[u8], _: &[u8]) -> bool {
    false
}
