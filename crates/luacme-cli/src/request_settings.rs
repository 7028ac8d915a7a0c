//! How a certificate was asked for: `config.toml`, so that asking again needs no flags.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use acme_proto::Identifier;
use serde::{Deserialize, Serialize};

use crate::arguments::Getcert;
use crate::key_type::KeyTypeArgument;

/// How a certificate is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct RequestSettings {
    /// The directory URL of the CA.
    pub(crate) server: String,
    /// The names, in the form certificates use.
    pub(crate) names: Vec<String>,
    /// The kind of its key.
    pub(crate) key_type: KeyTypeArgument,
    /// What is run once a new certificate is in place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deploy_hooks: Vec<String>,
    /// The way control is proven.
    pub(crate) solver: SolverSettings,
}

/// The way control is proven.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum SolverSettings {
    /// A listener of our own.
    Standalone {
        /// Where it listens, if not on port 80 of every address.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http_addr: Option<SocketAddr>,
    },
    /// A folder that a web server shows.
    Webroot {
        /// The folder.
        path: PathBuf,
        /// Where to look whether the answer is there, if not on port 80 of the name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http_addr: Option<SocketAddr>,
    },
    /// A person.
    Manual {
        /// Where to look for a file, if not on port 80 of the name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        http_addr: Option<SocketAddr>,
        /// Whom to ask for a record, if not the system's DNS servers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolver: Option<SocketAddr>,
    },
}

impl RequestSettings {
    /// What the command line asks for; what it leaves open is as it was asked for before.
    pub(crate) fn new(server: &str, verb: &Getcert, identifiers: &[Identifier], before: Option<&Self>) -> Self {
        Self {
            server: server.to_owned(),
            names: identifiers.iter().map(Identifier::value).collect(),
            key_type: verb.key_type.or(before.map(|before| before.key_type)).unwrap_or_default(),
            deploy_hooks: deploy_hooks(&verb.deploy_hook, before),
            solver: SolverSettings::new(verb, before.map(|before| &before.solver)),
        }
    }
}

/// Those given, without empty ones; when none is given, those given before.
fn deploy_hooks(given: &[String], before: Option<&RequestSettings>) -> Vec<String> {
    match given {
        [] => before.map(|before| before.deploy_hooks.clone()).unwrap_or_default(),
        given => given.iter().filter(|command| !command.is_empty()).cloned().collect(),
    }
}

impl SolverSettings {
    /// Choosing a way begins anew; without a choice, only the addresses given change.
    fn new(verb: &Getcert, before: Option<&Self>) -> Self {
        let (http_addr, resolver) = (verb.http_addr, verb.resolver);
        match (&verb.webroot, before) {
            (Some(path), _) => Self::Webroot { path: from_everywhere(path), http_addr },
            (None, _) if verb.standalone => Self::Standalone { http_addr },
            (None, Some(before)) if !verb.manual => before.with(http_addr, resolver),
            _ => Self::Manual { http_addr, resolver },
        }
    }

    /// The same way with the addresses that are given.
    fn with(&self, given: Option<SocketAddr>, given_resolver: Option<SocketAddr>) -> Self {
        match self.clone() {
            Self::Standalone { http_addr } => Self::Standalone { http_addr: given.or(http_addr) },
            Self::Webroot { path, http_addr } => Self::Webroot { path, http_addr: given.or(http_addr) },
            Self::Manual { http_addr, resolver } => {
                Self::Manual { http_addr: given.or(http_addr), resolver: given_resolver.or(resolver) }
            }
        }
    }
}

/// The path as it is right wherever the next command is started.
fn from_everywhere(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
