//! Messages that change what exists: accounts, authorizations, orders (RFC 8555 §7.3.2, §7.3.5, §7.3.6, §7.5.2).

use acme_jose::Jwk;
use serde::Serialize;

use crate::Contact;

/// What an account's URL is sent to change it; what is `None` stays as it is (RFC 8555 §7.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountUpdate {
    /// The contacts from now on; an empty list takes them all away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Vec<Contact>>,
    /// The holder agrees to changed terms of service. Only ever set because a person said so.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub terms_of_service_agreed: bool,
}

/// The end of something, as its own URL is told. There is no way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum StatusChange {
    /// Of an account (RFC 8555 §7.3.6) or an authorization (§7.5.2). Certificates stay valid.
    Deactivated,
    /// Of an auto-renewing order (RFC 8739 §3.1.2); see [`Order::cancel`](crate::Order::cancel).
    Canceled,
}

/// What the inner JWS of a key change says, signed with the new key (RFC 8555 §7.3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyChange {
    account: String,
    old_key: Jwk,
}

impl KeyChange {
    /// The message for the account of this URL, whose key is `old_key` until now.
    pub fn new(account_url: impl Into<String>, old_key: Jwk) -> Self {
        Self { account: account_url.into(), old_key }
    }
}
