//! `luacme getcert`: obtain a certificate, unless a good one is there.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use acme_account::Account;
use acme_proto::Identifier;
use acme_x509::{Certificate, Chain, Name};
use jiff::Timestamp;

use crate::Done;
use crate::arguments::{Getcert, Shared};
use crate::certificate_store::{CertificateStore, stored_settings};
use crate::client;
use crate::dehydrated;
use crate::deploy_hook::Deployment;
use crate::dry_run;
use crate::failure::Failure;
use crate::history::History;
use crate::hooks::Hooks;
use crate::issuance::Issuance;
use crate::lifetime;
use crate::output::Output;
use crate::renewal::{self, Renewal};
use crate::request_key;
use crate::request_settings::RequestSettings;
use crate::revoked::is_revoked;
use crate::solver_choice;
use crate::state::State;

pub(crate) fn run(shared: &Shared, verb: &Getcert, output: &Output) -> Result<Done, Failure> {
    lifetime::check_clock(SystemTime::now())?;
    let identifiers = asked_names(verb, &State::locate(shared)?)?;
    verb.solvers.check(&identifiers)?;
    let folder_name = folder_name(verb.cert_name.as_deref(), &identifiers)?;
    let state = State::for_certificate(shared, &folder_name)?;
    let limit = Duration::from_secs(verb.hook_timeout);
    solver_choice::clean_up_after_others(&state.dir, shared, limit, output)?;
    if verb.dry_run {
        return dry_run::run(shared, verb, &state, (&folder_name, &identifiers), output);
    }
    let server = client::directory_url(shared, &state)?;
    let account = || match client::stored(shared, &state, output)? {
        Some(account) => Ok(account),
        None => register(shared, &state, &server, output),
    };
    // Where nothing is yet, nothing can be good, and nothing is made for a CA that does not take us.
    let early = if state.dir.join("certs").join(&folder_name).exists() { None } else { Some(account()?) };
    let store = CertificateStore::open(&state.dir, &folder_name)?;
    let before = store.settings()?;
    let settings = RequestSettings::new(&server, verb, &identifiers, before.as_ref()).remember(shared);
    let hooks = Hooks { state: &state, shared, store: &store, settings: &settings, limit, output };
    if !verb.force
        && let Some(chain) = good_certificate(&store, &settings)?
    {
        return leave_as_it_is(&hooks, &chain);
    }
    check_names(verb, &store, &settings, output)?;
    if !verb.force {
        History::in_folder(store.folder()).check_pause(store.name(), Timestamp::now())?;
    }
    let account = early.map_or_else(account, Ok)?;
    let dir = &state.dir;
    Issuance {
        account: &account,
        dir,
        store: &store,
        settings: &settings,
        hooks: &hooks,
        shared,
        hook_timeout: limit,
        output,
    }
    .attempt(&identifiers)
}

/// Nothing is due. What was asked for anew is kept for the next certificate, and a deployment that failed is made up for.
fn leave_as_it_is(hooks: &Hooks<'_>, chain: &Chain) -> Result<Done, Failure> {
    let Hooks { store, settings, output, .. } = hooks;
    output.not_due(store.name(), chain, &store.live());
    if let Some(before) = store.settings()? {
        if before.key_access != settings.key_access {
            store.give_key(&settings.key_access)?;
        }
        // Ways to prove control are kept once they have proven it.
        let kept = RequestSettings {
            solver: before.solver.clone(),
            names: before.names.clone(),
            not_after: before.not_after.clone(),
            ..(*settings).clone()
        };
        if kept != before {
            store.keep_settings(&kept)?;
        }
    }
    if !(Deployment { hooks }).make_up()? {
        dehydrated::unchanged(hooks)?;
    }
    Ok(Done::Complete)
}

/// The names asked for: those of the command line, else of the request made elsewhere, else of the certificate that is there.
fn asked_names(verb: &Getcert, state: &State) -> Result<Vec<Identifier>, Failure> {
    let given = identifiers(verb.names.iter().chain(&verb.domains))?;
    if let Some(path) = &verb.request.csr {
        let texts: Vec<_> = request_key::read_csr(path)?.names().iter().map(ToString::to_string).collect();
        let requested = identifiers(&texts)?;
        return match given.is_empty() || given.iter().collect::<BTreeSet<_>>() == requested.iter().collect() {
            true => Ok(requested),
            false => Err(Failure::usage(
                format!("{} is for other names: {}", path.display(), texts.join(", ")),
                "leave the names out, or name these",
            )),
        };
    }
    if !given.is_empty() {
        return Ok(given);
    }
    let name = folder_name(verb.cert_name.as_deref(), &[])?;
    match stored_settings(&state.dir.join("certs").join(&name))? {
        Some(before) => identifiers(&before.names),
        None => Err(Failure::usage(format!("there is no certificate {name} yet"), "say for which names it is to be")),
    }
}

/// The names of the command line, in the form certificates use, each once.
pub(crate) fn identifiers<'a>(names: impl IntoIterator<Item = &'a String>) -> Result<Vec<Identifier>, Failure> {
    let mut identifiers = Vec::new();
    for text in names {
        let identifier = Identifier::parse(text)
            .map_err(|error| Failure::usage(error.to_string(), "give names like www.example.com or *.example.com"))?;
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    Ok(identifiers)
}

/// The folder of the certificate: what `--cert-name` says, else the first name without `*.`.
pub(crate) fn folder_name(asked: Option<&str>, identifiers: &[Identifier]) -> Result<String, Failure> {
    let name = match (asked, identifiers) {
        (Some(name), _) => name.to_owned(),
        (None, [first, ..]) => first.base().value(),
        (None, []) => String::new(),
    };
    let plain =
        !name.is_empty() && !name.starts_with('.') && name.chars().all(|c| c.is_alphanumeric() || "-_.:@+".contains(c));
    match plain {
        true => Ok(name),
        false => Err(Failure::usage(format!("{name:?} cannot name a folder"), "use letters, digits, `-`, `_` and `.`")),
    }
}

/// The current certificate, when it is the one asked for, of this CA, and not due yet.
fn good_certificate(store: &CertificateStore, settings: &RequestSettings) -> Result<Option<Chain>, Failure> {
    let Some(chain) = store.current()? else { return Ok(None) };
    if is_revoked(store.folder(), chain.leaf())? {
        return Ok(None);
    }
    let unchanged =
        store.settings()?.is_none_or(|before| before.key_type == settings.key_type && before.server == settings.server);
    let leaf = chain.leaf();
    let (Ok(start), Ok(end)) = (leaf.not_before(), leaf.not_after()) else { return Ok(None) };
    let same_key = match &settings.csr {
        Some(path) => {
            leaf.public_key().is_ok_and(|key| request_key::read_csr(path).is_ok_and(|csr| *csr.public_key() == key))
        }
        None => store.live().privkey.exists(),
    };
    let renewal = Renewal::stored(store.folder(), leaf)?;
    let good = unchanged
        && same_key
        && is_for(leaf, &settings.names)
        && SystemTime::now() < end
        && SystemTime::now() < renewal::renew_at(renewal.as_ref(), settings.days, (start, end));
    Ok(good.then_some(chain))
}

/// Whether a certificate is for these names and no others.
pub(crate) fn is_for(leaf: &Certificate, texts: &[String]) -> bool {
    leaf.names().is_ok_and(|found| found.into_iter().collect::<BTreeSet<_>>() == names(texts))
}

fn names(texts: &[String]) -> BTreeSet<Name> {
    texts.iter().map(|name| Name::parse(name)).collect()
}

/// Names that the certificate in use has are not let go without a word: a server might need them.
fn check_names(
    verb: &Getcert,
    store: &CertificateStore,
    settings: &RequestSettings,
    output: &Output,
) -> Result<(), Failure> {
    let found: BTreeSet<_> =
        store.current()?.and_then(|chain| chain.leaf().names().ok()).unwrap_or_default().into_iter().collect();
    let lost: Vec<_> = found.difference(&names(&settings.names)).map(ToString::to_string).collect();
    if lost.is_empty() || verb.drop_names {
        return Ok(());
    }
    let what =
        format!("the certificate {} in use is for {} too, the new one is not to be", store.name(), lost.join(", "));
    if output.may_ask() && output.ask(&format!("{what}. Replace it?"))? {
        return Ok(());
    }
    Err(Failure::usage(
        what,
        "name them too, or let them go with --drop-names, or keep both certificates: --cert-name names the second",
    ))
}

fn register(shared: &Shared, state: &State, directory: &str, output: &Output) -> Result<Account, Failure> {
    let contacts = client::contacts(&shared.email)?;
    client::register(shared, state, directory, &contacts, output)
}
