//! The orders of an account, page by page (RFC 8555 §7.1.2.1).

use serde_json::json;

use crate::Resource;
use crate::account::own;
use crate::behaviour::Behaviour;
use crate::ca::Call;
use crate::problem::Problem;
use crate::response::Response;
use crate::state::{Id, State, Status};

/// A page of the orders that are not invalid, oldest first.
pub(crate) fn list(call: &mut Call<'_>) -> Result<Response, Problem> {
    call.payload.nothing()?;
    let (account, query) = call.id.split_once('?').unwrap_or((call.id, ""));
    own(call.state, account, &call.account)?;
    let start = if query.is_empty() { 0 } else { cursor(query)? };
    let orders = orders(call.state, account);
    let size = call.state.number(Behaviour::OrdersPage).map_or(usize::MAX, |size| size.max(1) as usize);
    let page = orders.iter().skip(start).take(size);
    let urls: Vec<_> = page.map(|order| call.ca.routes.url_of(Resource::Order, order)).collect();
    let response = Response::json(200, json!({ "orders": urls }));
    let next = start.saturating_add(size);
    let loops = call.state.has(Behaviour::OrdersNextLoop);
    if call.state.has(Behaviour::OrdersNextLost) || (next >= orders.len() && !loops) {
        return Ok(response);
    }
    let next = if next >= orders.len() { 0 } else { next };
    let next = format!("{}?cursor={next}", call.ca.routes.url_of(Resource::Orders, account));
    Ok(response.header("Link", format!("<{next}>;rel=\"next\"")))
}

fn cursor(query: &str) -> Result<usize, Problem> {
    let start = query.strip_prefix("cursor=").and_then(|start| start.parse().ok());
    start.ok_or_else(|| Problem::malformed("this is no page of the orders list").status(404))
}

fn orders(state: &State, account: &str) -> Vec<Id> {
    let orders = state.orders.iter();
    let mut listed: Vec<_> = orders
        .filter(|(_, order)| order.account == account && order.status(state) != Status::Invalid)
        .map(|(id, order)| (order.number, id.clone()))
        .collect();
    listed.sort_unstable();
    listed.into_iter().map(|(_, id)| id).collect()
}
