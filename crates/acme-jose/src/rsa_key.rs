//! RSA, for RS256 only (RFC 7518 §3.3 and §6.3).
//!
//! The `rsa` crate is not constant time (RUSTSEC-2023-0071). What that advisory is about is an attacker who times many
//! private-key operations over a network. Here keys only sign, every signature is blinded with fresh randomness, and
//! nothing decrypts; an ACME client signs a few times an hour. Where that is not enough, keep the key in an HSM
//! behind a [`Signer`](crate::Signer), or use ES256, the default.

use alloc::{boxed::Box, format, vec::Vec};
use core::ops::RangeInclusive;

use pkcs8::{DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _};
use rsa::pkcs1::{EncodeRsaPrivateKey as _, RsaPrivateKeyRef, UintRef};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::signature::rand_core::TryCryptoRng;
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Verifier as _};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, PrivateKey, PublicKey};
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::key::{PrivateMember, SecretKey};
use crate::{Algorithm, Jwk, JwkError, KeyError, SignError};

/// Moduli outside of this many bits are refused in keys that verify: too weak, or costly to those who receive them.
const PUBLIC_BITS: RangeInclusive<usize> = 2048..=8192;

/// Keys that sign are what CAs take, which is no more than 4096 bits.
const PRIVATE_BITS: RangeInclusive<usize> = 2048..=4096;

pub(crate) fn generate(bits: usize) -> Result<Box<dyn SecretKey>, KeyError> {
    match PrivateKey::new(&mut getrandom::SysRng, bits) {
        Ok(key) => Ok(boxed(key)),
        Err(_) => Err(KeyError::Random),
    }
}

pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
    let malformed = |error: &dyn core::fmt::Display| KeyError::Malformed(format!("not PKCS#1: {error}"));
    let key = RsaPrivateKeyRef::try_from(der).map_err(|error| malformed(&error))?;
    check_modulus(key.modulus.as_bytes(), PRIVATE_BITS)?;
    PrivateKey::try_from(key).map(boxed).map_err(|error| malformed(&error))
}

/// A key from `n`, `e`, `d` and, if there, the primes (RFC 7518 §6.3.2).
pub(crate) fn from_numbers(n: &[u8], e: &[u8], d: &[u8], primes: &[&[u8]]) -> Result<Box<dyn SecretKey>, KeyError> {
    check_modulus(n, PRIVATE_BITS)?;
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
    check_modulus(n, PUBLIC_BITS)?;
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

    /// A signature, blinded with what `rng` gives; the same message gives the same octets all the same.
    fn sign_with(&self, rng: &mut impl TryCryptoRng, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0
            .try_sign_with_rng(rng, message)
            .map(|signature| signature.to_vec())
            .map_err(|error| SignError::new(format!("the RSA key gave no signature: {error}")))
    }
}

impl SecretKey for Key {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Rs256
    }

    fn public_key(&self) -> Jwk {
        Jwk::rsa(numbers(self.key()))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.sign_with(&mut getrandom::SysRng, message)
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

fn check_modulus(n: &[u8], allowed: RangeInclusive<usize>) -> Result<(), ModulusSize> {
    let zeros = n.iter().take_while(|octet| **octet == 0).count();
    let bits = n.get(zeros).map_or(0, |octet| (n.len() - zeros) * 8 - octet.leading_zeros() as usize);
    if allowed.contains(&bits) { Ok(()) } else { Err(ModulusSize { bits }) }
}

/// A modulus outside of the bits allowed.
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

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use pkcs8::DecodePrivateKey as _;
    use rsa::signature::rand_core::{TryCryptoRng, TryRng};

    use super::*;

    fn key() -> Key {
        let pem = include_str!("../tests/vectors/keys/rsa2048.pkcs8.pem");
        Key(SigningKey::new(PrivateKey::from_pkcs8_pem(pem).unwrap()))
    }

    /// Gives octets that differ from one start to another, and counts them.
    struct Counting {
        next: u8,
        octets: usize,
    }

    impl TryRng for Counting {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            let mut octets = [0; 4];
            self.try_fill_bytes(&mut octets)?;
            Ok(u32::from_le_bytes(octets))
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            let mut octets = [0; 8];
            self.try_fill_bytes(&mut octets)?;
            Ok(u64::from_le_bytes(octets))
        }

        fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), Infallible> {
            for octet in octets {
                self.next = self.next.wrapping_mul(5).wrapping_add(1);
                self.octets += 1;
                *octet = self.next;
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Counting {}

    /// What RUSTSEC-2023-0071 asks for: a random factor as wide as the modulus in each private-key operation.
    #[test]
    fn every_signature_is_blinded() {
        let key = key();
        let signatures = [1, 2].map(|next| {
            let mut rng = Counting { next, octets: 0 };
            let signature = key.sign_with(&mut rng, b"message").unwrap();
            assert!(rng.octets >= 256, "only {} random octets", rng.octets);
            signature
        });
        assert_eq!(signatures[0], signatures[1], "the factor is taken out again");
        assert_eq!(signatures[0], key.sign(b"message").unwrap());
    }

    #[test]
    fn bounds_of_the_modulus() {
        for (bits, private, public) in [
            (2047, false, false),
            (2048, true, true),
            (4096, true, true),
            (4097, false, true),
            (8192, false, true),
            (8193, false, false),
        ] {
            let mut n = alloc::vec![0; usize::div_ceil(bits, 8)];
            n[0] = 1 << ((bits - 1) % 8);
            assert_eq!(check_modulus(&n, PRIVATE_BITS).is_ok(), private, "{bits} bits in a private key");
            assert_eq!(check_modulus(&n, PUBLIC_BITS).is_ok(), public, "{bits} bits in a public key");
        }
    }
}
