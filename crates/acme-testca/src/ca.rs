//! The CA behind its listener: which request goes where, and what every answer carries.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::behaviour::Behaviours;
use crate::breach::Breach;
use crate::envelope::{Envelope, Payload};
use crate::http::{Incoming, Response};
use crate::issue::Issuer;
use crate::log::Request;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::{Id, State};
use crate::workers::{self, Workers};
use crate::{Resource, account, authorization, certificate, order};

/// Where the terms of service are said to be.
pub(crate) const TERMS: &str = "https://testca.invalid/terms";
/// The name of the CA in CAA records (RFC 8659).
pub(crate) const CAA_IDENTITY: &str = "testca.invalid";

/// What all threads share.
pub(crate) struct Ca {
    pub(crate) behaviours: Behaviours,
    pub(crate) http01_addr: SocketAddr,
    pub(crate) routes: Routes,
    pub(crate) issuer: Issuer,
    /// A directory member that means nothing, as Let's Encrypt has one.
    pub(crate) odd_member: String,
    pub(crate) workers: Workers,
    pub(crate) connections: AtomicUsize,
    pub(crate) state: Mutex<State>,
}

impl Ca {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        workers::lock(&self.state)
    }
}

/// Answers a request, and writes down what there is to write down.
pub(crate) fn answer(ca: &Arc<Ca>, request: &Incoming) -> Response {
    let mut state = ca.lock();
    let (resource, id) = ca.routes.find(&request.path);
    let mut response = handle(ca, &mut state, request, resource, id).unwrap_or_else(|problem| {
        if let Some(clause) = problem.clause() {
            let what = format!("{} {resource}: {}", request.method, problem.detail());
            state.breaches.push(Breach { clause, what });
        }
        problem.into_response()
    });
    if resource != Resource::Directory {
        // RFC 8555 §7.1
        response = response.header("Link", format!("<{}>;rel=\"index\"", ca.routes.directory()));
    }
    if request.method == "POST" || resource == Resource::NewNonce {
        // RFC 8555 §6.5 and §7.2
        response = response.header("Replay-Nonce", state.new_nonce()).header("Cache-Control", "no-store");
    }
    let (method, path) = (request.method.clone(), request.path.clone());
    state.requests.push(Request { method, path, resource, status: response.status });
    response
}

fn handle(
    ca: &Arc<Ca>,
    state: &mut State,
    request: &Incoming,
    resource: Resource,
    id: &str,
) -> Result<Response, Problem> {
    check_headers(request)?;
    match (resource, request.method.as_str()) {
        (Resource::Unknown, _) => Err(Problem::not_found()),
        (Resource::Directory, "GET" | "HEAD") => Ok(directory(ca)),
        (Resource::NewNonce, "HEAD") => Ok(Response::empty(200)),
        (Resource::NewNonce, "GET") => Ok(Response::empty(204)),
        (_, "POST") => {
            let envelope = Envelope::open(ca, state, request)?;
            signed(ca, state, envelope, resource, id)
        }
        (_, method) => Err(Problem::malformed(format!("found {method}, expected a signed POST"))
            .status(405)
            .header("Allow", "POST".to_string())
            .breaking("RFC 8555 §6.3")),
    }
}

fn check_headers(request: &Incoming) -> Result<(), Problem> {
    if request.header("User-Agent").is_none_or(str::is_empty) {
        return Err(Problem::malformed("no User-Agent").breaking("RFC 8555 §6.1"));
    }
    if request.header("Replay-Nonce").is_some() {
        return Err(Problem::malformed("found Replay-Nonce in a request").breaking("RFC 8555 §6.5.1"));
    }
    Ok(())
}

/// Sends a POST to the resource it is for.
fn signed(
    ca: &Arc<Ca>,
    state: &mut State,
    envelope: Envelope,
    resource: Resource,
    id: &str,
) -> Result<Response, Problem> {
    match resource {
        Resource::NewAccount => {
            let (key, payload) = envelope.by_key()?;
            account::create(ca, state, key, &payload)
        }
        Resource::RevokeCert => certificate::revoke(ca, state, envelope),
        _ => {
            let (account, payload) = envelope.by_account(ca, state)?;
            by_account(resource, &mut Call { ca, state, account, id, payload })
        }
    }
}

/// A request that an account has signed.
pub(crate) struct Call<'a> {
    pub(crate) ca: &'a Arc<Ca>,
    pub(crate) state: &'a mut State,
    /// Whose request it is.
    pub(crate) account: Id,
    /// What it is about: empty for resources of which there is one.
    pub(crate) id: &'a str,
    pub(crate) payload: Payload,
}

fn by_account(resource: Resource, call: &mut Call<'_>) -> Result<Response, Problem> {
    match resource {
        // RFC 8555 §6.3 wants these two to be readable by POST-as-GET as well.
        Resource::Directory => call.payload.nothing().map(|()| directory(call.ca)),
        Resource::NewNonce => call.payload.nothing().map(|()| Response::empty(204)),
        Resource::Account => account::update(call),
        Resource::Orders => account::orders(call),
        Resource::KeyChange => account::change_key(call),
        Resource::NewOrder => order::create(call),
        Resource::Order => order::read(call),
        Resource::Finalize => order::finalize(call),
        Resource::Authorization => authorization::update(call),
        Resource::Challenge => authorization::respond(call),
        Resource::Certificate => certificate::download(call),
        Resource::NewAccount | Resource::RevokeCert | Resource::Unknown => Err(Problem::not_found()),
    }
}

/// RFC 8555 §7.1.1
fn directory(ca: &Ca) -> Response {
    let mut meta = json!({ "website": "https://testca.invalid/", "caaIdentities": [CAA_IDENTITY] });
    if ca.behaviours.terms() {
        meta["termsOfService"] = json!(TERMS);
    }
    let mut directory = json!({ "meta": meta });
    for resource in
        [Resource::NewNonce, Resource::NewAccount, Resource::NewOrder, Resource::RevokeCert, Resource::KeyChange]
    {
        directory[resource.name()] = json!(ca.routes.url(resource));
    }
    directory[ca.odd_member.as_str()] = Value::from("https://testca.invalid/adding-random-entries-to-the-directory");
    Response::json(200, &directory)
}
