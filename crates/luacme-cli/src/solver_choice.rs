//! From settings to solvers, and what earlier runs have left in place.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use acme_account::{Solver, SolverError};
use acme_proto::ChallengeType;
use acme_solver::dns::{Client, Propagation, Rfc2136, TsigKey, Updater, Zones, system_resolvers};
use acme_solver::hook::{Hook, Style};
use acme_solver::http01::{Standalone, Stateless, Webroot};
use acme_solver::journal::Journal;
use acme_solver::{ByName, DnsSolver, Lexicon, Manual, NamePattern, TxtStore, tls_alpn01};

use serde::{Deserialize, Serialize};

use crate::acme_dns;
use crate::arguments::Shared;
use crate::broken_way::BrokenWay;
use crate::failure::Failure;
use crate::interruption;
use crate::output::Output;
use crate::solver_settings::{BoundWay, HookStyle, SolverSettings, Way};

/// The variable with the key that updates of zones are signed with.
pub(crate) const TSIG_KEY: &str = "LUACME_TSIG_KEY";

/// The journal of answers that are in place.
pub(crate) fn journal(dir: &Path) -> Journal {
    Journal::new(dir.join("journal"))
}

/// What the next run must know to take away what this one leaves when it is killed.
#[derive(Deserialize, Serialize)]
struct Note {
    settings: SolverSettings,
    /// The folders of web roots that were not there before.
    missing_folders: Vec<PathBuf>,
}

/// Takes away what runs that were killed have left in place.
pub(crate) fn clean_up_after_others(
    dir: &Path,
    shared: &Shared,
    hook_timeout: Duration,
    output: &Output,
) -> Result<(), Failure> {
    let left = journal(dir).left_behind().map_err(|error| {
        Failure::new(error.to_string(), "check that the folder belongs to you; --dir names another one")
    })?;
    for run in left {
        let again = |note: &str| {
            let Note { settings, missing_folders } = serde_json::from_str(note).map_err(|error| {
                SolverError::new(format!("its settings cannot be read: {error}"), "remove it by hand")
            })?;
            let maker = SolverMaker { settings: &settings, shown: &[], dir, shared, hook_timeout, output };
            let solver = maker.solver_for_clean_up(&missing_folders).map_err(SolverError::from)?;
            Ok(Box::new(solver) as Box<dyn Solver>)
        };
        for error in run.clean_up(again) {
            output.warn(&error.to_string(), error.advice());
        }
    }
    Ok(())
}

/// What a later run needs to know to take away what solvers of these settings put in place.
pub(crate) fn note(settings: &SolverSettings) -> Result<String, Failure> {
    let missing = |bound: &BoundWay| match &bound.way {
        Way::Webroot { path } => Webroot::new(path).missing_folders(),
        _ => Vec::new(),
    };
    let missing_folders = settings.ways.iter().flat_map(missing).collect();
    let note = Note { settings: settings.clone(), missing_folders };
    serde_json::to_string(&note).map_err(|error| Failure::new(error.to_string(), "correct the settings"))
}

/// Makes solvers of settings.
pub(crate) struct SolverMaker<'a> {
    pub(crate) settings: &'a SolverSettings,
    /// The marks of the challenges that a person was shown in an earlier run.
    pub(crate) shown: &'a [String],
    /// The folder of everything.
    pub(crate) dir: &'a Path,
    pub(crate) shared: &'a Shared,
    /// How long a hook may take.
    pub(crate) hook_timeout: Duration,
    pub(crate) output: &'a Output,
}

impl SolverMaker<'_> {
    /// What a later run needs to know to make the same solver.
    pub(crate) fn note(&self) -> Result<String, Failure> {
        note(self.settings)
    }

    /// All ways, each for the names it is bound to.
    pub(crate) fn solver(&self) -> Result<ByName, Failure> {
        let mut all = ByName::new();
        for (BoundWay { names, way }, http) in &self.settings.ways_at() {
            all = bind(all, names, self.way(way, *http)?)?;
        }
        Ok(all)
    }

    /// The same after a killed run, which made these folders: a way that cannot be used any more does not keep the others from
    /// their work.
    fn solver_for_clean_up(&self, made: &[PathBuf]) -> Result<ByName, Failure> {
        let mut all = ByName::new();
        for (BoundWay { names, way }, http) in &self.settings.ways_at() {
            let solver: Box<dyn Solver> = match way {
                Way::Webroot { path } => Box::new(Webroot::new(path).made_before(made)),
                way => self.way(way, *http).unwrap_or_else(|failure| Box::new(BrokenWay(failure))),
            };
            all = bind(all, names, solver)?;
        }
        Ok(all)
    }

    fn way(&self, way: &Way, http: Option<SocketAddr>) -> Result<Box<dyn Solver>, Failure> {
        Ok(match way {
            Way::Webroot { path } => {
                let webroot = Webroot::new(path);
                webroot.check()?;
                Box::new(http.iter().fold(webroot, |webroot, address| webroot.check_at(*address)))
            }
            Way::Stateless => Box::new(http.iter().fold(Stateless::new(), |web, address| web.check_at(*address))),
            Way::Standalone => Box::new(http.map_or_else(Standalone::default, |address| Standalone::new([address]))),
            Way::TlsAlpn => {
                let tls = self.settings.tls_addr;
                Box::new(
                    tls.map_or_else(tls_alpn01::Standalone::default, |address| tls_alpn01::Standalone::new([address])),
                )
            }
            Way::Rfc2136 { server, tsig_key } => {
                let mut updater = Updater::new(*server);
                if let Some(key) = tsig(tsig_key.as_deref())? {
                    updater = updater.key(key);
                }
                // The server knows its own zones even where no resolver does.
                let ask = self.resolvers().into_iter().chain(*server);
                let zones = Zones::new(Client::new(ask)).port(self.name_server_port());
                Box::new(self.dns(Rfc2136::new(updater).zones(zones)))
            }
            Way::Hook { .. } => Box::new(self.hook(way, http)?),
            Way::Manual => {
                let mut manual = Manual::new(self.shown.iter().cloned()).propagation(self.propagation());
                if let Some(types) = self.dns_challenges() {
                    manual = manual.offering(types);
                }
                Box::new(http.iter().fold(manual, |manual, address| manual.check_http_at(*address)))
            }
            Way::AcmeDns { url } => Box::new(self.dns(acme_dns::store(self.dir, self.shared, url)?)),
            Way::Lexicon { provider } => {
                let lexicon = Lexicon::new(provider)
                    .timeout(self.hook_timeout)
                    .interruption(interruption::programs())
                    .withhold(TSIG_KEY)
                    .output(self.output.programs());
                lexicon.check()?;
                Box::new(self.dns(lexicon))
            }
        })
    }

    /// The hook of a way that is one.
    fn hook(&self, way: &Way, http: Option<SocketAddr>) -> Result<Hook, Failure> {
        let Way::Hook { program, style, cleanup, challenges, chain } = way else {
            return Err(Failure::new("this way has no hook", "name one with --hook"));
        };
        let mut hook = Hook::new(program, Style::from(*style))
            .timeout(self.hook_timeout)
            .interruption(interruption::programs())
            .withhold(TSIG_KEY)
            .output(self.output.programs())
            .propagation(self.propagation());
        if let Some(address) = http {
            hook = hook.check_http_at(address);
        }
        if *style == HookStyle::Uacme {
            let folder = std::path::absolute(self.dir).unwrap_or_else(|_| self.dir.to_owned());
            let verbosity = self.shared.verbose.to_string();
            hook = hook.variable("UACME_CONFDIR", folder).variable("UACME_VERBOSE", verbosity);
        }
        if let Some(cleanup) = cleanup {
            hook = hook.clean_up_program(cleanup);
        }
        if *chain {
            hook = hook.chained();
        }
        if !challenges.is_empty() {
            hook = hook.offering(challenges.iter().cloned().map(ChallengeType::from));
        }
        hook.check()?;
        Ok(hook)
    }

    /// The hooks of the style dehydrated, each program once: they are told more than of challenges.
    pub(crate) fn dehydrated_hooks(&self) -> Result<Vec<Hook>, Failure> {
        let mut programs = Vec::new();
        let mut hooks = Vec::new();
        for BoundWay { names, way } in &self.settings.ways {
            if let Way::Hook { program, style: HookStyle::Dehydrated, .. } = way
                && !programs.contains(&program)
            {
                programs.push(program);
                hooks.push(self.hook(way, self.settings.http_addr(names))?);
            }
        }
        Ok(hooks)
    }

    fn dns(&self, store: impl TxtStore + 'static) -> DnsSolver {
        let solver = DnsSolver::new(store).propagation(self.propagation());
        match self.dns_challenges() {
            Some(types) => solver.offering(types),
            None => solver,
        }
    }

    /// The challenge types that were asked for.
    fn dns_challenges(&self) -> Option<Vec<ChallengeType>> {
        let types = &self.settings.dns_challenges;
        (!types.is_empty()).then(|| types.iter().cloned().map(ChallengeType::from).collect())
    }

    /// How to look whether the name servers show a record.
    fn propagation(&self) -> Propagation {
        let zones = Zones::new(Client::new(self.resolvers())).port(self.name_server_port());
        let SolverSettings { no_dns_check, dns_wait, dns_interval, .. } = *self.settings;
        let mut propagation = Propagation::new(zones);
        if let Some(seconds) = dns_wait {
            propagation = propagation.timeout(Duration::from_secs(seconds));
        }
        if let Some(seconds) = dns_interval {
            propagation = propagation.interval(Duration::from_secs(seconds));
        }
        if no_dns_check { propagation.skip() } else { propagation }
    }

    /// Whoever names a resolver on another port than 53 has name servers there too.
    fn name_server_port(&self) -> u16 {
        self.settings.resolvers.first().map_or(53, SocketAddr::port)
    }

    fn resolvers(&self) -> Vec<SocketAddr> {
        match self.settings.resolvers.is_empty() {
            true => system_resolvers(),
            false => self.settings.resolvers.clone(),
        }
    }
}

/// Adds a solver for these names, or for all.
fn bind(all: ByName, names: &[String], solver: Box<dyn Solver>) -> Result<ByName, Failure> {
    let patterns: Result<Vec<_>, _> = names.iter().map(|name| NamePattern::parse(name)).collect();
    match patterns {
        Ok(patterns) if patterns.is_empty() => Ok(all.for_any(solver)),
        Ok(patterns) => Ok(all.bind(patterns, solver)),
        Err(error) => Err(Failure::usage(error.to_string(), "bind a way to names like www.example.com")),
    }
}

/// The key in the file, or else in the environment.
fn tsig(file: Option<&Path>) -> Result<Option<TsigKey>, Failure> {
    let advice = format!("give a key file of BIND's with --tsig-key, or hmac-sha256:NAME:SECRET in ${TSIG_KEY}");
    let key = match file {
        Some(file) => TsigKey::from_file(file),
        None => match std::env::var(TSIG_KEY) {
            Ok(text) => TsigKey::parse(&text),
            Err(_) => return Ok(None),
        },
    };
    key.map(Some).map_err(|error| Failure::new(error.to_string(), advice))
}

impl From<HookStyle> for Style {
    fn from(style: HookStyle) -> Self {
        match style {
            HookStyle::Luacme => Self::Luacme,
            HookStyle::Uacme => Self::Uacme,
            HookStyle::Lego => Self::Lego,
            HookStyle::LegoRaw => Self::LegoRaw,
            HookStyle::Dehydrated => Self::Dehydrated,
            HookStyle::Certbot => Self::Certbot,
        }
    }
}

impl From<SolverError> for Failure {
    fn from(error: SolverError) -> Self {
        Self::new(error.to_string(), error.advice())
    }
}

impl From<Failure> for SolverError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.what, failure.todo)
    }
}
