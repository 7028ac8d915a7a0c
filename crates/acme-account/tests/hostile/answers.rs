//! What a good CA answers, and what becomes of it on the way to a bad one.

use acme_account::{TransportError, TransportErrorKind};
use http::{HeaderName, HeaderValue, Response};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

pub(crate) const BASE: &str = "https://ca.example";

/// How the CA treats one request.
#[derive(Clone, Debug)]
pub(crate) enum Treatment {
    /// With a right answer, in one of the states that the resource may have.
    Right(usize),
    /// With an answer that is damaged.
    Damaged(usize, Vec<Damage>),
    /// With anything at all.
    Noise(u16, Vec<(HeaderName, HeaderValue)>, Vec<u8>),
    /// With none.
    Lost(TransportErrorKind),
}

#[derive(Clone, Debug)]
pub(crate) enum Damage {
    Status(u16),
    Header(HeaderName, HeaderValue),
    NoHeader(HeaderName),
    /// A node of the JSON has become another.
    Node(Index, Value),
    NoNode(Index),
    Deep(Index),
    Cut(Index),
    Octets(Index, Vec<u8>),
}

pub(crate) fn treatment() -> impl Strategy<Value = Treatment> {
    prop_oneof![
        14 => any::<usize>().prop_map(Treatment::Right),
        4 => (any::<usize>(), vec(damage(), 1..3)).prop_map(|(state, damage)| Treatment::Damaged(state, damage)),
        1 => (status(), vec((name(), value()), 0..4), vec(any::<u8>(), 0..200))
            .prop_map(|(status, headers, body)| Treatment::Noise(status, headers, body)),
        1 => select(vec![TransportErrorKind::Timeout, TransportErrorKind::Broken, TransportErrorKind::TooLarge])
            .prop_map(Treatment::Lost),
    ]
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        status().prop_map(Damage::Status),
        (name(), value()).prop_map(|(name, value)| Damage::Header(name, value)),
        name().prop_map(Damage::NoHeader),
        (any::<Index>(), node()).prop_map(|(at, node)| Damage::Node(at, node)),
        any::<Index>().prop_map(Damage::NoNode),
        any::<Index>().prop_map(Damage::Deep),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), vec(any::<u8>(), 1..5)).prop_map(|(at, octets)| Damage::Octets(at, octets)),
    ]
}

fn status() -> impl Strategy<Value = u16> {
    prop_oneof![4 => select(vec![200_u16, 201, 204, 301, 307, 400, 401, 403, 404, 409, 429, 500, 503]), 1 => 100..1000_u16]
}

fn name() -> impl Strategy<Value = HeaderName> {
    let names = ["location", "link", "retry-after", "replay-nonce", "content-type", "cert-not-after", "x-other"];
    select(names.map(HeaderName::from_static).to_vec())
}

fn value() -> impl Strategy<Value = HeaderValue> {
    let known = [
        "",
        "0",
        "1",
        "-1",
        "99999999999999999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "/order/1",
        "//other.example/x",
        "http://ca.example/plain",
        "https://ca.example/order/1",
        "https://[::1",
        "a b",
        "<https://ca.example/cert/1>;rel=\"alternate\"",
        "</orders/2>;rel=\"next\"",
        "<<<<,;\"\\",
        "<>;rel=next",
        "application/json",
        "application/problem+json",
        "nonce",
        "a+b=",
        "../../../etc/passwd",
    ];
    prop_oneof![
        3 => select(known.map(HeaderValue::from_static).to_vec()),
        1 => vec(prop_oneof![32..127_u8, 128..=255_u8], 0..40).prop_map(|text| HeaderValue::from_bytes(&text).unwrap()),
    ]
}

fn node() -> impl Strategy<Value = Value> {
    let known = [
        json!(null),
        json!(0),
        json!(-1),
        json!(1e308),
        json!(true),
        json!([]),
        json!({}),
        json!([[]]),
        json!(""),
        json!("pending"),
        json!("ready"),
        json!("processing"),
        json!("valid"),
        json!("invalid"),
        json!("thinking"),
        json!("dns-persist-01"),
        json!("email-reply-00"),
        json!("9999-12-31T23:59:59Z"),
        json!("0000-00-00T00:00:00Z"),
        json!("urn:ietf:params:acme:error:badNonce"),
        json!("urn:ietf:params:acme:error:rateLimited"),
        json!("http://ca.example/plain"),
        json!("/relative"),
        json!("*.*"),
        json!("\u{0}\u{202e}\u{1b}[2J"),
        json!("x".repeat(70_000)),
        json!(vec!["https://ca.example/authz/a"; 2000]),
    ];
    prop_oneof![3 => select(known.to_vec()), 1 => any::<String>().prop_map(Value::from)]
}

/// 100 000 levels.
pub(crate) fn deep(open: &str, close: &str) -> String {
    [open.repeat(100_000), "1".to_owned(), close.repeat(100_000)].concat()
}

/// The answer to a request for a path, treated.
pub(crate) fn answer(path: &str, fresh: &str, how: &Treatment) -> Result<Response<Vec<u8>>, TransportError> {
    match how {
        Treatment::Right(state) => Ok(right(path, fresh, *state)),
        Treatment::Damaged(state, damage) => Ok(damage.iter().fold(right(path, fresh, *state), damaged)),
        Treatment::Noise(status, headers, body) => {
            let mut answer = Response::new(body.clone());
            *answer.status_mut() = http::StatusCode::from_u16(*status).unwrap();
            answer.headers_mut().extend(headers.iter().map(|(name, value)| (Some(name.clone()), value.clone())));
            Ok(answer)
        }
        Treatment::Lost(kind) => Err(TransportError::new(*kind, "as planned")),
    }
}

fn damaged(mut answer: Response<Vec<u8>>, damage: &Damage) -> Response<Vec<u8>> {
    match damage {
        Damage::Status(status) => *answer.status_mut() = http::StatusCode::from_u16(*status).unwrap(),
        Damage::Header(name, value) => _ = answer.headers_mut().insert(name, value.clone()),
        Damage::NoHeader(name) => _ = answer.headers_mut().remove(name),
        Damage::Node(at, node) => edit(&mut answer, at, |found| *found = node.clone()),
        Damage::NoNode(at) => edit(&mut answer, at, |found| *found = Value::Null),
        Damage::Deep(at) => {
            edit(&mut answer, at, |found| *found = json!("DEEP"));
            let (open, close) = if at.index(2) == 0 { ("[", "]") } else { ("{\"a\":", "}") };
            let text = String::from_utf8_lossy(answer.body()).replace("\"DEEP\"", &deep(open, close));
            *answer.body_mut() = text.into_bytes();
        }
        Damage::Cut(at) => {
            let len = answer.body().len();
            answer.body_mut().truncate(at.index(len + 1));
        }
        Damage::Octets(at, octets) => {
            let at = at.index(answer.body().len() + 1);
            answer.body_mut().splice(at..at, octets.iter().copied());
        }
    }
    answer
}

fn edit(answer: &mut Response<Vec<u8>>, at: &Index, change: impl FnOnce(&mut Value)) {
    let Ok(mut json) = serde_json::from_slice::<Value>(answer.body()) else { return };
    let paths = paths(&json);
    if let Some(found) = json.pointer_mut(&paths[at.index(paths.len())]) {
        change(found);
    }
    *answer.body_mut() = json.to_string().into_bytes();
}

fn paths(json: &Value) -> Vec<String> {
    let below: Vec<_> = match json {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below =
        below.iter().flat_map(|(name, value)| paths(value).into_iter().map(move |path| format!("/{name}{path}")));
    std::iter::once(String::new()).chain(below).collect()
}

/// What a good CA answers; `state` picks among the states of the resource.
fn right(path: &str, fresh: &str, state: usize) -> Response<Vec<u8>> {
    let body = body(path, state);
    let refused = body.get("type").is_some_and(|kind| kind.as_str().is_some_and(|kind| kind.starts_with("urn:")));
    let kind = if refused { "application/problem+json" } else { "application/json" };
    let kind = if path.starts_with("/cert") { "application/pem-certificate-chain" } else { kind };
    let status = if refused { 400 } else { 201 };
    let answer = Response::builder().status(status).header("replay-nonce", fresh).header("content-type", kind);
    let answer = match path {
        "/new-acct" => answer.header("location", "https://ca.example/acct/1"),
        "/new-order" => answer.header("location", "/order/1"),
        "/new-authz" => answer.header("location", "/authz/a"),
        "/orders" => answer.header("link", "</orders?2>;rel=\"next\""),
        _ if path.starts_with("/cert") => answer.header("link", "</cert/2>;rel=\"alternate\""),
        _ => answer,
    };
    match path {
        "/new-nonce" => answer.body(Vec::new()),
        _ if path.starts_with("/cert") => answer.body(b"-----BEGIN CERTIFICATE-----\n".to_vec()),
        _ => answer.body(body.to_string().into_bytes()),
    }
    .unwrap()
}

fn body(path: &str, state: usize) -> Value {
    let at = |path: &str| format!("{BASE}{path}");
    let of = |states: &[&str]| states[state % states.len()].to_owned();
    let identifier = json!({"type": "dns", "value": "a.example"});
    let problem = json!({
        "type": "urn:ietf:params:acme:error:badNonce", "detail": "no", "status": 400,
        "subproblems": [{"type": "urn:ietf:params:acme:error:caa", "detail": "no", "identifier": identifier}],
    });
    let challenge = |kind: &str| {
        let status = of(&["pending", "processing", "valid", "invalid"]);
        json!({"type": kind, "url": at("/challenge/1"), "status": status, "token": "token", "error": problem,
               "issuer-domain-names": ["ca.example"], "accounturi": at("/acct/1")})
    };
    match path.trim_start_matches('/').split('/').next().unwrap_or_default() {
        "directory" => json!({
            "newNonce": at("/new-nonce"), "newAccount": at("/new-acct"), "newOrder": at("/new-order"),
            "newAuthz": at("/new-authz"), "revokeCert": at("/revoke"), "keyChange": at("/key-change"),
            "renewalInfo": at("/renewal"),
            "meta": {"termsOfService": at("/terms"), "caaIdentities": ["ca.example"], "profiles": {"classic": "x"}},
        }),
        "new-acct" | "acct" => json!({
            "status": of(&["valid", "valid", "valid", "deactivated"]), "contact": ["mailto:a@a.example"],
            "orders": at("/orders"), "delegations": at("/orders"),
        }),
        "orders" | "orders?2" => json!({"orders": [at("/order/1"), at("/order/2")], "delegations": []}),
        "new-order" | "order" | "finalize" => json!({
            "status": of(&["pending", "ready", "processing", "valid", "invalid", "canceled"]),
            "expires": "2027-02-01T00:00:00Z", "identifiers": [identifier], "authorizations": [at("/authz/a"), at("/authz/b")],
            "finalize": at("/finalize/1"), "certificate": at("/cert/1"), "error": problem,
            "auto-renewal": {"end-date": "2027-02-01T00:00:00Z", "lifetime": 86400},
        }),
        "new-authz" | "authz" => json!({
            "status": of(&["pending", "pending", "pending", "valid", "invalid", "expired"]), "identifier": identifier,
            "expires": "2027-02-01T00:00:00Z", "challenges": [challenge("http-01"), challenge("dns-01")],
        }),
        "challenge" => challenge("http-01"),
        "renewal" => json!({"suggestedWindow": {"start": "2027-01-01T00:00:00Z", "end": "2027-01-02T00:00:00Z"}}),
        _ => {
            if state % 9 == 8 {
                problem
            } else {
                json!({})
            }
        }
    }
}
