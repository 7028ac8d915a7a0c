//! Authorizations (RFC 8555 §7.1.4, §7.4.1 and §7.5).

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::Resource;
use crate::account::deactivates;
use crate::behaviour::Behaviour;
use crate::ca::{Ca, Call};
use crate::challenge;
use crate::clock::timestamp;
use crate::identifier::Identifier;
use crate::order::LIFETIME;
use crate::policy;
use crate::problem::Problem;
use crate::response::Response;
use crate::state::{Id, Owned, State, Status, owned, owned_mut};

/// An authorization (RFC 8555 §7.1.4).
pub(crate) struct Authorization {
    account: Id,
    /// Without `*.`.
    pub(crate) identifier: Identifier,
    pub(crate) wildcard: bool,
    pub(crate) status: Status,
    challenges: Vec<Id>,
    expires: SystemTime,
    /// Made by newAuthz: orders use it.
    preauthorized: bool,
    /// For so many reads it still says `pending` when it is decided.
    pub(crate) veil: u64,
}

impl Owned for Authorization {
    fn owner(&self) -> &str {
        &self.account
    }
}

impl Authorization {
    /// Its status as a client is told.
    pub(crate) fn shown(&self) -> Status {
        if self.is_veiled() { Status::Pending } else { self.status }
    }

    /// Whether it is decided and does not say so.
    pub(crate) fn is_veiled(&self) -> bool {
        self.veil > 0 && matches!(self.status, Status::Valid | Status::Invalid)
    }

    /// Lets one read go by.
    pub(crate) fn lift_veil(&mut self) {
        if self.is_veiled() {
            self.veil -= 1;
        }
    }

    /// RFC 8555 §7.1.6
    pub(crate) fn expire(&mut self, now: SystemTime) {
        match self.status {
            Status::Pending if self.expires <= now => self.status = Status::Invalid,
            Status::Valid if self.expires <= now => self.status = Status::Expired,
            _ => {}
        }
    }
}

/// newAuthz: an authorization before there is an order (RFC 8555 §7.4.1).
pub(crate) fn create(call: &mut Call<'_>) -> Result<Response, Problem> {
    let asked = call.payload.object()?;
    let identifier = Identifier::parse(asked.get("identifier").unwrap_or(&Value::Null))?;
    if identifier.base().1 {
        return Err(
            Problem::malformed("a wildcard cannot be authorized before it is ordered").breaking("RFC 8555 §7.4.1")
        );
    }
    policy::check(call.state, &[identifier.clone()].into(), None)?;
    let usable = |one: &Authorization| {
        one.account == call.account && one.identifier == identifier && !one.wildcard && is_alive(one)
    };
    let known = call.state.authorizations.iter().find(|(_, one)| usable(one)).map(|(id, _)| id.clone());
    let status = if known.is_some() { 200 } else { 201 };
    let id = known.unwrap_or_else(|| offer(call.state, &call.account, &identifier));
    let authorization = owned_mut(&mut call.state.authorizations, &id, &call.account)?;
    authorization.preauthorized = true;
    let location = call.ca.routes.url_of(Resource::Authorization, &id);
    let response = Response::json(status, to_json(call.ca, call.state, &id)?);
    Ok(response.header("Location", location))
}

fn is_alive(authorization: &Authorization) -> bool {
    matches!(authorization.status, Status::Pending | Status::Valid)
}

/// The authorization of `identifier` for a new order: one that was asked for before, or sometimes a valid one that is
/// there, or else a new one.
pub(crate) fn for_order(state: &mut State, account: &Id, identifier: &Identifier) -> Id {
    let (base, wildcard) = identifier.base();
    let fits = |one: &Authorization| {
        one.preauthorized
            && is_alive(one)
            && (&one.account, &one.identifier, one.wildcard) == (account, &base, wildcard)
    };
    if let Some((id, _)) = state.authorizations.iter().find(|(_, one)| fits(one)) {
        return id.clone();
    }
    if let Some(id) = valid(state, account, identifier)
        && state.does(Behaviour::AuthorizationReuse)
    {
        return id;
    }
    offer(state, account, identifier)
}

fn offer(state: &mut State, account: &Id, identifier: &Identifier) -> Id {
    let (base, wildcard) = identifier.base();
    let authorization = state.new_id();
    let challenges = challenge::offer(state, account, &authorization, &base, wildcard);
    let lifetime = state.number(Behaviour::AuthzLifetime).map_or(LIFETIME, Duration::from_secs);
    let offered = Authorization {
        account: account.clone(),
        identifier: base,
        wildcard,
        status: Status::Pending,
        challenges,
        expires: state.clock.after(lifetime),
        preauthorized: false,
        veil: state.number(Behaviour::LongValidation).unwrap_or(0),
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

/// Reads or deactivates an authorization (RFC 8555 §7.5.2).
pub(crate) fn update(call: &mut Call<'_>) -> Result<Response, Problem> {
    let authorization = owned_mut(&mut call.state.authorizations, call.id, &call.account)?;
    if !call.payload.is_empty() && deactivates(&call.payload.object()?)? && is_alive(authorization) {
        authorization.status = Status::Deactivated;
    }
    let object = to_json(call.ca, call.state, call.id)?;
    let authorization = owned(&call.state.authorizations, call.id, &call.account)?;
    let challenges = authorization.challenges.clone();
    let response = challenge::with_pause(call.state, &challenges, Response::json(200, object));
    if let Some(authorization) = call.state.authorizations.get_mut(call.id) {
        authorization.lift_veil();
    }
    Ok(response)
}

fn to_json(ca: &Ca, state: &mut State, id: &str) -> Result<Value, Problem> {
    let authorization = state.authorizations.get(id).ok_or_else(Problem::not_found)?;
    let (shown, ids) = (authorization.shown(), authorization.challenges.clone());
    let mut object = json!({
        "identifier": authorization.identifier.to_json(),
        "status": shown.name(),
        "expires": timestamp(authorization.expires),
    });
    if authorization.wildcard {
        object["wildcard"] = json!(true);
    }
    // Once it is decided, only the challenge that decided it is shown (RFC 8555 §7.1.4).
    let decided = matches!(shown, Status::Valid | Status::Invalid);
    let fits = |id: &&Id| state.challenges.get(*id).is_some_and(|one| !decided || one.status == shown);
    let mut challenges: Vec<_> = ids.iter().filter(fits).map(|id| challenge::to_json(ca, state, id)).collect();
    state.random.shuffle(&mut challenges);
    object["challenges"] = json!(challenges);
    Ok(object)
}
