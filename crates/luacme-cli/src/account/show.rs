//! `luacme account show`: the account as the CA sees it.

use acme_proto::{Account as AccountObject, ProblemType};
use serde_json::json;

use super::Kept;
use crate::failure::Failure;

pub(super) fn run(kept: &Kept<'_>) -> Result<(), Failure> {
    show(kept, &read(kept)?);
    Ok(())
}

/// Some CAs do not answer a POST-as-GET to the account; all answer who asks by the key (RFC 8555 §7.3.1).
fn read(kept: &Kept<'_>) -> Result<AccountObject, Failure> {
    match kept.account.fetch() {
        Err(error) if error.is_problem(&ProblemType::Unauthorized) => Err(error.into()),
        Err(_) => Ok(kept.account.find()?.account),
        Ok(account) => Ok(account),
    }
}

pub(super) fn show(kept: &Kept<'_>, account: &AccountObject) {
    let (url, directory, key) = (kept.url(), kept.account.directory_url(), kept.account.key());
    let thumbprint = key.public_key().thumbprint().to_string();
    let contacts = match account.contact.as_slice() {
        [] => "none that the CA shows".to_owned(),
        contacts => contacts.join(", "),
    };
    let object = json!({
        "event": "account", "url": url, "file": kept.state.account, "directory": directory,
        "status": account.status.as_str(), "contacts": account.contact, "thumbprint": thumbprint,
        "algorithm": key.algorithm().to_string(), "orders": account.orders,
    });
    let lines = [
        format!("account     {url}"),
        format!("at          {directory}"),
        format!("status      {}", account.status),
        format!("contacts    {contacts}"),
        format!("thumbprint  {thumbprint} ({})", key.algorithm()),
        format!("orders      {}", account.orders.as_deref().unwrap_or("not listed by this CA")),
        format!("kept in     {}", kept.state.account.display()),
    ];
    kept.output.answer(object, &lines.join("\n"));
}
