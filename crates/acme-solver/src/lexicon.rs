//! TXT records by way of the command `lexicon` (dns-lexicon), which speaks the API of some ninety DNS providers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use acme_account::SolverError;
use acme_proto::TxtRecord;

use crate::TxtStore;
use crate::program::{Call, Interruption, OutputLine, Program, ProgramError};

/// Keeps TXT records at a DNS provider through the installed `lexicon` command.
///
/// The keys of the provider's API come to it from the environment, as `LEXICON_PROVIDER_AUTH_TOKEN` and the like (see
/// `lexicon PROVIDER --help`), or from its own configuration files; never as arguments, which every user can read.
#[derive(Clone, Debug)]
pub struct Lexicon {
    provider: String,
    program: Program,
    zone: Zone,
    ttl: Option<u32>,
}

/// How lexicon knows the zone.
#[derive(Clone, Debug)]
enum Zone {
    /// The registered domain, which it takes from the list of public suffixes.
    Registered,
    /// It asks the DNS.
    Resolved,
    Named(String),
}

impl Lexicon {
    /// With this provider, by lexicon's word for it.
    pub fn new(provider: impl Into<String>) -> Self {
        Self { provider: provider.into(), program: Program::new("lexicon"), zone: Zone::Registered, ttl: None }
    }

    /// Calls this program rather than the `lexicon` in `PATH`.
    pub fn program(mut self, path: impl Into<PathBuf>) -> Self {
        self.program = self.program.sibling(path);
        self
    }

    /// Has lexicon find the zone in the DNS (`--resolve-zone-name`, from lexicon 3.17 on). If nothing is said it takes the
    /// registered domain for the zone, which is wrong where a subdomain is a zone of its own.
    pub fn resolve_zone_name(mut self) -> Self {
        self.zone = Zone::Resolved;
        self
    }

    /// Tells lexicon the zone (`--delegated`).
    pub fn delegated(mut self, zone: impl Into<String>) -> Self {
        self.zone = Zone::Named(zone.into());
        self
    }

    /// The time to live of the records in seconds; else the provider's usual one.
    pub fn ttl(mut self, seconds: u32) -> Self {
        self.ttl = Some(seconds);
        self
    }

    /// How long one call may take: 300 seconds if nothing is said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.program.set_timeout(timeout);
        self
    }

    /// Gets every line that lexicon writes, while it runs: at most 1 MiB of each call.
    pub fn output(mut self, sink: impl Fn(&OutputLine<'_>) + Send + Sync + 'static) -> Self {
        self.program.set_sink(Arc::new(sink));
        self
    }

    /// Ends lexicon when this is interrupted, and calls it only to remove records from then on.
    pub fn interruption(mut self, interruption: &Interruption) -> Self {
        self.program.set_interruption(interruption);
        self
    }

    /// Does not hand on this variable of the environment: a secret of another way.
    pub fn withhold(mut self, variable: &'static str) -> Self {
        self.program.withhold(variable);
        self
    }

    /// Whether lexicon is there, so that its absence shows before an order is placed.
    ///
    /// # Errors
    /// When it is not, or the provider is no word that it could know.
    pub fn check(&self) -> Result<(), SolverError> {
        self.check_provider()?;
        self.program.locate().map(drop).map_err(|why| self.error("it is needed", why))
    }

    /// Whether lexicon could know a provider of this name. Such a word is no option and no path.
    pub fn is_provider(word: &str) -> bool {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn check_provider(&self) -> Result<(), SolverError> {
        match Self::is_provider(&self.provider) {
            true => Ok(()),
            false => Err(SolverError::new(
                format!("{:?} is no DNS provider that lexicon could know", self.provider),
                "give one of those that `lexicon --help` lists, as in lexicon:cloudflare",
            )),
        }
    }

    /// Each value is part of its option's word, since it may begin with `-`.
    fn call(&self, action: &str, record: &TxtRecord) -> Call {
        let domain = record.name.trim_end_matches('.');
        let domain = domain.split_once("_acme-challenge.").map_or(domain, |(_, domain)| domain);
        let mut args = match &self.zone {
            Zone::Registered => Vec::new(),
            Zone::Resolved => vec!["--resolve-zone-name".to_owned()],
            Zone::Named(zone) => vec![format!("--delegated={zone}")],
        };
        args.extend([&self.provider, action, domain, "TXT"].map(str::to_owned));
        args.extend([format!("--name={}", record.name), format!("--content={}", record.value)]);
        args.extend(self.ttl.map(|seconds| format!("--ttl={seconds}")));
        args.push("--output=JSON".to_owned());
        Call { args: args.into_iter().map(Into::into).collect(), ..Call::default() }
    }

    fn run(&self, action: &str, record: &TxtRecord) -> Result<(), SolverError> {
        self.check_provider()?;
        let doing = format!("{action} the TXT record {}", record.name);
        let begins = if action == "create" { self.program.check_interruption() } else { Ok(()) };
        begins.map_err(|why| self.error(&format!("it cannot {doing}"), why))?;
        let stdout = self.program.run(&self.call(action, record)).map_err(|why| {
            if action == "create" && why.has_run() {
                // It may have come halfway, and the error to tell is the one that is known.
                self.program.run(&self.call("delete", record)).ok();
            }
            self.error(&format!("it cannot {doing}"), why)
        })?;
        // Some providers refuse without an exit status.
        match stdout.trim_ascii_end().ends_with(b"false") {
            true => Err(SolverError::new(
                format!("lexicon cannot {doing} at {}: the provider refuses", self.provider),
                "see whether the keys that lexicon has may change this zone",
            )),
            false => Ok(()),
        }
    }

    fn error(&self, what: &str, why: ProgramError) -> SolverError {
        let program = self.program.path();
        let advice = match &why {
            ProgramError::Missing => {
                "install it, from the Debian package lexicon or by `pipx install dns-lexicon[full]`".to_owned()
            }
            ProgramError::Failed { .. } => format!(
                "set the keys that `lexicon {0} --help` asks for, in variables such as LEXICON_{1}_AUTH_TOKEN, and see that they \
                 may change this zone",
                self.provider,
                self.provider.to_ascii_uppercase()
            ),
            other => other.advice(program),
        };
        let message = format!("lexicon ({}, provider {}): {what}: {why}", program.display(), self.provider);
        SolverError::with_source(message, advice, why)
    }
}

impl TxtStore for Lexicon {
    /// One call for each. After one that failed there are no more: the order is lost already.
    fn add(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        let mut failed: Option<&str> = None;
        let add = |record| match failed {
            Some(earlier) => {
                let message = format!("lexicon has already failed for the TXT record {earlier}");
                Err(SolverError::new(message, format!("see the error of {earlier}")))
            }
            None => self.run("create", record).inspect_err(|_| failed = Some(&record.name)),
        };
        records.iter().map(add).collect()
    }

    fn remove(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        records.iter().map(|record| self.run("delete", record)).collect()
    }
}
