//! Authorizations and their challenges (RFC 8555 §7.5).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Resource;
use crate::account::deactivates;
use crate::ca::{CAA_IDENTITY, Ca, Call};
use crate::http::Response;
use crate::identifier::Identifier;
use crate::order::LIFETIME;
use crate::problem::Problem;
use crate::routes::Routes;
use crate::state::{Id, Owned, State, Status, owned, owned_mut, timestamp};
use crate::validate::{self, Task};

/// An authorization (RFC 8555 §7.1.4).
pub(crate) struct Authorization {
    account: Id,
    /// Without `*.`.
    pub(crate) identifier: Identifier,
    pub(crate) wildcard: bool,
    pub(crate) status: Status,
    challenges: Vec<Id>,
    expires: String,
}

impl Owned for Authorization {
    fn owner(&self) -> &str {
        &self.account
    }
}

/// A challenge (RFC 8555 §8).
pub(crate) struct Challenge {
    account: Id,
    authorization: Id,
    kind: &'static str,
    /// Some kinds have none.
    token: Option<String>,
    status: Status,
    error: Option<Problem>,
    validated: Option<String>,
}

impl Owned for Challenge {
    fn owner(&self) -> &str {
        &self.account
    }
}

impl Challenge {
    fn to_json(&self, routes: &Routes, id: &str) -> Value {
        let mut object = json!({
            "type": self.kind,
            "url": routes.url_of(Resource::Challenge, id),
            "status": self.status.name(),
        });
        match &self.token {
            Some(token) => object["token"] = json!(token),
            None => object["issuer-domain-names"] = json!([CAA_IDENTITY]),
        }
        if let Some(error) = &self.error {
            object["error"] = error.to_json();
        }
        if let Some(validated) = &self.validated {
            object["validated"] = json!(validated);
        }
        object
    }
}

/// The kinds of challenge that can prove control of an identifier.
fn kinds(identifier: &Identifier, wildcard: bool) -> Vec<&'static str> {
    match identifier {
        Identifier::Dns(_) if wildcard => vec!["dns-01", "dns-persist-01"],
        Identifier::Dns(_) => vec!["http-01", "dns-01", "tls-alpn-01", "dns-persist-01"],
        // RFC 8738 §7
        Identifier::Ip(_) => vec!["http-01", "tls-alpn-01"],
    }
}

/// The authorization of `identifier` for a new order: in `reuse` percent of cases a valid one, if there is one.
pub(crate) fn for_order(state: &mut State, account: &Id, identifier: &Identifier, reuse: u8) -> Id {
    if let Some(id) = valid(state, account, identifier)
        && state.random.percent(reuse)
    {
        return id;
    }
    let (base, wildcard) = identifier.base();
    let authorization = state.new_id();
    let challenges = kinds(&base, wildcard).into_iter().map(|kind| offer(state, account, &authorization, kind));
    let challenges = challenges.collect();
    let offered = Authorization {
        account: account.clone(),
        identifier: base,
        wildcard,
        status: Status::Pending,
        challenges,
        expires: timestamp(LIFETIME),
    };
    state.authorizations.insert(authorization.clone(), offered);
    authorization
}

/// A valid authorization that `account` holds for `identifier`.
pub(crate) fn valid(state: &State, account: &str, identifier: &Identifier) -> Option<Id> {
    let (base, wildcard) = identifier.base();
    let fits = |one: &Authorization| {
        one.status == Status::Valid && one.account == account && one.identifier == base && one.wildcard == wildcard
    };
    state.authorizations.iter().find(|(_, one)| fits(one)).map(|(id, _)| id.clone())
}

fn offer(state: &mut State, account: &Id, authorization: &Id, kind: &'static str) -> Id {
    let id = state.new_id();
    let token = (kind != "dns-persist-01").then(|| state.random.text::<32>());
    let challenge = Challenge {
        account: account.clone(),
        authorization: authorization.clone(),
        kind,
        token,
        status: Status::Pending,
        error: None,
        validated: None,
    };
    state.challenges.insert(id.clone(), challenge);
    id
}

/// Reads or deactivates an authorization (RFC 8555 §7.5.2).
pub(crate) fn update(call: &mut Call<'_>) -> Result<Response, Problem> {
    let authorization = owned_mut(&mut call.state.authorizations, call.id, &call.account)?;
    if !call.payload.is_empty()
        && deactivates(&call.payload.object()?)?
        && matches!(authorization.status, Status::Pending | Status::Valid)
    {
        authorization.status = Status::Deactivated;
    }
    let object = to_json(call.ca, call.state, call.id)?;
    Ok(Response::json(200, &object))
}

fn to_json(ca: &Ca, state: &mut State, id: &str) -> Result<Value, Problem> {
    let authorization = state.authorizations.get(id).ok_or_else(Problem::not_found)?;
    // Once it is decided, only the challenge that decided it is shown (RFC 8555 §7.1.4).
    let decided = matches!(authorization.status, Status::Valid | Status::Invalid);
    let challenges = authorization.challenges.iter().filter_map(|id| Some((id, state.challenges.get(id)?)));
    let challenges = challenges.filter(|(_, challenge)| !decided || challenge.status == authorization.status);
    let mut challenges: Vec<_> = challenges.map(|(id, challenge)| challenge.to_json(&ca.routes, id)).collect();
    state.random.shuffle(&mut challenges);
    let mut object = json!({
        "identifier": authorization.identifier.to_json(),
        "status": authorization.status.name(),
        "expires": authorization.expires,
        "challenges": challenges,
    });
    if authorization.wildcard {
        object["wildcard"] = json!(true);
    }
    Ok(object)
}

/// Reads a challenge, or takes `{}` as the word that it can be validated (RFC 8555 §7.5.1).
pub(crate) fn respond(call: &mut Call<'_>) -> Result<Response, Problem> {
    owned(&call.state.challenges, call.id, &call.account)?;
    if !call.payload.is_empty() {
        if !call.payload.object()?.is_empty() {
            return Err(Problem::malformed("the answer to this challenge is {}").breaking("RFC 8555 §7.5.1"));
        }
        begin(call.ca, call.state, call.id);
    }
    let challenge = owned(&call.state.challenges, call.id, &call.account)?;
    let up = call.ca.routes.url_of(Resource::Authorization, &challenge.authorization);
    let response = Response::json(200, &challenge.to_json(&call.ca.routes, call.id));
    Ok(response.header("Link", format!("<{up}>;rel=\"up\"")))
}

/// Starts the validation of a challenge, unless it was started before or its authorization is decided.
fn begin(ca: &Arc<Ca>, state: &mut State, id: &str) {
    let Some(challenge) = state.challenges.get_mut(id) else { return };
    let Some(authorization) = state.authorizations.get(&challenge.authorization) else { return };
    let Some(account) = state.accounts.get(&challenge.account) else { return };
    if (challenge.status, authorization.status) != (Status::Pending, Status::Pending) {
        return;
    }
    challenge.status = Status::Processing;
    let task = Task {
        kind: challenge.kind,
        identifier: authorization.identifier.clone(),
        token: challenge.token.clone().unwrap_or_default(),
        thumbprint: account.key.thumbprint(),
    };
    let (shared, id) = (Arc::clone(ca), id.to_string());
    ca.workers.spawn(move || {
        let outcome = validate::validate(&shared, &task);
        settle(&mut shared.lock(), &id, outcome);
    });
}

/// Writes down how a validation ended: the challenge decides its authorization (RFC 8555 §7.1.6).
fn settle(state: &mut State, id: &str, outcome: Result<(), Problem>) {
    let Some(challenge) = state.challenges.get_mut(id) else { return };
    let status = if outcome.is_ok() { Status::Valid } else { Status::Invalid };
    challenge.status = status;
    challenge.validated = outcome.is_ok().then(|| timestamp(Duration::ZERO));
    challenge.error = outcome.err();
    if let Some(authorization) = state.authorizations.get_mut(&challenge.authorization)
        && authorization.status == Status::Pending
    {
        authorization.status = status;
    }
}
