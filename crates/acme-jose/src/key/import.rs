//! Private keys on the way in: PKCS#8, SEC1, PKCS#1, JWK.

use alloc::{boxed::Box, format, string::ToString as _, vec::Vec};

use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{AnyRef, Decode as _, Error, Reader as _, SliceReader, Tag, Tagged as _};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

use super::pem::private_key_block;
use super::{KeyError, PrivateKey, SecretKey};
use crate::curve::{Curve, ID_EC_PUBLIC_KEY};
use crate::json::{JsonError, Object};
use crate::jwk::{self, ID_ED25519, RSA_ENCRYPTION};
use crate::{JwkError, ec, ed25519, rsa_key};

impl PrivateKey {
    /// Reads a PEM text with one private key: PKCS#8 (`PRIVATE KEY`), SEC1 (`EC PRIVATE KEY`) or PKCS#1
    /// (`RSA PRIVATE KEY`). OpenSSL's `EC PARAMETERS` block and text around the blocks are skipped.
    ///
    /// # Errors
    /// [`KeyError::Encrypted`], [`KeyError::NotAPrivateKey`] and the others: each says what was found.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        Self::from_der(&private_key_block(text)?)
    }

    /// Reads PKCS#8 (RFC 5958), SEC1 (RFC 5915) or PKCS#1 (RFC 8017 §A.1.2) DER.
    ///
    /// # Errors
    /// As [`from_pem`](Self::from_pem).
    pub fn from_der(der: &[u8]) -> Result<Self, KeyError> {
        let other = |found: &str| Err(KeyError::NotAPrivateKey { found: found.to_string() });
        // The forms differ in the elements of their outer sequence.
        match element_tags(der)?.as_slice() {
            [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => pkcs8_key(der),
            [Tag::Integer, Tag::OctetString, ..] => sec1_key(der, None),
            [Tag::Integer, Tag::Integer, Tag::Integer, Tag::Integer, ..] => rsa_key::from_pkcs1(der),
            [Tag::Sequence, Tag::OctetString] => Err(KeyError::Encrypted),
            [Tag::Sequence, Tag::BitString] | [Tag::Integer, Tag::Integer] => other("a public key"),
            [Tag::Sequence, Tag::Sequence, Tag::BitString] => other("a certificate or a request for one"),
            [Tag::Integer, Tag::Sequence, ..] => other("what looks like PKCS#12 (openssl pkcs12 takes the key out)"),
            _ => other("DER of another kind"),
        }
        .map(Self)
    }

    /// Reads a private JWK (RFC 7518 §6, RFC 8037 §2), as certbot stores its account keys.
    ///
    /// # Errors
    /// When a member is missing, is not strict base64url, or does not fit the others.
    pub fn from_jwk(json: &[u8]) -> Result<Self, KeyError> {
        let members = Object::parse(json).map_err(JwkError::Json)?;
        let public = jwk::members::read(&members)?;
        let key = jwk_key(&members)?;
        if key.public_key() == public { Ok(Self(key)) } else { Err(KeyError::Mismatch) }
    }
}

/// The tags of the elements of the outer sequence, which must be all there is.
fn element_tags(der: &[u8]) -> Result<Vec<Tag>, KeyError> {
    let read = || {
        let mut outer = SliceReader::new(der)?;
        let tags = outer.sequence(|inner| {
            let mut tags = Vec::new();
            while !inner.is_finished() {
                tags.push(AnyRef::decode(inner)?.tag());
            }
            Ok::<_, Error>(tags)
        })?;
        outer.finish()?;
        Ok::<_, Error>(tags)
    };
    read().map_err(|error| KeyError::Malformed(format!("not one DER sequence: {error}")))
}

fn pkcs8_key(der: &[u8]) -> Result<Box<dyn SecretKey>, KeyError> {
    let malformed = |error: Error| KeyError::Malformed(format!("not PKCS#8: {error}"));
    let info = PrivateKeyInfoRef::from_der(der).map_err(malformed)?;
    let octets = info.private_key.as_bytes();
    match info.algorithm.oid {
        ID_EC_PUBLIC_KEY => {
            let curve = info.algorithm.parameters_oid().map_err(|error| KeyError::Malformed(error.to_string()))?;
            sec1_key(octets, Some(named_curve(curve)?))
        }
        ID_ED25519 => {
            // CurvePrivateKey (RFC 8410 §7): an octet string in the octet string.
            let seed = <&OctetStringRef>::from_der(octets).map_err(malformed)?;
            let key = ed25519::from_seed(seed.as_bytes())?;
            match info.public_key.and_then(|public| public.as_bytes()) {
                Some(public) if public != key.public_key().octets() => Err(KeyError::Mismatch),
                _ => Ok(key),
            }
        }
        RSA_ENCRYPTION => rsa_key::from_pkcs1(octets),
        other => Err(KeyError::Unsupported {
            found: format!("a key with the algorithm OID {other}"),
            expected: "an EC, Ed25519 or RSA key",
        }),
    }
}

/// A SEC1 key names its curve itself, unless PKCS#8 around it did.
fn sec1_key(der: &[u8], outer: Option<Curve>) -> Result<Box<dyn SecretKey>, KeyError> {
    let key = EcPrivateKey::from_der(der).map_err(|error| KeyError::Malformed(format!("not SEC1: {error}")))?;
    let named = key.parameters.and_then(|parameters| parameters.named_curve()).map(named_curve).transpose()?;
    let curve = match (outer, named) {
        (Some(outer), Some(named)) if outer != named => {
            let found = format!("a {} key inside a {} one", named.name(), outer.name());
            return Err(KeyError::Unsupported { found, expected: "one and the same curve" });
        }
        (Some(curve), _) | (None, Some(curve)) => curve,
        (None, None) => {
            let found = "an EC key that does not name its curve".to_string();
            return Err(KeyError::Unsupported { found, expected: Curve::EXPECTED });
        }
    };
    let secret = ec::from_scalar(curve, key.private_key)?;
    match key.public_key {
        Some(public) if public != secret.public_key().octets() => Err(KeyError::Mismatch),
        _ => Ok(secret),
    }
}

fn named_curve(oid: ObjectIdentifier) -> Result<Curve, KeyError> {
    let unknown = || KeyError::Unsupported { found: format!("the curve with OID {oid}"), expected: Curve::EXPECTED };
    Curve::from_oid(oid).ok_or_else(unknown)
}

fn jwk_key(members: &Object) -> Result<Box<dyn SecretKey>, KeyError> {
    let secret = |member| members.octets(member).map(Zeroizing::new).map_err(in_jwk);
    match members.text("kty").map_err(in_jwk)? {
        "EC" => ec::from_scalar(jwk::members::curve(members)?, &secret("d")?),
        "OKP" => ed25519::from_seed(&secret("d")?),
        // The kind is known: the public members were read before.
        _ => {
            let primes = match members.get("p").or(members.get("q")) {
                Some(_) => Vec::from([secret("p")?, secret("q")?]),
                None => Vec::new(),
            };
            let primes: Vec<&[u8]> = primes.iter().map(|prime| prime.as_slice()).collect();
            rsa_key::from_numbers(&secret("n")?, &secret("e")?, &secret("d")?, &primes)
        }
    }
}

fn in_jwk(error: JsonError) -> KeyError {
    KeyError::Jwk(JwkError::Json(error))
}
