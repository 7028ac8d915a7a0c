//! Identifiers: DNS names and IP addresses (RFC 8555 §7.1.4 and §9.7.7, RFC 8738).

use std::fmt;
use std::net::IpAddr;

use acme_x509::Name;
use serde_json::{Value, json};

use crate::problem::{ErrorType, Problem};

/// What a certificate is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Identifier {
    /// A DNS name in lower case, `*.` before it for a wildcard.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl Identifier {
    /// Reads an identifier object.
    pub(crate) fn parse(object: &Value) -> Result<Self, Problem> {
        match (object["type"].as_str(), object["value"].as_str()) {
            (Some("dns"), Some(name)) => Self::dns(name),
            (Some("ip"), Some(address)) => Self::ip(address),
            (Some(other), Some(_)) => Err(Problem::new(
                ErrorType::UnsupportedIdentifier,
                format!("found an identifier of the type {other:?}, this CA knows dns and ip"),
            )),
            _ => {
                Err(Problem::malformed("an identifier has a type and a value, both strings")
                    .breaking("RFC 8555 §7.1.3"))
            }
        }
    }

    fn dns(name: &str) -> Result<Self, Problem> {
        let lower = name.to_ascii_lowercase();
        let labels: Vec<_> = lower.strip_prefix("*.").unwrap_or(&lower).split('.').collect();
        if lower.len() > 253 || !labels.iter().all(|label| is_label(label)) {
            let detail = format!("{name:?} is not a DNS name as certificates hold it: A-labels, no dot at the end");
            return Err(Problem::malformed(detail).breaking("RFC 8555 §7.1.4"));
        }
        let numeric = labels.last().is_some_and(|last| last.bytes().all(|octet| octet.is_ascii_digit()));
        if labels.len() < 2 || numeric {
            let detail = format!("{name:?} is not a name that certificates are issued for");
            return Err(Problem::new(ErrorType::RejectedIdentifier, detail));
        }
        Ok(Self::Dns(lower))
    }

    fn ip(text: &str) -> Result<Self, Problem> {
        match text.parse::<IpAddr>() {
            Ok(address) if address.to_string() == text => Ok(Self::Ip(address)),
            _ => {
                Err(Problem::malformed(format!("{text:?} is not the text form of an IP address"))
                    .breaking("RFC 8738 §3"))
            }
        }
    }

    /// The name without its `*.`, and whether it had one (RFC 8555 §7.1.4).
    pub(crate) fn base(&self) -> (Self, bool) {
        match self {
            Self::Dns(name) => match name.strip_prefix("*.") {
                Some(base) => (Self::Dns(base.to_string()), true),
                None => (self.clone(), false),
            },
            Self::Ip(_) => (self.clone(), false),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let kind = if matches!(self, Self::Dns(_)) { "dns" } else { "ip" };
        json!({ "type": kind, "value": self.to_string() })
    }

    /// The `Host` of an HTTP request to it (RFC 8738 §5).
    pub(crate) fn host(&self) -> String {
        match self {
            Self::Ip(IpAddr::V6(address)) => format!("[{address}]"),
            other => other.to_string(),
        }
    }
}

impl From<&Name> for Identifier {
    fn from(name: &Name) -> Self {
        match name {
            Name::Dns(name) => Self::Dns(name.clone()),
            Name::Ip(address) => Self::Ip(*address),
        }
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

/// Letters, digits and inner hyphens, 63 at most (RFC 5890 §2.3.1).
fn is_label(label: &str) -> bool {
    let inner = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_checked() {
        for (why, kind, value, want) in [
            ("a name", "dns", "www.Example.com", Some("www.example.com")),
            ("a wildcard", "dns", "*.example.com", Some("*.example.com")),
            ("an A-label", "dns", "xn--bcher-kva.example", Some("xn--bcher-kva.example")),
            ("IPv4", "ip", "192.0.2.1", Some("192.0.2.1")),
            ("IPv6", "ip", "2001:db8::1", Some("2001:db8::1")),
            ("a U-label", "dns", "bücher.example", None),
            ("a dot at the end", "dns", "example.com.", None),
            ("two wildcards", "dns", "*.*.example.com", None),
            ("a wildcard within", "dns", "a.*.example.com", None),
            ("a partial wildcard", "dns", "a*.example.com", None),
            ("one label", "dns", "localhost", None),
            ("an address as a name", "dns", "192.0.2.1", None),
            ("a long form of IPv6", "ip", "2001:db8:0::1", None),
            ("a name as an address", "ip", "example.com", None),
            ("an unknown type", "email", "a@example.com", None),
        ] {
            let found = Identifier::parse(&json!({ "type": kind, "value": value })).ok();
            assert_eq!(found.map(|identifier| identifier.to_string()).as_deref(), want, "{why}: {value:?}");
        }
    }
}
