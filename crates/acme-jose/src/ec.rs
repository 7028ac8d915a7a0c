//! ECDSA on the NIST curves (RFC 7518 §3.4 and §6.2).

mod curve_module;

use alloc::boxed::Box;

use crate::curve::Curve;
use crate::key::SecretKey;
use crate::{JwkError, KeyError};
use curve_module::curve_module;

curve_module!(p256_curve, P256, p256);
#[cfg(feature = "p384")]
curve_module!(p384_curve, P384, p384);
#[cfg(not(feature = "p384"))]
curve_module!(p384_curve, P384, off: "p384");
#[cfg(feature = "p521")]
curve_module!(p521_curve, P521, p521);
#[cfg(not(feature = "p521"))]
curve_module!(p521_curve, P521, off: "p521");

pub(crate) fn generate(curve: Curve) -> Result<Box<dyn SecretKey>, KeyError> {
    match curve {
        Curve::P256 => p256_curve::generate(),
        Curve::P384 => p384_curve::generate(),
        Curve::P521 => p521_curve::generate(),
    }
}

/// A key from its scalar, which has exactly the width of the curve.
pub(crate) fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
    if scalar.len() != curve.width() {
        return Err(KeyError::Width { key: curve.name(), found: scalar.len(), expected: curve.width() });
    }
    match curve {
        Curve::P256 => p256_curve::from_scalar(scalar),
        Curve::P384 => p384_curve::from_scalar(scalar),
        Curve::P521 => p521_curve::from_scalar(scalar),
    }
}

/// Whether `04 ‖ x ‖ y` (SEC1 §2.3.3) is a point of the curve.
pub(crate) fn check_point(curve: Curve, point: &[u8]) -> Result<(), JwkError> {
    match curve {
        Curve::P256 => p256_curve::check_point(point),
        Curve::P384 => p384_curve::check_point(point),
        Curve::P521 => p521_curve::check_point(point),
    }
}

/// Whether `signature` is one of `message` under the public point.
pub(crate) fn verify(curve: Curve, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match curve {
        Curve::P256 => p256_curve::verify(point, message, signature),
        Curve::P384 => p384_curve::verify(point, message, signature),
        Curve::P521 => p521_curve::verify(point, message, signature),
    }
}
