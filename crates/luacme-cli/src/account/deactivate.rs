//! `luacme account deactivate`: the account is given up, for ever (RFC 8555 §7.3.6).

use clap::Args;
use serde_json::json;

use super::Kept;
use crate::failure::Failure;

/// Give the account up, for ever
///
/// The CA then refuses whatever its key signs. Certificates stay as they are. The files of the account are renamed, so that a new
/// account can be made.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme account deactivate --server letsencrypt-staging --yes")]
pub(super) struct Deactivate {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(kept: &Kept<'_>, verb: &Deactivate) -> Result<(), Failure> {
    let (url, directory) = (kept.url(), kept.account.directory_url());
    if !verb.yes {
        kept.output.confirm(&format!("Give up the account {url} at {directory}, for ever?"))?;
    }
    kept.account.deactivate()?;
    let file = kept.state.retire_account()?;
    let object = json!({"event": "account_deactivated", "url": url, "directory": directory, "file": file});
    kept.output.result(object, &format!("deactivated the account {url}\nwhat is left of it: {}", file.display()));
    Ok(())
}
