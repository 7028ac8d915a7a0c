//! Orders (RFC 8555 §7.1.3 and §7.4).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{AutoRenewal, Identifier, OrderStatus, Problem, Timestamp, lenient};

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
    #[serde(default, deserialize_with = "lenient::readable")]
    pub identifiers: Vec<Identifier>,
    /// The URLs of the authorizations, in no particular order; there may be more or fewer than identifiers.
    #[serde(default, deserialize_with = "lenient::readable")]
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
    /// The certificate it replaces, when the CA took note of that (RFC 9773 §5).
    #[serde(default, deserialize_with = "lenient::optional")]
    pub replaces: Option<String>,
    /// How the CA renews the certificate; it may have changed what was asked for (RFC 8739 §3.1.1).
    #[serde(default, rename = "auto-renewal", deserialize_with = "lenient::optional")]
    pub auto_renewal: Option<AutoRenewal>,
    /// Where the latest certificate is, once an auto-renewing order is `valid` (RFC 8739 §3.1.1).
    #[serde(default, rename = "star-certificate", deserialize_with = "lenient::optional")]
    pub star_certificate: Option<String>,
    /// The delegation it uses (RFC 9115 §2.3.2).
    #[serde(default, deserialize_with = "lenient::optional")]
    pub delegation: Option<String>,
    /// Whether the certificate may be had by a plain GET (RFC 9115 §2.3.5).
    #[serde(default, rename = "allow-certificate-get", deserialize_with = "lenient::or_default")]
    pub allow_certificate_get: bool,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Order {
    /// Where the certificate is: the one, or the latest of those that are renewed.
    pub fn certificate_url(&self) -> Option<&str> {
        self.certificate.as_deref().or(self.star_certificate.as_deref())
    }

    /// A member that is not known here: extensions can be used before they have a type.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }
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
