//! Public keys as `SubjectPublicKeyInfo`, the form in which certificates and requests carry them.

use alloc::{format, string::ToString as _, vec::Vec};

use pkcs8::ObjectIdentifier;
use pkcs8::der::asn1::BitStringRef;
use pkcs8::der::{self, Decode as _, Encode as _};
use pkcs8::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};

use super::{Jwk, JwkError, Material};
use crate::curve::{Curve, ID_EC_PUBLIC_KEY};
use crate::rsa_key;

/// `id-Ed25519` (RFC 8410 §3).
pub(crate) const ID_ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// `rsaEncryption` (RFC 8017 §A.1).
pub(crate) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

impl Jwk {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7).
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_spki_der(der: &[u8]) -> Result<Self, JwkError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|error| JwkError::Malformed(error.to_string()))?;
        let octets = spki.subject_public_key.as_bytes().unwrap_or_default();
        match spki.algorithm.oid {
            ID_EC_PUBLIC_KEY => {
                let oid = spki.algorithm.parameters_oid().map_err(|error| JwkError::Malformed(error.to_string()))?;
                ec(oid, octets)
            }
            ID_ED25519 => Self::checked_ed25519(octets),
            RSA_ENCRYPTION => rsa_key::from_spki(der).map(Self::rsa),
            other => Err(JwkError::Unsupported {
                found: format!("a key with the algorithm OID {other}"),
                expected: "an EC, Ed25519 or RSA key",
            }),
        }
    }

    /// The key as a DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// Never for a key that was read or generated here; the encoder's signature allows for it.
    pub fn to_spki_der(&self) -> Result<Vec<u8>, JwkError> {
        match &self.0 {
            Material::Ec { curve, .. } => encode(ID_EC_PUBLIC_KEY, Some(curve.oid()), self.octets()),
            Material::Ed25519(_) => encode(ID_ED25519, None, self.octets()),
            Material::Rsa { n, e } => return rsa_key::to_spki(n, e),
        }
        .map_err(|error| JwkError::Malformed(error.to_string()))
    }
}

/// An uncompressed point (RFC 5480 §2.2). Compressed ones are refused: no ACME server sends or takes them.
fn ec(oid: ObjectIdentifier, point: &[u8]) -> Result<Jwk, JwkError> {
    let unknown = || JwkError::Unsupported { found: format!("the curve with OID {oid}"), expected: Curve::EXPECTED };
    let curve = Curve::from_oid(oid).ok_or_else(unknown)?;
    let expected = 1 + 2 * curve.width();
    if point.len() != expected {
        return Err(JwkError::Width { member: "public point", found: point.len(), expected });
    }
    Jwk::checked_ec(curve, point.to_vec())
}

fn encode(oid: ObjectIdentifier, parameters: Option<ObjectIdentifier>, public: &[u8]) -> der::Result<Vec<u8>> {
    let algorithm = AlgorithmIdentifier { oid, parameters };
    SubjectPublicKeyInfo { algorithm, subject_public_key: BitStringRef::from_bytes(public)? }.to_der()
}
