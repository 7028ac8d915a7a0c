//! What a CA would let pass: haste, needless requests, members that should not be there. All of it is noted.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use acme_jose::Jws;
use serde_json::Value;

use crate::Resource;
use crate::behaviour::Behaviour;
use crate::ca::Ca;
use crate::http::Incoming;
use crate::problem::Problem;
use crate::response::{Fate, Response};
use crate::state::{Id, State};

/// What one connection was given so far.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    nonce: Option<String>,
    directory: bool,
}

/// Until when a request should not be made again, and by which clause.
#[derive(Debug, Default)]
pub(crate) struct Waits(HashMap<(Resource, Id, Vec<u8>), (SystemTime, &'static str)>);

/// A request before it is looked at: where it goes and what its payload seems to be, signature unseen.
pub(crate) struct Sight<'a> {
    pub(crate) method: &'a str,
    pub(crate) resource: Resource,
    pub(crate) id: &'a str,
    pub(crate) payload: Vec<u8>,
}

impl<'a> Sight<'a> {
    pub(crate) fn of(ca: &Ca, request: &'a Incoming) -> Self {
        let (resource, id) = ca.routes.find(&request.path);
        let payload = Jws::from_json(&request.body).map(|jws| jws.payload()).unwrap_or_default();
        Self { method: &request.method, resource, id, payload }
    }

    /// The object, and the part of the request that makes two requests the same.
    fn key(&self) -> (Resource, Id, Vec<u8>) {
        (self.resource, self.id.to_string(), self.payload.clone())
    }

    /// What the payload of this resource is described in.
    fn payload_clause(&self) -> &'static str {
        match self.resource {
            Resource::NewAccount | Resource::Account => "RFC 8555 §7.3",
            Resource::NewOrder | Resource::Finalize => "RFC 8555 §7.4",
            Resource::RevokeCert => "RFC 8555 §7.6",
            _ => "RFC 8555 §7.5",
        }
    }
}

/// Looks at a request before it is answered. A refusal is one that not every CA would give.
pub(crate) fn before(state: &mut State, conversation: &mut Conversation, sight: &Sight<'_>) -> Result<(), Problem> {
    needless(state, conversation, sight);
    haste(state, sight);
    members(state, sight)
}

fn needless(state: &mut State, conversation: &mut Conversation, sight: &Sight<'_>) {
    match sight.resource {
        Resource::NewNonce if conversation.nonce.as_ref().is_some_and(|nonce| state.nonces.is_good(nonce)) => {
            state.advise("RFC 8555 §6.5", "a new nonce was fetched while one was at hand".to_string());
        }
        Resource::Directory if std::mem::replace(&mut conversation.directory, true) => {
            state.advise("RFC 8555 §7.1.1", "the directory was fetched twice on one connection".to_string());
        }
        Resource::Order | Resource::Authorization | Resource::Challenge
            if sight.payload.is_empty() && state.decided.contains(&(sight.resource, sight.id.to_string())) =>
        {
            state.advise("RFC 8555 §7.1.6", format!("{} was read again after it was decided", sight.resource));
        }
        _ => {}
    }
}

fn haste(state: &mut State, sight: &Sight<'_>) {
    let now = state.clock.now();
    let Some(&(until, clause)) = state.waits.0.get(&sight.key()) else { return };
    if let Ok(left) = until.duration_since(now)
        && !left.is_zero()
    {
        let what = format!("{} {}: made {left:?} before Retry-After allows it", sight.method, sight.resource);
        state.breach(clause, what);
    }
}

/// Null is no string, array or boolean; and newAccount has members of four names only.
fn members(state: &mut State, sight: &Sight<'_>) -> Result<(), Problem> {
    let Ok(Value::Object(members)) = serde_json::from_slice(&sight.payload) else { return Ok(()) };
    let clause = sight.payload_clause();
    if let Some((name, _)) = members.iter().find(|(_, value)| value.is_null()) {
        let what = format!("{name} is null: leave it out");
        if state.has(Behaviour::NullMembers) {
            return Err(Problem::malformed(what).breaking(clause));
        }
        state.breach(clause, format!("POST {}: {what}", sight.resource));
    }
    let known = ["contact", "termsOfServiceAgreed", "onlyReturnExisting", "externalAccountBinding"];
    if sight.resource == Resource::NewAccount
        && let Some(name) = members.keys().find(|name| !known.contains(&name.as_str()))
    {
        state.breach(clause, format!("POST newAccount: {name:?} is no member of a new account"));
    }
    Ok(())
}

/// Remembers what the client was told.
pub(crate) fn after(state: &mut State, conversation: &mut Conversation, sight: &Sight<'_>, response: &Response) {
    if matches!(response.fate, Fate::Lost | Fate::Hung | Fate::CutOff { .. }) {
        return;
    }
    if let Some((_, nonce)) = response.headers.iter().find(|(name, _)| *name == "Replay-Nonce") {
        conversation.nonce = Some(nonce.clone());
    }
    // An order is what finalize answers with.
    let resource = if sight.resource == Resource::Finalize { Resource::Order } else { sight.resource };
    if matches!(response.object_status(), "valid" | "invalid") {
        state.decided.insert((resource, sight.id.to_string()));
    }
    let waits = matches!(response.object_status(), "pending" | "processing");
    let (key, clause) = match (response.status, resource) {
        (429 | 503, _) => (sight.key(), "RFC 8555 §6.6"),
        (_, Resource::RenewalInfo) => (sight.key(), "RFC 9773 §4.3.2"),
        (_, Resource::Order) if waits => ((resource, sight.id.to_string(), Vec::new()), "RFC 8555 §7.4"),
        (_, Resource::Authorization | Resource::Challenge) if waits => {
            ((resource, sight.id.to_string(), Vec::new()), "RFC 8555 §7.5.1")
        }
        _ => return,
    };
    match response.pause {
        Some(seconds) => {
            // A date has no parts of a second.
            let seconds = if state.has(Behaviour::RetryAfterDate) { seconds.saturating_sub(1) } else { seconds };
            let until = state.clock.after(Duration::from_secs(seconds));
            state.waits.0.insert(key, (until, clause));
        }
        None => drop(state.waits.0.remove(&key)),
    }
}
