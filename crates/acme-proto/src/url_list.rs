//! Pages of lists of URLs: an account's orders (RFC 8555 §7.1.2.1) and delegations (RFC 9115 §2.3.1.2). The next page is
//! named by a `Link` header.

use serde_json::Value;

/// The orders of one page. Servers write an object with `orders`, a bare array, or one URL alone; anything in it that is
/// not a URL is left out. `None` when it is none of these.
pub fn order_urls(body: &[u8]) -> Option<Vec<String>> {
    url_list(body, "orders")
}

/// The delegations of one page, in the same shapes.
pub fn delegation_urls(body: &[u8]) -> Option<Vec<String>> {
    url_list(body, "delegations")
}

fn url_list(body: &[u8], member: &str) -> Option<Vec<String>> {
    match serde_json::from_slice(body).ok()? {
        Value::Object(mut members) => urls(members.remove(member).unwrap_or(Value::Null)),
        other => urls(other),
    }
}

fn urls(list: Value) -> Option<Vec<String>> {
    match list {
        Value::Null => Some(Vec::new()),
        Value::String(_) => urls(Value::Array(vec![list])),
        Value::Array(elements) => Some(elements.into_iter().filter_map(url).collect()),
        _ => None,
    }
}

fn url(element: Value) -> Option<String> {
    match element {
        Value::String(url) if !url.is_empty() => Some(url),
        _ => None,
    }
}
