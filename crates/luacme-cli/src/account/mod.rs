//! `luacme account`: what becomes of the account at the CA (RFC 8555 §7.3.2 to §7.3.6).

mod deactivate;
mod export;
mod import;
mod orders;
mod other_clients;
pub(crate) mod rekey;
mod show;
mod update;

use acme_account::Account;
use clap::{Args, Subcommand};

use crate::Done;
use crate::arguments::Shared;
use crate::client;
use crate::failure::Failure;
use crate::output::Output;
use crate::state::State;

/// Show, change or move the account, or give it up
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  luacme account show
  luacme account update -m you@example.com
  luacme account import certbot /etc/letsencrypt")]
pub(crate) struct AccountArguments {
    #[command(subcommand)]
    verb: AccountVerb,
}

#[derive(Debug, Subcommand)]
enum AccountVerb {
    /// Show the account as the CA sees it
    #[command(after_help = "Example:\n  luacme account show --server letsencrypt-staging")]
    Show,
    Update(update::Update),
    /// Give the account a new key
    ///
    /// The new key is stored before the CA hears of it. When an answer is lost, the next command asks which of the two counts.
    /// What --stateless answers changes with the key; see `luacme keyauth`.
    #[command(after_help = "Example:\n  luacme account rekey --account-key-type p384")]
    Rekey,
    Deactivate(deactivate::Deactivate),
    /// List the orders that the CA shows for the account
    ///
    /// Most CAs show none.
    #[command(after_help = "Example:\n  luacme account orders")]
    Orders,
    Import(import::Import),
    Export(export::Export),
}

pub(crate) fn run(shared: &Shared, arguments: &AccountArguments, output: &Output) -> Result<Done, Failure> {
    let kept = || Kept::open(shared, output);
    match &arguments.verb {
        AccountVerb::Show => show::run(&kept()?),
        AccountVerb::Update(verb) => update::run(&kept()?, verb),
        AccountVerb::Rekey => rekey::run(&kept()?),
        AccountVerb::Deactivate(verb) => deactivate::run(&kept()?, verb),
        AccountVerb::Orders => orders::run(&kept()?),
        AccountVerb::Import(verb) => import::run(shared, verb, output),
        AccountVerb::Export(verb) => export::run(shared, verb, output),
    }
    .map(|()| Done::Complete)
}

/// The account that is kept here, and what its verbs need.
struct Kept<'a> {
    shared: &'a Shared,
    state: State,
    account: Account,
    output: &'a Output,
}

impl<'a> Kept<'a> {
    fn open(shared: &'a Shared, output: &'a Output) -> Result<Self, Failure> {
        let state = State::locate(shared)?;
        let account = client::stored(shared, &state, output)?.ok_or_else(|| state.no_account())?;
        Ok(Self { shared, state, account, output })
    }

    fn url(&self) -> String {
        self.account.url().unwrap_or_default()
    }
}
