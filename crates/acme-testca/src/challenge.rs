//! Challenges: offered, answered, decided (RFC 8555 §7.5.1 and §8).

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::Resource;
use crate::behaviour::Behaviour;
use crate::ca::{CAA_IDENTITY, Ca, Call};
use crate::clock::timestamp;
use crate::identifier::Identifier;
use crate::manners::Sight;
use crate::problem::{ErrorType, Problem};
use crate::response::{Fate, Response};
use crate::state::{Id, Owned, State, Status, owned, owned_mut};
use crate::validate::{self, Task};

/// How long an answer waits for its validation where it does: longer than any validation takes.
const LONGEST: Duration = Duration::from_secs(30);

/// A challenge (RFC 8555 §8).
pub(crate) struct Challenge {
    account: Id,
    authorization: Id,
    kind: &'static str,
    /// Some kinds have none.
    token: Option<String>,
    pub(crate) status: Status,
    error: Option<Problem>,
    validated: Option<SystemTime>,
    answered: bool,
}

impl Owned for Challenge {
    fn owner(&self) -> &str {
        &self.account
    }
}

/// The kinds of challenge that can prove control of an identifier.
fn kinds(identifier: &Identifier, wildcard: bool) -> &'static [&'static str] {
    match identifier {
        Identifier::Dns(_) if wildcard => &["dns-01", "dns-account-01", "dns-persist-01"],
        Identifier::Dns(_) => &["http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01"],
        // RFC 8738 §7
        Identifier::Ip(_) => &["http-01", "tls-alpn-01"],
    }
}

/// New challenges for an authorization.
pub(crate) fn offer(
    state: &mut State,
    account: &Id,
    authorization: &Id,
    identifier: &Identifier,
    wildcard: bool,
) -> Vec<Id> {
    let unknown: &[_] = if state.has(Behaviour::UnknownChallenge) { &["shiny-01"] } else { &[] };
    kinds(identifier, wildcard)
        .iter()
        .chain(unknown)
        .map(|kind| offer_one(state, account, authorization, kind))
        .collect()
}

fn offer_one(state: &mut State, account: &Id, authorization: &Id, kind: &'static str) -> Id {
    let id = state.new_id();
    let random = (!["dns-persist-01", "shiny-01"].contains(&kind)).then(|| state.random.text::<32>());
    let token =
        random.map(|token| if state.has(Behaviour::TokenTraversal) { "../../etc/passwd".into() } else { token });
    let challenge = Challenge {
        account: account.clone(),
        authorization: authorization.clone(),
        kind,
        token,
        status: Status::Pending,
        error: None,
        validated: None,
        answered: false,
    };
    state.challenges.insert(id.clone(), challenge);
    id
}

/// The object of a challenge, null if there is none.
pub(crate) fn to_json(ca: &Ca, state: &State, id: &str) -> Value {
    let Some(challenge) = state.challenges.get(id) else { return Value::Null };
    let mut object = json!({
        "type": challenge.kind,
        "url": ca.routes.url_of(Resource::Challenge, id),
        "status": shown(state, challenge).name(),
    });
    if let Some(token) = &challenge.token {
        object["token"] = json!(token);
    } else if challenge.kind == "dns-persist-01" {
        let draft = if state.has(Behaviour::PersistHashed) { "issuerDomainNames" } else { "issuer-domain-names" };
        object[draft] = json!([CAA_IDENTITY]);
    }
    if is_working(state, challenge) {
        if state.has(Behaviour::ChallengeErrorThenValid) {
            object["error"] = Problem::new(ErrorType::Connection, "not there yet, trying again").to_json();
        }
        return object;
    }
    if let Some(error) = &challenge.error {
        object["error"] = error.to_json();
    }
    if let Some(validated) = challenge.validated {
        object["validated"] = json!(timestamp(validated));
    }
    object
}

/// Whether it is being validated, as far as a client is told.
fn is_working(state: &State, challenge: &Challenge) -> bool {
    let veiled = state.authorizations.get(&challenge.authorization).is_some_and(|one| one.is_veiled());
    challenge.status == Status::Processing || (veiled && challenge.answered)
}

fn shown(state: &State, challenge: &Challenge) -> Status {
    match is_working(state, challenge) {
        true if state.has(Behaviour::PendingWhileValidating) => Status::Pending,
        true => Status::Processing,
        false => challenge.status,
    }
}

/// Adds a `Retry-After` where the CA gives one to an authorization with these challenges.
pub(crate) fn with_pause(state: &State, challenges: &[Id], response: Response) -> Response {
    let any = |fits: fn(&State, &Challenge) -> bool| {
        challenges.iter().filter_map(|id| state.challenges.get(id)).any(|one| fits(state, one))
    };
    let behaviour = if any(is_working) {
        Behaviour::RetryAfterChallenge
    } else if any(|_, one| one.status == Status::Valid) {
        Behaviour::RetryAfterWhenValid
    } else {
        return response;
    };
    match state.number(behaviour) {
        Some(seconds) => response.pause(seconds),
        None => response,
    }
}

/// Reads a challenge, or takes `{}` as the word that it can be validated (RFC 8555 §7.5.1).
pub(crate) fn respond(call: &mut Call<'_>) -> Result<Response, Problem> {
    let authorization = owned(&call.state.challenges, call.id, &call.account)?.authorization.clone();
    if !call.payload.is_empty() {
        if !call.payload.object()?.is_empty() {
            return Err(Problem::malformed("the answer to this challenge is {}").breaking("RFC 8555 §7.5.1"));
        }
        if is_another(call.state, &authorization, call.id) && call.state.has(Behaviour::SecondChallengeHangs) {
            return Ok(Response { fate: Fate::Hung, ..Response::empty(200) });
        }
        take(call)?;
    }
    let response = response(call.ca, call.state, call.id);
    if call.payload.is_empty()
        && let Some(authorization) = call.state.authorizations.get_mut(&authorization)
    {
        authorization.lift_veil();
    }
    Ok(response)
}

fn response(ca: &Ca, state: &State, id: &str) -> Response {
    let Some(challenge) = state.challenges.get(id) else { return Response::empty(404) };
    let up = ca.routes.url_of(Resource::Authorization, &challenge.authorization);
    let response = Response::json(200, to_json(ca, state, id)).header("Link", format!("<{up}>;rel=\"up\""));
    with_pause(state, &[id.to_string()], response)
}

/// Whether the authorization is valid by another challenge than this one.
fn is_another(state: &State, authorization: &str, id: &str) -> bool {
    let decided = state.authorizations.get(authorization).is_some_and(|one| one.status == Status::Valid);
    decided && state.challenges.get(id).is_some_and(|one| one.status != Status::Valid)
}

/// Takes an answer. A second one asks for another try, which makes sense only after an error (RFC 8555 §8.2).
fn take(call: &mut Call<'_>) -> Result<(), Problem> {
    let challenge = owned_mut(&mut call.state.challenges, call.id, &call.account)?;
    let again = std::mem::replace(&mut challenge.answered, true) && challenge.error.is_none();
    let kind = challenge.kind;
    if again {
        let what = format!("the {kind} challenge was answered before");
        if call.state.has(Behaviour::SecondChallengePostRefused) {
            return Err(Problem::malformed(what).breaking("RFC 8555 §8.2"));
        }
        call.state.breach("RFC 8555 §8.2", format!("POST challenge: {what}"));
    }
    begin(call.ca, call.state, call.id);
    Ok(())
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
    challenge.error = None;
    let task = Task {
        kind: challenge.kind,
        identifier: authorization.identifier.clone(),
        wildcard: authorization.wildcard,
        token: challenge.token.clone().unwrap_or_default(),
        thumbprint: account.key.thumbprint(),
        account_url: ca.routes.url_of(Resource::Account, &challenge.account),
    };
    if state.has(Behaviour::NeverDecides) {
        return;
    }
    let (shared, id) = (Arc::clone(ca), id.to_string());
    ca.workers.spawn(move || {
        let outcome = validate::validate(&shared, &task);
        settle(&mut shared.lock(), &id, outcome);
        shared.settled.notify_all();
    });
}

/// Writes down how a validation ended: the challenge decides its authorization (RFC 8555 §7.1.6).
fn settle(state: &mut State, id: &str, outcome: Result<(), Problem>) {
    let now = state.clock.now();
    let undecided = outcome.is_err() && state.has(Behaviour::ChallengeErrorWhilePending);
    let Some(challenge) = state.challenges.get_mut(id) else { return };
    challenge.status = match (&outcome, undecided) {
        (Ok(()), _) => Status::Valid,
        (Err(_), true) => Status::Pending,
        (Err(_), false) => Status::Invalid,
    };
    challenge.validated = outcome.is_ok().then_some(now);
    challenge.error = outcome.err();
    if let Some(authorization) = state.authorizations.get_mut(&challenge.authorization)
        && authorization.status == Status::Pending
    {
        authorization.status = challenge.status;
    }
}

/// Where the validation happens within the POST, waits for it to end: a failure is the answer then.
pub(crate) fn wait_if_asked<'a>(
    ca: &'a Ca,
    state: MutexGuard<'a, State>,
    sight: &Sight<'_>,
    outcome: Result<Response, Problem>,
) -> (MutexGuard<'a, State>, Result<Response, Problem>) {
    let answered = sight.resource == Resource::Challenge && !sight.payload.is_empty() && outcome.is_ok();
    if !answered || !state.has(Behaviour::ValidatesInPost) {
        return (state, outcome);
    }
    let works = |state: &mut State| state.challenges.get(sight.id).is_some_and(|one| one.status == Status::Processing);
    let waited = ca.settled.wait_timeout_while(state, LONGEST, works).unwrap_or_else(PoisonError::into_inner);
    let state = waited.0;
    let error = state.challenges.get(sight.id).and_then(|one| one.error.clone());
    let outcome = match error {
        Some(error) => Err(error.status(400)),
        None => Ok(response(ca, &state, sight.id)),
    };
    (state, outcome)
}
