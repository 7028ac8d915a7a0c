//! The names of `rsa_key` when the feature is off. No key exists, so nothing can be asked of one.

use alloc::vec::Vec;

use crate::key::PrivateMember;
use crate::{JwkError, KeyError, SignError};

pub(crate) enum RsaKey {}

impl RsaKey {
    pub(crate) fn generate(_: usize) -> Result<Self, KeyError> {
        Err(KeyError::FeatureOff { key: "RSA", feature: "rsa" })
    }

    pub(crate) fn from_pkcs1(_: &[u8]) -> Result<Self, KeyError> {
        Self::generate(0)
    }

    pub(crate) fn from_numbers(_: &[u8], _: &[u8], _: &[u8], _: &[&[u8]]) -> Result<Self, KeyError> {
        Self::generate(0)
    }

    pub(crate) fn public(&self) -> (Vec<u8>, Vec<u8>) {
        match *self {}
    }

    pub(crate) fn private_numbers(&self) -> Result<[PrivateMember; 6], KeyError> {
        match *self {}
    }

    pub(crate) fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        match *self {}
    }

    pub(crate) fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
        match *self {}
    }
}

pub(crate) fn checked_public(_: &[u8], _: &[u8]) -> Result<(Vec<u8>, Vec<u8>), JwkError> {
    Err(JwkError::FeatureOff { key: "RSA", feature: "rsa" })
}

pub(crate) fn verify(_: &[u8], _: &[u8], _: &[u8], _: &[u8]) -> bool {
    false
}

pub(crate) fn to_spki(_: &[u8], _: &[u8]) -> Result<Vec<u8>, JwkError> {
    Err(JwkError::FeatureOff { key: "RSA", feature: "rsa" })
}

pub(crate) fn from_spki(_: &[u8]) -> Result<(Vec<u8>, Vec<u8>), JwkError> {
    Err(JwkError::FeatureOff { key: "RSA", feature: "rsa" })
}
