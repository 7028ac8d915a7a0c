//! JSON Web Signature, the flattened JSON form and nothing else (RFC 7515 §7.2.2).

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value};

use crate::{Algorithm, Base64UrlError, Jwk, JwkError, MacAlgorithm, SignError, Signer, VerifyError, base64url};

/// How the outer JWS says whose key signed it: one of the two, never both (RFC 8555 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyId<'a> {
    /// `jwk`: the signer's public key itself.
    Jwk,
    /// `kid`: a name that the receiver knows the key by.
    Kid(&'a str),
}

/// The protected header of an outer JWS; `alg`, and `jwk` where asked for, come from the signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Whose key it is.
    pub key: KeyId<'a>,
    /// The nonce, just as it was received (RFC 8555 §6.5.2).
    pub nonce: &'a str,
    /// The URL the message goes to, byte for byte (RFC 8555 §6.4.1).
    pub url: &'a str,
}

/// What a JWS carries.
///
/// "Nothing" and "an empty object" are different values: the first asks to read a resource (RFC 8555 §6.3), the second
/// to act on it (§7.5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payload {
    /// No octets at all: the wire shows `"payload":""`.
    Empty,
    /// `{}`: the wire shows `"payload":"e30"`.
    EmptyObject,
    /// JSON text.
    Json(String),
}

impl Payload {
    /// A value as JSON.
    ///
    /// # Errors
    /// When the value cannot be written as JSON, as a map whose keys are not strings.
    pub fn json(value: &impl Serialize) -> Result<Self, JwsError> {
        serde_json::to_string(value).map(Self::Json).map_err(|error| JwsError::Json(error.to_string()))
    }

    fn octets(&self) -> &[u8] {
        match self {
            Self::Empty => b"",
            Self::EmptyObject => b"{}",
            Self::Json(text) => text.as_bytes(),
        }
    }
}

/// A flattened JWS: the three members, as they stand on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws {
    protected: String,
    payload: String,
    signature: String,
}

impl Jws {
    /// Signs an outer JWS, one that has a nonce.
    ///
    /// # Errors
    /// What the signer says.
    pub fn sign(signer: &dyn Signer, header: &Header<'_>, payload: &Payload) -> Result<Self, SignError> {
        let public;
        let key = match header.key {
            KeyId::Jwk => {
                public = signer.public_key();
                WireKey::Jwk(&public)
            }
            KeyId::Kid(kid) => WireKey::Kid(kid),
        };
        let header = WireHeader { alg: signer.algorithm().name(), key, nonce: Some(header.nonce), url: header.url };
        Self::build(&header, payload, |input| signer.sign(input))
    }

    /// Signs an inner JWS, which has no nonce and shows the signer's own key: proof that its holder agrees to what
    /// the outer JWS around it asks (RFC 8555 §7.3.5).
    ///
    /// # Errors
    /// What the signer says.
    pub fn sign_inner(signer: &dyn Signer, url: &str, payload: &Payload) -> Result<Self, SignError> {
        let public = signer.public_key();
        let header = WireHeader { alg: signer.algorithm().name(), key: WireKey::Jwk(&public), nonce: None, url };
        Self::build(&header, payload, |input| signer.sign(input))
    }

    pub(crate) fn build<E>(
        header: &WireHeader<'_>,
        payload: &Payload,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let protected = base64url::encode(header.to_json().as_bytes());
        let payload = base64url::encode(payload.octets());
        let signature = base64url::encode(&sign(format!("{protected}.{payload}").as_bytes())?);
        Ok(Self { protected, payload, signature })
    }

    /// The JSON text: `protected`, `payload`, `signature` in this order. The same input gives the same text, but for
    /// signers that add randomness.
    pub fn to_json(&self) -> String {
        // All three are base64url: nothing in them needs escaping.
        let Self { protected, payload, signature } = self;
        format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":"{signature}"}}"#)
    }

    /// Reads a flattened JWS without checking its signature.
    ///
    /// # Errors
    /// When it is not JSON, has other members than the three, or one of them is not strict base64url.
    pub fn from_json(json: &[u8]) -> Result<Self, JwsError> {
        match serde_json::from_slice(json) {
            Ok(Value::Object(members)) => Self::from_members(&members),
            Ok(_) => Err(JwsError::NotAnObject),
            Err(error) => Err(JwsError::Json(error.to_string())),
        }
    }

    /// Reads a flattened JWS out of the payload of another one (RFC 8555 §7.3.4 and §7.3.5).
    ///
    /// # Errors
    /// As [`from_json`](Self::from_json).
    fn from_members(members: &Map<String, Value>) -> Result<Self, JwsError> {
        if members.contains_key("signatures") {
            return Err(JwsError::GeneralForm);
        }
        if members.contains_key("header") {
            return Err(JwsError::UnprotectedHeader);
        }
        if let Some(other) = members.keys().find(|name| !["protected", "payload", "signature"].contains(&name.as_str()))
        {
            return Err(JwsError::UnknownMember(other.clone()));
        }
        let text = |member: &'static str| {
            let text = members.get(member).and_then(Value::as_str).ok_or(JwsError::Missing(member))?;
            base64url::decode(text).map_err(|error| JwsError::Base64Url { member, error })?;
            Ok(text.to_string())
        };
        Ok(Self { protected: text("protected")?, payload: text("payload")?, signature: text("signature")? })
    }

    /// The payload's octets. Believe them only after [`verify`](Self::verify) or [`MacKey::verify`](crate::MacKey::verify).
    pub fn payload(&self) -> Vec<u8> {
        base64url::decode(&self.payload).unwrap_or_default()
    }

    /// The protected header.
    ///
    /// # Errors
    /// When it is not a JSON object, names no known algorithm, holds both `jwk` and `kid` or neither, uses `b64` or
    /// `crit`, or has a member of the wrong type.
    pub fn header(&self) -> Result<ParsedHeader, JwsError> {
        ParsedHeader::parse(&base64url::decode(&self.protected).unwrap_or_default())
    }

    /// Checks the signature under a public key.
    ///
    /// # Errors
    /// When the header names another algorithm than the key's, or the signature is wrong.
    pub fn verify(&self, key: &Jwk) -> Result<(), VerifyError> {
        let named = self.alg().ok_or(VerifyError::NoAlgorithm)?;
        match Algorithm::from_name(&named) {
            Some(algorithm) => key.verify(algorithm, self.signing_input().as_bytes(), &self.signature_octets()),
            None => Err(VerifyError::Algorithm { found: named, expected: key.algorithm() }),
        }
    }

    /// The `alg` of the protected header, whatever else the header holds.
    pub(crate) fn alg(&self) -> Option<String> {
        let header = base64url::decode(&self.protected).ok()?;
        let header: Value = serde_json::from_slice(&header).ok()?;
        Some(header.get("alg")?.as_str()?.to_string())
    }

    /// What is signed: the strings as they were sent (RFC 7515 §5.1).
    pub(crate) fn signing_input(&self) -> String {
        format!("{}.{}", self.protected, self.payload)
    }

    pub(crate) fn signature_octets(&self) -> Vec<u8> {
        base64url::decode(&self.signature).unwrap_or_default()
    }
}

impl Serialize for Jws {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("protected", &self.protected)?;
        map.serialize_entry("payload", &self.payload)?;
        map.serialize_entry("signature", &self.signature)?;
        map.end()
    }
}

/// The header as it is written: `alg`, `jwk` or `kid`, `nonce` where there is one, `url`, in this order.
pub(crate) struct WireHeader<'a> {
    pub(crate) alg: &'static str,
    pub(crate) key: WireKey<'a>,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) url: &'a str,
}

pub(crate) enum WireKey<'a> {
    Jwk(&'a Jwk),
    Kid(&'a str),
}

impl WireHeader<'_> {
    fn to_json(&self) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let key = match self.key {
            WireKey::Jwk(jwk) => format!(r#""jwk":{}"#, jwk.to_json()),
            WireKey::Kid(kid) => format!(r#""kid":{}"#, quoted(kid)),
        };
        let nonce = self.nonce.map(|nonce| format!(r#""nonce":{},"#, quoted(nonce))).unwrap_or_default();
        format!(r#"{{"alg":"{}",{key},{nonce}"url":{}}}"#, self.alg, quoted(self.url))
    }
}

/// A protected header as a server reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParsedHeader {
    /// The algorithm.
    pub algorithm: ParsedAlgorithm,
    /// Whose key it is.
    pub key: ParsedKeyId,
    /// The nonce, absent in an inner JWS.
    pub nonce: Option<String>,
    /// The URL it was signed for.
    pub url: Option<String>,
}

/// An algorithm a header may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParsedAlgorithm {
    /// A signature.
    Signature(Algorithm),
    /// A MAC, which counts in an inner JWS only (RFC 8555 §6.2 and §7.3.4).
    Mac(MacAlgorithm),
}

/// Whose key a header names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParsedKeyId {
    /// The key itself.
    Jwk(Jwk),
    /// A name of the key.
    Kid(String),
}

impl ParsedHeader {
    fn parse(json: &[u8]) -> Result<Self, JwsError> {
        let members = match serde_json::from_slice(json) {
            Ok(Value::Object(members)) => members,
            Ok(_) => return Err(JwsError::NotAnObject),
            Err(error) => return Err(JwsError::Json(error.to_string())),
        };
        if let Some(name) = ["b64", "crit"].into_iter().find(|name| members.contains_key(*name)) {
            return Err(JwsError::Extension(name));
        }
        let text = |member: &'static str| match members.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Missing(member)),
        };
        let alg = text("alg")?.ok_or(JwsError::Missing("alg"))?;
        let algorithm = match (Algorithm::from_name(&alg), MacAlgorithm::from_name(&alg)) {
            (Some(algorithm), _) => ParsedAlgorithm::Signature(algorithm),
            (None, Some(mac)) => ParsedAlgorithm::Mac(mac),
            (None, None) => return Err(JwsError::UnknownAlgorithm(alg)),
        };
        let key = match (members.get("jwk"), text("kid")?) {
            (Some(_), Some(_)) => return Err(JwsError::JwkAndKid),
            (Some(jwk), None) => ParsedKeyId::Jwk(Jwk::from_value(jwk).map_err(JwsError::Jwk)?),
            (None, Some(kid)) => ParsedKeyId::Kid(kid),
            (None, None) => return Err(JwsError::NoKey),
        };
        Ok(Self { algorithm, key, nonce: text("nonce")?, url: text("url")? })
    }
}

/// Why a JWS could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwsError {
    /// Not JSON, or a value that cannot be JSON.
    Json(String),
    /// JSON, but not an object.
    NotAnObject,
    /// The general form, with `signatures`: only one signature is allowed (RFC 8555 §6.2).
    GeneralForm,
    /// An unprotected `header` (RFC 8555 §6.2).
    UnprotectedHeader,
    /// A member that a flattened JWS does not have.
    UnknownMember(String),
    /// A member is absent or not a string.
    Missing(&'static str),
    /// A member is not strict base64url.
    Base64Url {
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        error: Base64UrlError,
    },
    /// `b64` or `crit` in the protected header (RFC 8555 §6.2).
    Extension(&'static str),
    /// An `alg` that is not known here.
    UnknownAlgorithm(String),
    /// Both `jwk` and `kid` (RFC 8555 §6.2).
    JwkAndKid,
    /// Neither `jwk` nor `kid`.
    NoKey,
    /// The `jwk` is not a usable key.
    Jwk(JwkError),
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a JWS: {error}"),
            Self::NotAnObject => f.write_str("not a JWS: expected a JSON object"),
            Self::GeneralForm => {
                f.write_str("found a JWS with `signatures`, expected the flattened form with one signature")
            }
            Self::UnprotectedHeader => f.write_str("found an unprotected `header`, expected all of it to be protected"),
            Self::UnknownMember(name) => {
                write!(f, "found the member {name:?}, expected only protected, payload and signature")
            }
            Self::Missing(member) => write!(f, "the JWS member {member:?} is missing or not a string"),
            Self::Base64Url { member, error } => write!(f, "the JWS member {member:?} is {error}"),
            Self::Extension(name) => write!(f, "found {name:?} in the protected header, which is not allowed"),
            Self::UnknownAlgorithm(alg) => write!(f, "found the algorithm {alg:?}, expected a known one"),
            Self::JwkAndKid => f.write_str("found both `jwk` and `kid`, expected one of them"),
            Self::NoKey => f.write_str("found neither `jwk` nor `kid`, expected one of them"),
            Self::Jwk(error) => write!(f, "the `jwk` of the JWS cannot be used: {error}"),
        }
    }
}

impl core::error::Error for JwsError {}
