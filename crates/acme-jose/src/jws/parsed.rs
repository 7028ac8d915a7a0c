//! The protected header as a receiver reads it.

use alloc::string::{String, ToString as _};

use super::JwsError;
use crate::excerpt::excerpt;
use crate::json::Object;
use crate::{Algorithm, JsonError, Jwk, JwkError, MacAlgorithm, base64url, jwk};

/// A protected header. Members that are not named here are ignored, as RFC 7515 §4 asks.
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

/// The members of an encoded header, none of which changes what a signature covers.
///
/// `b64` is forbidden (RFC 8555 §6.2), and since no extension is known here, so is `crit` (RFC 7515 §4.1.11).
pub(super) fn members(protected: &str) -> Result<Object, JwsError> {
    let base64url = |error| JsonError::Base64Url { member: "protected", error };
    let json = base64url::decode(protected).map_err(base64url)?;
    let members = Object::parse(&json).map_err(JwsError::Header)?;
    match ["b64", "crit"].into_iter().find(|name| members.get(name).is_some()) {
        Some(extension) => Err(JwsError::Extension(extension)),
        None => Ok(members),
    }
}

impl ParsedHeader {
    pub(super) fn read(members: &Object) -> Result<Self, JwsError> {
        let owned =
            |member| members.optional_text(member).map(|text| text.map(str::to_string)).map_err(JwsError::Header);
        Ok(Self { algorithm: algorithm(members)?, key: key(members)?, nonce: owned("nonce")?, url: owned("url")? })
    }
}

fn algorithm(members: &Object) -> Result<ParsedAlgorithm, JwsError> {
    let name = members.text("alg").map_err(JwsError::Header)?;
    let signature = Algorithm::from_name(name).map(ParsedAlgorithm::Signature);
    let mac = || MacAlgorithm::from_name(name).map(ParsedAlgorithm::Mac);
    signature.or_else(mac).ok_or_else(|| JwsError::UnknownAlgorithm(excerpt(name)))
}

fn key(members: &Object) -> Result<ParsedKeyId, JwsError> {
    match (members.get("jwk"), members.optional_text("kid").map_err(JwsError::Header)?) {
        (Some(_), Some(_)) => Err(JwsError::JwkAndKid),
        (None, None) => Err(JwsError::NoKey),
        (None, Some(kid)) => Ok(ParsedKeyId::Kid(kid.to_string())),
        (Some(value), None) => Object::from_value(value.clone())
            .map_err(JwkError::Json)
            .and_then(|members| jwk::members::read(&members))
            .map(ParsedKeyId::Jwk)
            .map_err(JwsError::Jwk),
    }
}
