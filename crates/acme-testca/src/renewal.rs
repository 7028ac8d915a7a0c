//! Renewal information, and orders that replace certificates (RFC 9773).

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::behaviour::Behaviour;
use crate::ca::Ca;
use crate::certificate::Certificate;
use crate::clock::timestamp;
use crate::identifier::Identifier;
use crate::problem::{ErrorType, Problem};
use crate::response::Response;
use crate::state::{Id, State, Status};

/// Seconds until a client should ask again.
const PAUSE: u64 = 21_600;

/// When a certificate should be renewed (RFC 9773 §4.2). Anybody may ask.
pub(crate) fn read(ca: &Ca, state: &mut State, id: &str) -> Result<Response, Problem> {
    if state.does(Behaviour::Ari503) {
        return Err(Problem::new(ErrorType::ServerInternal, "no renewal information just now").status(503));
    }
    let certificate = find(state, id).map(|(_, certificate)| certificate);
    let certificate = certificate.filter(|_| !state.has(Behaviour::Ari404));
    let certificate = certificate.ok_or_else(|| Problem::malformed("this CA did not issue it").status(404))?;
    let (start, end) = state.renewal_window.unwrap_or_else(|| window(certificate));
    let (start, end) = if state.has(Behaviour::AriReversed) { (end, start) } else { (start, end) };
    let mut object = json!({ "suggestedWindow": { "start": timestamp(start), "end": timestamp(end) } });
    if state.has(Behaviour::AriExplanation) {
        object["explanationURL"] = json!(ca.routes.absolute("/why-renew"));
    }
    let response = Response::json(200, object);
    if state.has(Behaviour::AriNoRetryAfter) {
        return Ok(response);
    }
    Ok(response.pause(state.number(Behaviour::AriRetryAfter).unwrap_or(PAUSE)))
}

/// A window of 2 % of the lifetime after two thirds of it, as Let's Encrypt has it; at once for a revoked certificate.
fn window(certificate: &Certificate) -> (SystemTime, SystemTime) {
    let (start, end) = certificate.validity;
    let lifetime = end.duration_since(start).unwrap_or_default();
    if certificate.revoked {
        return (start, start + lifetime / 50);
    }
    let middle = start + lifetime * 2 / 3;
    (middle - lifetime / 100, middle + lifetime / 100)
}

fn find<'a>(state: &'a State, id: &str) -> Option<(&'a Id, &'a Certificate)> {
    state.certificates.iter().find(|(_, certificate)| certificate.renewal_id == id)
}

/// The certificate that a new order replaces, if there is one and it can be replaced (RFC 9773 §5).
pub(crate) fn replaced(
    state: &mut State,
    account: &str,
    asked: &Map<String, Value>,
    names: &BTreeSet<Identifier>,
) -> Result<Option<String>, Problem> {
    let Some(id) = asked.get("replaces").filter(|id| !id.is_null()) else { return Ok(None) };
    let Some(id) = id.as_str() else {
        return Err(Problem::malformed("replaces is no text").breaking("RFC 9773 §5"));
    };
    if state.has(Behaviour::NoRenewalInfo) {
        state.advise("RFC 9773 §5", "replaces, though this CA has no renewalInfo".to_string());
    }
    if state.has(Behaviour::ReplacesIgnored) {
        return Ok(None);
    }
    refuse(state)?;
    let Some((_, certificate)) = find(state, id) else {
        return Err(Problem::malformed(format!("the certificate {id} to be replaced is not of this CA")).status(404));
    };
    if certificate.account != account {
        return Err(Problem::unauthorized("the certificate to be replaced is another account's"));
    }
    if certificate.names.is_disjoint(names) {
        return Err(Problem::malformed("the certificate to be replaced has none of these names"));
    }
    let order = certificate.replaced_by.as_ref().and_then(|order| state.orders.get(order));
    if order.is_some_and(|order| order.status(state) != Status::Invalid) {
        let detail = format!("the certificate {id} has been replaced already");
        return Err(Problem::new(ErrorType::AlreadyReplaced, detail));
    }
    Ok(Some(id.to_string()))
}

/// Refuses what is right, where the CA is so.
fn refuse(state: &State) -> Result<(), Problem> {
    let detail = "this CA refuses what is to be replaced";
    if state.has(Behaviour::ReplacesConflict) {
        return Err(Problem::new(ErrorType::Conflict, detail));
    }
    match state.number(Behaviour::ReplacesRefused) {
        None => Ok(()),
        Some(409) => Err(Problem::new(ErrorType::AlreadyReplaced, detail)),
        Some(403) => Err(Problem::unauthorized(detail)),
        Some(500) => Err(Problem::new(ErrorType::ServerInternal, detail)),
        Some(status) => Err(Problem::malformed(detail).status(u16::try_from(status).unwrap_or(400))),
    }
}

/// Notes which order replaces the certificate.
pub(crate) fn note(state: &mut State, replaced: Option<&str>, order: &str) {
    let id = replaced.and_then(|id| find(state, id)).map(|(id, _)| id.clone());
    if let Some(certificate) = id.and_then(|id| state.certificates.get_mut(&id)) {
        certificate.replaced_by = Some(order.to_string());
    }
}
