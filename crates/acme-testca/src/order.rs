//! Orders: created, read, finalized (RFC 8555 §7.4).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use acme_jose::{Jwk, base64url};
use acme_x509::Csr;
use serde_json::{Map, Value, json};

use crate::Resource;
use crate::authorization;
use crate::ca::{Ca, Call};
use crate::certificate::Certificate;
use crate::envelope::Payload;
use crate::http::Response;
use crate::identifier::Identifier;
use crate::problem::{ErrorType, Problem};
use crate::state::{Id, Owned, State, Status, owned, owned_mut, timestamp};

/// When an order or authorization says that it expires. Nobody sees to it: no test CA lives for so long.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

/// Identifiers an order may have, as many as Let's Encrypt allows.
const MAX_IDENTIFIERS: usize = 100;

/// An order (RFC 8555 §7.1.3).
pub(crate) struct Order {
    pub(crate) account: Id,
    identifiers: BTreeSet<Identifier>,
    authorizations: Vec<Id>,
    stage: Stage,
    expires: String,
}

/// How far finalization has come.
enum Stage {
    /// Not asked for: the authorizations decide what the status is.
    Open,
    Processing,
    Valid(Id),
    Invalid(Problem),
}

impl Owned for Order {
    fn owner(&self) -> &str {
        &self.account
    }
}

impl Order {
    pub(crate) fn status(&self, state: &State) -> Status {
        match self.stage {
            Stage::Processing => Status::Processing,
            Stage::Valid(_) => Status::Valid,
            Stage::Invalid(_) => Status::Invalid,
            Stage::Open => {
                let statuses = self.authorizations.iter().filter_map(|id| state.authorizations.get(id));
                statuses.map(|authorization| authorization.status).fold(Status::Ready, |order, one| {
                    match (order, one) {
                        (Status::Ready, Status::Valid) => Status::Ready,
                        (Status::Ready | Status::Pending, Status::Valid | Status::Pending) => Status::Pending,
                        _ => Status::Invalid,
                    }
                })
            }
        }
    }
}

/// newOrder (RFC 8555 §7.4).
pub(crate) fn create(call: &mut Call<'_>) -> Result<Response, Problem> {
    let asked = call.payload.object()?;
    if asked.contains_key("notBefore") || asked.contains_key("notAfter") {
        return Err(Problem::malformed("this CA chooses notBefore and notAfter itself"));
    }
    let identifiers = identifiers(&asked)?;
    let reuse = call.ca.behaviours.authorization_reuse();
    let authorizations = identifiers
        .iter()
        .map(|identifier| authorization::for_order(call.state, &call.account, identifier, reuse))
        .collect();
    let id = call.state.new_id();
    let account = call.account.clone();
    let order = Order { account, identifiers, authorizations, stage: Stage::Open, expires: timestamp(LIFETIME) };
    call.state.orders.insert(id.clone(), order);
    let location = call.ca.routes.url_of(Resource::Order, &id);
    respond(call.ca, call.state, &id, 201).map(|response| response.header("Location", location))
}

/// The identifiers asked for, without doubles; all that are wrong with them is said at once (RFC 8555 §6.7.1).
fn identifiers(asked: &Map<String, Value>) -> Result<BTreeSet<Identifier>, Problem> {
    let found = asked.get("identifiers").and_then(Value::as_array).filter(|found| !found.is_empty());
    let found = found.ok_or_else(|| Problem::malformed("an order has identifiers").breaking("RFC 8555 §7.4"))?;
    if found.len() > MAX_IDENTIFIERS {
        let detail = format!("found {} identifiers, {MAX_IDENTIFIERS} are allowed", found.len());
        return Err(Problem::new(ErrorType::RejectedIdentifier, detail));
    }
    let mut good = BTreeSet::new();
    let mut bad = Vec::new();
    for object in found {
        match Identifier::parse(object) {
            Ok(identifier) => drop(good.insert(identifier)),
            Err(problem) => bad.push((object.clone(), problem)),
        }
    }
    if bad.is_empty() { Ok(good) } else { Err(Problem::compound(bad)) }
}

/// Reads an order.
pub(crate) fn read(call: &mut Call<'_>) -> Result<Response, Problem> {
    call.payload.nothing()?;
    owned(&call.state.orders, call.id, &call.account)?;
    respond(call.ca, call.state, call.id, 200)
}

/// finalize: takes the CSR, then signs in the background (RFC 8555 §7.4).
pub(crate) fn finalize(call: &mut Call<'_>) -> Result<Response, Problem> {
    let order = owned(&call.state.orders, call.id, &call.account)?;
    let status = order.status(call.state);
    if status != Status::Ready {
        let detail = format!("the order is {}, expected ready", status.name());
        return Err(Problem::new(ErrorType::OrderNotReady, detail).breaking("RFC 8555 §7.4"));
    }
    let key = checked_csr(call.state, order, &call.payload)?.public_key().clone();
    let identifiers = order.identifiers.clone();
    let serial = call.state.random.octets();
    owned_mut(&mut call.state.orders, call.id, &call.account)?.stage = Stage::Processing;
    let response = respond(call.ca, call.state, call.id, 200)?;
    let (ca, id) = (Arc::clone(call.ca), call.id.to_string());
    call.ca.workers.spawn(move || sign(&ca, &id, &identifiers, key, serial));
    Ok(response)
}

/// The request of a finalize, if it asks for just what was ordered.
fn checked_csr(state: &State, order: &Order, payload: &Payload) -> Result<Csr, Problem> {
    let bad = |detail: String| Problem::new(ErrorType::BadCsr, detail);
    let asked = payload.object()?;
    let text = asked.get("csr").and_then(Value::as_str).unwrap_or_default();
    let der = base64url::decode(text).map_err(|error| bad(format!("csr is {error}")).breaking("RFC 8555 §6.1"))?;
    let csr = Csr::from_der(&der).map_err(|error| bad(error.to_string()).breaking("RFC 8555 §7.4"))?;
    let names = csr.names().iter().map(Identifier::from).collect();
    if names != order.identifiers {
        let detail = format!("the CSR is for {}; the order for {}", list(&names), list(&order.identifiers));
        return Err(bad(detail).breaking("RFC 8555 §7.4"));
    }
    if state.account_by_key(csr.public_key()).is_some() {
        return Err(bad("the key of the CSR is an account key".into()).breaking("RFC 8555 §11.1"));
    }
    Ok(csr)
}

fn list(identifiers: &BTreeSet<Identifier>) -> String {
    identifiers.iter().map(Identifier::to_string).collect::<Vec<_>>().join(", ")
}

/// Signs for what was ordered, and tells the order.
fn sign(ca: &Ca, id: &str, identifiers: &BTreeSet<Identifier>, key: Jwk, serial: [u8; 16]) {
    let issued = ca.issuer.issue(&key, identifiers, serial);
    let mut state = ca.lock();
    let certificate = state.new_id();
    let Some(order) = state.orders.get_mut(id) else { return };
    match issued {
        Ok(issued) => {
            order.stage = Stage::Valid(certificate.clone());
            let (account, names) = (order.account.clone(), order.identifiers.clone());
            state.certificates.insert(certificate, Certificate::new(account, names, key, issued));
        }
        Err(error) => order.stage = Stage::Invalid(Problem::new(ErrorType::ServerInternal, error.to_string())),
    }
}

fn respond(ca: &Ca, state: &mut State, id: &str, status: u16) -> Result<Response, Problem> {
    let order = state.orders.get(id).ok_or_else(Problem::not_found)?;
    let order_status = order.status(state);
    let mut identifiers: Vec<_> = order.identifiers.iter().map(Identifier::to_json).collect();
    let mut authorizations: Vec<_> =
        order.authorizations.iter().map(|id| ca.routes.url_of(Resource::Authorization, id)).collect();
    // Nobody may depend on their order (RFC 8555 §7.1.3).
    state.random.shuffle(&mut identifiers);
    state.random.shuffle(&mut authorizations);
    let mut object = json!({
        "status": order_status.name(),
        "expires": order.expires,
        "identifiers": identifiers,
        "authorizations": authorizations,
        "finalize": ca.routes.url_of(Resource::Finalize, id),
    });
    match &order.stage {
        Stage::Valid(certificate) => {
            object["certificate"] = ca.routes.url_of(Resource::Certificate, certificate).into()
        }
        Stage::Invalid(problem) => object["error"] = problem.to_json(),
        Stage::Open | Stage::Processing => {}
    }
    let response = Response::json(status, &object);
    if order_status != Status::Processing {
        return Ok(response);
    }
    Ok(response.header("Retry-After", ca.behaviours.retry_after().as_secs().to_string()))
}
