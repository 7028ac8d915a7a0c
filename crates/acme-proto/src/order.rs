//! Orders (RFC 8555 §7.1.3 and §7.4).

use serde::{Deserialize, Serialize};

use crate::{Identifier, OrderStatus, Problem, Timestamp, lenient};

/// What newOrder is sent (RFC 8555 §7.4). What is not set is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// What the certificate is for; at least one.
    pub identifiers: Vec<Identifier>,
    /// The start of the validity that is asked for. Most CAs refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Timestamp>,
    /// The end of the validity that is asked for. Most CAs refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Timestamp>,
    /// The profile that is asked for (draft-ietf-acme-profiles §4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
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
}

/// An order as the CA shows it. Its own URL is not part of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Order {
    /// Its state.
    pub status: OrderStatus,
    /// When the CA will forget it.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub expires: Option<Timestamp>,
    /// What the certificate is for, in no particular order.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub identifiers: Vec<Identifier>,
    /// The URLs of the authorizations, in no particular order; there may be more or fewer than identifiers.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub authorizations: Vec<String>,
    /// Where the request for the certificate goes. Some CAs leave it out once the order is `valid`.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub finalize: Option<String>,
    /// Where the certificate is, once the order is `valid`.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub certificate: Option<String>,
    /// Why the order is `invalid`; some CAs tell it in the authorization only.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub error: Option<Problem>,
    /// The profile the CA uses (draft-ietf-acme-profiles §4).
    #[serde(default, deserialize_with = "lenient::optional")]
    pub profile: Option<String>,
}

/// What finalize is sent (RFC 8555 §7.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finalize {
    csr: String,
}

impl Finalize {
    /// The message for a certificate request in DER.
    pub fn new(csr_der: &[u8]) -> Self {
        Self { csr: acme_jose::base64url::encode(csr_der) }
    }
}
