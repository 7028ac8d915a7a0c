//! `luacme account import`: an account that another client made.
//!
//! All that is needed is its key, and which CA knows it: the CA itself names the account (RFC 8555 §7.3.1).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use acme_jose::PrivateKey;
use acme_proto::{Contact, ProblemType};
use clap::Args;
use serde_json::json;

use super::other_clients::{self, Candidate, OtherClient};
use crate::arguments::Shared;
use crate::client;
use crate::failure::Failure;
use crate::files;
use crate::key_use;
use crate::output::Output;
use crate::server;
use crate::state::{State, parse_key};

/// Take over an account of another client
///
/// Its key is copied; nothing of the other client is changed, and it can go on. Where there are several accounts, --server or a
/// longer PATH says which.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  luacme account import certbot /etc/letsencrypt
  luacme account import lego ~/.lego --server letsencrypt
  luacme account import key account.pem --server https://ca.example/directory")]
pub(super) struct Import {
    /// Whose account it is; any PEM or JWK: key
    #[arg(value_name = "FROM")]
    from: OtherClient,
    /// The folder of that client, or the file of the key
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

pub(super) fn run(shared: &Shared, verb: &Import, output: &Output) -> Result<(), Failure> {
    let asked = server::asked(shared)?;
    let found = choose(other_clients::find(verb.from, &verb.path)?, asked.as_deref(), verb)?;
    let directory = match asked.or(found.directory) {
        Some(directory) => directory,
        None => server::asked_or_default(shared)?,
    };
    let state = State::at(shared, Some(&directory))?;
    check_vacant(&state)?;
    let key = Arc::new(read_key(&found.key)?);
    key_use::check_unused(&state, &key, &found.key)?;
    let account = client::with_key(shared, Arc::clone(&key) as _, &directory, output)?;
    let registered = account.find().map_err(|error| match error.is_problem(&ProblemType::AccountDoesNotExist) {
        true => Failure {
            todo: "name the CA that knows it with --server".to_owned(),
            what: format!("{directory} knows no account with the key in {}", found.key.display()),
            ..error.into()
        },
        false => error.into(),
    })?;
    let unusable = |error: acme_jose::KeyError| Failure::file("read the key in", &found.key, error);
    state.store_key(&key.to_pkcs8_pem().map_err(unusable)?)?;
    let contacts: Vec<_> = registered.account.contact.iter().filter_map(|text| Contact::parse(text).ok()).collect();
    state.store_account(&directory, &registered.url, &contacts)?;
    let object = json!({
        "event": "account", "url": registered.url, "file": state.account, "directory": directory, "from": found.key,
    });
    let text = format!("account {}\nat {directory}\nkept in {}", registered.url, state.account.display());
    output.result(object, &text);
    Ok(())
}

/// The one account that is meant.
fn choose(mut found: Vec<Candidate>, asked: Option<&str>, verb: &Import) -> Result<Candidate, Failure> {
    let all = found.len();
    // Not every path tells all of the URL; when there is one account only, the CA has the last word.
    if all > 1 {
        found.retain(|one| asked.is_none() || one.directory.is_none() || one.directory.as_deref() == asked);
    }
    let describe = |one: &Candidate| {
        format!("{} ({})", one.key.display(), one.directory.as_deref().unwrap_or("of a CA that its path does not name"))
    };
    match (found.as_slice(), all) {
        ([_], _) => Ok(found.remove(0)),
        ([], 0) => Err(Failure::usage(
            format!("there is no account of {} in {}", verb.from.name(), verb.path.display()),
            format!("name the folder that holds {}, or the file of the key", verb.from.place()),
        )),
        ([], _) => Err(Failure::usage(
            format!("no account in {} is one at {}", verb.path.display(), asked.unwrap_or_default()),
            "leave --server out to see which there are; or name the file of the key",
        )),
        (several, _) => Err(Failure::usage(
            format!("there are several accounts: {}", several.iter().map(describe).collect::<Vec<_>>().join(", ")),
            "name the CA with --server, or the file of one key as PATH",
        )),
    }
}

fn check_vacant(state: &State) -> Result<(), Failure> {
    let todo = "it is used as it is; to keep another account at the same CA, name another file with --account";
    if let Some(file) = state.account()? {
        let what =
            format!("there is an account in {} already: {}; nothing was changed", state.account.display(), file.url);
        return Err(Failure::new(what, todo));
    }
    match state.key_file() {
        key if key.exists() => Err(Failure::new(
            format!("there is a key in {} already, of an account that was not finished", key.display()),
            "run `luacme register` to finish it, or move the key away",
        )),
        _ => Ok(()),
    }
}

/// A private key, as a JWK or as PEM.
fn read_key(path: &Path) -> Result<PrivateKey, Failure> {
    let Some(text) = files::read_secret(path)? else {
        return Err(Failure::usage(format!("there is no file {}", path.display()), "name the file of a private key"));
    };
    if !text.trim_start().starts_with('{') {
        return parse_key(path, &text);
    }
    PrivateKey::from_jwk(text.trim().as_bytes()).map_err(|error| {
        Failure::new(
            format!("cannot use the key in {}: {error}", path.display()),
            "name a file with a private key, as PEM or JWK",
        )
    })
}
