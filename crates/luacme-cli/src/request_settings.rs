//! How a certificate was asked for: `config.toml`, so that asking again needs no flags.

use std::path::{PathBuf, absolute};

use acme_proto::{Identifier, ProfileChoice};
use serde::{Deserialize, Serialize};

use crate::arguments::{Getcert, Shared};
use crate::failure::Failure;
use crate::key_access::KeyAccess;
use crate::key_type::KeyTypeArgument;
use crate::lifetime::ValidUntil;
use crate::request_arguments::RequestArguments;
use crate::request_key;
use crate::solver_settings::SolverSettings;

/// How a certificate is asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSettings {
    /// The directory URL of the CA.
    pub(crate) server: String,
    /// The names, in the form certificates use.
    pub(crate) names: Vec<String>,
    /// The kind of its key.
    pub(crate) key_type: KeyTypeArgument,
    /// The request that somebody else made, whose key is not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) csr: Option<PathBuf>,
    /// Whether the key of the certificate before is taken again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) reuse_key: bool,
    /// The CA's profile, without which nothing is ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// The CA's profile, where it has that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) preferred_profile: Option<String>,
    /// What the chain ends in: the name of an issuer, or a fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) preferred_chain: Option<String>,
    /// When it is to end.
    #[serde(default, skip_serializing_if = "is_for_once")]
    pub(crate) not_after: Option<ValidUntil>,
    /// It is due when fewer days are left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) days: Option<u32>,
    /// What is run before it is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) pre_hooks: Vec<String>,
    /// What is run afterwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) post_hooks: Vec<String>,
    /// What is run once a new certificate is in place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deploy_hooks: Vec<String>,
    /// Who may read its key.
    #[serde(default, skip_serializing_if = "KeyAccess::is_default")]
    pub(crate) key_access: KeyAccess,
    /// The account it is asked for with, if not the one of the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<PathBuf>,
    /// The roots the CA's server is trusted by, beside those of this computer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The ways control is proven.
    pub(crate) solver: SolverSettings,
}

impl RequestSettings {
    /// What the command line asks for; what it leaves open is as it was asked for before.
    pub(crate) fn new(server: &str, verb: &Getcert, identifiers: &[Identifier], before: Option<&Self>) -> Self {
        let before = before.cloned().unwrap_or_default();
        let RequestArguments { profile, preferred_profile, .. } = &verb.request;
        let (profile, preferred_profile) = match (profile, preferred_profile) {
            (None, None) => (before.profile, before.preferred_profile),
            (required, preferred) => (named(required), named(preferred)),
        };
        let RequestArguments { key_type, csr, reuse_key, new_key, preferred_chain, not_after, days, .. } =
            &verb.request;
        let RequestArguments { pre_hook, post_hook, deploy_hook, key_mode, key_owner, key_group, .. } = &verb.request;
        Self {
            server: server.to_owned(),
            names: identifiers.iter().map(Identifier::value).collect(),
            key_type: key_type.unwrap_or(before.key_type),
            csr: match csr {
                Some(path) => Some(absolute(path).unwrap_or_else(|_| path.clone())),
                None if key_type.is_some() || *reuse_key || *new_key => None,
                None => before.csr,
            },
            reuse_key: *reuse_key || before.reuse_key && !new_key,
            profile,
            preferred_profile,
            preferred_chain: preferred_chain
                .as_ref()
                .map_or(before.preferred_chain, |chain| named(&Some(chain.clone()))),
            not_after: not_after.clone().or(before.not_after),
            days: days.or(before.days),
            pre_hooks: hooks(pre_hook, before.pre_hooks),
            post_hooks: hooks(post_hook, before.post_hooks),
            deploy_hooks: hooks(deploy_hook, before.deploy_hooks),
            key_access: KeyAccess {
                mode: key_mode.or(before.key_access.mode),
                owner: key_owner.clone().or(before.key_access.owner),
                group: key_group.clone().or(before.key_access.group),
            },
            account: before.account,
            ca_file: before.ca_file,
            solver: SolverSettings::new(&verb.solvers, Some(&before.solver).filter(|solver| !solver.ways.is_empty())),
        }
    }

    /// The flags for all commands, as they are for this certificate.
    pub(crate) fn flags(&self, given: &Shared) -> Shared {
        Shared {
            server: Some(self.server.clone()),
            staging: false,
            account: given.account.clone().or_else(|| self.account.clone()),
            ca_file: given.ca_file.clone().or_else(|| self.ca_file.clone()),
            ..given.clone()
        }
    }

    /// The same, and what the flags for all commands say that matters for the next certificate.
    pub(crate) fn remember(self, shared: &Shared) -> Self {
        let from_everywhere = |path: &PathBuf| absolute(path).unwrap_or_else(|_| path.clone());
        Self {
            account: shared.account.as_ref().map(from_everywhere).or(self.account),
            ca_file: shared.ca_file.as_ref().map(from_everywhere).or(self.ca_file),
            ..self
        }
    }

    /// The profile that is chosen, if one is.
    pub(crate) fn profile_choice(&self) -> Option<ProfileChoice> {
        let required = self.profile.clone().map(ProfileChoice::Required);
        required.or_else(|| self.preferred_profile.clone().map(ProfileChoice::Preferred))
    }

    /// The request made elsewhere, if there is one, as base64url.
    pub(crate) fn csr_text(&self) -> Result<Option<String>, Failure> {
        self.csr.as_deref().map(|path| request_key::read_csr(path).map(|csr| csr.to_base64url())).transpose()
    }
}

/// An empty name means none.
fn named(given: &Option<String>) -> Option<String> {
    given.clone().filter(|name| !name.is_empty())
}

/// Those given, without empty ones; when none is given, those given before.
fn hooks(given: &[String], before: Vec<String>) -> Vec<String> {
    match given {
        [] => before,
        given => given.iter().filter(|command| !command.is_empty()).cloned().collect(),
    }
}

fn is_for_once(end: &Option<ValidUntil>) -> bool {
    end.as_ref().is_none_or(ValidUntil::holds_once)
}
