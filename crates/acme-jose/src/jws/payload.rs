//! What a JWS carries.

use alloc::string::{String, ToString as _};

use serde::Serialize;

use super::JwsError;

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
    /// JSON text, made by [`Payload::json`].
    Json(PayloadText),
}

/// JSON text that was written from a value, so that it is neither empty nor something else than JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayloadText(String);

impl Payload {
    /// A value as JSON; one without members is [`EmptyObject`](Self::EmptyObject).
    ///
    /// # Errors
    /// When the value cannot be written as JSON, as a map whose keys are not strings.
    pub fn json(value: &impl Serialize) -> Result<Self, JwsError> {
        let text = serde_json::to_string(value).map_err(|error| JwsError::Payload(error.to_string()))?;
        Ok(if text == "{}" { Self::EmptyObject } else { Self::Json(PayloadText(text)) })
    }

    pub(super) fn octets(&self) -> &[u8] {
        match self {
            Self::Empty => b"",
            Self::EmptyObject => b"{}",
            Self::Json(PayloadText(text)) => text.as_bytes(),
        }
    }
}
