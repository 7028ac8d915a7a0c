//! RSA keys, for RS256 only (RFC 7518 §3.3 and §6.3).
//!
//! The `rsa` crate is not constant time (RUSTSEC-2023-0071). What that advisory is about is an attacker who times many
//! private-key operations over a network. Here keys only sign, every signature is blinded with fresh randomness, and
//! nothing decrypts; an ACME client signs a few times an hour. Where that is not enough, keep the key in an HSM
//! behind a [`Signer`](crate::Signer), or use ES256, the default.

use alloc::{format, vec::Vec};

use pkcs8::{DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, PrivateKeyInfoRef};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, EncodeRsaPrivateKey as _};
use rsa::pkcs1v15::{Signature, SigningKey, VerifyingKey};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Verifier as _};
use rsa::traits::PublicKeyParts as _;
use rsa::{BoxedUint, PrivateKey, PublicKey};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{KeyError, SignError};

/// Moduli outside of this many bits are refused: too weak, or so large that one signature takes seconds.
const MODULUS_BITS: core::ops::RangeInclusive<u32> = 2048..=8192;

pub(crate) struct RsaKey(SigningKey<Sha256>);

/// The numbers of a two-prime private key, big-endian, without leading zeros (RFC 7518 §6.3.2).
pub(crate) struct Numbers {
    pub(crate) n: Vec<u8>,
    pub(crate) e: Vec<u8>,
    pub(crate) d: Zeroizing<Vec<u8>>,
    pub(crate) p: Zeroizing<Vec<u8>>,
    pub(crate) q: Zeroizing<Vec<u8>>,
    pub(crate) dp: Zeroizing<Vec<u8>>,
    pub(crate) dq: Zeroizing<Vec<u8>>,
    pub(crate) qi: Zeroizing<Vec<u8>>,
}

impl RsaKey {
    pub(crate) fn generate(bits: usize) -> Result<Self, KeyError> {
        PrivateKey::new(&mut getrandom::SysRng, bits)
            .map(|key| Self(SigningKey::new(key)))
            .map_err(|_| KeyError::Random)
    }

    pub(crate) fn from_pkcs8(info: PrivateKeyInfoRef<'_>) -> Result<Self, KeyError> {
        Self::checked(PrivateKey::try_from(info).map_err(|error| KeyError::Malformed(format!("{error}")))?)
    }

    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        Self::checked(
            PrivateKey::from_pkcs1_der(der).map_err(|error| KeyError::Malformed(format!("not PKCS#1: {error}")))?,
        )
    }

    /// A key from `n`, `e`, `d` and, if there, the primes (RFC 7518 §6.3.2).
    pub(crate) fn from_numbers(n: &[u8], e: &[u8], d: &[u8], primes: &[&[u8]]) -> Result<Self, KeyError> {
        let number = BoxedUint::from_be_slice_vartime;
        let primes = primes.iter().copied().map(number).collect();
        let key = PrivateKey::from_components(number(n), number(e), number(d), primes)
            .map_err(|error| KeyError::Malformed(format!("the RSA numbers do not fit together: {error}")))?;
        Self::checked(key)
    }

    fn checked(key: PrivateKey) -> Result<Self, KeyError> {
        check_modulus(key.n().bit_width())?;
        Ok(Self(SigningKey::new(key)))
    }

    fn key(&self) -> &PrivateKey {
        self.0.as_ref()
    }

    /// `n` and `e`, big-endian, without leading zeros.
    pub(crate) fn public(&self) -> (Vec<u8>, Vec<u8>) {
        (trimmed(&self.key().n_bytes()).to_vec(), trimmed(&self.key().e_bytes()).to_vec())
    }

    /// The private numbers, read from the key's own PKCS#1 form.
    pub(crate) fn numbers(&self) -> Result<Numbers, KeyError> {
        let der = self.key().to_pkcs1_der().map_err(|error| KeyError::Malformed(format!("{error}")))?;
        let key = rsa::pkcs1::RsaPrivateKeyRef::try_from(der.as_bytes())
            .map_err(|error| KeyError::Malformed(format!("{error}")))?;
        let secret = |number: rsa::pkcs1::UintRef<'_>| Zeroizing::new(number.as_bytes().to_vec());
        let (n, e) = self.public();
        Ok(Numbers {
            n,
            e,
            d: secret(key.private_exponent),
            p: secret(key.prime1),
            q: secret(key.prime2),
            dp: secret(key.exponent1),
            dq: secret(key.exponent2),
            qi: secret(key.coefficient),
        })
    }

    /// A signature, blinded with fresh randomness; the same message gives the same octets all the same.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0
            .try_sign_with_rng(&mut getrandom::SysRng, message)
            .map(|signature| signature.to_vec())
            .map_err(|error| SignError::new(format!("the RSA key gave no signature: {error}")))
    }

    pub(crate) fn to_pkcs8(&self) -> pkcs8::Result<pkcs8::SecretDocument> {
        self.key().to_pkcs8_der()
    }
}

/// Whether a public key is one we use.
pub(crate) fn check_public(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    check_modulus(BoxedUint::from_be_slice_vartime(n).bit_width())?;
    public_key(n, e).map(drop)
}

fn check_modulus(bits: u32) -> Result<(), KeyError> {
    if MODULUS_BITS.contains(&bits) { Ok(()) } else { Err(KeyError::ModulusSize { bits }) }
}

fn public_key(n: &[u8], e: &[u8]) -> Result<PublicKey, KeyError> {
    let number = BoxedUint::from_be_slice_vartime;
    PublicKey::new(number(n), number(e)).map_err(|error| KeyError::Malformed(format!("not an RSA public key: {error}")))
}

/// Whether `signature` is one of `message`.
pub(crate) fn verify(n: &[u8], e: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(key) = public_key(n, e) else { return false };
    // As many octets as the modulus has, neither more nor fewer (RFC 8017 §8.2.2 step 1).
    signature.len() == key.size()
        && Signature::try_from(signature)
            .is_ok_and(|signature| VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok())
}

/// The `SubjectPublicKeyInfo` (RFC 3279 §2.3.1).
pub(crate) fn to_spki(n: &[u8], e: &[u8]) -> Result<Vec<u8>, KeyError> {
    let document = public_key(n, e)?.to_public_key_der().map_err(|error| KeyError::Malformed(format!("{error}")))?;
    Ok(document.into_vec())
}

/// `n` and `e` of a `SubjectPublicKeyInfo`.
pub(crate) fn from_spki(der: &[u8]) -> Result<(Vec<u8>, Vec<u8>), KeyError> {
    let key = PublicKey::from_public_key_der(der).map_err(|error| KeyError::Malformed(format!("{error}")))?;
    Ok((trimmed(&key.n_bytes()).to_vec(), trimmed(&key.e_bytes()).to_vec()))
}

/// A number without the zero octets before it.
pub(crate) fn trimmed(number: &[u8]) -> &[u8] {
    &number[number.iter().take_while(|octet| **octet == 0).count()..]
}
