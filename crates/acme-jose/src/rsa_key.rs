//! RSA, for RS256 only (RFC 7518 §3.3 and §6.3).
//!
//! The `rsa` crate is not constant time (RUSTSEC-2023-0071). What that advisory is about is an attacker who times many
//! private-key operations over a network. Here keys only sign, every signature is blinded with fresh randomness, and
//! nothing decrypts; an ACME client signs a few times an hour. Where that is not enough, keep the key in an HSM
//! behind a [`Signer`](crate::Signer), or use ES256, the default.

use alloc::{boxed::Box, format, vec::Vec};

use pkcs8::{DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use rsa::pkcs1::{EncodeRsaPrivateKey as _, RsaPrivateKeyRef, UintRef};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Verifier as _};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PrivateKey, PublicKey};
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::key::{PrivateMember, SecretKey};
use crate::{Algorithm, Jwk, JwkError, KeyError, SignError};

/// Moduli outside of this many bits are refused: too weak, or so large that one signature takes seconds.
const MODULUS_BITS: core::ops::RangeInclusive<usize> = 2048..=8192;

pub(crate) fn generate(bits: usize) -> Result<Box<dyn SecretKey>, KeyError> {
    match PrivateKey::new(&mut getrandom::SysRng, bits) {
        Ok(key) => Ok(boxed(key)),
        Err(_) => Err(KeyError::Random),
    }
}

pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
    let malformed = |error: &dyn core::fmt::Display| KeyError::Malformed(format!("not PKCS#1: {error}"));
    let key = RsaPrivateKeyRef::try_from(der).map_err(|error| malformed(&error))?;
    check_modulus(key.modulus.as_bytes())?;
    PrivateKey::try_from(key).map(boxed).map_err(|error| malformed(&error))
}

/// A key from `n`, `e`, `d` and, if there, the primes (RFC 7518 §6.3.2).
pub(crate) fn from_numbers(n: &[u8], e: &[u8], d: &[u8], primes: &[&[u8]]) -> Result<Box<dyn SecretKey>, KeyError> {
    check_modulus(n)?;
    check_restorable(e, d, primes)?;
    let number = BoxedUint::from_be_slice_vartime;
    let primes = primes.iter().copied().map(number).collect();
    PrivateKey::from_components(number(n), number(e), number(d), primes)
        .map(boxed)
        .map_err(|error| KeyError::Malformed(format!("the RSA numbers do not fit together: {error}")))
}

/// Whether `d` is a number at all, and the primes are there where they cannot be computed from it.
///
/// The `rsa` crate panics where `d` is zero, and computes primes for an `e` above 2^16 only (SP 800-56B §C.2).
fn check_restorable(e: &[u8], d: &[u8], primes: &[&[u8]]) -> Result<(), KeyError> {
    if d.iter().all(|octet| *octet == 0) {
        return Err(KeyError::Malformed("found zero as \"d\", expected the private exponent".into()));
    }
    if primes.is_empty() && BoxedUint::from_be_slice_vartime(e) <= BoxedUint::from(1_u32 << 16) {
        return Err(KeyError::Malformed(
            "found no primes, expected \"p\" and \"q\" next to an \"e\" up to 65536".into(),
        ));
    }
    Ok(())
}

/// `n` and `e` without leading zeros (RFC 7518 §6.3.1), when they are those of a key we use.
pub(crate) fn checked_public(n: &[u8], e: &[u8]) -> Result<(Vec<u8>, Vec<u8>), JwkError> {
    check_modulus(n)?;
    public_key(n, e).map(|key| numbers(&key))
}

/// Whether `signature` is one of `message`.
pub(crate) fn verify(n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = public_key(n, e) else { return false };
    Signature::try_from(signature)
        .is_ok_and(|signature| VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok())
}

/// The `SubjectPublicKeyInfo` (RFC 3279 §2.3.1).
pub(crate) fn to_spki(n: &[u8], e: &[u8]) -> Result<Vec<u8>, JwkError> {
    let document = public_key(n, e)?.to_public_key_der().map_err(|error| JwkError::Malformed(format!("{error}")))?;
    Ok(document.into_vec())
}

/// `n` and `e` of a `SubjectPublicKeyInfo`.
pub(crate) fn from_spki(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>), JwkError> {
    let key = PublicKey::from_public_key_der(der).map_err(|error| JwkError::Malformed(format!("{error}")))?;
    let (n, e) = numbers(&key);
    checked_public(&n, &e)
}

struct Key(SigningKey<Sha256>);

impl ZeroizeOnDrop for Key where SigningKey<Sha256>: ZeroizeOnDrop {}

fn boxed(key: PrivateKey) -> Box<dyn SecretKey> {
    Box::new(Key(SigningKey::new(key)))
}

impl Key {
    fn key(&self) -> &PrivateKey {
        self.0.as_ref()
    }
}

impl SecretKey for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn public_key(&self) -> Jwk {
        Jwk::rsa(numbers(self.key()))
    }

    /// A signature, blinded with fresh randomness; the same message gives the same octets all the same.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0
            .try_sign_with_rng(&mut getrandom::SysRng, message)
            .map(|signature| signature.to_vec())
            .map_err(|error| SignError::new(format!("the RSA key gave no signature: {error}")))
    }

    fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
        self.key().to_pkcs8_der()
    }

    /// The numbers of the key's PKCS#1 form (RFC 7518 §6.3.2).
    fn private_members(&self) -> Result<Vec<PrivateMember>, KeyError> {
        let malformed = |error: rsa::pkcs1::Error| KeyError::Malformed(format!("the key has no PKCS#1 form: {error}"));
        let der = self.key().to_pkcs1_der().map_err(malformed)?;
        let key = RsaPrivateKeyRef::try_from(der.as_bytes()).map_err(malformed)?;
        let secret = |number: UintRef<'_>| Zeroizing::new(number.as_bytes().to_vec());
        Ok(Vec::from([
            ("d", secret(key.private_exponent)),
            ("dp", secret(key.exponent1)),
            ("dq", secret(key.exponent2)),
            ("p", secret(key.prime1)),
            ("q", secret(key.prime2)),
            ("qi", secret(key.coefficient)),
        ]))
    }
}

fn public_key(n: &[u8], e: &[u8]) -> Result<PublicKey, JwkError> {
    let number = BoxedUint::from_be_slice_vartime;
    PublicKey::new(number(n), number(e)).map_err(|error| JwkError::Malformed(format!("not an RSA public key: {error}")))
}

fn numbers(key: &impl PublicKeyParts) -> (Vec<u8>, Vec<u8>) {
    (key.n_bytes().into_vec(), key.e_bytes().into_vec())
}

fn check_modulus(n: &[u8]) -> Result<(), ModulusSize> {
    let zeros = n.iter().take_while(|octet| **octet == 0).count();
    let bits = n.get(zeros).map_or(0, |octet| (n.len() - zeros) * 8 - octet.leading_zeros() as usize);
    if MODULUS_BITS.contains(&bits) { Ok(()) } else { Err(ModulusSize { bits }) }
}

/// A modulus outside of [`MODULUS_BITS`].
struct ModulusSize {
    bits: usize,
}

impl From<ModulusSize> for KeyError {
    fn from(ModulusSize { bits }: ModulusSize) -> Self {
        Self::ModulusSize { bits }
    }
}

impl From<ModulusSize> for JwkError {
    fn from(ModulusSize { bits }: ModulusSize) -> Self {
        Self::ModulusSize { bits }
    }
}
