//! Ed25519 (RFC 8037).

use alloc::{boxed::Box, vec::Vec};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::spki::AlgorithmIdentifierRef;
use pkcs8::{PrivateKeyInfoRef, SecretDocument};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::jwk::ID_ED25519;
use crate::key::{PrivateMember, SecretKey};
use crate::{Algorithm, Jwk, JwkError, KeyError, SignError};

pub(crate) fn generate() -> Result<Box<dyn SecretKey>, KeyError> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|_| KeyError::Random)?;
    Ok(Box::new(Key(SigningKey::from_bytes(&seed))))
}

/// A key from its 32 octets (RFC 8032 §5.1.5).
pub(crate) fn from_seed(seed: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
    let seed: &[u8; 32] =
        seed.try_into().map_err(|_| KeyError::Width { key: "Ed25519", found: seed.len(), expected: 32 })?;
    Ok(Box::new(Key(SigningKey::from_bytes(seed))))
}

/// Whether the octets are a point of the curve, and not one of small order.
pub(crate) fn check_public(public: &[u8; 32]) -> Result<(), JwkError> {
    match VerifyingKey::from_bytes(public) {
        Ok(key) if !key.is_weak() => Ok(()),
        _ => Err(JwkError::NotOnCurve { expected: "Ed25519" }),
    }
}

/// Whether `signature` is one of `message`: the strict rules of RFC 8032 §5.1.7, no small-order points.
pub(crate) fn verify(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = VerifyingKey::from_bytes(public) else { return false };
    Signature::from_slice(signature).is_ok_and(|signature| key.verify_strict(message, &signature).is_ok())
}

struct Key(SigningKey);

impl ZeroizeOnDrop for Key where SigningKey: ZeroizeOnDrop {}

impl SecretKey for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDsa
    }

    fn public_key(&self) -> Jwk {
        Jwk::ed25519(self.0.verifying_key().to_bytes())
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.0.sign(message).to_bytes().to_vec())
    }

    fn to_pkcs8(&self) -> pkcs8::Result<SecretDocument> {
        // Without the public key: the v2 form that carries it is refused by older OpenSSL.
        // Not by KeypairBytes, which leaves its copies of the seed in memory.
        let mut private_key = Zeroizing::new([0; 34]);
        private_key[..2].copy_from_slice(&[4, 32]);
        private_key[2..].copy_from_slice(self.0.as_bytes());
        let algorithm = AlgorithmIdentifierRef { oid: ID_ED25519, parameters: None };
        let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(private_key.as_ref())?);
        Ok(SecretDocument::encode_msg(&info)?)
    }

    fn private_members(&self) -> Result<Vec<PrivateMember>, KeyError> {
        Ok(Vec::from([("d", Zeroizing::new(self.0.as_bytes().to_vec()))]))
    }
}
