//! dns-persist-01: a TXT record that stays (draft-ietf-acme-dns-persist). Two forms of it are in use, which differ in
//! how the record names the account; a member of the challenge tells which one a CA wants.
//!
//! Unproven against public CAs: none offers it outside of its staging environment.

use std::time::SystemTime;

use serde_json::Value;
use thiserror::Error;

use crate::issue_value::{is_host_name, is_value};
use crate::txt_record::host_name;
use crate::{Challenge, Identifier, Meta, PersistRecord, ProofError, Prover, TxtRecord, hashed_account_uri};

/// More issuers than this make a challenge malformed (draft-ietf-acme-dns-persist-02 §3.1).
const MAX_ISSUERS: usize = 10;

/// How a record names the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersistFormat {
    /// By its URL: drafts -00 and -01, known by `issuer-domain-names`.
    Plain,
    /// By a hash behind this prefix: draft -02, known by `issuerDomainNames`.
    Hashed {
        /// The directory's `accountHashPrefix`.
        prefix: String,
    },
}

/// Which records a CA accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersistChallenge {
    /// The names by which a record can let this CA issue; never empty.
    pub issuers: Vec<String>,
    /// How the record names the account.
    pub format: PersistFormat,
}

/// What is up to the holder of a domain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersistTerms {
    /// One of [`PersistChallenge::issuers`]; the first when it is not set.
    pub issuer: Option<String>,
    /// Let the record also serve for the wildcard and for names below, though the order names neither.
    pub wildcard: bool,
    /// When the record ends.
    pub until: Option<SystemTime>,
    /// Leave the domain out of the hash, so that one value serves for all domains; everybody can then see that they
    /// share an account (draft-ietf-acme-dns-persist-02 §4.1).
    pub any_domain: bool,
}

impl PersistChallenge {
    /// What a challenge asks for, checked against the directory (draft-ietf-acme-dns-persist-02 §3.1 and §3.2).
    ///
    /// # Errors
    /// When the challenge is malformed: it must not be answered.
    pub fn read(challenge: &Challenge, meta: &Meta) -> Result<Self, PersistError> {
        let (new, old) = (challenge.member("issuerDomainNames"), challenge.member("issuer-domain-names"));
        match (new, old) {
            (Some(list), _) => {
                let found = Self { issuers: issuers(list)?, format: hashed(meta)? };
                found.check_against(meta).map(|()| found)
            }
            (None, Some(list)) => Ok(Self { issuers: issuers(list)?, format: PersistFormat::Plain }),
            (None, None) => Err(PersistError::NoIssuers),
        }
    }

    /// What the directory alone says, for a record that is published before there is an order
    /// (draft-ietf-acme-dns-persist-02 §4.5).
    ///
    /// # Errors
    /// When the CA does not say enough for that: order first, and use the challenge.
    pub fn from_directory(meta: &Meta) -> Result<Self, PersistError> {
        match are_issuers(&meta.issuer_domain_names) {
            true => Ok(Self { issuers: meta.issuer_domain_names.clone(), format: hashed(meta)? }),
            false => Err(PersistError::NotInDirectory),
        }
    }

    /// The record for an identifier, as the order names it: with its `*.`, which also sets `policy=wildcard`.
    ///
    /// The key is the account's current one: publish the record anew soon after it changes. Leave the record in place
    /// after validation.
    ///
    /// # Errors
    /// When the identifier is not a domain name, the issuer is not one of the CA's, or the account's URL cannot stand in
    /// such a record.
    pub fn record(
        &self,
        identifier: &Identifier,
        prover: &Prover<'_>,
        terms: &PersistTerms,
    ) -> Result<TxtRecord, ProofError> {
        let value = PersistRecord {
            issuer: self.issuer(terms)?,
            account_uri: self.account_uri(&host_name(identifier)?, prover, terms)?,
            wildcard: terms.wildcard || identifier.is_wildcard(),
            until: terms.until,
        };
        TxtRecord::below("_validation-persist", identifier, value.to_string())
    }

    fn issuer(&self, terms: &PersistTerms) -> Result<String, PersistError> {
        let wanted = terms.issuer.as_ref().or(self.issuers.first());
        let found = wanted.filter(|name| self.issuers.contains(name)).cloned();
        found.ok_or_else(|| PersistError::OtherIssuer {
            wanted: wanted.cloned().unwrap_or_default(),
            accepted: self.issuers.clone(),
        })
    }

    fn account_uri(&self, domain: &str, prover: &Prover<'_>, terms: &PersistTerms) -> Result<String, PersistError> {
        let uri = match &self.format {
            PersistFormat::Plain => Some(prover.account_url.to_owned()),
            PersistFormat::Hashed { prefix } => {
                let domain = if terms.any_domain { "*" } else { domain };
                hashed_account_uri(prefix, domain, prover.thumbprint, prover.account_url)
            }
        };
        let refused = || PersistError::AccountUrl(prover.account_url.to_owned());
        uri.filter(|uri| !uri.is_empty() && is_value(uri)).ok_or_else(refused)
    }

    /// What the directory promises must be in the challenge, and what is in the challenge must be allowed by it.
    fn check_against(&self, meta: &Meta) -> Result<(), PersistError> {
        let promised = if are_issuers(&meta.issuer_domain_names) { &meta.issuer_domain_names[..] } else { &[] };
        if let Some(missing) = promised.iter().find(|name| !self.issuers.contains(name)) {
            return Err(PersistError::PromisedIssuer(missing.clone()));
        }
        let Some(allowed) = normalized(&meta.caa_identities) else { return Ok(()) };
        match self.issuers.iter().find(|name| !allowed.contains(name)) {
            Some(other) => Err(PersistError::ForeignIssuer(other.clone())),
            None => Ok(()),
        }
    }
}

/// The directory's prefix, when a URI can be made with it.
fn hashed(meta: &Meta) -> Result<PersistFormat, PersistError> {
    let prefix = meta.account_hash_prefix.clone().unwrap_or_default();
    match is_value(&prefix)
        && prefix.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty())
    {
        true => Ok(PersistFormat::Hashed { prefix }),
        false => Err(PersistError::NoPrefix(prefix)),
    }
}

fn issuers(list: &Value) -> Result<Vec<String>, PersistError> {
    let names: Vec<String> = serde_json::from_value(list.clone()).unwrap_or_default();
    if are_issuers(&names) { Ok(names) } else { Err(PersistError::Issuers(names)) }
}

fn are_issuers(names: &[String]) -> bool {
    (1..=MAX_ISSUERS).contains(&names.len()) && names.iter().all(|name| is_host_name(name))
}

/// CAA identities in the form of issuers; `None` when there are none, or one that is not a domain name.
fn normalized(identities: &[String]) -> Option<Vec<String>> {
    let names = identities.iter().map(|name| match Identifier::parse(name) {
        Ok(Identifier::Dns(name)) if is_host_name(&name) => Some(name),
        _ => None,
    });
    names.collect::<Option<Vec<_>>>().filter(|names| !names.is_empty())
}

/// Why there is no record for dns-persist-01.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PersistError {
    /// The challenge names no issuers at all.
    #[error("the CA's dns-persist-01 challenge has no issuerDomainNames; choose another challenge type")]
    NoIssuers,
    /// Not one to ten names in the form asked for.
    #[error(
        "the CA's dns-persist-01 challenge names the issuers {0:?}, not one to ten domain names in lower case; choose \
         another challenge type"
    )]
    Issuers(Vec<String>),
    /// An issuer of the directory is missing.
    #[error("the CA's dns-persist-01 challenge lacks the issuer {0:?} of its directory; choose another challenge type")]
    PromisedIssuer(String),
    /// An issuer the CA does not go by.
    #[error(
        "the CA's dns-persist-01 challenge names the issuer {0:?}, which is none of its caaIdentities; choose another challenge type"
    )]
    ForeignIssuer(String),
    /// The directory has no prefix for hashed account URIs.
    #[error(
        "the CA's directory has the accountHashPrefix {0:?}, with which no record can be made; choose another challenge type"
    )]
    NoPrefix(String),
    /// The directory names no issuers.
    #[error("the CA's directory names no issuerDomainNames that a record could be made with; place an order first")]
    NotInDirectory,
    /// The issuer that was wished for is not the CA's.
    #[error("the CA does not go by {wanted:?}; choose one of {accepted:?}")]
    OtherIssuer {
        /// The one wished for.
        wanted: String,
        /// Those of the CA.
        accepted: Vec<String>,
    },
    /// An account URL that would break the record's form.
    #[error("the account URL {0:?} cannot stand in a dns-persist-01 record; choose another challenge type")]
    AccountUrl(String),
}
