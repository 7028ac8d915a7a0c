//! One module per curve, on the types of the curve's crate; or its stand-in when the curve is switched off.

macro_rules! curve_module {
    // The code that is the same for every curve.
    ($module:ident, $curve:ident, $krate:ident) => {
        mod $module {
            use alloc::{borrow::ToOwned, boxed::Box, vec::Vec};
            use pkcs8::EncodePrivateKey as _;
            use zeroize::{ZeroizeOnDrop, Zeroizing};
            use $krate::ecdsa::signature::{Signer as _, Verifier as _};
            use $krate::ecdsa::{Signature, SigningKey, VerifyingKey};
            use $krate::elliptic_curve::Generate as _;

            use crate::curve::Curve;
            use crate::key::{PrivateMember, SecretKey};
            use crate::{Algorithm, Jwk, JwkError, KeyError, SignError};

            const CURVE: Curve = Curve::$curve;

            pub(crate) fn generate() -> Result<Box<dyn SecretKey>, KeyError> {
                match SigningKey::try_generate_from_rng(&mut getrandom::SysRng) {
                    Ok(key) => Ok(Box::new(Key(key))),
                    Err(_) => Err(KeyError::Random),
                }
            }

            pub(crate) fn from_scalar(scalar: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
                match SigningKey::from_slice(scalar) {
                    Ok(key) => Ok(Box::new(Key(key))),
                    Err(_) => Err(KeyError::Malformed("the scalar is zero or not below the order".to_owned())),
                }
            }

            pub(crate) fn check_point(point: &[u8]) -> Result<(), JwkError> {
                VerifyingKey::from_sec1_bytes(point)
                    .map(drop)
                    .map_err(|_| JwkError::NotOnCurve { expected: CURVE.name() })
            }

            pub(crate) fn verify(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
                let Ok(key) = VerifyingKey::from_sec1_bytes(point) else { return false };
                Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }

            struct Key(SigningKey);

            impl ZeroizeOnDrop for Key where SigningKey: ZeroizeOnDrop {}

            impl SecretKey for Key {
                fn algorithm(&self) -> Algorithm {
                    CURVE.algorithm()
                }

                fn public_key(&self) -> Jwk {
                    Jwk::ec(CURVE, self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec())
                }

                /// A deterministic signature (RFC 6979), R ‖ S in full width.
                fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
                    let signature: Signature =
                        self.0.try_sign(message).map_err(|_| SignError::new("the ECDSA key gave no signature"))?;
                    Ok(signature.to_vec())
                }

                fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
                    $krate::SecretKey::from(&self.0).to_pkcs8_der()
                }

                fn private_members(&self) -> Result<Vec<PrivateMember>, KeyError> {
                    let scalar = Zeroizing::new(self.0.to_bytes());
                    Ok(Vec::from([("d", Zeroizing::new(scalar.to_vec()))]))
                }
            }
        }
    };
    // The same names when the feature is off.
    ($module:ident, $curve:ident, off: $feature:literal) => {
        mod $module {
            use alloc::boxed::Box;

            use crate::curve::Curve;
            use crate::key::SecretKey;
            use crate::{JwkError, KeyError};

            const NAME: &str = Curve::$curve.name();

            pub(crate) fn generate() -> Result<Box<dyn SecretKey>, KeyError> {
                Err(KeyError::FeatureOff { key: NAME, feature: $feature })
            }

            pub(crate) fn from_scalar(_: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
                generate()
            }

            pub(crate) fn check_point(_: &[u8]) -> Result<(), JwkError> {
                Err(JwkError::FeatureOff { key: NAME, feature: $feature })
            }

            pub(crate) fn verify(_: &[u8], _: &[u8], _: &[u8]) -> bool {
                false
            }
        }
    };
}

pub(super) use curve_module;
