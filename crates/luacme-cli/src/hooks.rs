//! Programs that are run around the work on a certificate: pre-hooks, post-hooks and deploy hooks.

use std::ffi::OsString;
use std::path::{Path, absolute};
use std::sync::Arc;
use std::time::Duration;

use acme_solver::program::{Call, Program};

use crate::arguments::Shared;
use crate::certificate_store::CertificateStore;
use crate::failure::{Exit, Failure};
use crate::interruption;
use crate::output::Output;
use crate::request_settings::RequestSettings;
use crate::solver_choice::{SolverMaker, TSIG_KEY};
use crate::state::State;

/// The hooks of a certificate, and what they are told.
pub(crate) struct Hooks<'a> {
    pub(crate) state: &'a State,
    pub(crate) shared: &'a Shared,
    pub(crate) store: &'a CertificateStore,
    pub(crate) settings: &'a RequestSettings,
    /// A hook that takes longer is stopped, and has failed.
    pub(crate) limit: Duration,
    pub(crate) output: &'a Output,
}

/// When a hook is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
    Deploy,
}

impl Moment {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Before => "pre-hook",
            Self::After => "post-hook",
            Self::Deploy => "deploy hook",
        }
    }
}

impl Hooks<'_> {
    /// Runs the pre-hooks, until one fails.
    pub(crate) fn before(&self) -> Result<(), Failure> {
        self.settings.pre_hooks.iter().try_for_each(|command| {
            self.run(Moment::Before, command).map_err(|why| {
                Failure::new(
                    format!("no certificate for {} was asked for: {why}", self.store.name()),
                    "mend what the pre-hook complains of, then run the same command again",
                )
            })
        })
    }

    /// Runs every post-hook, also those after one that failed.
    pub(crate) fn after(&self) -> Result<(), Failure> {
        let failed = self.run_all(Moment::After, &self.settings.post_hooks);
        match failed.is_empty() {
            true => Ok(()),
            false => Err(Failure {
                exit: Exit::Hook,
                ..Failure::new(
                    format!("after the work on {}: {}", self.store.name(), failed.join("; ")),
                    "do by hand what the post-hook was to do: it is not run again",
                )
            }),
        }
    }

    /// Runs all of these; why they failed, those that did.
    pub(crate) fn run_all(&self, moment: Moment, commands: &[String]) -> Vec<String> {
        commands.iter().filter_map(|command| self.run(moment, command).err()).collect()
    }

    fn run(&self, moment: Moment, command: &str) -> Result<(), String> {
        let words = shlex::split(command).unwrap_or_default();
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        if moment != Moment::After {
            interruption::await_end();
        }
        self.output.hook_begins(moment, command);
        let mut program = Program::new(program);
        program.set_timeout(self.limit);
        program.set_interruption(interruption::programs());
        program.withhold(TSIG_KEY);
        program.set_sink(Arc::new(self.output.programs()));
        let variables = self.variables().map_err(|failure| failure.what)?;
        let call = Call { args: arguments.iter().map(OsString::from).collect(), variables, ..Call::default() };
        let ended = program.run(&call).map(drop).map_err(|why| why.to_string());
        self.output.hook_ended(moment, command, ended.as_ref().err().map(String::as_str));
        ended.map_err(|why| format!("the {} {command} failed: {why}", moment.name()))
    }

    /// What makes the solvers of the certificate, some of which are hooks that are told more.
    pub(crate) fn maker(&self) -> SolverMaker<'_> {
        let Self { state, shared, settings, limit, output, .. } = *self;
        SolverMaker { settings: &settings.solver, shown: &[], dir: &state.dir, shared, hook_timeout: limit, output }
    }

    /// What a hook is told, in its environment: in our own words, certbot's and lego's.
    fn variables(&self) -> Result<Vec<(String, OsString)>, Failure> {
        let text = |path: &Path| absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
        let (live, files) = (text(self.store.link()), self.store.live());
        let contacts = self.state.account()?.map(|account| account.contacts).unwrap_or_default();
        let address = contacts.iter().find_map(|contact| contact.as_str().strip_prefix("mailto:"));
        let names = self.settings.names.join(" ");
        let variables = [
            ("LUACME_NAME", self.store.name().to_owned()),
            ("LUACME_NAMES", names.clone()),
            ("LUACME_DIR", text(&self.state.dir)),
            ("LUACME_SERVER", self.settings.server.clone()),
            ("LUACME_LIVE", live.clone()),
            ("LUACME_PRIVKEY", text(&files.privkey)),
            ("LUACME_CERT", text(&files.cert)),
            ("LUACME_CHAIN", text(&files.chain)),
            ("LUACME_FULLCHAIN", text(&files.fullchain)),
            ("LUACME_COMBINED", text(&files.combined)),
            ("RENEWED_LINEAGE", live),
            ("RENEWED_DOMAINS", names),
            ("LEGO_ACCOUNT_EMAIL", address.unwrap_or_default().to_owned()),
            ("LEGO_CERT_DOMAIN", self.settings.names.first().cloned().unwrap_or_default()),
            ("LEGO_CERT_PATH", text(&files.fullchain)),
            ("LEGO_CERT_KEY_PATH", text(&files.privkey)),
            ("LEGO_ISSUER_CERT_PATH", text(&files.chain)),
            ("LEGO_CERT_PEM_PATH", text(&files.combined)),
        ];
        let without_key = |name: &str| {
            ["LUACME_PRIVKEY", "LUACME_COMBINED", "LEGO_CERT_KEY_PATH", "LEGO_CERT_PEM_PATH"].contains(&name)
        };
        let known = variables.into_iter().filter(|(name, _)| self.settings.csr.is_none() || !without_key(name));
        Ok(known.map(|(name, value)| (name.to_owned(), value.into())).collect())
    }
}
