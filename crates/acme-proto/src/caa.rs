//! CAA records that bind issuance to an account and to ways of proving control (RFC 8659, RFC 8657).

use std::fmt;

use thiserror::Error;

use crate::issue_value::{IssueValue, is_host_name, is_value};
use crate::txt_record::host_name;
use crate::{ChallengeType, Identifier, ProofError};

/// A CAA record to publish, without the critical flag.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaaRecord {
    /// The name, with a dot at the end.
    pub name: String,
    /// `issuewild` for wildcards, else `issue` (RFC 8659 §4).
    pub tag: &'static str,
    /// The value: issuer, account and ways of proving control.
    pub value: String,
}

impl CaaRecord {
    /// The record that lets one CA, asked by one account in one of these ways, issue for an identifier as an order names
    /// it. No ways at all means any way.
    ///
    /// `issuer` is one of the directory's `caaIdentities`. The account's URL must be exactly the one the CA gave, for
    /// the CA compares it so (RFC 8657 §3.1); for dns-persist-01 too it is the plain URL.
    ///
    /// # Errors
    /// When one of the parts cannot stand in such a record.
    pub fn binding(
        identifier: &Identifier,
        issuer: &str,
        account_url: &str,
        methods: &[ChallengeType],
    ) -> Result<Self, CaaError> {
        let issuer = issuer.strip_suffix('.').unwrap_or(issuer).to_ascii_lowercase();
        if !is_host_name(&issuer) {
            return Err(CaaError::Issuer(issuer));
        }
        if account_url.is_empty() || !is_value(account_url) {
            return Err(CaaError::AccountUrl(account_url.to_owned()));
        }
        let methods = method_list(methods)?;
        let mut parameters = vec![("accounturi", account_url)];
        if !methods.is_empty() {
            parameters.push(("validationmethods", &methods));
        }
        Ok(Self {
            name: format!("{}.", host_name(identifier)?),
            tag: if identifier.is_wildcard() { "issuewild" } else { "issue" },
            value: IssueValue::new(&issuer, &parameters).to_string(),
        })
    }
}

impl fmt::Display for CaaRecord {
    /// A line of a zone file, without a time to live.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, tag, value } = self;
        let value = value.replace('\\', r"\\").replace('"', r#"\""#);
        write!(f, "{name} IN CAA 0 {tag} \"{value}\"")
    }
}

/// The words, with commas between them (RFC 8657 §4).
fn method_list(methods: &[ChallengeType]) -> Result<String, CaaError> {
    let is_label = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    match methods.iter().find(|method| !is_label(method.as_str())) {
        Some(other) => Err(CaaError::Method(other.clone())),
        None => Ok(methods.iter().map(ChallengeType::as_str).collect::<Vec<_>>().join(",")),
    }
}

/// Whether the value of an `issue` or `issuewild` record lets a CA, known by any of `identities`, issue to an account
/// that proves control in one way. Records are alternatives: one that does is enough (RFC 8659 §4.2).
///
/// # Errors
/// Why it does not.
pub fn caa_permits(
    value: &str,
    identities: &[String],
    account_url: &str,
    method: &ChallengeType,
) -> Result<(), CaaRefusal> {
    let value = IssueValue::parse(value).ok_or(CaaRefusal::Malformed)?;
    if value.issuer.is_empty() {
        return Err(CaaRefusal::Nobody);
    }
    if !identities.iter().any(|identity| identity.eq_ignore_ascii_case(&value.issuer)) {
        return Err(CaaRefusal::OtherIssuer(value.issuer));
    }
    let parameter = |tag| value.parameter(tag).map_err(|_| CaaRefusal::Twice(tag));
    match parameter("accounturi")? {
        Some(other) if other != account_url => return Err(CaaRefusal::OtherAccount(other.to_owned())),
        _ => {}
    }
    match parameter("validationmethods")? {
        Some(list) if !list.split(',').any(|word| word == method.as_str()) => {
            Err(CaaRefusal::OtherMethods(list.to_owned()))
        }
        _ => Ok(()),
    }
}

/// Why there is no CAA record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaaError {
    /// Not a domain name.
    #[error("{0:?} cannot be the issuer of a CAA record; take one of the caaIdentities of the CA's directory")]
    Issuer(String),
    /// A URL that would break the record's form.
    #[error("the account URL {0:?} cannot stand in a CAA record")]
    AccountUrl(String),
    /// A type that would break the record's form.
    #[error("the challenge type {0} cannot stand in a CAA record")]
    Method(ChallengeType),
    /// The identifier has no name.
    #[error("a CAA record needs a domain name: {0}")]
    Name(#[source] ProofError),
}

impl From<ProofError> for CaaError {
    fn from(error: ProofError) -> Self {
        Self::Name(error)
    }
}

/// Why a CAA record does not let somebody issue.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaaRefusal {
    /// Not of the form of RFC 8659 §4.2: it lets nobody issue.
    #[error("the value is malformed and so lets nobody issue")]
    Malformed,
    /// An empty issuer: it lets nobody issue.
    #[error("it lets nobody issue")]
    Nobody,
    /// Another CA's.
    #[error("it is for the CA {0}")]
    OtherIssuer(String),
    /// Another account's.
    #[error("it is for the account {0}")]
    OtherAccount(String),
    /// For other ways of proving control.
    #[error("it is for the challenge types {0}")]
    OtherMethods(String),
    /// A parameter stands there twice, which nobody can satisfy (RFC 8657 §3).
    #[error("it has the parameter {0} twice, which nobody can satisfy")]
    Twice(&'static str),
}
