//! Private keys held in memory.

mod error;
mod export;
mod import;
mod pem;

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

pub use error::KeyError;

use crate::curve::Curve;
use crate::ec::EcKey;
use crate::ed25519::Ed25519Key;
use crate::rsa_key::RsaKey;
use crate::{Algorithm, Jwk, KeyType, SignError, Signer};

/// A private key held in memory.
///
/// It signs through [`Signer`]. It cannot be cloned (share it behind an `Arc`), `Debug` shows its kind and thumbprint
/// only, and its memory is wiped when it is dropped.
///
/// ```
/// use acme_jose::{KeyType, PrivateKey, Signer};
///
/// let key = PrivateKey::generate(KeyType::P256)?;
/// let again = PrivateKey::from_pem(&key.to_pkcs8_pem()?)?;
/// assert_eq!(key.public_key(), again.public_key());
/// # Ok::<(), acme_jose::KeyError>(())
/// ```
///
/// ```compile_fail,E0599
/// # use acme_jose::{KeyType, PrivateKey};
/// let key = PrivateKey::generate(KeyType::P256).unwrap();
/// let copy: PrivateKey = key.clone();
/// ```
pub struct PrivateKey(Secret);

/// A secret number, and the member of a private JWK that holds it.
pub(crate) type PrivateMember = (&'static str, Zeroizing<Vec<u8>>);

enum Secret {
    Ec(EcKey),
    Ed25519(Ed25519Key),
    Rsa(RsaKey),
}

/// All three kinds wipe themselves; each asserts it beside its definition.
impl zeroize::ZeroizeOnDrop for PrivateKey {}

impl PrivateKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`KeyError::FeatureOff`] when the feature of this kind of key is off, [`KeyError::Random`] when the
    /// operating system gives no randomness.
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        match key_type {
            KeyType::P256 => EcKey::generate(Curve::P256).map(Secret::Ec),
            KeyType::P384 => EcKey::generate(Curve::P384).map(Secret::Ec),
            KeyType::P521 => EcKey::generate(Curve::P521).map(Secret::Ec),
            KeyType::Ed25519 => Ed25519Key::generate().map(Secret::Ed25519),
            KeyType::Rsa2048 => RsaKey::generate(2048).map(Secret::Rsa),
            KeyType::Rsa3072 => RsaKey::generate(3072).map(Secret::Rsa),
            KeyType::Rsa4096 => RsaKey::generate(4096).map(Secret::Rsa),
        }
        .map(Self)
    }
}

impl Signer for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Secret::Ec(key) => key.curve().algorithm(),
            Secret::Ed25519(_) => Algorithm::EdDsa,
            Secret::Rsa(_) => Algorithm::Rs256,
        }
    }

    fn public_key(&self) -> Jwk {
        match &self.0 {
            Secret::Ec(key) => Jwk::ec(key.curve(), key.public_point()),
            Secret::Ed25519(key) => Jwk::ed25519(key.public()),
            Secret::Rsa(key) => Jwk::rsa(key.public()),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.0 {
            Secret::Ec(key) => key.sign(message),
            Secret::Ed25519(key) => Ok(key.sign(message)),
            Secret::Rsa(key) => key.sign(message),
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} {} [redacted])", self.algorithm(), self.public_key().thumbprint())
    }
}
