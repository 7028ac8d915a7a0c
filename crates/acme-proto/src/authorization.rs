//! Authorizations (RFC 8555 §7.1.4).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{AuthorizationStatus, Challenge, ChallengeType, Identifier, Problem, Timestamp, lenient};

/// An authorization: an identifier and the ways to prove control of it. Its own URL is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Authorization {
    /// What it is for, never with a leading `*.`.
    pub identifier: Identifier,
    /// Its state.
    pub status: AuthorizationStatus,
    /// When it ends.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub expires: Option<Timestamp>,
    /// The ways to prove control, in no particular order. Kinds that are not known here are kept.
    #[serde(default, deserialize_with = "lenient::readable")]
    pub challenges: Vec<Challenge>,
    /// Whether the order names the wildcard of this identifier.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub wildcard: bool,
    /// Whether it also serves for names below the identifier (RFC 9444 §4.1).
    #[serde(default, rename = "subdomainAuthAllowed", deserialize_with = "lenient::or_default")]
    pub subdomain_auth_allowed: bool,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Authorization {
    /// The challenge of a type, if it is offered.
    pub fn challenge(&self, kind: &ChallengeType) -> Option<&Challenge> {
        self.challenges.iter().find(|challenge| challenge.kind == *kind)
    }

    /// The first error that a challenge shows.
    pub fn error(&self) -> Option<&Problem> {
        self.challenges.iter().find_map(|challenge| challenge.error.as_ref())
    }

    /// The identifier as the order names it: with a leading `*.` for a wildcard.
    pub fn ordered_identifier(&self) -> Identifier {
        match &self.identifier {
            // Base, since a CA may write the `*.` here as well.
            name @ Identifier::Dns(_) if self.wildcard => Identifier::Dns(format!("*.{}", name.base())),
            other => other.clone(),
        }
    }

    /// A member that is not known here: extensions can be used before they have a type.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }
}
