//! `luacme directory`: what the CA offers, and where.

use crate::Done;
use crate::arguments::Shared;
use crate::client;
use crate::failure::Failure;
use crate::output::Output;

pub(crate) fn run(shared: &Shared, output: &Output) -> Result<Done, Failure> {
    let account = client::without_account(shared, output)?;
    account.directory()?;
    let response = account.unsigned_request(account.directory_url())?;
    output.response(&response);
    Ok(Done::Complete)
}
