//! TXT records, which the DNS kinds of challenge ask for (RFC 8555 §8.4, RFC 1035 §3.3.14).

use crate::{Identifier, ProofError};

/// The longest string inside a TXT record, in octets (RFC 1035 §3.3).
const MAX_STRING: usize = 255;

/// The longest domain name, in characters without the dot at the end (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

/// A TXT record to publish: beside those that are there, never in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TxtRecord {
    /// The name, with a dot at the end.
    pub name: String,
    /// The value, in one piece.
    pub value: String,
}

impl TxtRecord {
    /// A record of this name, with or without a dot at its end.
    pub fn new(name: &str, value: impl Into<String>) -> Self {
        Self { name: format!("{}.", name.trim_end_matches('.')), value: value.into() }
    }

    /// The record `prefix.identifier`; a wildcard uses its base name's (RFC 8555 §8.4).
    pub(crate) fn below(prefix: &str, identifier: &Identifier, value: String) -> Result<Self, ProofError> {
        let name = format!("{prefix}.{}", host_name(identifier)?);
        match name.len() {
            ..=MAX_NAME => Ok(Self { name: name + ".", value }),
            length => Err(ProofError::NameTooLong { name, length }),
        }
    }

    /// The value as the strings of the record: of 255 octets at most each.
    pub fn strings(&self) -> Vec<&str> {
        let mut strings = Vec::new();
        let mut rest = self.value.as_str();
        while rest.len() > MAX_STRING {
            let end = (0..=MAX_STRING).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(MAX_STRING);
            let (head, tail) = rest.split_at(end);
            strings.push(head);
            rest = tail;
        }
        strings.push(rest);
        strings
    }

    /// The record as a line of a zone file, with a time to live in seconds.
    pub fn zone_line(&self, ttl: u32) -> String {
        let strings: Vec<_> = self.strings().into_iter().map(quoted).collect();
        format!("{} {ttl} IN TXT {}", self.name, strings.join(" "))
    }
}

/// A string as a zone file writes it (RFC 1035 §5.1).
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('"', r#"\""#);
    format!("\"{escaped}\"")
}

/// The domain name of an identifier, without `*.`. It is read once more as strictly as if a person had typed it: a CA
/// may have written the authorization, and the name goes into a zone.
pub(crate) fn host_name(identifier: &Identifier) -> Result<String, ProofError> {
    let not_a_name = || ProofError::NotADomainName(identifier.clone());
    match identifier.base() {
        Identifier::Dns(name) => match Identifier::parse(&name) {
            Ok(Identifier::Dns(name)) if !name.starts_with("*.") => Ok(name),
            _ => Err(not_a_name()),
        },
        _ => Err(not_a_name()),
    }
}
