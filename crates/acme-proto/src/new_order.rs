//! What a new order asks for (RFC 8555 §7.4 and its extensions).

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::subdomain::{Ancestry, is_below};
use crate::{AutoRenewal, Identifier, Timestamp};

/// What newOrder is sent (RFC 8555 §7.4). What is not set is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewOrder {
    /// What the certificate is for; at least one.
    pub identifiers: Vec<Identifier>,
    /// The start of the validity that is asked for. Most CAs refuse it.
    pub not_before: Option<Timestamp>,
    /// The end of the validity that is asked for. Most CAs refuse it.
    pub not_after: Option<Timestamp>,
    /// The certificate it replaces (RFC 9773 §5); see [`Predecessor::replaces`](crate::Predecessor::replaces).
    pub replaces: Option<String>,
    /// The profile that is asked for (draft-ietf-acme-profiles §4); see [`ProfileChoice`](crate::ProfileChoice).
    pub profile: Option<String>,
    /// Names above the identifiers, control of which can be proven in their place (RFC 9444 §4.3). Unproven against
    /// public CAs.
    pub ancestor_domains: BTreeMap<Identifier, String>,
    /// How the CA is to renew the certificate (RFC 8739 §3.1.1). Unproven against public CAs.
    pub auto_renewal: Option<AutoRenewal>,
    /// The URL of a delegation (RFC 9115 §2.3.2). Unproven against public CAs.
    pub delegation: Option<String>,
    /// Ask that the certificate may be had by a plain GET (RFC 9115 §2.3.5).
    pub allow_certificate_get: bool,
}

impl NewOrder {
    /// An order for these identifiers; one that stands there twice is sent once.
    pub fn new(identifiers: impl IntoIterator<Item = Identifier>) -> Self {
        let mut unique: Vec<Identifier> = Vec::new();
        for identifier in identifiers {
            if !unique.contains(&identifier) {
                unique.push(identifier);
            }
        }
        Self { identifiers: unique, ..Self::default() }
    }

    /// Whether the parts fit together: do not send it else.
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), NewOrderError> {
        if self.identifiers.is_empty() {
            return Err(NewOrderError::NoIdentifiers);
        }
        let validity = self.not_before.is_some() || self.not_after.is_some();
        if self.auto_renewal.is_some() && validity {
            return Err(NewOrderError::ValidityOfAutoRenewal);
        }
        let plain_get =
            self.auto_renewal.as_ref().map_or(self.allow_certificate_get, |star| star.allow_certificate_get);
        if self.delegation.is_some() && !plain_get {
            return Err(NewOrderError::DelegationWithoutGet);
        }
        self.ancestor_domains.iter().try_for_each(|(identifier, ancestor)| self.check_ancestor(identifier, ancestor))
    }

    fn check_ancestor(&self, identifier: &Identifier, ancestor: &str) -> Result<(), NewOrderError> {
        match self.identifiers.contains(identifier) && is_below(identifier, ancestor) {
            true => Ok(()),
            false => {
                Err(NewOrderError::NotAnAncestor { identifier: identifier.clone(), ancestor: ancestor.to_owned() })
            }
        }
    }
}

impl Serialize for NewOrder {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ancestry = |identifier| Ancestry::new(identifier, self.ancestor_domains.get(identifier));
        Wire {
            identifiers: self.identifiers.iter().map(ancestry).collect(),
            not_before: self.not_before.as_ref(),
            not_after: self.not_after.as_ref(),
            replaces: self.replaces.as_deref(),
            profile: self.profile.as_deref(),
            auto_renewal: self.auto_renewal.as_ref(),
            delegation: self.delegation.as_deref(),
            allow_certificate_get: self.allow_certificate_get,
        }
        .serialize(serializer)
    }
}

/// The JSON form.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    identifiers: Vec<Ancestry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<&'a Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<&'a Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(rename = "auto-renewal", skip_serializing_if = "Option::is_none")]
    auto_renewal: Option<&'a AutoRenewal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delegation: Option<&'a str>,
    #[serde(rename = "allow-certificate-get", skip_serializing_if = "std::ops::Not::not")]
    allow_certificate_get: bool,
}

/// Why an order must not be sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NewOrderError {
    /// Nothing is asked for.
    #[error("the order names nothing; name at least one domain or address")]
    NoIdentifiers,
    /// An auto-renewing order has no validity of its own (RFC 8739 §3.1.1).
    #[error("an auto-renewing order must not ask for notBefore or notAfter; set the dates of the auto-renewal instead")]
    ValidityOfAutoRenewal,
    /// Whoever uses a delegation has no account at the CA, and so must fetch without a signature (RFC 9115 §2.3.2).
    #[error("an order for a delegation must ask for allow-certificate-get, in its auto-renewal where it has one")]
    DelegationWithoutGet,
    /// Not a name of the order, or the other does not stand above it (RFC 9444 §4.3).
    #[error(
        "{ancestor:?} cannot be proven in place of {identifier}: it is not a domain above an identifier of the order"
    )]
    NotAnAncestor {
        /// The identifier.
        identifier: Identifier,
        /// What was said to be above it.
        ancestor: String,
    },
}
