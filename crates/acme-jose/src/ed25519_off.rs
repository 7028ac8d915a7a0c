//! The names of `ed25519` when the feature is off. No key exists, so nothing can be asked of one.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::{JwkError, KeyError};

pub(crate) enum Ed25519Key {}

impl Ed25519Key {
    pub(crate) fn generate() -> Result<Self, KeyError> {
        Err(KeyError::FeatureOff { key: "Ed25519", feature: "ed25519" })
    }

    pub(crate) fn from_seed(_: &[u8], _: Option<&[u8]>) -> Result<Self, KeyError> {
        Self::generate()
    }

    pub(crate) fn public(&self) -> [u8; 32] {
        match *self {}
    }

    pub(crate) fn seed(&self) -> Zeroizing<Vec<u8>> {
        match *self {}
    }

    pub(crate) fn sign(&self, _: &[u8]) -> Vec<u8> {
        match *self {}
    }

    pub(crate) fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
        match *self {}
    }
}

pub(crate) fn check_public(_: &[u8; 32]) -> Result<(), JwkError> {
    Err(JwkError::FeatureOff { key: "Ed25519", feature: "ed25519" })
}

pub(crate) fn verify(_: &[u8; 32], _: &[u8], _: &[u8]) -> bool {
    false
}
