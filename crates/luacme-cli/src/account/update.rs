//! `luacme account update`: other contacts, terms that changed (RFC 8555 §7.3.2, §7.3.3).

use clap::Args;

use super::{Kept, show};
use crate::client;
use crate::failure::Failure;

/// Give the CA other contacts
///
/// They take the place of those it has. With --agree-tos alone, changed terms of service are agreed to.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme account update -m you@example.com")]
pub(super) struct Update {
    /// Contacts such as mailto:…, beside those of --email
    #[arg(value_name = "CONTACT")]
    contacts: Vec<String>,
    /// Have the CA forget all contacts
    #[arg(long, conflicts_with_all = ["contacts", "email"])]
    no_contacts: bool,
}

pub(super) fn run(kept: &Kept<'_>, verb: &Update) -> Result<(), Failure> {
    let contacts = client::contacts(verb.contacts.iter().chain(&kept.shared.email))?;
    let changes_contacts = verb.no_contacts || !contacts.is_empty();
    if !changes_contacts && !kept.shared.agree_tos {
        return Err(Failure::usage(
            "there is nothing to update: no contact is given",
            "give one with --email; --no-contacts has the CA forget all",
        ));
    }
    let mut account = None;
    if kept.shared.agree_tos {
        account = Some(kept.account.agree_to_terms()?);
    }
    if changes_contacts {
        let updated = kept.account.update_contacts(&contacts)?;
        kept.state.keep_contacts(&contacts)?;
        if updated.contact.len() != contacts.len() {
            kept.output.warn(
                &format!("the CA shows {} contacts after it was given {}", updated.contact.len(), contacts.len()),
                "nothing: some CAs keep no contacts, or do not show them",
            );
        }
        account = Some(updated);
    }
    if let Some(account) = account {
        show::show(kept, &account);
    }
    Ok(())
}
