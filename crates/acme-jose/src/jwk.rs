//! Public keys as JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use pkcs8::der::asn1::BitStringRef;
use pkcs8::der::{Decode as _, Encode as _};
use pkcs8::spki::{AlgorithmIdentifier, SubjectPublicKeyInfo, SubjectPublicKeyInfoRef};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::ec::{self, Curve, ID_EC_PUBLIC_KEY};
use crate::key::{ID_ED25519, RSA_ENCRYPTION};
use crate::{Algorithm, Base64UrlError, KeyError, PrivateKey, Thumbprint, base64url};

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

    #[cfg(feature = "ed25519")]
    pub(crate) fn ed25519(public: [u8; 32]) -> Self {
        Self(Material::Ed25519(public))
    }

    #[cfg(feature = "rsa")]
    pub(crate) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Self {
        Self(Material::Rsa { n, e })
    }

    /// Reads a JWK; members it does not need are ignored, private ones too.
    ///
    /// # Errors
    /// When the text is not a JSON object, a member is missing or is not strict base64url, the point is not on the
    /// curve, or the kind of key is unknown or switched off.
    pub fn from_json(json: &[u8]) -> Result<Self, JwkError> {
        Members::parse(json)?.public()
    }

    pub(crate) fn from_value(value: &Value) -> Result<Self, JwkError> {
        let Value::Object(members) = value else { return Err(JwkError::NotAnObject) };
        public(members)
    }

    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 §4.1.2.7), as certificates and requests carry it.
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    pub fn from_spki_der(der: &[u8]) -> Result<Self, JwkError> {
        let key = |error: KeyError| JwkError::Key(error.to_string());
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|error| JwkError::Key(error.to_string()))?;
        let octets = spki.subject_public_key.as_bytes().unwrap_or_default();
        match spki.algorithm.oid {
            ID_EC_PUBLIC_KEY => {
                let oid = spki.algorithm.parameters_oid().map_err(|error| JwkError::Key(error.to_string()))?;
                Self::checked_point(Curve::from_oid(oid).map_err(key)?, octets.to_vec())
            }
            ID_ED25519 => Self::checked_ed25519(octets),
            #[cfg(feature = "rsa")]
            RSA_ENCRYPTION => {
                let (n, e) = crate::rsa_key::from_spki(der).map_err(key)?;
                Self::checked_rsa(&n, &e)
            }
            #[cfg(not(feature = "rsa"))]
            RSA_ENCRYPTION => Err(key(KeyError::feature_off("RSA"))),
            other => Err(JwkError::UnknownKind(format!("the algorithm with OID {other}"))),
        }
    }

    /// The key as a DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// Never for a key that was read or generated here; the encoder's signature allows for it.
    pub fn to_spki_der(&self) -> Result<Vec<u8>, JwkError> {
        let encoded = match &self.0 {
            Material::Ec { curve, point } => spki(ID_EC_PUBLIC_KEY, Some(curve.oid()), point),
            Material::Ed25519(public) => spki(ID_ED25519, None, public),
            #[cfg(feature = "rsa")]
            Material::Rsa { n, e } => {
                return crate::rsa_key::to_spki(n, e).map_err(|error| JwkError::Key(error.to_string()));
            }
            #[cfg(not(feature = "rsa"))]
            Material::Rsa { .. } => return Err(JwkError::Key(KeyError::feature_off("RSA").to_string())),
        };
        encoded.map_err(|error| JwkError::Key(error.to_string()))
    }

    /// The algorithm that goes with the key.
    pub fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Material::Ec { curve, .. } => curve.algorithm(),
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::Rsa { .. } => Algorithm::Rs256,
        }
    }

    /// The canonical JSON text: required members only, lexicographic order, no white space (RFC 7638 §3.3).
    pub fn to_json(&self) -> String {
        let members = self.members();
        let members: Vec<_> = members.iter().map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        format!("{{{}}}", members.join(","))
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
            return Err(VerifyError::Algorithm { found: algorithm.to_string(), expected: self.algorithm() });
        }
        let good = match &self.0 {
            Material::Ec { curve, point } => ec::verify(*curve, point, message, signature),
            #[cfg(feature = "ed25519")]
            Material::Ed25519(public) => crate::ed25519::verify(public, message, signature),
            #[cfg(feature = "rsa")]
            Material::Rsa { n, e } => crate::rsa_key::verify(n, e, message, signature),
            #[allow(unreachable_patterns, reason = "with all features on no kind is left")]
            _ => false,
        };
        if good { Ok(()) } else { Err(VerifyError::Signature) }
    }

    /// The required members, in lexicographic order.
    fn members(&self) -> Vec<(&'static str, String)> {
        match &self.0 {
            Material::Ec { curve, point } => {
                let (x, y) = point[1..].split_at(curve.width());
                [
                    ("crv", curve.name().into()),
                    ("kty", "EC".into()),
                    ("x", base64url::encode(x)),
                    ("y", base64url::encode(y)),
                ]
                .to_vec()
            }
            Material::Ed25519(public) => {
                [("crv", "Ed25519".into()), ("kty", "OKP".into()), ("x", base64url::encode(public))].to_vec()
            }
            Material::Rsa { n, e } => {
                [("e", base64url::encode(e)), ("kty", "RSA".into()), ("n", base64url::encode(n))].to_vec()
            }
        }
    }

    fn checked_point(curve: Curve, point: Vec<u8>) -> Result<Self, JwkError> {
        let uncompressed = point.len() == 1 + 2 * curve.width() && point.first() == Some(&4);
        match ec::check_point(curve, &point) {
            Ok(true) if uncompressed => Ok(Self::ec(curve, point)),
            Ok(_) => Err(JwkError::NotOnCurve(curve.name())),
            Err(error) => Err(JwkError::Key(error.to_string())),
        }
    }

    fn checked_ed25519(public: &[u8]) -> Result<Self, JwkError> {
        let Ok(public) = <&[u8; 32]>::try_from(public) else {
            return Err(JwkError::Width { member: "x", found: public.len(), expected: 32 });
        };
        #[cfg(feature = "ed25519")]
        return match crate::ed25519::check_public(public) {
            true => Ok(Self::ed25519(*public)),
            false => Err(JwkError::NotOnCurve("Ed25519")),
        };
        #[cfg(not(feature = "ed25519"))]
        return match public {
            _ => Err(JwkError::Key(KeyError::feature_off("Ed25519").to_string())),
        };
    }

    #[cfg(feature = "rsa")]
    fn checked_rsa(n: &[u8], e: &[u8]) -> Result<Self, JwkError> {
        let (n, e) = (crate::rsa_key::trimmed(n), crate::rsa_key::trimmed(e));
        crate::rsa_key::check_public(n, e).map_err(|error| JwkError::Key(error.to_string()))?;
        Ok(Self::rsa(n.to_vec(), e.to_vec()))
    }
}

fn spki(
    oid: pkcs8::ObjectIdentifier,
    parameters: Option<pkcs8::ObjectIdentifier>,
    public: &[u8],
) -> pkcs8::der::Result<Vec<u8>> {
    SubjectPublicKeyInfo {
        algorithm: AlgorithmIdentifier { oid, parameters },
        subject_public_key: BitStringRef::from_bytes(public)?,
    }
    .to_der()
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

/// The members of a JWK as it was given, before anything is believed of it.
pub(crate) struct Members(Map<String, Value>);

impl Members {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, JwkError> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(_) => Err(JwkError::NotAnObject),
            Err(error) => Err(JwkError::Json(error.to_string())),
        }
    }

    pub(crate) fn public(&self) -> Result<Jwk, JwkError> {
        public(&self.0)
    }

    pub(crate) fn private(&self) -> Result<PrivateKey, KeyError> {
        let secret = |member| octets(&self.0, member).map(Zeroizing::new).map_err(KeyError::Jwk);
        match text(&self.0, "kty").map_err(KeyError::Jwk)? {
            "EC" => PrivateKey::ec_from_scalar(curve(&self.0).map_err(KeyError::Jwk)?, &secret("d")?),
            #[cfg(feature = "ed25519")]
            "OKP" => crate::ed25519::Ed25519Key::from_seed(&secret("d")?, None).map(Into::into),
            #[cfg(feature = "rsa")]
            "RSA" => {
                let primes = match self.0.contains_key("p") {
                    true => [secret("p")?, secret("q")?].to_vec(),
                    false => Vec::new(),
                };
                let primes: Vec<&[u8]> = primes.iter().map(|prime| prime.as_slice()).collect();
                crate::rsa_key::RsaKey::from_numbers(&secret("n")?, &secret("e")?, &secret("d")?, &primes)
                    .map(Into::into)
            }
            other => Err(KeyError::feature_off(other)),
        }
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            if let Value::String(text) = value {
                zeroize::Zeroize::zeroize(text);
            }
        }
    }
}

fn public(members: &Map<String, Value>) -> Result<Jwk, JwkError> {
    match text(members, "kty")? {
        "EC" => {
            let curve = curve(members)?;
            let mut point = [4].to_vec();
            for member in ["x", "y"] {
                let coordinate = octets(members, member)?;
                if coordinate.len() != curve.width() {
                    return Err(JwkError::Width { member, found: coordinate.len(), expected: curve.width() });
                }
                point.extend(coordinate);
            }
            Jwk::checked_point(curve, point)
        }
        "OKP" => match text(members, "crv")? {
            "Ed25519" => Jwk::checked_ed25519(&octets(members, "x")?),
            other => Err(JwkError::UnknownKind(format!("crv {other:?}"))),
        },
        #[cfg(feature = "rsa")]
        "RSA" => Jwk::checked_rsa(&octets(members, "n")?, &octets(members, "e")?),
        #[cfg(not(feature = "rsa"))]
        "RSA" => Err(JwkError::Key(KeyError::feature_off("RSA").to_string())),
        other => Err(JwkError::UnknownKind(format!("kty {other:?}"))),
    }
}

fn curve(members: &Map<String, Value>) -> Result<Curve, JwkError> {
    let name = text(members, "crv")?;
    Curve::ALL
        .into_iter()
        .find(|curve| curve.name() == name)
        .ok_or_else(|| JwkError::UnknownKind(format!("crv {name:?}; P-256, P-384 and P-521 are known")))
}

fn text<'a>(members: &'a Map<String, Value>, member: &'static str) -> Result<&'a str, JwkError> {
    members.get(member).and_then(Value::as_str).ok_or(JwkError::Missing(member))
}

fn octets(members: &Map<String, Value>, member: &'static str) -> Result<Vec<u8>, JwkError> {
    base64url::decode(text(members, member)?).map_err(|error| JwkError::Base64Url { member, error })
}

/// Why a public key could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwkError {
    /// Not JSON.
    Json(String),
    /// JSON, but not an object.
    NotAnObject,
    /// A required member is absent or not a string.
    Missing(&'static str),
    /// A member is not strict base64url.
    Base64Url {
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        error: Base64UrlError,
    },
    /// A coordinate that is not in full width (RFC 7518 §6.2.1.2).
    Width {
        /// The member.
        member: &'static str,
        /// The octets it has.
        found: usize,
        /// The octets it must have.
        expected: usize,
    },
    /// The point is not on the named curve.
    NotOnCurve(&'static str),
    /// A kind of key that is not known here.
    UnknownKind(String),
    /// The key behind the members is not usable.
    Key(String),
}

impl fmt::Display for JwkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a JWK: {error}"),
            Self::NotAnObject => f.write_str("not a JWK: expected a JSON object"),
            Self::Missing(member) => write!(f, "not a JWK: the member {member:?} is missing or not a string"),
            Self::Base64Url { member, error } => write!(f, "the JWK member {member:?} is {error}"),
            Self::Width { member, found, expected } => {
                write!(f, "the JWK member {member:?} has {found} octets, expected {expected}")
            }
            Self::NotOnCurve(curve) => write!(f, "the public key is not a usable point of {curve}"),
            Self::UnknownKind(what) => write!(f, "an unknown kind of key: {what}"),
            Self::Key(error) => f.write_str(error),
        }
    }
}

impl core::error::Error for JwkError {}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The algorithm is not the key's.
    Algorithm {
        /// The one named.
        found: String,
        /// The key's.
        expected: Algorithm,
    },
    /// The protected header names no algorithm.
    NoAlgorithm,
    /// The signature is not one of this message under this key.
    Signature,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Algorithm { found, expected } => write!(f, "signed with {found}, but the key is one for {expected}"),
            Self::NoAlgorithm => f.write_str("the protected header names no algorithm"),
            Self::Signature => f.write_str("the signature is wrong"),
        }
    }
}

impl core::error::Error for VerifyError {}
