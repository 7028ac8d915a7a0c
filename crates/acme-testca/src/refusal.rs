//! Requests refused though there is nothing wrong with them.

use serde_json::json;

use crate::Resource;
use crate::behaviour::Behaviour;
use crate::ca::{Ca, TERMS};
use crate::manners::Sight;
use crate::problem::{ErrorType, Problem};
use crate::response::Response;
use crate::state::State;

/// Seconds that a client is told to stay away.
const PAUSE: u64 = 60;

/// Whether this CA refuses such a request just now. It is signed well, and its nonce is spent.
pub(crate) fn check(state: &mut State, sight: &Sight<'_>) -> Result<(), Problem> {
    if state.does(Behaviour::Busy) {
        return Err(Problem::new(ErrorType::ServerInternal, "busy, come again later").status(503).pause(PAUSE));
    }
    match sight.resource {
        Resource::NewOrder => new_order(state),
        Resource::NewAuthz if state.has(Behaviour::NewAuthz404) => Err(Problem::not_found()),
        Resource::Account if sight.payload.is_empty() && state.has(Behaviour::AccountReadFails) => {
            Err(Problem::new(ErrorType::ServerInternal, "this CA cannot show accounts"))
        }
        Resource::KeyChange if state.has(Behaviour::KeyChange501) => {
            Err(Problem::new(ErrorType::RejectedIdentifier, "keyChange is not implemented").status(501))
        }
        Resource::Finalize => finalize(state),
        _ => Ok(()),
    }
}

/// RFC 8555 §6.6 and §7.3.3
fn new_order(state: &mut State) -> Result<(), Problem> {
    if state.does(Behaviour::RateLimited) {
        let detail = "too many certificates (5) already issued for this exact set of identifiers in the last 168h";
        let help = "<https://testca.invalid/rate-limits>;rel=\"help\"".to_string();
        return Err(Problem::new(ErrorType::RateLimited, detail).header("Link", help).pause(PAUSE));
    }
    if state.has(Behaviour::Paused) {
        let detail = "Your account is temporarily prevented from requesting certificates. To unpause it, visit: \
                      https://testca.invalid/unpause?jwt=SECRET";
        return Err(Problem::new(ErrorType::RateLimited, detail));
    }
    if state.does(Behaviour::ServerInternal) {
        return Err(Problem::new(ErrorType::ServerInternal, "the database is gone"));
    }
    if state.does(Behaviour::UserActionRequired) {
        let terms = format!("<{TERMS}>;rel=\"terms-of-service\"");
        return Err(Problem::new(ErrorType::UserActionRequired, "the terms of service have changed")
            .with("instance", json!("https://testca.invalid/agreement"))
            .header("Link", terms));
    }
    Ok(())
}

fn finalize(state: &mut State) -> Result<(), Problem> {
    if state.does(Behaviour::OrderNotReady) {
        return Err(Problem::new(ErrorType::OrderNotReady, "the order is ready, but not everywhere yet"));
    }
    if state.does(Behaviour::BadCsr) {
        return Err(Problem::new(ErrorType::BadCsr, "this CA does not like the CSR"));
    }
    if state.does(Behaviour::ProfileGone) {
        return Err(Problem::new(ErrorType::InvalidProfile, "the profile of this order is not offered any more"));
    }
    Ok(())
}

/// A redirect, which is nothing that a POST can follow: its URL is signed (RFC 8555 §6.4).
pub(crate) fn moved(ca: &Ca, state: &mut State, resource: Resource) -> Option<Response> {
    if resource != Resource::NewOrder || !state.does(Behaviour::PostRedirect) {
        return None;
    }
    Some(Response::empty(307).header("Location", format!("{}/moved", ca.routes.url(resource))))
}
