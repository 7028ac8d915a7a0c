//! The CA behind its listener: which request goes where, and what every answer carries.

use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use crate::behaviour::Behaviour;
use crate::disguise;
use crate::envelope::{Envelope, Payload};
use crate::http::Incoming;
use crate::issue::Issuer;
use crate::log::Request;
use crate::manners::{self, Conversation, Sight};
use crate::problem::Problem;
use crate::refusal;
use crate::response::Response;
use crate::routes::Routes;
use crate::state::{Id, State};
use crate::workers::{self, Workers};
use crate::{Resource, account, authorization, certificate, challenge, directory, key_change, order, orders, renewal};

/// Where the terms of service are said to be.
pub(crate) const TERMS: &str = "https://testca.invalid/terms";
/// The name of the CA in CAA records (RFC 8659).
pub(crate) const CAA_IDENTITY: &str = "testca.invalid";

/// What all threads share.
pub(crate) struct Ca {
    pub(crate) http01_addr: SocketAddr,
    pub(crate) routes: Routes,
    pub(crate) issuer: Issuer,
    /// Names and descriptions; the first is the one that is chosen when none is asked for.
    pub(crate) profiles: Vec<(String, String)>,
    /// A directory member that means nothing, as Let's Encrypt has one.
    pub(crate) odd_member: String,
    pub(crate) workers: Workers,
    pub(crate) connections: AtomicUsize,
    pub(crate) state: Mutex<State>,
    /// Told of every validation that has ended.
    pub(crate) settled: Condvar,
}

impl Ca {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        workers::lock(&self.state)
    }
}

/// Answers a request, and writes down what there is to write down.
pub(crate) fn answer(ca: &Arc<Ca>, conversation: &mut Conversation, request: &Incoming) -> Response {
    let mut state = ca.lock();
    order::expire(&mut state);
    let sight = Sight::of(ca, request);
    let outcome = handle(ca, &mut state, conversation, request, &sight);
    let (mut state, outcome) = challenge::wait_if_asked(ca, state, &sight, outcome);
    let mut response = outcome.unwrap_or_else(|problem| {
        if let Some(clause) = problem.clause() {
            state.breach(clause, format!("{} {}: {}", request.method, sight.resource, problem.detail()));
        }
        problem.into_response()
    });
    if sight.resource != Resource::Directory {
        // RFC 8555 §7.1
        response = response.header("Link", format!("<{}>;rel=\"index\"", ca.routes.directory()));
    }
    if request.method == "POST" || sight.resource == Resource::NewNonce {
        // RFC 8555 §6.5 and §7.2
        response = response.header("Replay-Nonce", state.new_nonce()).header("Cache-Control", "no-store");
    }
    disguise::apply(ca, &mut state, &sight, &mut response);
    manners::after(&mut state, conversation, &sight, &response);
    disguise::write_pause(&state, &mut response);
    disguise::write_date(&state, &mut response);
    log(&mut state, request, sight, &response);
    response
}

fn log(state: &mut State, request: &Incoming, sight: Sight<'_>, response: &Response) {
    let (method, path, headers) = (request.method.clone(), request.path.clone(), request.headers.clone());
    let status = if disguise::is_seen(response) { response.status } else { 0 };
    state.requests.push(Request { method, path, resource: sight.resource, status, headers, payload: sight.payload });
}

fn handle(
    ca: &Arc<Ca>,
    state: &mut State,
    conversation: &mut Conversation,
    request: &Incoming,
    sight: &Sight<'_>,
) -> Result<Response, Problem> {
    check_headers(request)?;
    manners::before(state, conversation, sight)?;
    match (sight.resource, request.method.as_str()) {
        (Resource::Unknown, _) => Err(Problem::not_found()),
        (Resource::Directory, "GET" | "HEAD") => Ok(directory::read(ca, state, sight.id)),
        (Resource::NewNonce, "HEAD") => Ok(Response::empty(if state.has(Behaviour::Nonce204) { 204 } else { 200 })),
        (Resource::NewNonce, "GET") => Ok(Response::empty(204)),
        (Resource::RenewalInfo, "GET") => renewal::read(ca, state, sight.id),
        (Resource::RenewalInfo, method) => {
            Err(wrong_method(method, "a plain GET").header("Allow", "GET".into()).breaking("RFC 9773 §4.1"))
        }
        (_, "POST") => {
            let envelope = Envelope::open(ca, state, request)?;
            signed(ca, state, envelope, sight)
        }
        (_, method) => {
            Err(wrong_method(method, "a signed POST").header("Allow", "POST".into()).breaking("RFC 8555 §6.3"))
        }
    }
}

fn wrong_method(found: &str, expected: &str) -> Problem {
    Problem::malformed(format!("found {found}, expected {expected}")).status(405)
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
fn signed(ca: &Arc<Ca>, state: &mut State, envelope: Envelope, sight: &Sight<'_>) -> Result<Response, Problem> {
    match sight.resource {
        Resource::NewAccount => {
            let (key, payload) = envelope.by_key()?;
            refusal::check(state, sight)?;
            account::create(ca, state, key, &payload)
        }
        Resource::RevokeCert => certificate::revoke(ca, state, envelope),
        resource => {
            let (account, payload) = envelope.by_account(ca, state)?;
            if let Some(moved) = refusal::moved(ca, state, resource) {
                return Ok(moved);
            }
            refusal::check(state, sight)?;
            by_account(resource, &mut Call { ca, state, account, id: sight.id, payload })
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
        Resource::Directory => call.payload.nothing().map(|()| directory::read(call.ca, call.state, call.id)),
        Resource::NewNonce => call.payload.nothing().map(|()| Response::empty(204)),
        Resource::Account => account::update(call),
        Resource::Orders => orders::list(call),
        Resource::KeyChange => key_change::change(call),
        Resource::NewOrder => order::create(call),
        Resource::Order => order::read(call),
        Resource::Finalize => order::finalize(call),
        Resource::NewAuthz => authorization::create(call),
        Resource::Authorization => authorization::update(call),
        Resource::Challenge => challenge::respond(call),
        Resource::Certificate => certificate::download(call),
        Resource::NewAccount | Resource::RevokeCert | Resource::RenewalInfo | Resource::Unknown => {
            Err(Problem::not_found())
        }
    }
}
