//! ECDSA keys on the NIST curves (RFC 7518 §3.4 and §6.2).

mod curve_module;

use alloc::vec::Vec;

use zeroize::Zeroizing;

use crate::curve::Curve;
use crate::{JwkError, KeyError, SignError};
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

/// A private key. Those of a curve that is switched off cannot exist.
pub(crate) enum EcKey {
    P256(p256_curve::Key),
    P384(p384_curve::Key),
    P521(p521_curve::Key),
}

/// Runs `$do` with `$module` naming the module of the curve.
macro_rules! on_curve {
    ($curve:expr, $module:ident => $do:expr) => {
        match $curve {
            Curve::P256 => {
                use p256_curve as $module;
                $do
            }
            Curve::P384 => {
                use p384_curve as $module;
                $do
            }
            Curve::P521 => {
                use p521_curve as $module;
                $do
            }
        }
    };
}

/// Runs `$do` on the key inside an [`EcKey`].
macro_rules! on_key {
    ($key:expr, $inner:ident => $do:expr) => {
        match $key {
            EcKey::P256($inner) => $do,
            EcKey::P384($inner) => $do,
            EcKey::P521($inner) => $do,
        }
    };
}

impl EcKey {
    pub(crate) fn generate(curve: Curve) -> Result<Self, KeyError> {
        on_curve!(curve, module => module::Key::generate().map(Into::into))
    }

    /// A key from its scalar, which has exactly the width of the curve.
    pub(crate) fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, KeyError> {
        if scalar.len() != curve.width() {
            return Err(KeyError::Width { key: curve.name(), found: scalar.len(), expected: curve.width() });
        }
        on_curve!(curve, module => module::Key::from_scalar(scalar).map(Into::into))
    }

    pub(crate) fn curve(&self) -> Curve {
        match self {
            Self::P256(_) => Curve::P256,
            Self::P384(_) => Curve::P384,
            Self::P521(_) => Curve::P521,
        }
    }

    /// The public point as `04 ‖ x ‖ y` (SEC1 §2.3.3).
    pub(crate) fn public_point(&self) -> Vec<u8> {
        on_key!(self, key => key.public_point())
    }

    pub(crate) fn scalar(&self) -> Zeroizing<Vec<u8>> {
        on_key!(self, key => key.scalar())
    }

    /// A deterministic signature (RFC 6979), R ‖ S in full width.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        on_key!(self, key => key.sign(message))
    }

    pub(crate) fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
        on_key!(self, key => key.to_pkcs8())
    }
}

/// Whether `04 ‖ x ‖ y` is a point of the curve.
pub(crate) fn check_point(curve: Curve, point: &[u8]) -> Result<(), JwkError> {
    on_curve!(curve, module => module::check_point(point))
}

/// Whether `signature` is one of `message` under the public point.
pub(crate) fn verify(curve: Curve, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    on_curve!(curve, module => module::verify(point, message, signature))
}
