//! ECDSA keys on the NIST curves (RFC 7518 §3.4 and §6.2).

use alloc::vec::Vec;

use pkcs8::ObjectIdentifier;

use crate::{Algorithm, KeyError};

/// `id-ecPublicKey` (RFC 5480 §2.1.1).
pub(crate) const ID_EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// A NIST curve. All are known by name, whatever the features.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The `crv` member (RFC 7518 §6.2.1.1).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The width of a coordinate, and of the private key, in octets.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(crate) fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::P521 => Algorithm::Es512,
        }
    }

    /// The named curve (RFC 5480 §2.1.1.1).
    pub(crate) fn oid(self) -> ObjectIdentifier {
        ObjectIdentifier::new_unwrap(match self {
            Self::P256 => "1.2.840.10045.3.1.7",
            Self::P384 => "1.3.132.0.34",
            Self::P521 => "1.3.132.0.35",
        })
    }

    pub(crate) fn from_oid(oid: ObjectIdentifier) -> Result<Self, KeyError> {
        Self::ALL.into_iter().find(|curve| curve.oid() == oid).ok_or_else(|| {
            KeyError::Unsupported(alloc::format!("the curve with OID {oid}; P-256, P-384 and P-521 are known"))
        })
    }
}

/// A private key on one of the curves that are switched on.
pub(crate) enum EcKey {
    P256(p256_curve::Key),
    #[cfg(feature = "p384")]
    P384(p384_curve::Key),
    #[cfg(feature = "p521")]
    P521(p521_curve::Key),
}

/// Runs `$do` with `$curve` naming the module of the curve, or gives `$off` when its feature is off.
macro_rules! with_curve {
    ($which:expr, $curve:ident => $do:expr, off => $off:expr) => {
        match $which {
            Curve::P256 => {
                use p256_curve as $curve;
                $do
            }
            #[cfg(feature = "p384")]
            Curve::P384 => {
                use p384_curve as $curve;
                $do
            }
            #[cfg(feature = "p521")]
            Curve::P521 => {
                use p521_curve as $curve;
                $do
            }
            #[allow(unreachable_patterns, reason = "with all features on no curve is left")]
            _ => $off,
        }
    };
}

/// Runs `$do` on the key inside an [`EcKey`].
macro_rules! with_key {
    ($which:expr, $key:ident => $do:expr) => {
        match $which {
            EcKey::P256($key) => $do,
            #[cfg(feature = "p384")]
            EcKey::P384($key) => $do,
            #[cfg(feature = "p521")]
            EcKey::P521($key) => $do,
        }
    };
}

impl EcKey {
    pub(crate) fn generate(curve: Curve) -> Result<Self, KeyError> {
        with_curve!(curve, c => c::Key::generate().map(Into::into), off => Err(KeyError::feature_off(curve.name())))
    }

    /// A key from its scalar, which has exactly the width of the curve.
    pub(crate) fn from_scalar(curve: Curve, scalar: &[u8]) -> Result<Self, KeyError> {
        if scalar.len() != curve.width() {
            return Err(KeyError::Malformed(alloc::format!(
                "a private key of {} octets on {}, which wants {}",
                scalar.len(),
                curve.name(),
                curve.width()
            )));
        }
        with_curve!(curve, c => c::Key::from_scalar(scalar).map(Into::into), off => Err(KeyError::feature_off(curve.name())))
    }

    pub(crate) fn curve(&self) -> Curve {
        match self {
            Self::P256(_) => Curve::P256,
            #[cfg(feature = "p384")]
            Self::P384(_) => Curve::P384,
            #[cfg(feature = "p521")]
            Self::P521(_) => Curve::P521,
        }
    }

    /// The public point as `04 ‖ x ‖ y` (SEC1 §2.3.3).
    pub(crate) fn public_point(&self) -> Vec<u8> {
        with_key!(self, key => key.public_point())
    }

    pub(crate) fn scalar(&self) -> zeroize::Zeroizing<Vec<u8>> {
        with_key!(self, key => key.scalar())
    }

    /// A deterministic signature (RFC 6979), R ‖ S in full width.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, crate::SignError> {
        with_key!(self, key => key.sign(message))
    }

    pub(crate) fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
        with_key!(self, key => key.to_pkcs8())
    }
}

/// Whether `04 ‖ x ‖ y` is a point of the curve.
pub(crate) fn check_point(curve: Curve, point: &[u8]) -> Result<bool, KeyError> {
    with_curve!(curve, c => Ok(c::is_on_curve(point)), off => Err(KeyError::feature_off(curve.name())))
}

/// Whether `signature` is one of `message` under the public point.
pub(crate) fn verify(curve: Curve, point: &[u8], message: &[u8], signature: &[u8]) -> bool {
    with_curve!(curve, c => c::verify(point, message, signature), off => false)
}

/// The code that is the same for every curve, on the types of the curve's crate.
macro_rules! curve_module {
    ($module:ident, $variant:ident, $krate:ident) => {
        pub(crate) mod $module {
            use alloc::{borrow::ToOwned, vec::Vec};
            use pkcs8::EncodePrivateKey as _;
            use zeroize::Zeroizing;
            use $krate::ecdsa::signature::{Signer as _, Verifier as _};
            use $krate::ecdsa::{Signature, SigningKey, VerifyingKey};
            use $krate::elliptic_curve::Generate as _;

            use crate::{KeyError, SignError};

            pub(crate) struct Key(SigningKey);

            impl Key {
                pub(crate) fn generate() -> Result<Self, KeyError> {
                    SigningKey::try_generate_from_rng(&mut getrandom::SysRng).map(Self).map_err(|_| KeyError::Random)
                }

                pub(crate) fn from_scalar(scalar: &[u8]) -> Result<Self, KeyError> {
                    SigningKey::from_slice(scalar)
                        .map(Self)
                        .map_err(|_| KeyError::Malformed("the private key is zero or not below the order".to_owned()))
                }

                pub(crate) fn public_point(&self) -> Vec<u8> {
                    self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec()
                }

                pub(crate) fn scalar(&self) -> Zeroizing<Vec<u8>> {
                    Zeroizing::new(self.0.to_bytes().to_vec())
                }

                pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
                    let signature: Signature =
                        self.0.try_sign(message).map_err(|_| SignError::new("the ECDSA key gave no signature"))?;
                    Ok(signature.to_vec())
                }

                pub(crate) fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
                    $krate::SecretKey::from(&self.0).to_pkcs8_der()
                }
            }

            impl From<Key> for super::EcKey {
                fn from(key: Key) -> Self {
                    Self::$variant(key)
                }
            }

            pub(crate) fn is_on_curve(point: &[u8]) -> bool {
                VerifyingKey::from_sec1_bytes(point).is_ok()
            }

            pub(crate) fn verify(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
                let Ok(key) = VerifyingKey::from_sec1_bytes(point) else { return false };
                Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
        }
    };
}

curve_module!(p256_curve, P256, p256);
#[cfg(feature = "p384")]
curve_module!(p384_curve, P384, p384);
#[cfg(feature = "p521")]
curve_module!(p521_curve, P521, p521);
