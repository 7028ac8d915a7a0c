//! The directory: where a CA keeps its resources (RFC 8555 §7.1.1).

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::{AutoRenewalLimits, lenient};

/// The URLs of a CA's resources. Members that are not known here are kept.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Directory {
    /// Where nonces come from.
    pub new_nonce: String,
    /// Where accounts are made and found.
    pub new_account: String,
    /// Where orders are made.
    pub new_order: String,
    /// Where authorizations are made without an order; absent where the CA does not do that (§7.4.1).
    #[serde(default, deserialize_with = "lenient::optional")]
    pub new_authz: Option<String>,
    /// Where certificates are revoked.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub revoke_cert: Option<String>,
    /// Where an account changes its key.
    #[serde(default, deserialize_with = "lenient::optional")]
    pub key_change: Option<String>,
    /// Where renewal information is kept (RFC 9773 §3).
    #[serde(default, deserialize_with = "lenient::optional")]
    pub renewal_info: Option<String>,
    /// Facts about the CA.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub meta: Meta,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// An answer that is not a directory.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("not an ACME directory: {0}")]
pub struct DirectoryError(String);

/// Facts about a CA (RFC 8555 §7.1.1 and the extensions named at each member).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct Meta {
    /// The URL of the terms of service.
    #[serde(deserialize_with = "lenient::optional")]
    pub terms_of_service: Option<String>,
    /// A page about the CA.
    #[serde(deserialize_with = "lenient::optional")]
    pub website: Option<String>,
    /// The names by which CAA records allow this CA (RFC 8659).
    #[serde(deserialize_with = "lenient::readable")]
    pub caa_identities: Vec<String>,
    /// Whether a new account needs an external account binding.
    #[serde(deserialize_with = "lenient::or_default")]
    pub external_account_required: bool,
    /// The profiles the CA offers: name and description (draft-ietf-acme-profiles §3).
    #[serde(deserialize_with = "lenient::named")]
    pub profiles: std::collections::BTreeMap<String, String>,
    /// What the CA offers of automatic renewal (RFC 8739 §3.2).
    #[serde(rename = "auto-renewal", deserialize_with = "lenient::optional")]
    pub auto_renewal: Option<AutoRenewalLimits>,
    /// Whether orders may name a delegation (RFC 9115 §2.3.4).
    #[serde(rename = "delegation-enabled", deserialize_with = "lenient::or_default")]
    pub delegation_enabled: bool,
    /// Whether certificates may be had by a plain GET (RFC 9115 §2.3.5).
    #[serde(rename = "allow-certificate-get", deserialize_with = "lenient::or_default")]
    pub allow_certificate_get: bool,
    /// Whether an authorization may serve for names below its own; absent means that nobody knows (RFC 9444 §4.4).
    #[serde(deserialize_with = "lenient::optional")]
    pub subdomain_auth_allowed: Option<bool>,
    #[serde(rename = "inBandOnionCAARequired", deserialize_with = "lenient::or_default")]
    in_band_onion_caa_required: bool,
    #[serde(rename = "onionCAARequired", deserialize_with = "lenient::or_default")]
    onion_caa_required: bool,
    /// What hashed account URIs begin with (draft-ietf-acme-dns-persist-02 §4.1).
    #[serde(deserialize_with = "lenient::optional")]
    pub account_hash_prefix: Option<String>,
    /// The names by which dns-persist-01 records let this CA issue (draft-ietf-acme-dns-persist-02 §3.2).
    #[serde(deserialize_with = "lenient::readable")]
    pub issuer_domain_names: Vec<String>,
}

impl Meta {
    /// Whether CAA records of .onion names must come with finalize. RFC 9799 has two names for the member: §6.4.1 one,
    /// its registration in §7.3 the other.
    pub fn onion_caa_required(&self) -> bool {
        self.in_band_onion_caa_required || self.onion_caa_required
    }
}

/// A resource by its name in the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// `newNonce`.
    NewNonce,
    /// `newAccount`.
    NewAccount,
    /// `newOrder`.
    NewOrder,
    /// `newAuthz`.
    NewAuthz,
    /// `revokeCert`.
    RevokeCert,
    /// `keyChange`.
    KeyChange,
    /// `renewalInfo`.
    RenewalInfo,
}

impl Resource {
    /// The member of the directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::NewNonce => "newNonce",
            Self::NewAccount => "newAccount",
            Self::NewOrder => "newOrder",
            Self::NewAuthz => "newAuthz",
            Self::RevokeCert => "revokeCert",
            Self::KeyChange => "keyChange",
            Self::RenewalInfo => "renewalInfo",
        }
    }
}

impl Directory {
    /// Reads a directory.
    ///
    /// # Errors
    /// When it is not JSON, or lacks `newNonce`, `newAccount` or `newOrder`.
    pub fn from_json(body: &[u8]) -> Result<Self, DirectoryError> {
        serde_json::from_slice(body).map_err(|error| DirectoryError(error.to_string()))
    }

    /// The URL of a resource, by its name: `newOrder`, or any other member that holds a URL.
    pub fn url(&self, name: &str) -> Option<&str> {
        match name {
            "newNonce" => Some(&self.new_nonce),
            "newAccount" => Some(&self.new_account),
            "newOrder" => Some(&self.new_order),
            "newAuthz" => self.new_authz.as_deref(),
            "revokeCert" => self.revoke_cert.as_deref(),
            "keyChange" => self.key_change.as_deref(),
            "renewalInfo" => self.renewal_info.as_deref(),
            other => self.others.get(other).and_then(Value::as_str),
        }
    }
}
