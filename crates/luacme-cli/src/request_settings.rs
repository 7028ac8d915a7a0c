//! How a certificate was asked for: `config.toml`, so that asking again needs no flags.

use std::net::SocketAddr;
use std::path::PathBuf;

use acme_proto::Identifier;
use serde::{Deserialize, Serialize};

use crate::arguments::Getcert;
use crate::key_type::KeyTypeArgument;

/// How a certificate is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct RequestSettings {
    /// The names, in the form certificates use.
    pub(crate) names: Vec<String>,
    /// The kind of its key.
    pub(crate) key_type: KeyTypeArgument,
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
    pub(crate) fn new(verb: &Getcert, identifiers: &[Identifier], before: Option<&Self>) -> Self {
        Self {
            names: identifiers.iter().map(Identifier::value).collect(),
            key_type: verb.key_type.or(before.map(|before| before.key_type)).unwrap_or_default(),
            solver: SolverSettings::new(verb, before.map(|before| &before.solver)),
        }
    }
}

impl SolverSettings {
    fn new(verb: &Getcert, before: Option<&Self>) -> Self {
        let (http_addr, resolver) = (verb.http_addr, verb.resolver);
        match (&verb.webroot, before) {
            (Some(path), _) => Self::Webroot { path: path.clone(), http_addr },
            (None, _) if verb.standalone => Self::Standalone { http_addr },
            (None, Some(before)) if !verb.manual => before.clone(),
            _ => Self::Manual { http_addr, resolver },
        }
    }
}
