//! Private keys held in memory.

mod error;
mod export;
mod import;
mod pem;

use alloc::{boxed::Box, vec::Vec};
use core::fmt;

use zeroize::{ZeroizeOnDrop, Zeroizing};

pub use error::KeyError;

use crate::curve::Curve;
use crate::{Algorithm, Jwk, KeyType, SignError, Signer, ec, ed25519, rsa_key};

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
pub struct PrivateKey(Box<dyn SecretKey>);

/// What each kind of key does. All of them wipe themselves, and stay in one place so that moving a [`PrivateKey`]
/// leaves no copy behind.
pub(crate) trait SecretKey: Send + Sync + ZeroizeOnDrop {
    fn algorithm(&self) -> Algorithm;

    fn public_key(&self) -> Jwk;

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;

    fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument>;

    /// What a private JWK has beyond the public one, numbers without leading zeros, scalars in full width.
    fn private_members(&self) -> Result<Vec<PrivateMember>, KeyError>;
}

/// A secret number, and the member of a private JWK that holds it.
pub(crate) type PrivateMember = (&'static str, Zeroizing<Vec<u8>>);

impl ZeroizeOnDrop for PrivateKey {}

impl PrivateKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`KeyError::FeatureOff`] when the feature of this kind of key is off, [`KeyError::Random`] when the
    /// operating system gives no randomness.
    pub fn generate(key_type: KeyType) -> Result<Self, KeyError> {
        match key_type {
            KeyType::P256 => ec::generate(Curve::P256),
            KeyType::P384 => ec::generate(Curve::P384),
            KeyType::P521 => ec::generate(Curve::P521),
            KeyType::Ed25519 => ed25519::generate(),
            KeyType::Rsa2048 => rsa_key::generate(2048),
            KeyType::Rsa3072 => rsa_key::generate(3072),
            KeyType::Rsa4096 => rsa_key::generate(4096),
        }
        .map(Self)
    }
}

impl Signer for PrivateKey {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn public_key(&self) -> Jwk {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(message)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({} {} [redacted])", self.algorithm(), self.public_key().thumbprint())
    }
}
