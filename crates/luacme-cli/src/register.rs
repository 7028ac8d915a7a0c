//! `luacme register`: make an account at the CA, or find the one of this key.

use crate::Done;
use crate::arguments::{Register, Shared};
use crate::client;
use crate::failure::Failure;
use crate::output::Output;
use crate::server;
use crate::state::State;

pub(crate) fn run(shared: &Shared, verb: &Register, output: &Output) -> Result<Done, Failure> {
    let (servers, contacts): (Vec<_>, Vec<_>) = verb.words.iter().partition(|word| !is_contact(word));
    let named = match servers.as_slice() {
        [] => server::asked(shared)?,
        [server] if !shared.staging && shared.server.is_none() => Some(server::directory_url(server)?),
        [.., second] => {
            return Err(Failure::usage(
                format!("{second:?} is a second server"),
                "name one server; contacts look like mailto:you@example.com",
            ));
        }
    };
    let state = State::at(shared, named.as_deref())?;
    let contacts = client::contacts(contacts.into_iter().chain(&shared.email))?;
    if let Some(file) = state.account()? {
        return Err(Failure::new(
            format!(
                "there is an account in {} already: {} at {}; nothing was changed",
                state.account.display(),
                file.url,
                file.directory
            ),
            "use it as it is; --server makes one at another CA, --account another one in a file of its own",
        ));
    }
    let directory = named.map_or_else(|| server::asked_or_default(shared), Ok)?;
    let account = client::register(shared, &state, &directory, &contacts, output)?;
    let url = account.url().unwrap_or_default();
    output.registered(&url, &state.account);
    Ok(Done::Complete)
}

fn is_contact(word: &str) -> bool {
    word.contains('@') || ["mailto:", "tel:"].iter().any(|scheme| word.to_ascii_lowercase().starts_with(scheme))
}
