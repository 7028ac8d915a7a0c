//! `luacme getcert`: obtain a certificate, unless a good one is there.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use acme_account::Account;
use acme_proto::Identifier;
use acme_x509::validity::due_at;
use acme_x509::{Chain, Name};
use jiff::Timestamp;

use crate::Done;
use crate::arguments::{Getcert, Shared};
use crate::certificate_store::CertificateStore;
use crate::client;
use crate::deploy_hook::Deployment;
use crate::failure::Failure;
use crate::history::{History, Outcome};
use crate::issuance::Issuance;
use crate::output::Output;
use crate::request_settings::RequestSettings;
use crate::revoked::is_revoked;
use crate::solver_choice;
use crate::state::State;

pub(crate) fn run(shared: &Shared, verb: &Getcert, output: &Output) -> Result<Done, Failure> {
    let identifiers = identifiers(verb.names.iter().chain(&verb.domains))?;
    let folder_name = folder_name(verb.cert_name.as_deref(), &identifiers)?;
    let state = State::for_certificate(shared, &folder_name)?;
    let hook_timeout = Duration::from_secs(verb.hook_timeout);
    solver_choice::clean_up_after_others(&state.dir, shared, hook_timeout, output)?;
    let account = match client::stored(shared, &state, output)? {
        Some(account) => account,
        None => register(shared, &state, output)?,
    };
    let store = CertificateStore::open(&state.dir, &folder_name)?;
    let settings = RequestSettings::new(account.directory_url(), verb, &identifiers, store.settings()?.as_ref());
    let deployment = Deployment::new(&state, &store, &settings, hook_timeout, output);
    if !verb.force
        && let Some(chain) = good_certificate(&store, &settings)?
    {
        output.not_due(store.name(), &chain, &store.live());
        keep_hooks(&store, verb, &settings)?;
        return deployment.make_up().map(|()| Done::Complete);
    }
    let history = History::in_folder(store.folder());
    if !verb.force {
        history.check_pause(store.name(), Timestamp::now())?;
    }
    let issuance = Issuance {
        account: &account,
        dir: &state.dir,
        store: &store,
        settings: &settings,
        deployment: &deployment,
        shared,
        hook_timeout,
        output,
    };
    let outcome = issuance.obtain(&identifiers);
    let noted = match &outcome {
        Ok(Done::Complete | Done::FoundErrors) => history.add(Outcome::Issued, "", None),
        Ok(Done::AwaitsPerson) => history.add(Outcome::AwaitsPerson, "", None),
        Err(failure) => {
            let detail = failure.said.as_deref().unwrap_or(&failure.what);
            history.add(Outcome::Failed, detail, failure.not_before)
        }
    };
    // What went wrong with the certificate matters more than that it could not be noted.
    match outcome.and_then(|done| noted.map(|()| done))? {
        Done::Complete => deployment.make_up().map(|()| Done::Complete),
        done => Ok(done),
    }
}

/// Keeps hooks given anew although nothing is due: they are for the next certificate.
fn keep_hooks(store: &CertificateStore, verb: &Getcert, settings: &RequestSettings) -> Result<(), Failure> {
    match store.settings()? {
        Some(before) if !verb.deploy_hook.is_empty() && before.deploy_hooks != settings.deploy_hooks => {
            store.keep_settings(&RequestSettings { deploy_hooks: settings.deploy_hooks.clone(), ..before })
        }
        _ => Ok(()),
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

/// The current certificate, when it is the one asked for, of this CA, and not due yet: more than a third of its life is left.
fn good_certificate(store: &CertificateStore, settings: &RequestSettings) -> Result<Option<Chain>, Failure> {
    let Some(chain) = store.current()? else { return Ok(None) };
    if is_revoked(store.folder(), chain.leaf())? {
        return Ok(None);
    }
    let unchanged =
        store.settings()?.is_none_or(|before| before.key_type == settings.key_type && before.server == settings.server);
    let leaf = chain.leaf();
    let (Ok(found), Ok(start), Ok(end)) = (leaf.names(), leaf.not_before(), leaf.not_after()) else { return Ok(None) };
    let wanted: BTreeSet<_> = settings.names.iter().map(|name| Name::parse(name)).collect();
    let good =
        unchanged && found.into_iter().collect::<BTreeSet<_>>() == wanted && SystemTime::now() < due_at(start, end);
    Ok(good.then_some(chain))
}

fn register(shared: &Shared, state: &State, output: &Output) -> Result<Account, Failure> {
    let directory = crate::server::asked_or_default(shared)?;
    let contacts = client::contacts(&shared.email)?;
    client::register(shared, state, &directory, &contacts, output)
}
