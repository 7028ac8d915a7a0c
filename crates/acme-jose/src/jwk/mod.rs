//! Public keys as JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2).

mod error;
pub(crate) mod members;
mod spki;

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use error::{JwkError, VerifyError};
pub(crate) use spki::{ID_ED25519, RSA_ENCRYPTION};

use crate::curve::Curve;
use crate::{Algorithm, Thumbprint, base64url, ec, ed25519, json, rsa_key};

/// A public key. One that exists is usable: points lie on their curve, moduli have 2048 bits at least.
///
/// It never holds a private member. It serialises to its required members, in lexicographic order, which is also
/// the text a thumbprint hashes.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Jwk(Material);

#[derive(Clone, PartialEq, Eq, Hash)]
enum Material {
    /// The point as `04 ‖ x ‖ y`, both in the full width of the curve.
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
    Ed25519([u8; 32]),
    /// Both without leading zeros.
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

impl Jwk {
    pub(crate) fn ec(curve: Curve, point: Vec<u8>) -> Self {
        Self(Material::Ec { curve, point })
    }

    pub(crate) fn ed25519(public: [u8; 32]) -> Self {
        Self(Material::Ed25519(public))
    }

    pub(crate) fn rsa((n, e): (Vec<u8>, Vec<u8>)) -> Self {
        Self(Material::Rsa { n, e })
    }

    fn checked_ec(curve: Curve, point: Vec<u8>) -> Result<Self, JwkError> {
        ec::check_point(curve, &point)?;
        Ok(Self::ec(curve, point))
    }

    fn checked_ed25519(public: &[u8]) -> Result<Self, JwkError> {
        let width = |_| JwkError::Width { member: "x", found: public.len(), expected: 32 };
        let public = public.try_into().map_err(width)?;
        ed25519::check_public(&public)?;
        Ok(Self::ed25519(public))
    }

    fn checked_rsa(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        rsa_key::checked_public(n, e).map(Self::rsa)
    }

    /// The key as it stands in a bit string: the point, or the 32 octets. Empty for RSA, whose bit string is DER.
    pub(crate) fn octets(&self) -> &[u8] {
        match &self.0 {
            Material::Ec { point, .. } => point,
            Material::Ed25519(public) => public,
            Material::Rsa { .. } => &[],
        }
    }

    /// The algorithm that goes with the key.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Material::Ec { curve, .. } => curve.algorithm(),
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// The octets a signature under this key has.
    pub(crate) fn signature_len(&self) -> usize {
        match &self.0 {
            Material::Ec { curve, .. } => 2 * curve.width(),
            Material::Ed25519(_) => 64,
            Material::Rsa { n, .. } => n.len(),
        }
    }

    /// The canonical JSON text: required members only, lexicographic order, no white space (RFC 7638 §3.3).
    pub fn to_json(&self) -> String {
        let members = self.members();
        let members: Vec<_> = members.iter().map(|(name, value)| (*name, value.as_str())).collect();
        json::write(&members)
    }

    /// The thumbprint (RFC 7638).
    pub fn thumbprint(&self) -> Thumbprint {
        Thumbprint::of(&self.to_json())
    }

    /// Checks a signature in the form JWS uses, made with `algorithm`.
    ///
    /// # Errors
    /// When `algorithm` does not go with the key, or the signature is not one of this message.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        if algorithm != self.algorithm() {
            return Err(VerifyError::Algorithm { found: algorithm.to_string(), expected: self.algorithm().name() });
        }
        let good = match &self.0 {
            Material::Ec { curve, point } => ec::verify(*curve, point, message, signature),
            Material::Ed25519(public) => ed25519::verify(public, message, signature),
            Material::Rsa { n, e } => rsa_key::verify(n, e, message, signature),
        };
        if good { Ok(()) } else { Err(VerifyError::Signature) }
    }

    /// The required members, in lexicographic order (RFC 7638 §3.2, RFC 8037 §2).
    pub(crate) fn members(&self) -> Vec<(&'static str, String)> {
        match &self.0 {
            Material::Ec { curve, point } => {
                let (x, y) = point[1..].split_at(curve.width());
                let (x, y) = (base64url::encode(x), base64url::encode(y));
                Vec::from([("crv", curve.name().into()), ("kty", "EC".into()), ("x", x), ("y", y)])
            }
            Material::Ed25519(public) => {
                Vec::from([("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", base64url::encode(public))])
            }
            Material::Rsa { n, e } => {
                Vec::from([("e", base64url::encode(e)), ("kty", "RSA".into()), ("n", base64url::encode(n))])
            }
        }
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = self.members();
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for (name, value) in &members {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwk({})", self.to_json())
    }
}
