//! JSON objects whose members are strings, which is all that JOSE is made of.

use alloc::{
    string::{String, ToString as _},
    vec::Vec,
};
use core::fmt;

use serde_json::{Map, Value};
use zeroize::{Zeroize, Zeroizing};

use crate::unique::Unique;
use crate::{Base64UrlError, base64url};

/// An object as it was given, before anything is believed of it. Its strings are wiped when it is dropped, since it may
/// be a private JWK.
pub(crate) struct Object(Zeroizing<Members>);

struct Members(Map<String, Value>);

impl Object {
    pub(crate) fn parse(json: &[u8]) -> Result<Self, JsonError> {
        let Unique(value) = serde_json::from_slice(json).map_err(|error| JsonError::Syntax(error.to_string()))?;
        Self::from_value(value)
    }

    pub(crate) fn from_value(value: Value) -> Result<Self, JsonError> {
        match value {
            Value::Object(members) => Ok(Self(Zeroizing::new(Members(members)))),
            other => Err(JsonError::NotAnObject { found: kind(&other) }),
        }
    }

    pub(crate) fn get(&self, member: &str) -> Option<&Value> {
        self.0.0.get(member)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.0.keys().map(String::as_str)
    }

    pub(crate) fn optional_text(&self, member: &'static str) -> Result<Option<&str>, JsonError> {
        match self.0.0.get(member) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(JsonError::NotAString { member, found: kind(other) }),
        }
    }

    pub(crate) fn text(&self, member: &'static str) -> Result<&str, JsonError> {
        self.optional_text(member)?.ok_or(JsonError::Missing(member))
    }

    /// The octets of a base64url member.
    pub(crate) fn octets(&self, member: &'static str) -> Result<Vec<u8>, JsonError> {
        base64url::decode(self.text(member)?).map_err(|error| JsonError::Base64Url { member, error })
    }
}

impl Zeroize for Members {
    fn zeroize(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The object with these members, in this order, without white space. No value may need escaping.
///
/// Allocated once at its full length: growing would leave copies of a private key behind.
pub(crate) fn write(members: &[(&str, &str)]) -> String {
    let len = members.iter().map(|(name, value)| name.len() + value.len() + r#""":"","#.len()).sum::<usize>();
    let mut json = String::with_capacity(len + "{}".len());
    for (name, value) in members {
        json.push_str(if json.is_empty() { "{\"" } else { ",\"" });
        json.push_str(name);
        json.push_str("\":\"");
        json.push_str(value);
        json.push('"');
    }
    json.push('}');
    json
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// What is wrong with a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonError {
    /// Not JSON, or an object with a member twice.
    Syntax(String),
    /// JSON, but not an object.
    NotAnObject {
        /// The kind of value that is there instead.
        found: &'static str,
    },
    /// A required member is absent.
    Missing(&'static str),
    /// A member is not a string.
    NotAString {
        /// The member.
        member: &'static str,
        /// The kind of value that is there instead.
        found: &'static str,
    },
    /// A member is not strict base64url.
    Base64Url {
        /// The member.
        member: &'static str,
        /// What is wrong with it.
        error: Base64UrlError,
    },
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(error) => write!(f, "expected JSON: {error}"),
            Self::NotAnObject { found } => write!(f, "found {found}, expected a JSON object"),
            Self::Missing(member) => write!(f, "the member {member:?} is missing"),
            Self::NotAString { member, found } => write!(f, "found {found} as {member:?}, expected a string"),
            Self::Base64Url { member, error } => write!(f, "the member {member:?} is {error}"),
        }
    }
}

impl core::error::Error for JsonError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// That it happens on drop is what [`Zeroizing`] does.
    #[test]
    fn no_string_survives_wiping() {
        let mut object = Object::parse(br#"{"d":"secret","list":["secret",{"deep":"secret"}],"n":1}"#).unwrap();
        object.0.zeroize();
        assert_eq!(Value::from(object.0.0.clone()).to_string(), r#"{"d":"","list":["",{"deep":""}],"n":1}"#);
    }
}
