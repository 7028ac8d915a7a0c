//! One module per curve, on the types of the curve's crate; or its stand-in when the curve is switched off.

macro_rules! curve_module {
    // The code that is the same for every curve.
    ($module:ident, $curve:ident, $krate:ident) => {
        mod $module {
            use alloc::{borrow::ToOwned, vec::Vec};
            use pkcs8::EncodePrivateKey as _;
            use zeroize::Zeroizing;
            use $krate::ecdsa::signature::{Signer as _, Verifier as _};
            use $krate::ecdsa::{Signature, SigningKey, VerifyingKey};
            use $krate::elliptic_curve::Generate as _;

            use crate::curve::Curve;
            use crate::{JwkError, KeyError, SignError};

            pub(crate) struct Key(SigningKey);

            impl Key {
                pub(crate) fn generate() -> Result<Self, KeyError> {
                    SigningKey::try_generate_from_rng(&mut getrandom::SysRng).map(Self).map_err(|_| KeyError::Random)
                }

                pub(crate) fn from_scalar(scalar: &[u8]) -> Result<Self, KeyError> {
                    SigningKey::from_slice(scalar)
                        .map(Self)
                        .map_err(|_| KeyError::Malformed("the scalar is zero or not below the order".to_owned()))
                }

                pub(crate) fn public_point(&self) -> Vec<u8> {
                    self.0.verifying_key().to_sec1_point(false).as_bytes().to_vec()
                }

                pub(crate) fn scalar(&self) -> Zeroizing<Vec<u8>> {
                    Zeroizing::new(Zeroizing::new(self.0.to_bytes()).to_vec())
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

            /// What `PrivateKey` promises of its memory.
            const _: fn(&SigningKey) -> &dyn zeroize::ZeroizeOnDrop = |key| key;

            impl From<Key> for super::EcKey {
                fn from(key: Key) -> Self {
                    Self::$curve(key)
                }
            }

            pub(crate) fn check_point(point: &[u8]) -> Result<(), JwkError> {
                VerifyingKey::from_sec1_bytes(point)
                    .map(drop)
                    .map_err(|_| JwkError::NotOnCurve { expected: Curve::$curve.name() })
            }

            pub(crate) fn verify(point: &[u8], message: &[u8], signature: &[u8]) -> bool {
                let Ok(key) = VerifyingKey::from_sec1_bytes(point) else { return false };
                Signature::from_slice(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
        }
    };
    // The same names when the feature is off. No key exists, so nothing can be asked of one.
    ($module:ident, $curve:ident, off: $feature:literal) => {
        mod $module {
            use alloc::vec::Vec;
            use zeroize::Zeroizing;

            use crate::curve::Curve;
            use crate::{JwkError, KeyError, SignError};

            const NAME: &str = Curve::$curve.name();

            pub(crate) enum Key {}

            impl Key {
                pub(crate) fn generate() -> Result<Self, KeyError> {
                    Err(KeyError::FeatureOff { key: NAME, feature: $feature })
                }

                pub(crate) fn from_scalar(_: &[u8]) -> Result<Self, KeyError> {
                    Self::generate()
                }

                pub(crate) fn public_point(&self) -> Vec<u8> {
                    match *self {}
                }

                pub(crate) fn scalar(&self) -> Zeroizing<Vec<u8>> {
                    match *self {}
                }

                pub(crate) fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
                    match *self {}
                }

                pub(crate) fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
                    match *self {}
                }
            }

            impl From<Key> for super::EcKey {
                fn from(key: Key) -> Self {
                    Self::$curve(key)
                }
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
