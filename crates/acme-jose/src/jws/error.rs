//! Why a JWS could not be written or read.

use alloc::string::String;
use core::fmt;

use crate::{JsonError, JwkError};

/// Why a JWS could not be written or read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwsError {
    /// The JSON is not that of a flattened JWS.
    Json(JsonError),
    /// The JSON of the protected header is not that of a header.
    Header(JsonError),
    /// A value that cannot be written as JSON.
    Payload(String),
    /// The general form, with `signatures`: only one signature is allowed (RFC 8555 §6.2).
    GeneralForm {
        /// How many there are.
        signatures: usize,
    },
    /// An unprotected `header` (RFC 8555 §6.2).
    UnprotectedHeader,
    /// A member that a flattened JWS does not have; its first 80 characters.
    UnknownMember(String),
    /// `b64` or `crit` in the protected header (RFC 8555 §6.2).
    Extension(&'static str),
    /// An `alg` that is not known here; its first 80 characters.
    UnknownAlgorithm(String),
    /// Both `jwk` and `kid` (RFC 8555 §6.2).
    JwkAndKid,
    /// Neither `jwk` nor `kid`.
    NoKey,
    /// The `jwk` is not a usable key.
    Jwk(JwkError),
}

impl From<JsonError> for JwsError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}

impl fmt::Display for JwsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "not a JWS: {error}"),
            Self::Header(error) => write!(f, "the protected header of the JWS: {error}"),
            Self::Payload(error) => write!(f, "the payload cannot be written as JSON: {error}"),
            Self::GeneralForm { signatures } => {
                write!(
                    f,
                    "found a JWS with \"signatures\" ({signatures}), expected the flattened form with one signature"
                )
            }
            Self::UnprotectedHeader => {
                f.write_str("found an unprotected \"header\", expected all of the header to be protected")
            }
            Self::UnknownMember(name) => {
                write!(f, "found the member {name:?}, expected only protected, payload and signature")
            }
            Self::Extension(name) => write!(f, "found {name:?} in the protected header, expected no extensions"),
            Self::UnknownAlgorithm(alg) => {
                write!(
                    f,
                    "found the algorithm {alg:?}, expected ES256, ES384, ES512, EdDSA or RS256, or inside of another JWS HS256, \
                     HS384 or HS512"
                )
            }
            Self::JwkAndKid => f.write_str("found both \"jwk\" and \"kid\", expected one of them"),
            Self::NoKey => f.write_str("found neither \"jwk\" nor \"kid\", expected one of them"),
            Self::Jwk(error) => write!(f, "the \"jwk\" of the JWS cannot be used: {error}"),
        }
    }
}

impl core::error::Error for JwsError {}
