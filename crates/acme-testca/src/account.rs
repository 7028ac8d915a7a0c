//! Accounts: created, found, read, changed, given another key (RFC 8555 §7.3).

use acme_jose::{Jwk, Jws, ParsedKeyId};
use serde_json::{Map, Value, json};

use crate::Resource;
use crate::ca::{Ca, Call, TERMS};
use crate::envelope::{Payload, check_url, refusal};
use crate::http::Response;
use crate::order::Order;
use crate::problem::{ErrorType, Problem};
use crate::routes::Routes;
use crate::state::{State, Status};

/// An account (RFC 8555 §7.1.2).
pub(crate) struct Account {
    pub(crate) key: Jwk,
    pub(crate) status: Status,
    contact: Vec<String>,
    agreed: bool,
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
        object
    }

    fn respond(&self, routes: &Routes, id: &str, status: u16) -> Response {
        Response::json(status, &self.to_json(routes, id)).header("Location", routes.url_of(Resource::Account, id))
    }
}

/// newAccount: finds the account of this key, or creates it (RFC 8555 §7.3 and §7.3.1).
pub(crate) fn create(ca: &Ca, state: &mut State, key: Jwk, payload: &Payload) -> Result<Response, Problem> {
    let asked = payload.object()?;
    let flag = |name: &str| asked.get(name).and_then(Value::as_bool) == Some(true);
    if let Some((id, account)) = state.account_by_key(&key) {
        return match account.status {
            Status::Valid => Ok(account.respond(&ca.routes, id, 200)),
            _ => Err(Problem::unauthorized("the account of this key is deactivated").status(401)),
        };
    }
    if flag("onlyReturnExisting") {
        return Err(Problem::new(ErrorType::AccountDoesNotExist, "no account has this key"));
    }
    let agreed = flag("termsOfServiceAgreed");
    if ca.behaviours.terms() && !agreed {
        return Err(Problem::new(ErrorType::UserActionRequired, format!("agree to the terms of service at {TERMS}"))
            .with("instance", json!(TERMS))
            .header("Link", format!("<{TERMS}>;rel=\"terms-of-service\"")));
    }
    let contact = contacts(&asked)?.unwrap_or_default();
    let id = state.new_id();
    let account = Account { key, status: Status::Valid, contact, agreed };
    let response = account.respond(&ca.routes, &id, 201);
    state.accounts.insert(id, account);
    Ok(response)
}

/// Reads, changes or deactivates an account (RFC 8555 §7.3.2 and §7.3.6).
pub(crate) fn update(call: &mut Call<'_>) -> Result<Response, Problem> {
    let account = own(call.state, call.id, &call.account)?;
    if !call.payload.is_empty() {
        let asked = call.payload.object()?;
        let (contact, deactivate) = (contacts(&asked)?, deactivates(&asked)?);
        if let Some(contact) = contact {
            account.contact = contact;
        }
        if deactivate {
            account.status = Status::Deactivated;
        }
    }
    Ok(account.respond(&call.ca.routes, call.id, 200))
}

/// The orders of an account, without those that are invalid (RFC 8555 §7.1.2.1), on one page.
pub(crate) fn orders(call: &mut Call<'_>) -> Result<Response, Problem> {
    call.payload.nothing()?;
    own(call.state, call.id, &call.account)?;
    let listed = |order: &Order| order.account == call.id && order.status(call.state) != Status::Invalid;
    let orders = call.state.orders.iter().filter(|(_, order)| listed(order));
    let urls: Vec<_> = orders.map(|(order, _)| call.ca.routes.url_of(Resource::Order, order)).collect();
    Ok(Response::json(200, &json!({ "orders": urls })))
}

/// keyChange: two signatures, the old key's around the new key's (RFC 8555 §7.3.5).
pub(crate) fn change_key(call: &mut Call<'_>) -> Result<Response, Problem> {
    let new_key = new_key(call).map_err(|problem| problem.breaking("RFC 8555 §7.3.5"))?;
    if let Some((other, _)) = call.state.account_by_key(&new_key) {
        let location = call.ca.routes.url_of(Resource::Account, other);
        return Err(Problem::malformed("the new key is the key of an account")
            .status(409)
            .header("Location", location));
    }
    let account = own(call.state, &call.account, &call.account)?;
    account.key = new_key;
    Ok(account.respond(&call.ca.routes, &call.account, 200))
}

/// The key of the inner JWS, if all of it is as it should be.
fn new_key(call: &mut Call<'_>) -> Result<Jwk, Problem> {
    let inner = Jws::from_json(&call.payload.octets).map_err(refusal)?;
    let header = inner.header().map_err(refusal)?;
    let ParsedKeyId::Jwk(key) = header.key.clone() else {
        return Err(Problem::malformed("the inner JWS has a kid, expected a jwk"));
    };
    if header.nonce.is_some() {
        return Err(Problem::malformed("the inner JWS has a nonce, expected none"));
    }
    check_url(&header, &call.payload.url)?;
    inner.verify(&key).map_err(|error| Problem::malformed(format!("the inner JWS: {error}")))?;
    check_inner(call, &Payload { octets: inner.payload(), url: String::new() }.object()?)?;
    Ok(key)
}

/// What the holder of the new key agrees to: to take over this account from this key.
fn check_inner(call: &mut Call<'_>, agreed: &Map<String, Value>) -> Result<(), Problem> {
    let account = own(call.state, &call.account, &call.account)?;
    if agreed.get("account") != Some(&json!(call.ca.routes.url_of(Resource::Account, &call.account))) {
        return Err(Problem::malformed("the inner account is not the outer kid"));
    }
    let old = agreed.get("oldKey").and_then(|old| Jwk::from_json(old.to_string().as_bytes()).ok());
    if old.as_ref() != Some(&account.key) {
        return Err(Problem::malformed("oldKey is not the key of the account"));
    }
    Ok(())
}

fn own<'a>(state: &'a mut State, id: &str, signer: &str) -> Result<&'a mut Account, Problem> {
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
