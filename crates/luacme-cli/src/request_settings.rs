//! How a certificate was asked for: `config.toml`, so that asking again needs no flags.

use acme_proto::Identifier;
use serde::{Deserialize, Serialize};

use crate::arguments::Getcert;
use crate::key_type::KeyTypeArgument;
use crate::solver_settings::SolverSettings;

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
    /// The ways control is proven.
    pub(crate) solver: SolverSettings,
}

impl RequestSettings {
    /// What the command line asks for; what it leaves open is as it was asked for before.
    pub(crate) fn new(server: &str, verb: &Getcert, identifiers: &[Identifier], before: Option<&Self>) -> Self {
        Self {
            server: server.to_owned(),
            names: identifiers.iter().map(Identifier::value).collect(),
            key_type: verb.key_type.or(before.map(|before| before.key_type)).unwrap_or_default(),
            deploy_hooks: deploy_hooks(&verb.deploy_hook, before),
            solver: SolverSettings::new(&verb.solvers, before.map(|before| &before.solver)),
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
