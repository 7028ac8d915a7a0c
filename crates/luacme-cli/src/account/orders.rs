//! `luacme account orders`: the orders that the CA lists, all pages (RFC 8555 §7.1.2.1).

use acme_account::ErrorKind;
use serde_json::json;

use super::Kept;
use crate::failure::Failure;

pub(super) fn run(kept: &Kept<'_>) -> Result<(), Failure> {
    let orders = kept.account.orders().map_err(|error| match error.kind() {
        ErrorKind::NotOffered(_) => Failure::new(
            format!("{} does not list the orders of its accounts", kept.account.directory_url()),
            "nothing: most CAs do not, and luacme needs no list; it keeps the URL of an unfinished order in certs/",
        ),
        _ => error.into(),
    })?;
    let object = json!({"event": "orders", "account": kept.url(), "orders": orders});
    match orders.as_slice() {
        [] => kept.output.answer(object, "the CA lists no order"),
        orders => kept.output.answer(object, &orders.join("\n")),
    }
    Ok(())
}
