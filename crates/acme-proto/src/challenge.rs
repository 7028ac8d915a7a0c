//! Challenges: ways to prove control of an identifier (RFC 8555 §8).

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{ChallengeStatus, Identifier, Problem, Timestamp, Token, TokenError, lenient};

/// A challenge as the CA shows it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Challenge {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ChallengeType,
    /// Where it is answered.
    pub url: String,
    /// Its state; absent means `pending`.
    #[serde(default = "pending", deserialize_with = "or_pending")]
    pub status: ChallengeStatus,
    /// When it was met.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub validated: Option<Timestamp>,
    /// What went wrong. While the state is not `invalid` the CA may try again (RFC 8555 §8.2).
    #[serde(default, deserialize_with = "lenient::optional")]
    pub error: Option<Problem>,
    /// The members that are particular to its type, `token` for most.
    #[serde(flatten)]
    members: Map<String, Value>,
}

fn pending() -> ChallengeStatus {
    ChallengeStatus::Pending
}

fn or_pending<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ChallengeStatus, D::Error> {
    lenient::optional(deserializer).map(|status| status.unwrap_or_else(pending))
}

impl Challenge {
    /// The token, checked. `None` for types that have none.
    ///
    /// # Errors
    /// When there is one, but it is not base64url text and so must not reach a path or a name.
    pub fn token(&self) -> Result<Option<Token>, TokenError> {
        match self.members.get("token") {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Token::parse(text).map(Some),
            Some(other) => Err(TokenError::new(&other.to_string())),
        }
    }

    /// A member that is particular to the type.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }
}

/// The type of a challenge (RFC 8555 §9.7.8).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(from = "String")]
#[non_exhaustive]
pub enum ChallengeType {
    /// A file on the web server of the name (RFC 8555 §8.3).
    Http01,
    /// A TXT record (RFC 8555 §8.4).
    Dns01,
    /// A certificate shown in a TLS handshake (RFC 8737).
    TlsAlpn01,
    /// A TXT record below a label of the account's own (draft-ietf-acme-dns-account-label).
    DnsAccount01,
    /// A TXT record that stays (draft-ietf-acme-dns-persist).
    DnsPersist01,
    /// An answer by mail (RFC 8823).
    EmailReply00,
    /// A device's statement about its key (draft-ietf-acme-device-attest).
    DeviceAttest01,
    /// A type that is not known here.
    Other(String),
}

impl ChallengeType {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Http01 => "http-01",
            Self::Dns01 => "dns-01",
            Self::TlsAlpn01 => "tls-alpn-01",
            Self::DnsAccount01 => "dns-account-01",
            Self::DnsPersist01 => "dns-persist-01",
            Self::EmailReply00 => "email-reply-00",
            Self::DeviceAttest01 => "device-attest-01",
            Self::Other(word) => word,
        }
    }
}

/// Where http-01 is looked for (RFC 8555 §8.3); an IPv6 address stands in brackets (RFC 8738 §5).
pub fn http01_url(identifier: &Identifier, token: &Token) -> String {
    let host = match identifier {
        Identifier::Ip(std::net::IpAddr::V6(address)) => format!("[{address}]"),
        other => other.base().value(),
    };
    format!("http://{host}/.well-known/acme-challenge/{token}")
}

/// The name of the TXT record of dns-01, with a dot at the end (RFC 8555 §8.4). A wildcard uses its base name's.
pub fn dns01_name(identifier: &Identifier) -> String {
    format!("_acme-challenge.{}.", identifier.base())
}

impl From<String> for ChallengeType {
    fn from(word: String) -> Self {
        match word.as_str() {
            "http-01" => Self::Http01,
            "dns-01" => Self::Dns01,
            "tls-alpn-01" => Self::TlsAlpn01,
            "dns-account-01" => Self::DnsAccount01,
            "dns-persist-01" => Self::DnsPersist01,
            "email-reply-00" => Self::EmailReply00,
            "device-attest-01" => Self::DeviceAttest01,
            _ => Self::Other(word),
        }
    }
}

impl fmt::Display for ChallengeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
