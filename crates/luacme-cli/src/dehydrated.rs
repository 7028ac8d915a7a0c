//! What hooks of the style dehydrated are told besides challenges: that a run begins and ends, and what became of the certificate.

use std::time::SystemTime;

use acme_proto::Identifier;
use acme_solver::hook::{Announcement, CertificateFiles};

use crate::failure::Failure;
use crate::hooks::Hooks;
use crate::solver_settings::{HookStyle, SolverSettings, Way};

/// Whether there is such a hook.
pub(crate) fn is_used(settings: &SolverSettings) -> bool {
    settings.ways.iter().any(|bound| matches!(bound.way, Way::Hook { style: HookStyle::Dehydrated, .. }))
}

/// A run begins.
pub(crate) fn startup(hooks: &Hooks<'_>) {
    warn(hooks, &Announcement::Startup);
}

/// A run ends, perhaps with an error.
pub(crate) fn exit(hooks: &Hooks<'_>, error: Option<&str>) {
    warn(hooks, &Announcement::Exit(error));
}

/// There is a new certificate. Why hooks failed, those that did.
pub(crate) fn deploy(hooks: &Hooks<'_>) -> Result<Vec<String>, Failure> {
    with_files(hooks, |domain, files| tell(hooks, &Announcement::DeployCert { domain, files, made: SystemTime::now() }))
}

/// The certificate is still good.
pub(crate) fn unchanged(hooks: &Hooks<'_>) -> Result<(), Failure> {
    with_files(hooks, |domain, files| {
        warn(hooks, &Announcement::UnchangedCert { domain, files });
        Ok(Vec::new())
    })
    .map(drop)
}

fn with_files(
    hooks: &Hooks<'_>,
    then: impl FnOnce(&Identifier, CertificateFiles<'_>) -> Result<Vec<String>, Failure>,
) -> Result<Vec<String>, Failure> {
    let first = hooks.settings.names.first().and_then(|name| Identifier::parse(name).ok());
    let Some(domain) = first.filter(|_| is_used(&hooks.settings.solver)) else { return Ok(Vec::new()) };
    let live = hooks.store.live();
    let files = CertificateFiles {
        key: &live.privkey,
        certificate: &live.cert,
        full_chain: &live.fullchain,
        chain: &live.chain,
    };
    then(&domain, files)
}

/// Tells all of them; why they failed, those that did.
fn tell(hooks: &Hooks<'_>, announcement: &Announcement<'_>) -> Result<Vec<String>, Failure> {
    let told = hooks.maker().dehydrated_hooks()?;
    Ok(told.iter().filter_map(|hook| hook.announce(announcement).err()).map(|error| error.to_string()).collect())
}

/// The same, where a failure does not matter to the certificate.
fn warn(hooks: &Hooks<'_>, announcement: &Announcement<'_>) {
    let failed = tell(hooks, announcement).unwrap_or_else(|failure| vec![failure.what]);
    for why in failed {
        hooks.output.warn(&why, "mend what the hook complains of");
    }
}
