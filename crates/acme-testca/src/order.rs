//! Orders: created, read, finalized (RFC 8555 §7.4).

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::Resource;
use crate::authorization;
use crate::behaviour::Behaviour;
use crate::ca::{Ca, Call};
use crate::clock::timestamp;
use crate::csr;
use crate::identifier::Identifier;
use crate::policy::{self, Dates};
use crate::problem::{ErrorType, Problem};
use crate::renewal;
use crate::response::Response;
use crate::signing;
use crate::state::{Id, Owned, State, Status, owned, owned_mut};

/// How long an order or authorization lives, if nobody says otherwise.
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 86_400);

/// Identifiers an order may have, as many as Let's Encrypt allows.
const MAX_IDENTIFIERS: usize = 100;

/// An order (RFC 8555 §7.1.3).
pub(crate) struct Order {
    pub(crate) account: Id,
    /// Orders are numbered as they are made.
    pub(crate) number: usize,
    pub(crate) identifiers: BTreeSet<Identifier>,
    authorizations: Vec<Id>,
    pub(crate) stage: Stage,
    expires: SystemTime,
    pub(crate) profile: Option<String>,
    replaces: Option<String>,
    pub(crate) dates: Dates,
    /// For so many reads it still says `pending` when it is ready.
    stale: u64,
    /// For so many reads it still says `processing` when it is decided.
    veil: u64,
}

/// How far finalization has come.
pub(crate) enum Stage {
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
    /// Its status as a client is told.
    pub(crate) fn status(&self, state: &State) -> Status {
        match self.stage {
            Stage::Valid(_) | Stage::Invalid(_) if self.veil > 0 => Status::Processing,
            Stage::Processing => Status::Processing,
            Stage::Valid(_) => Status::Valid,
            Stage::Invalid(_) => Status::Invalid,
            Stage::Open => match self.by_authorizations(state) {
                Status::Ready if self.stale > 0 => Status::Pending,
                status => status,
            },
        }
    }

    fn by_authorizations(&self, state: &State) -> Status {
        let authorizations = self.authorizations.iter().filter_map(|id| state.authorizations.get(id));
        authorizations.map(authorization::Authorization::shown).fold(Status::Ready, |order, one| match (order, one) {
            (Status::Ready, Status::Valid) => Status::Ready,
            (Status::Ready | Status::Pending, Status::Valid | Status::Pending) => Status::Pending,
            _ => Status::Invalid,
        })
    }
}

/// Ends what has lived for long enough (RFC 8555 §7.1.6).
pub(crate) fn expire(state: &mut State) {
    let now = state.clock.now();
    state.authorizations.values_mut().for_each(|authorization| authorization.expire(now));
    for order in state.orders.values_mut() {
        if matches!(order.stage, Stage::Open) && order.expires <= now {
            order.stage = Stage::Invalid(Problem::malformed("the order has expired"));
        }
    }
}

/// newOrder (RFC 8555 §7.4).
pub(crate) fn create(call: &mut Call<'_>) -> Result<Response, Problem> {
    let asked = call.payload.object()?;
    let dates = policy::dates(call.state, &asked)?;
    let identifiers = identifiers(&asked)?;
    let profile = policy::profile(call.ca, call.state, &asked)?;
    policy::check(call.state, &identifiers, profile.as_deref())?;
    let replaces = renewal::replaced(call.state, &call.account, &asked, &identifiers)?;
    let id = match same(call, &identifiers, profile.as_deref()) {
        Some(id) => id,
        None => {
            let order = new(call, identifiers, profile, replaces, dates);
            let id = call.state.new_id();
            renewal::note(call.state, order.replaces.as_deref(), &id);
            call.state.orders.insert(id.clone(), order);
            id
        }
    };
    let location = call.ca.routes.url_of(Resource::Order, &id);
    respond(call.ca, call.state, &id, 201).map(|response| response.header("Location", location))
}

/// The account's unfinished order for the same names, where the CA looks for one.
fn same(call: &Call<'_>, identifiers: &BTreeSet<Identifier>, profile: Option<&str>) -> Option<Id> {
    if !call.state.has(Behaviour::SameOrderAgain) {
        return None;
    }
    let fits = |order: &Order| {
        order.account == call.account
            && order.identifiers == *identifiers
            && order.profile.as_deref() == profile
            && matches!(order.status(call.state), Status::Pending | Status::Ready)
    };
    call.state.orders.iter().find(|(_, order)| fits(order)).map(|(id, _)| id.clone())
}

fn new(
    call: &mut Call<'_>,
    identifiers: BTreeSet<Identifier>,
    profile: Option<String>,
    replaces: Option<String>,
    dates: Dates,
) -> Order {
    let authorizations =
        identifiers.iter().map(|identifier| authorization::for_order(call.state, &call.account, identifier));
    let authorizations = authorizations.collect();
    let lifetime = call.state.number(Behaviour::OrderLifetime).map_or(LIFETIME, Duration::from_secs);
    Order {
        account: call.account.clone(),
        number: call.state.orders.len(),
        identifiers,
        authorizations,
        stage: Stage::Open,
        expires: call.state.clock.after(lifetime),
        profile,
        replaces,
        dates,
        stale: call.state.number(Behaviour::StaleOrderAfterAuthz).unwrap_or(0),
        veil: call.state.number(Behaviour::LongProcessing).unwrap_or(0),
    }
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
    let order = owned(&call.state.orders, call.id, &call.account)?;
    let ready = order.by_authorizations(call.state) == Status::Ready;
    let response = respond(call.ca, call.state, call.id, 200)?;
    let order = owned_mut(&mut call.state.orders, call.id, &call.account)?;
    match order.stage {
        Stage::Open if ready => order.stale = order.stale.saturating_sub(1),
        Stage::Valid(_) | Stage::Invalid(_) => order.veil = order.veil.saturating_sub(1),
        Stage::Open | Stage::Processing => {}
    }
    Ok(response)
}

/// finalize: takes the CSR, then signs in the background (RFC 8555 §7.4).
pub(crate) fn finalize(call: &mut Call<'_>) -> Result<Response, Problem> {
    let order = owned(&call.state.orders, call.id, &call.account)?;
    let status = order.status(call.state);
    if status != Status::Ready {
        let detail = format!("the order is {}, expected ready", status.name());
        return Err(Problem::new(ErrorType::OrderNotReady, detail).breaking("RFC 8555 §7.4"));
    }
    let key = csr::checked(call.state, order, &call.payload)?;
    signing::begin(call, key)?;
    respond(call.ca, call.state, call.id, 200)
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
        "expires": timestamp(order.expires),
        "identifiers": identifiers,
        "authorizations": authorizations,
        "finalize": ca.routes.url_of(Resource::Finalize, id),
    });
    for (name, value) in [("profile", &order.profile), ("replaces", &order.replaces)] {
        if let Some(value) = value {
            object[name] = json!(value);
        }
    }
    order.dates.write(&mut object);
    match (&order.stage, order_status) {
        (Stage::Valid(certificate), Status::Valid) => {
            object["certificate"] = ca.routes.url_of(Resource::Certificate, certificate).into();
        }
        (Stage::Invalid(problem), Status::Invalid) => object["error"] = problem.to_json(),
        _ => {}
    }
    let response = Response::json(status, object);
    if order_status != Status::Processing {
        return Ok(response);
    }
    Ok(response.pause(state.number(Behaviour::RetryAfter).unwrap_or(0)))
}
