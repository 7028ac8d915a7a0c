//! What a certificate is asked for (RFC 8555 §7.1.4 and §9.7.7, RFC 8738).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain_name;

/// An identifier: its type and its value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(from = "Wire", into = "Wire")]
pub enum Identifier {
    /// A domain name in the form certificates use: lower case, A-labels, no dot at the end; in an order perhaps with a
    /// leading `*.` (RFC 8555 §7.1.3).
    Dns(String),
    /// An IP address (RFC 8738 §3), written as RFC 5952 asks.
    Ip(IpAddr),
    /// Any other type, passed through untouched.
    Other {
        /// The type.
        kind: String,
        /// The value.
        value: String,
    },
}

/// The JSON form.
#[derive(Deserialize, Serialize)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    value: String,
}

impl Identifier {
    /// An identifier from what a person types: an IP address, or a domain name in any case, with or without a dot at the
    /// end, in Unicode or not, perhaps with a leading `*.`.
    ///
    /// # Errors
    /// When it is not a name that a certificate can hold.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        let text = text.trim();
        // Brackets are how people know IPv6 addresses from URLs (RFC 3986 §3.2.2).
        let bracketed = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if let Some(address) = bracketed.and_then(|inner| inner.parse::<Ipv6Addr>().ok()) {
            return Ok(Self::Ip(address.into()));
        }
        match text.parse() {
            Ok(address) => Ok(Self::Ip(address)),
            Err(_) => domain_name::normalize(text).map(Self::Dns).map_err(|why| IdentifierError::new(text, why)),
        }
    }

    /// The `type` member.
    pub fn kind(&self) -> &str {
        match self {
            Self::Dns(_) => "dns",
            Self::Ip(_) => "ip",
            Self::Other { kind, .. } => kind,
        }
    }

    /// The `value` member.
    pub fn value(&self) -> String {
        match self {
            Self::Dns(name) => name.clone(),
            Self::Ip(address) => address.to_string(),
            Self::Other { value, .. } => value.clone(),
        }
    }

    /// Whether it is a wildcard domain name.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Dns(name) if name.starts_with("*."))
    }

    /// The identifier without a leading `*.`: what an authorization is for (RFC 8555 §7.1.4).
    pub fn base(&self) -> Self {
        match self {
            Self::Dns(name) => Self::Dns(name.strip_prefix("*.").unwrap_or(name).to_owned()),
            other => other.clone(),
        }
    }
}

impl FromStr for Identifier {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        Self::parse(text)
    }
}

impl From<Wire> for Identifier {
    fn from(Wire { kind, value }: Wire) -> Self {
        match (kind.as_str(), value.parse()) {
            ("dns", _) => Self::Dns(value.to_ascii_lowercase()),
            ("ip", Ok(address)) => Self::Ip(address),
            _ => Self::Other { kind, value },
        }
    }
}

impl From<Identifier> for Wire {
    fn from(identifier: Identifier) -> Self {
        Self { kind: identifier.kind().to_owned(), value: identifier.value() }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value())
    }
}

/// A text that is not a domain name or IP address.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{text:?} is not a name for a certificate: {why}")]
pub struct IdentifierError {
    text: String,
    why: &'static str,
}

impl IdentifierError {
    /// How much of the text is repeated, in characters.
    const SHOWN: usize = 100;

    fn new(text: &str, why: &'static str) -> Self {
        Self { text: text.chars().take(Self::SHOWN).collect(), why }
    }
}
