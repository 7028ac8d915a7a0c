//! The names of `rsa_key` when the feature is off.

use alloc::{boxed::Box, vec::Vec};

use crate::key::SecretKey;
use crate::{JwkError, KeyError};

const OFF: JwkError = JwkError::FeatureOff { key: "RSA", feature: "rsa" };

pub(crate) fn generate(_: usize) -> Result<Box<dyn SecretKey>, KeyError> {
    Err(OFF.into())
}

pub(crate) fn from_pkcs1(_: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
    Err(OFF.into())
}

pub(crate) fn from_numbers(_: &[u8], _: &[u8], _: &[u8], _: &[&[u8]]) -> Result<Box<dyn SecretKey>, KeyError> {
    Err(OFF.into())
}

pub(crate) fn checked_public(_: &[u8], _: &[u8]) -> Result<(Vec<u8>, Vec<u8>), JwkError> {
    Err(OFF)
}

pub(crate) fn verify(_: &[u8], _: &[u8], _: &[u8], _: &[u8]) -> bool {
    false
}

pub(crate) fn to_spki(_: &[u8], _: &[u8]) -> Result<Vec<u8>, JwkError> {
    Err(OFF)
}

pub(crate) fn from_spki(_: &[u8]) -> Result<(Vec<u8>, Vec<u8>), JwkError> {
    Err(OFF)
}
