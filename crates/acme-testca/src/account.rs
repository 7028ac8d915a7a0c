//! Accounts: created, found, read, changed (RFC 8555 §7.3).

use acme_jose::Jwk;
use serde_json::{Map, Value, json};

use crate::Resource;
use crate::behaviour::Behaviour;
use crate::ca::{Ca, Call, TERMS};
use crate::envelope::Payload;
use crate::problem::{ErrorType, Problem};
use crate::response::Response;
use crate::routes::Routes;
use crate::state::{State, Status};

/// An account (RFC 8555 §7.1.2).
pub(crate) struct Account {
    pub(crate) key: Jwk,
    pub(crate) status: Status,
    contact: Vec<String>,
    agreed: bool,
    /// As it came, if it was verified.
    binding: Option<Value>,
}

impl Account {
    fn to_json(&self, routes: &Routes, id: &str) -> Value {
        let mut object = json!({
            "status": self.status.name(),
            "orders": routes.url_of(Resource::Orders, id),
        });
        if !self.contact.is_empty() {
            object["contact"] = json!(self.contact);
        }
        if self.agreed {
            object["termsOfServiceAgreed"] = json!(true);
        }
        if let Some(binding) = &self.binding {
            object["externalAccountBinding"] = binding.clone();
        }
        object
    }

    pub(crate) fn respond(&self, routes: &Routes, id: &str, status: u16) -> Response {
        Response::json(status, self.to_json(routes, id)).header("Location", routes.url_of(Resource::Account, id))
    }
}

/// newAccount: finds the account of this key, or creates it (RFC 8555 §7.3 and §7.3.1).
pub(crate) fn create(ca: &Ca, state: &mut State, key: Jwk, payload: &Payload) -> Result<Response, Problem> {
    let asked = payload.object()?;
    let flag = |name: &str| asked.get(name).and_then(Value::as_bool) == Some(true);
    state.refuse_spent_binding(&asked)?;
    if let Some((id, account)) = state.account_by_key(&key) {
        if account.status != Status::Valid {
            return Err(deactivated(state));
        }
        let response = account.respond(&ca.routes, id, 200);
        if !flag("onlyReturnExisting") {
            state.advise("RFC 8555 §7.3.1", "newAccount for a key that has an account, without asking first".into());
        }
        return Ok(response);
    }
    if flag("onlyReturnExisting") {
        return Err(Problem::new(ErrorType::AccountDoesNotExist, "no account has this key"));
    }
    let agreed = flag("termsOfServiceAgreed");
    if !agreed && !state.has(Behaviour::NoTerms) {
        return Err(not_agreed(state));
    }
    let contact = contacts(&asked)?.unwrap_or_default();
    if contact.is_empty() && state.has(Behaviour::ContactRequired) {
        return Err(Problem::malformed("Contact information is missing"));
    }
    let binding = state.binding(&asked, &key, &payload.url)?;
    let contact = if state.has(Behaviour::ContactsIgnored) { Vec::new() } else { contact };
    let id = state.new_id();
    let account = Account { key, status: Status::Valid, contact, agreed, binding };
    let response = account.respond(&ca.routes, &id, 201);
    state.accounts.insert(id, account);
    Ok(response)
}

/// RFC 8555 §7.3.6 says 401.
pub(crate) fn deactivated(state: &State) -> Problem {
    let status = if state.has(Behaviour::Deactivated403) { 403 } else { 401 };
    Problem::unauthorized("the account is deactivated").status(status)
}

fn not_agreed(state: &State) -> Problem {
    let detail = format!("agree to the terms of service at {TERMS}");
    if state.has(Behaviour::TermsMalformed) {
        return Problem::malformed(detail);
    }
    Problem::new(ErrorType::UserActionRequired, detail)
        .with("instance", json!(TERMS))
        .header("Link", format!("<{TERMS}>;rel=\"terms-of-service\""))
}

/// Reads, changes or deactivates an account (RFC 8555 §7.3.2 and §7.3.6).
pub(crate) fn update(call: &mut Call<'_>) -> Result<Response, Problem> {
    let ignored = call.state.has(Behaviour::ContactsIgnored);
    let account = own(call.state, call.id, &call.account)?;
    if !call.payload.is_empty() {
        let asked = call.payload.object()?;
        let (contact, deactivate) = (contacts(&asked)?, deactivates(&asked)?);
        if let Some(contact) = contact
            && !ignored
        {
            account.contact = contact;
        }
        if deactivate {
            account.status = Status::Deactivated;
        }
    }
    Ok(account.respond(&call.ca.routes, call.id, 200))
}

/// The account of this id, if it is the signer's.
pub(crate) fn own<'a>(state: &'a mut State, id: &str, signer: &str) -> Result<&'a mut Account, Problem> {
    match state.accounts.get_mut(id) {
        None => Err(Problem::not_found()),
        Some(_) if id != signer => Err(Problem::unauthorized("this is another account")),
        Some(account) => Ok(account),
    }
}

/// The contacts asked for, if any are: e-mail addresses, one in each URL (RFC 8555 §7.3).
fn contacts(asked: &Map<String, Value>) -> Result<Option<Vec<String>>, Problem> {
    let Some(contacts) = asked.get("contact") else { return Ok(None) };
    let not_urls = || Problem::malformed("contact is an array of URLs").breaking("RFC 8555 §7.1.2");
    contacts
        .as_array()
        .ok_or_else(not_urls)?
        .iter()
        .map(|one| contact(one.as_str().ok_or_else(not_urls)?))
        .collect::<Result<_, _>>()
        .map(Some)
}

fn contact(url: &str) -> Result<String, Problem> {
    let Some(address) = url.strip_prefix("mailto:") else {
        return Err(Problem::new(ErrorType::UnsupportedContact, format!("{url:?} is not a mailto: URL")));
    };
    let invalid = |what| Problem::new(ErrorType::InvalidContact, format!("{url:?} {what}"));
    if address.contains(['?', ',']) {
        return Err(invalid("has header fields or a second address").breaking("RFC 8555 §7.3"));
    }
    match address.split_once('@') {
        Some((local, domain)) if !local.is_empty() && domain.contains('.') => Ok(url.to_string()),
        _ => Err(invalid("is not an e-mail address")),
    }
}

/// Whether a change asks for deactivation; no other status can be asked for (RFC 8555 §7.3.6 and §7.5.2).
pub(crate) fn deactivates(asked: &Map<String, Value>) -> Result<bool, Problem> {
    match asked.get("status").map(Value::as_str) {
        None => Ok(false),
        Some(Some("deactivated")) => Ok(true),
        Some(_) => Err(Problem::malformed("the only status that can be asked for is \"deactivated\"")),
    }
}
