//! An account of the library's, from the command line and the files.

use std::sync::Arc;

use acme_account::{Account, Terms, Transport};
use acme_jose::{KeyType, PrivateKey, Signer};
use acme_proto::Contact;
use acme_transport::{BuildError, HttpsTransport, HttpsTransportBuilder};

use crate::account::rekey;
use crate::arguments::Shared;
use crate::failure::Failure;
use crate::key_use;
use crate::output::Output;
use crate::server;
use crate::state::State;
use crate::wire_log;

/// Ways to send requests that trust what the command line says.
pub(crate) fn transport(shared: &Shared) -> Result<HttpsTransportBuilder, Failure> {
    let mut builder = HttpsTransport::builder().user_agent(concat!("luacme/", env!("CARGO_PKG_VERSION")));
    if let Some(path) = &shared.ca_file {
        let pem = std::fs::read(path).map_err(|error| Failure::file("read the root certificates", path, error))?;
        builder = builder.add_root_pem(pem).map_err(|error| {
            Failure::new(
                format!("cannot use {}: {error}", path.display()),
                "give a PEM file with root certificates to --ca-file",
            )
        })?;
    }
    Ok(builder)
}

pub(crate) fn build(builder: HttpsTransportBuilder) -> Result<Arc<dyn Transport>, Failure> {
    let unusable = |error: BuildError| Failure::new(error.to_string(), "give root certificates with --ca-file");
    Ok(Arc::new(builder.build().map_err(unusable)?))
}

/// An account at a CA that sends requests and tells the output what happens.
pub(crate) fn with_key(
    shared: &Shared,
    key: Arc<dyn Signer>,
    directory: &str,
    output: &Output,
) -> Result<Account, Failure> {
    let observer = wire_log::before(output.observer(), shared)?;
    Ok(Account::new(key, directory, build(transport(shared)?)?).with_observer(observer))
}

/// A client that has no account: for what needs none.
pub(crate) fn without_account(shared: &Shared, output: &Output) -> Result<Account, Failure> {
    let directory = match server::asked(shared)? {
        Some(directory) => directory,
        None => match State::locate(shared)?.account()? {
            Some(file) => file.directory,
            None => server::asked_or_default(shared)?,
        },
    };
    anonymous(shared, &directory, output)
}

/// The same at the CA with this directory URL.
pub(crate) fn anonymous(shared: &Shared, directory: &str, output: &Output) -> Result<Account, Failure> {
    let key = PrivateKey::generate(KeyType::P256).map_err(|error| Failure::new(error.to_string(), "try again"))?;
    with_key(shared, Arc::new(key), directory, output)
}

/// The directory URL of the CA to ask: what the command line says, else the account's, else the default. Nobody is asked.
pub(crate) fn directory_url(shared: &Shared, state: &State) -> Result<String, Failure> {
    match (server::asked(shared)?, state.account()?) {
        (Some(asked), _) => Ok(asked),
        (None, Some(file)) => Ok(file.directory),
        (None, None) => server::asked_or_default(shared),
    }
}

/// The account on disk, if there is one.
pub(crate) fn stored(shared: &Shared, state: &State, output: &Output) -> Result<Option<Account>, Failure> {
    let Some(file) = state.account()? else { return Ok(None) };
    if let Some(asked) = server::asked(shared)?
        && asked != file.directory
    {
        return Err(Failure::usage(
            format!("the account in {} is one at {}, not at {asked}", state.account.display(), file.directory),
            "leave --account out: luacme keeps an account for each CA; or name another file with it",
        ));
    }
    let key = state.key_of(&file)?;
    let account = with_key(shared, key, &file.directory, output)?.with_url(&file.url);
    rekey::settle(&state.key_file_of(&file), &account, output)?;
    Ok(Some(account))
}

/// Registers an account and stores it.
pub(crate) fn register(
    shared: &Shared,
    state: &State,
    directory: &str,
    contacts: &[Contact],
    output: &Output,
) -> Result<Account, Failure> {
    let binding = shared.external_account.binding()?;
    let (key, unstored) = state.key_for_new_account(shared.account_key_type)?;
    key_use::check_unused(state, &key, &state.key_file())?;
    let account = with_key(shared, Arc::new(key), directory, output)?;
    let terms = agreement(shared, &account, output)?;
    if let Some(pem) = &unstored {
        state.store_key(pem)?;
    }
    let registered = match &binding {
        Some(binding) => account.register_bound(contacts, terms, binding),
        None => account.register(contacts, terms),
    };
    let registered = registered.or_else(|error| {
        // A refusal is certain: there is no account of this key. Otherwise the key may be all that finds it again.
        if unstored.is_some() && error.refusal().is_some() {
            state.drop_key()?;
        }
        Err(Failure::from(error))
    })?;
    state.store_account(directory, &registered.url, contacts)?;
    Ok(account)
}

/// Whether a person agrees to the terms, if there are any: by flag, or, on a terminal, when asked.
fn agreement(shared: &Shared, account: &Account, output: &Output) -> Result<Terms, Failure> {
    match &account.directory()?.meta.terms_of_service {
        _ if shared.agree_tos => Ok(Terms::Agreed),
        None => Ok(Terms::NotAgreed),
        Some(terms)
            if output.may_ask() && output.ask(&format!("Do you agree to the terms of service at {terms} ?"))? =>
        {
            Ok(Terms::Agreed)
        }
        Some(terms) => Err(Failure::new(
            format!("nobody has agreed to the CA's terms of service yet: {terms}"),
            "read them; agree with --agree-tos",
        )),
    }
}

/// The contacts that the command line names.
pub(crate) fn contacts<'a>(texts: impl IntoIterator<Item = &'a String>) -> Result<Vec<Contact>, Failure> {
    let usage = |error: acme_proto::ContactError| {
        Failure::usage(error.to_string(), "give one address per contact, like mailto:you@example.com")
    };
    texts.into_iter().map(|text| Contact::parse(text).map_err(usage)).collect()
}
