//! The record of dns-persist-01: its account URI and its value (draft-ietf-acme-dns-persist §4.1).

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acme_jose::{Thumbprint, base64url};
use sha2::{Digest as _, Sha256};

use crate::issue_value::IssueValue;

/// What a dns-persist-01 record says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersistRecord {
    /// The CA it lets issue.
    pub issuer: String,
    /// The account it lets ask: its URL, or a hash of it ([`hashed_account_uri`]).
    pub account_uri: String,
    /// Whether it also serves for the wildcard and for names below (draft-ietf-acme-dns-persist-02 §5).
    pub wildcard: bool,
    /// When it ends.
    pub until: Option<SystemTime>,
}

impl PersistRecord {
    /// Reads the value of a record, all its strings put together. Parameters that are not known here are left out.
    ///
    /// `None` for a value that a CA refuses: not of the form, without an account, with a parameter twice or an end that is
    /// not a whole number of seconds.
    pub fn parse(value: &str) -> Option<Self> {
        let value = IssueValue::parse(value)?;
        let parameter = |tag| value.parameter(tag).ok();
        let until = match parameter("persistUntil")? {
            None => None,
            Some(seconds) if !seconds.is_empty() && seconds.bytes().all(|b| b.is_ascii_digit()) => {
                Some(UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))?)
            }
            Some(_) => return None,
        };
        Some(Self {
            account_uri: parameter("accounturi")??.to_owned(),
            wildcard: parameter("policy")?.is_some_and(|policy| policy.eq_ignore_ascii_case("wildcard")),
            until,
            issuer: value.issuer,
        })
    }

    /// Whether this record lets the same CA and account do what `wanted` would. Dates are not compared.
    pub fn covers(&self, wanted: &Self) -> bool {
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        same(&self.issuer, &wanted.issuer)
            && self.account_uri == wanted.account_uri
            && (self.wildcard || !wanted.wildcard)
    }

    /// How much longer the record serves: nothing once its time is over, [`Duration::MAX`] without an end. Look before
    /// ordering (draft-ietf-acme-dns-persist-02 §9.4).
    pub fn remaining(&self, now: SystemTime) -> Duration {
        self.until.map_or(Duration::MAX, |until| until.duration_since(now).unwrap_or_default())
    }
}

impl fmt::Display for PersistRecord {
    /// The value of the record, without a `;` at the end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parameters = vec![("accounturi", self.account_uri.as_str())];
        if self.wildcard {
            parameters.push(("policy", "wildcard"));
        }
        let until = self.until.map(|until| until.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string());
        if let Some(until) = &until {
            parameters.push(("persistUntil", until));
        }
        IssueValue::new(&self.issuer, &parameters).fmt(f)
    }
}

/// The name of an account that shows neither its URL nor, unless `domain` is `*`, that two domains share it:
/// `<prefix>sha-256/<base64url of SHA-256(u8(len(domain)) ‖ domain ‖ thumbprint ‖ account URL)>`
/// (draft-ietf-acme-dns-persist-02 §4.1).
///
/// `domain` is in A-labels, lower case, without a dot at the end. `None` when it is longer than 255 octets.
pub fn hashed_account_uri(prefix: &str, domain: &str, thumbprint: &Thumbprint, account_url: &str) -> Option<String> {
    let mut hash = Sha256::new();
    hash.update([u8::try_from(domain.len()).ok()?]);
    hash.update(domain);
    hash.update(thumbprint.to_base64url());
    hash.update(account_url);
    let hash: [u8; 32] = hash.finalize().into();
    Some(format!("{prefix}sha-256/{}", base64url::encode(&hash)))
}
