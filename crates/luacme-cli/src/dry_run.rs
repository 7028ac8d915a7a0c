//! `luacme getcert --dry-run`: all of it, with a test server, and nothing stored.

use std::path::Path;
use std::time::Duration;

use acme_account::Account;
use acme_proto::Identifier;

use crate::Done;
use crate::arguments::{Getcert, Shared};
use crate::certificate_store::{CertificateStore, stored_settings};
use crate::client;
use crate::failure::Failure;
use crate::hooks::Hooks;
use crate::issuance::{Issuance, Obtained};
use crate::output::Output;
use crate::request_settings::RequestSettings;
use crate::server;
use crate::state::State;

pub(crate) fn run(
    shared: &Shared,
    verb: &Getcert,
    state: &State,
    (folder_name, identifiers): (&str, &[Identifier]),
    output: &Output,
) -> Result<Done, Failure> {
    let failed = |error: std::io::Error| Failure::file("make a folder in", &std::env::temp_dir(), error);
    let folder = tempfile::Builder::new().prefix("luacme-").tempdir().map_err(failed)?;
    let (account, throw_away) = account(shared, state, folder.path(), output)?;
    let store = CertificateStore::open(folder.path(), folder_name)?;
    let before = stored_settings(&state.dir.join("certs").join(folder_name))?;
    let settings = RequestSettings::new(account.directory_url(), verb, identifiers, before.as_ref());
    let limit = Duration::from_secs(verb.hook_timeout);
    let hooks = Hooks { state, shared, store: &store, settings: &settings, limit, output };
    let (account_used, dir) = (&account, &state.dir);
    let issuance = Issuance {
        account: account_used,
        dir,
        store: &store,
        settings: &settings,
        hooks: &hooks,
        shared,
        hook_timeout: limit,
        output,
    };
    let outcome = hooks.before().and_then(|()| issuance.obtain(identifiers));
    let after = hooks.after();
    if throw_away && let Err(error) = account.deactivate() {
        output.warn(&format!("the account made for the dry run stays: {error}"), "nothing");
    }
    match outcome? {
        Obtained::Certificate(chain) => {
            output.dry_run(folder_name, account.directory_url(), &chain);
            after.map(|()| Done::Complete)
        }
        Obtained::AwaitsPerson => Err(Failure::new(
            "a dry run stores nothing, so it cannot wait for a person",
            "try a way that luacme can go by itself, such as --webroot or --standalone",
        )),
    }
}

/// The account for the dry run, and whether it is made for that alone: the one that is there, if the CA is its own.
fn account(shared: &Shared, state: &State, folder: &Path, output: &Output) -> Result<(Account, bool), Failure> {
    let file = state.account()?;
    let usual = match &file {
        Some(file) => file.directory.clone(),
        None => server::asked_or_default(shared)?,
    };
    let directory = match server::asked(shared)? {
        Some(asked) => asked,
        None => server::test_server(&usual).ok_or_else(|| {
            Failure::usage(
                format!("no test server of {usual} is known"),
                "say with --server which CA to try; it may be the same one, whose limits then count",
            )
        })?,
    };
    let own = State::at(shared, Some(&directory))?;
    if own.account()?.is_some_and(|file| file.directory == directory)
        && let Some(account) = client::stored(shared, &own, output)?
    {
        return Ok((account, false));
    }
    let temporary = State { dir: folder.to_owned(), account: folder.join("account.json") };
    // Who has an account with a CA has agreed to its terms, and those of its test server are no others.
    let agreed = file.is_some_and(|file| server::test_server(&file.directory).as_ref() == Some(&directory));
    let shared = Shared { agree_tos: shared.agree_tos || agreed, ..shared.clone() };
    let contacts = client::contacts(&shared.email)?;
    client::register(&shared, &temporary, &directory, &contacts, output).map(|account| (account, true))
}
