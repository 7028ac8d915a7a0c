//! Accounts at acme-dns servers, one for each domain: `acme-dns.json`, in the form lego keeps them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acme_account::Transport;
use acme_proto::Identifier;
use acme_solver::{AcmeDns, AcmeDnsCredentials, NamePattern};

use crate::arguments::Shared;
use crate::client::{build, transport};
use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::output::Output;
use crate::solver_settings::{SolverSettings, Way};

type Accounts = BTreeMap<String, AcmeDnsCredentials>;

/// The store of records at a server, with the accounts that there are.
pub(crate) fn store(dir: &Path, shared: &Shared, url: &str) -> Result<AcmeDns, Failure> {
    Ok(AcmeDns::new(connection(shared)?, read(dir)?).server(url))
}

/// acme-dns often runs beside us, without TLS.
fn connection(shared: &Shared) -> Result<Arc<dyn Transport>, Failure> {
    build(transport(shared)?.also_plain_http())
}

/// Takes an account for each domain that is to be proven at an acme-dns server and has none. Whether a person must set a
/// CNAME now.
pub(crate) fn register_missing(
    dir: &Path,
    shared: &Shared,
    settings: &SolverSettings,
    identifiers: &[Identifier],
    output: &Output,
) -> Result<bool, Failure> {
    let mut accounts = read(dir)?;
    let mut aliases = Vec::new();
    for bound in &settings.ways {
        let Way::AcmeDns { url } = &bound.way else { continue };
        for domain in domains(identifiers, &bound.names) {
            if let Some(known) = accounts.get(&domain) {
                check_server(known, &domain, url, dir)?;
                continue;
            }
            let mut credentials = AcmeDns::register(&*connection(shared)?, url, &[])?;
            credentials.server_url.get_or_insert_with(|| url.clone());
            aliases.push(credentials.cname(&domain));
            accounts.insert(domain, credentials);
            // At once: it cannot be had again.
            write(dir, &accounts)?;
        }
    }
    if !aliases.is_empty() {
        output.aliases(&aliases);
    }
    Ok(!aliases.is_empty())
}

/// A domain has one account, since its CNAME leads to one place only.
fn check_server(known: &AcmeDnsCredentials, domain: &str, url: &str, dir: &Path) -> Result<(), Failure> {
    match known.server_url.as_deref().map(|kept| kept.trim_end_matches('/')) {
        Some(kept) if !kept.is_empty() && kept != url => Err(Failure::new(
            format!("{domain} has an account of acme-dns at {kept}, not at {url}"),
            format!(
                "give --dns acme-dns:{kept}; or take {domain} out of {} to move it, then set the new CNAME",
                path(dir).display()
            ),
        )),
        _ => Ok(()),
    }
}

/// The domains among the identifiers, without `*.`, that a way bound to these names is for.
fn domains(identifiers: &[Identifier], names: &[String]) -> Vec<String> {
    let patterns: Vec<_> = names.iter().filter_map(|name| NamePattern::parse(name).ok()).collect();
    let fits = |pattern: &NamePattern, one: &Identifier| pattern.fits(&one.base(), one.is_wildcard());
    let is_for = |one: &&Identifier| names.is_empty() || patterns.iter().any(|pattern| fits(pattern, one));
    let domain = |identifier: &Identifier| match identifier.base() {
        Identifier::Dns(name) => Some(name),
        _ => None,
    };
    let mut domains: Vec<_> = identifiers.iter().filter(is_for).filter_map(domain).collect();
    domains.dedup();
    domains
}

fn path(dir: &Path) -> PathBuf {
    dir.join("acme-dns.json")
}

fn read(dir: &Path) -> Result<Accounts, Failure> {
    let Some(text) = files::read_secret(&path(dir))? else { return Ok(Accounts::new()) };
    serde_json::from_str(&text).map_err(|error| {
        let what = format!("{} does not hold accounts of acme-dns: {error}", path(dir).display());
        Failure::new(what, "put it back from a backup, or move it away to register anew")
    })
}

fn write(dir: &Path, accounts: &Accounts) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(accounts).map_err(|error| Failure::file("write", &path(dir), error))?;
    files::make_folder(dir)?;
    files::write(&path(dir), format!("{text}\n").as_bytes(), Readers::Owner)
}
