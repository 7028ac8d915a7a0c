//! Accounts (RFC 8555 §7.1.2 and §7.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{AccountStatus, lenient};

/// What newAccount is sent (RFC 8555 §7.3). What is not set is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewAccount {
    /// How the CA may reach the holder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contact: Vec<Contact>,
    /// The holder agrees to the terms of service. Only ever set because a person said so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terms_of_service_agreed: bool,
    /// Find the account of this key, but do not make one (RFC 8555 §7.3.1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub only_return_existing: bool,
    /// Proof of an account elsewhere with the CA (RFC 8555 §7.3.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_account_binding: Option<acme_jose::InnerJws>,
}

/// An account as the CA shows it. Contacts and the list of orders are often left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Account {
    /// Its state; absent means `valid`: some CAs say nothing of an account that they knew already.
    #[serde(default = "valid", deserialize_with = "or_valid")]
    pub status: AccountStatus,
    /// The contacts the CA knows.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub contact: Vec<String>,
    /// Where its orders are listed.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub orders: Option<String>,
    /// Where the delegations it may use are listed (RFC 9115 §2.3.1).
    #[serde(default, deserialize_with = "lenient::optional")]
    pub delegations: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Account {
    /// A member that is not known here: extensions can be used before they have a type.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }
}

fn valid() -> AccountStatus {
    AccountStatus::Valid
}

fn or_valid<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AccountStatus, D::Error> {
    lenient::optional(deserializer).map(|status| status.unwrap_or_else(valid))
}

/// A contact URL (RFC 8555 §7.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Contact(String);

impl Contact {
    /// A contact from a URL, or from an e-mail address without `mailto:`.
    ///
    /// # Errors
    /// When it is neither, when a `mailto:` URL names not exactly one address, or has header fields (`?subject=…`), which
    /// RFC 8555 §7.3 forbids.
    pub fn parse(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let refuse = |why| ContactError { text: text.to_owned(), why };
        let url = if text.contains(':') { text.to_owned() } else { format!("mailto:{text}") };
        let (scheme, rest) = url.split_once(':').unwrap_or_default();
        if !is_scheme(scheme) || rest.is_empty() || !rest.bytes().all(is_url_character) {
            return Err(refuse("it is not a URL or an e-mail address"));
        }
        if scheme.eq_ignore_ascii_case("mailto") {
            check_mailto(rest).map_err(refuse)?;
        }
        Ok(Self(url))
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 3986 §3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
}

/// Graphic ASCII without the delimiters that no URL holds (RFC 3986 §2, RFC 2396 §2.4.3).
fn is_url_character(b: u8) -> bool {
    b.is_ascii_graphic() && !br#""<>\^`{|}"#.contains(&b)
}

/// Exactly one address and no header fields (RFC 8555 §7.3).
fn check_mailto(address: &str) -> Result<(), &'static str> {
    if address.contains(['?', '#']) {
        return Err("header fields (`?…`) are not allowed");
    }
    if address.contains([',', ';']) || address.matches('@').count() > 1 {
        return Err("only one address is allowed; give several contacts instead");
    }
    match address.split_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => Ok(()),
        _ => Err("an address needs a part on both sides of `@`"),
    }
}

impl TryFrom<String> for Contact {
    type Error = ContactError;

    fn try_from(text: String) -> Result<Self, ContactError> {
        Self::parse(&text)
    }
}

impl FromStr for Contact {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        Self::parse(text)
    }
}

impl From<Contact> for String {
    fn from(contact: Contact) -> Self {
        contact.0
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that cannot be a contact.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{text:?} cannot be a contact: {why}")]
pub struct ContactError {
    text: String,
    why: &'static str,
}
