//! Proving control of a domain for the names below it (RFC 9444). Unproven against public CAs.

use serde::Serialize;

use crate::issue_value::is_host_name;
use crate::{Authorization, Identifier};

/// Whether a name lies below a domain: whole labels, so that `ooo.example.com` is not below `oo.example.com`.
pub(crate) fn is_below(identifier: &Identifier, ancestor: &str) -> bool {
    match identifier.base() {
        Identifier::Dns(name) => {
            is_host_name(ancestor) && name.strip_suffix(ancestor).is_some_and(|rest| rest.ends_with('.'))
        }
        _ => false,
    }
}

/// An identifier of an order, perhaps with the domain that is proven in its place (RFC 9444 §4.3).
#[derive(Serialize)]
pub(crate) struct Ancestry<'a> {
    #[serde(flatten)]
    identifier: &'a Identifier,
    #[serde(rename = "ancestorDomain", skip_serializing_if = "Option::is_none")]
    ancestor: Option<&'a String>,
}

impl<'a> Ancestry<'a> {
    pub(crate) fn new(identifier: &'a Identifier, ancestor: Option<&'a String>) -> Self {
        Self { identifier, ancestor }
    }
}

/// What newAuthz is sent (RFC 8555 §7.4.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewAuthz {
    identifier: Wire,
}

/// The flag stands inside of the identifier (RFC 9444 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Wire {
    #[serde(flatten)]
    identifier: Identifier,
    #[serde(rename = "subdomainAuthAllowed", skip_serializing_if = "std::ops::Not::not")]
    subdomains: bool,
}

impl NewAuthz {
    /// The message for an identifier. A wildcard has no authorization of its own: its base name has (RFC 8555 §7.4.1).
    pub fn new(identifier: &Identifier) -> Self {
        Self { identifier: Wire { identifier: identifier.base(), subdomains: false } }
    }

    /// The same, for an authorization that also serves for names below the identifier (RFC 9444 §4.2).
    pub fn with_subdomains(identifier: &Identifier) -> Self {
        Self { identifier: Wire { identifier: identifier.base(), subdomains: true } }
    }
}

impl Authorization {
    /// Whether it serves for an identifier of an order: it is for that one, or for a domain above it and the CA lets it
    /// count there (RFC 8555 §7.1.4, RFC 9444 §4.1).
    pub fn covers(&self, ordered: &Identifier) -> bool {
        let below = match &self.identifier {
            Identifier::Dns(domain) if self.subdomain_auth_allowed => is_below(ordered, domain),
            _ => false,
        };
        below || self.ordered_identifier() == *ordered
    }
}
