//! Answers changed on their way out: the CA did what it should, and says it in its own way.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Resource;
use crate::behaviour::Behaviour;
use crate::ca::Ca;
use crate::manners::Sight;
use crate::response::{Body, Fate, Response};
use crate::state::State;

/// Octets of a body that is too large for every client.
const HUGE: usize = 16 * 1024 * 1024;
/// How deep JSON can be nested that ends most recursive parsers.
const DEEP: usize = 100_000;
/// As much as Let's Encrypt was seen to ask for.
const HUGE_PAUSE: u64 = 7_800_000;

const GATEWAY_TIMEOUT: &str = "<html>\r\n<head><title>504 Gateway Time-out</title></head>\r\n<body>\r\n\
     <center><h1>504 Gateway Time-out</h1></center>\r\n</body>\r\n</html>\r\n";

/// Changes an answer as the CA's behaviours want it.
pub(crate) fn apply(ca: &Ca, state: &mut State, sight: &Sight<'_>, response: &mut Response) {
    if response.fate != Fate::Sent {
        return;
    }
    if let Body::Json(body) = &mut response.body {
        if response.status >= 400 {
            problem(state, body);
        } else {
            object(state, sight, body);
        }
        walk(state, body);
    }
    headers(ca, state, sight, response);
    pause(state, response);
    body(state, sight, response);
    fate(state, sight, response);
}

/// Whether any of it reaches the client.
pub(crate) fn is_seen(response: &Response) -> bool {
    !matches!(response.fate, Fate::Lost | Fate::Hung)
}

/// Other types than the client expects; `badNonce` alone stays, for without it nothing goes on.
fn problem(state: &State, document: &mut Value) {
    if state.has(Behaviour::ProblemEscapes) {
        document["detail"] =
            format!("\u{1b}[2J\u{1b}]0;owned\u{7}{}", document["detail"].as_str().unwrap_or("")).into();
    }
    let Some(kind) = document["type"].as_str().filter(|kind| !kind.ends_with(":badNonce")) else { return };
    let name = kind.rsplit(':').next().unwrap_or_default();
    if state.has(Behaviour::ProblemAboutBlank) {
        document["type"] = json!("about:blank");
    } else if state.has(Behaviour::ProblemTypeNotUrn) {
        document["type"] = json!(name);
    } else if state.has(Behaviour::UnknownProblemType) {
        document["type"] = json!("urn:ietf:params:acme:error:outOfCoffee");
    }
}

fn object(state: &State, sight: &Sight<'_>, object: &mut Value) {
    match sight.resource {
        Resource::NewAccount | Resource::Account | Resource::KeyChange => account(state, object),
        Resource::Orders => orders(state, object),
        Resource::NewOrder | Resource::Order | Resource::Finalize => order(state, object),
        Resource::NewAuthz | Resource::Authorization => {
            object["challenges"].as_array_mut().into_iter().flatten().for_each(|one| challenge(state, one));
        }
        Resource::Challenge => challenge(state, object),
        _ => {}
    }
}

fn account(state: &State, object: &mut Value) {
    if state.has(Behaviour::NoOrdersList) {
        remove(object, "orders");
    }
    if state.has(Behaviour::ContactsWithoutMailto) {
        for contact in object["contact"].as_array_mut().into_iter().flatten() {
            *contact = json!(contact.as_str().unwrap_or_default().trim_start_matches("mailto:"));
        }
    }
}

fn orders(state: &State, object: &mut Value) {
    if state.has(Behaviour::OrdersBareArray) {
        *object = object["orders"].take();
    } else if state.has(Behaviour::OrdersString) {
        object["orders"] = object["orders"][0].take();
    }
}

fn order(state: &State, object: &mut Value) {
    let status = object["status"].as_str().unwrap_or_default().to_string();
    if state.has(Behaviour::OrdersString) {
        object["orders"] = json!("");
    }
    if state.has(Behaviour::ReplacesEmpty) {
        object["replaces"] = json!("");
    }
    if state.has(Behaviour::NameDropped)
        && let Some(identifiers) = object["identifiers"].as_array_mut()
        && identifiers.len() > 1
    {
        identifiers.pop();
    }
    if status != "pending" && state.has(Behaviour::AuthorizationsNull) {
        object["authorizations"] = Value::Null;
    }
    if status != "pending" && state.has(Behaviour::AuthorizationsMissing) {
        remove(object, "authorizations");
    }
    if status == "invalid" && state.has(Behaviour::FailedOrderErrorNull) {
        object["error"] = Value::Null;
    }
    if status == "valid" && state.has(Behaviour::FinalizeMissingOnceValid) {
        remove(object, "finalize");
    }
    if status == "valid" && state.has(Behaviour::CertificateMissing) {
        remove(object, "certificate");
    }
}

fn challenge(state: &State, object: &mut Value) {
    if state.has(Behaviour::FailedAuthzNoError) {
        remove(object, "error");
    }
}

fn remove(object: &mut Value, member: &str) {
    if let Some(members) = object.as_object_mut() {
        members.remove(member);
    }
}

/// Changes all dates, wherever they are.
fn walk(state: &State, value: &mut Value) {
    let (null, offset) = (state.has(Behaviour::DatesNull), state.has(Behaviour::OffsetTimestamps));
    if null || offset {
        dates(value, null);
    }
}

fn dates(value: &mut Value, null: bool) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| dates(item, null)),
        Value::Object(members) => {
            for (name, member) in members {
                match (name.as_str(), member.as_str()) {
                    ("expires" | "validated" | "notBefore" | "notAfter", Some(_)) if null => *member = Value::Null,
                    ("expires" | "validated" | "notBefore" | "notAfter" | "start" | "end", Some(text)) => {
                        *member = json!(text.replace('Z', "+00:00"));
                    }
                    _ => dates(member, null),
                }
            }
        }
        _ => {}
    }
}

fn headers(ca: &Ca, state: &mut State, sight: &Sight<'_>, response: &mut Response) {
    let relative = state.has(Behaviour::RelativeLocation);
    let unquoted = state.has(Behaviour::UnquotedLink);
    for (name, value) in &mut response.headers {
        match *name {
            "Location" if relative => *value = value.replacen(&ca.routes.absolute(""), "", 1),
            "Link" if unquoted => *value = value.replace('"', ""),
            _ => {}
        }
    }
    if sight.resource == Resource::NewOrder && state.has(Behaviour::NoLocation) {
        response.remove_header("Location");
    }
    if sight.method == "POST" {
        replay_nonce(state, response);
    }
}

fn replay_nonce(state: &mut State, response: &mut Response) {
    if state.does(Behaviour::NoReplayNonce) {
        response.remove_header("Replay-Nonce");
    } else if state.does(Behaviour::BadReplayNonce) {
        response.remove_header("Replay-Nonce");
        response.headers.push(("Replay-Nonce", "a+b=".to_string()));
    }
}

fn pause(state: &State, response: &mut Response) {
    if state.has(Behaviour::NoRetryAfter) {
        response.pause = None;
    }
    if state.has(Behaviour::RetryAfterHuge) && response.pause.is_some() {
        response.pause = Some(HUGE_PAUSE);
    }
}

/// Writes the CA's time (RFC 9110 §6.6.1).
pub(crate) fn write_date(state: &State, response: &mut Response) {
    response.headers.push(("Date", httpdate::fmt_http_date(state.clock.now())));
}

/// Writes the `Retry-After` that an answer has, once it is settled (RFC 9110 §10.2.3).
pub(crate) fn write_pause(state: &State, response: &mut Response) {
    let Some(seconds) = response.pause else { return };
    let text = if state.has(Behaviour::RetryAfterMalformed) {
        "soon".to_string()
    } else if state.has(Behaviour::RetryAfterDate) {
        httpdate::fmt_http_date(state.clock.after(Duration::from_secs(seconds)))
    } else {
        seconds.to_string()
    };
    response.headers.push(("Retry-After", text));
}

fn body(state: &mut State, sight: &Sight<'_>, response: &mut Response) {
    let new_order = sight.resource == Resource::NewOrder && response.status < 300;
    if sight.resource == Resource::Unknown && state.has(Behaviour::UnknownUrlEmpty404) {
        response.body = Body::Octets(Vec::new());
        response.remove_header("Content-Type");
    }
    if (new_order && state.has(Behaviour::HugeBody))
        || (sight.resource == Resource::Directory && state.has(Behaviour::HugeDirectory))
    {
        response.body = Body::Octets(format!("{{\"padding\": \"{}\"}}", "x".repeat(HUGE)).into_bytes());
    }
    if new_order && state.has(Behaviour::DeepJson) {
        response.body = Body::Octets("[".repeat(DEEP).into_bytes());
    }
    if new_order && state.has(Behaviour::InvalidJson) {
        response.body = Body::Octets(b"{\"status\": \"pending\", ".to_vec());
    }
}

/// Whether a request reads what a client waits for.
fn is_poll(sight: &Sight<'_>) -> bool {
    matches!(sight.resource, Resource::Order | Resource::Authorization) && sight.payload.is_empty()
}

fn fate(state: &mut State, sight: &Sight<'_>, response: &mut Response) {
    // A refusal was not lost on the way: it would hide why it was one.
    if response.status >= 400 {
        return closing(state, response);
    }
    if let Some(timed_out) = gateway(sight)
        && state.does(timed_out)
    {
        replace(response, 504, GATEWAY_TIMEOUT);
    } else if sight.resource == Resource::Certificate && state.does(Behaviour::HtmlCertificate) {
        replace(response, 200, "<html><body>Please log in</body></html>");
    } else if lost(sight).is_some_and(|lost| state.does(lost)) {
        response.fate = Fate::Lost;
    } else if sight.resource == Resource::Certificate && state.does(Behaviour::CertificateCutOff) {
        response.fate = Fate::CutOff { chunked: true };
    } else if sight.resource == Resource::Order && state.does(Behaviour::TruncatedBody) {
        response.fate = Fate::CutOff { chunked: false };
    }
    closing(state, response);
}

fn closing(state: &State, response: &mut Response) {
    if response.fate == Fate::Sent && state.has(Behaviour::ClosesAfterAnswer) {
        response.fate = Fate::SentAndClosed;
    }
}

/// What a gateway says in place of the CA, without a nonce of the CA.
fn replace(response: &mut Response, status: u16, html: &str) {
    *response = Response::text(status, "text/html", html);
}

fn gateway(sight: &Sight<'_>) -> Option<Behaviour> {
    match sight.resource {
        _ if is_poll(sight) => Some(Behaviour::Html504),
        Resource::NewOrder => Some(Behaviour::Html504NewOrder),
        Resource::Finalize => Some(Behaviour::Html504Finalize),
        Resource::Certificate => Some(Behaviour::Html504Certificate),
        _ => None,
    }
}

fn lost(sight: &Sight<'_>) -> Option<Behaviour> {
    match sight.resource {
        _ if is_poll(sight) => Some(Behaviour::AnswerLostPoll),
        Resource::NewAccount => Some(Behaviour::AnswerLostNewAccount),
        Resource::KeyChange => Some(Behaviour::AnswerLostKeyChange),
        Resource::NewOrder => Some(Behaviour::AnswerLostNewOrder),
        Resource::Challenge if !sight.payload.is_empty() => Some(Behaviour::AnswerLostChallenge),
        Resource::Finalize => Some(Behaviour::AnswerLostFinalize),
        Resource::Certificate => Some(Behaviour::AnswerLostCertificate),
        Resource::RevokeCert => Some(Behaviour::AnswerLostRevoke),
        _ => None,
    }
}
