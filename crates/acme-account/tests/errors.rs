//! What an error keeps and says, wherever the CA's words stood (RFC 8555 §6.7).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::error::Error as _;
use std::time::Duration;

use acme_account::{Error, ErrorKind, Operation, Payload, TransportErrorKind};
use acme_proto::ProblemType;
use ca::{Answer, Ca, FakeSolver, Mishap, at, authorization};
use serde_json::json;

fn failed(answer: Answer) -> Error {
    let ca = Ca::new();
    ca.on("/order/1", answer);
    ca.account().order(&at("/order/1")).unwrap_err()
}

fn lost(kind: TransportErrorKind) -> Error {
    let ca = Ca::new();
    ca.always(Answer::lost(kind));
    ca.account().order(&at("/order/1")).unwrap_err()
}

#[test]
fn a_refusal_keeps_all_that_was_said() {
    let error = failed(
        Answer::problem(429, "rateLimited", "too many orders")
            .with("retry-after", "120")
            .with("link", "</docs/limits>;rel=\"help\", <https://ca.example/terms/2>;rel=\"terms-of-service\""),
    );
    let refusal = error.refusal().unwrap();
    assert_eq!((refusal.status, refusal.retry_after), (429, Some(Duration::from_secs(120))));
    assert_eq!(refusal.problem.detail.as_deref(), Some("too many orders"));
    assert_eq!(refusal.help.as_deref(), Some("https://ca.example/docs/limits"));
    assert_eq!(refusal.terms.as_deref(), Some("https://ca.example/terms/2"));
    assert_eq!((error.operation(), error.url()), (Operation::Order, at("/order/1").as_str()));
    assert!(error.is_problem(&ProblemType::RateLimited) && !error.is_problem(&ProblemType::Malformed));
    assert!(error.to_string().contains("too many orders (rateLimited)"), "E-02: {error}");
}

#[test]
fn a_page_to_open_is_shown() {
    let mut problem = ca::problem("userActionRequired", "the terms have changed");
    problem["instance"] = json!("https://ca.example/agree?x=1");
    let error = failed(Answer::text(403, "application/problem+json", &problem.to_string()));
    assert!(error.to_string().contains("https://ca.example/agree?x=1"), "E-08: {error}");
}

#[test]
fn links_and_type_of_a_refusal_are_kept_and_shown() {
    let answer = Answer::text(409, "application/json", &ca::problem("malformed", "no").to_string())
        .with("link", "<https://ca.example/help>;rel=\"help\", <https://ca.example/tos>;rel=\"terms-of-service\"")
        .with("location", "https://ca.example/acct/2");
    let error = failed(answer);
    let ErrorKind::Refused(refusal) = error.kind() else { panic!("{error}") };
    assert_eq!(refusal.content_type, "application/json");
    assert_eq!(refusal.location.as_deref(), Some("https://ca.example/acct/2"), "R-07");
    let text = error.to_string();
    assert!(text.contains("https://ca.example/help") && text.contains("https://ca.example/tos"), "{text}");
}

#[test]
fn subproblems_reach_the_reader() {
    let mut problem = ca::problem("compound", "some names were refused");
    problem["subproblems"] = json!([
        {"type": "urn:ietf:params:acme:error:caa", "detail": "not us", "identifier": {"type": "dns", "value": "b.example"}},
        {"type": "urn:ietf:params:acme:error:dns", "detail": "no address", "identifier": {"type": "dns", "value": "c.example"}},
    ]);
    let error = failed(Answer::text(403, "application/problem+json", &problem.to_string()));
    for each in ["b.example: not us (caa)", "c.example: no address (dns)"] {
        assert!(error.to_string().contains(each), "{error}");
    }
}

#[test]
fn what_counts_as_a_problem_document() {
    let problem = ca::problem("malformed", "no").to_string();
    for (why, content_type, body, is_problem) in [
        ("as registered", "application/problem+json", problem.as_str(), true),
        ("with a parameter (Pebble)", "application/problem+json; charset=utf-8", &problem, true),
        ("in upper case", "Application/Problem+JSON", &problem, true),
        ("as plain JSON", "application/json", &problem, true),
        ("about:blank (acmeeh)", "application/problem+json", r#"{"type":"about:blank","title":"Busy"}"#, true),
        ("without a word", "application/problem+json", "{}", true),
        ("JSON of something in between", "application/json", r#"{"message":"Forbidden"}"#, false),
        ("a list", "application/problem+json", "[]", false),
        ("cut off", "application/problem+json", r#"{"type":"urn:ie"#, false),
        ("HTML in disguise", "application/problem+json", "<html>", false),
        ("HTML", "text/html", &problem, false),
        ("nothing", "application/problem+json", "", false),
    ] {
        let error = failed(Answer::text(400, content_type, body));
        assert_eq!(error.refusal().is_some(), is_problem, "{why}: {error}");
    }
    assert!(failed(Answer::empty(404)).refusal().is_none(), "Pebble's unknown URL: no type, no body");
}

#[test]
fn an_error_page_keeps_status_type_pause_and_an_excerpt() {
    let page = format!("<html>\n  <h1>Bad   Gateway</h1>{}</html>", "x".repeat(5000));
    let error = failed(Answer::text(503, "text/html; charset=utf-8", &page).with("retry-after", "30"));
    let ErrorKind::Http { status, content_type, excerpt, retry_after } = error.kind() else { panic!("{error}") };
    assert_eq!((*status, content_type.as_str(), *retry_after), (503, "text/html", Some(Duration::from_secs(30))));
    assert!(excerpt.starts_with("<html> <h1>Bad Gateway</h1>xxx") && excerpt.chars().count() <= 301, "{excerpt}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    for part in ["503", "text/html", "Bad Gateway", &at("/order/1")] {
        assert!(error.to_string().contains(part), "{part:?} is missing in {error}");
    }
}

#[test]
fn an_error_without_a_body_says_so() {
    let error = failed(Answer::empty(404)).to_string();
    assert!(error.contains("404") && error.contains("no body") && !error.contains("()"), "{error}");
    let error = failed(Answer::text(500, "application/octet-stream", "\u{fffd}\u{1}")).to_string();
    assert!(error.contains("500"), "{error}");
}

#[test]
fn success_that_cannot_be_used_says_why() {
    for (why, answer) in [
        ("HTML in place of the order", Answer::text(200, "text/html", "<html>maintenance</html>")),
        ("an order without a state", Answer::json(200, json!({"identifiers": []}))),
        ("a list", Answer::json(200, json!([]))),
        ("nothing", Answer::empty(204)),
    ] {
        let error = failed(answer);
        assert!(matches!(error.kind(), ErrorKind::Unusable { .. }), "{why}: {error}");
        assert!(error.to_string().contains(&at("/order/1")), "{why}: {error}");
    }
    let error = failed(Answer::text(200, "text/html", "<html>maintenance</html>"));
    assert!(error.to_string().contains("maintenance"), "{error}");
}

#[test]
fn what_helps() {
    let s = Duration::from_secs;
    for (why, error, transient, limited, after, perhaps_done) in [
        ("a rate limit", failed(Answer::problem(429, "rateLimited", "x")), true, true, None, false),
        (
            "the type tells, not the status (E-15)",
            failed(Answer::problem(403, "rateLimited", "x")),
            true,
            true,
            None,
            false,
        ),
        (
            "paused",
            failed(Answer::problem(429, "unauthorized", "x").with("retry-after", "9")),
            true,
            true,
            Some(s(9)),
            false,
        ),
        (
            "a load balancer's limit (T-16)",
            failed(Answer::text(503, "text/html", "x").with("retry-after", "9")),
            true,
            true,
            Some(s(9)),
            true,
        ),
        ("no reason, too many", failed(Answer::text(429, "text/html", "x")), true, true, None, false),
        ("a gateway", failed(Answer::text(504, "text/html", "x")), true, false, None, true),
        ("an error inside the CA", failed(Answer::problem(500, "serverInternal", "x")), true, false, None, false),
        ("Dogtag's bad nonce", failed(Answer::text(500, "text/plain", "bad nonce")), true, false, None, true),
        ("a refusal", failed(Answer::problem(403, "unauthorized", "x")), false, false, None, false),
        ("gone", failed(Answer::text(404, "text/html", "x")), false, false, None, false),
        (
            "Retry-After that is none",
            failed(Answer::problem(429, "rateLimited", "x").with("retry-after", "soon")),
            true,
            true,
            None,
            false,
        ),
        (
            "longer than a day",
            failed(Answer::problem(429, "rateLimited", "x").with("retry-after", "7800000")),
            true,
            true,
            Some(s(86_400)),
            false,
        ),
        ("not connected", lost(TransportErrorKind::Connect), true, false, None, false),
        ("no such host", lost(TransportErrorKind::Resolve), true, false, None, false),
        ("no answer", lost(TransportErrorKind::Timeout), true, false, None, true),
        ("broken", lost(TransportErrorKind::Broken), true, false, None, true),
        ("not trusted", lost(TransportErrorKind::Tls), false, false, None, false),
        ("too large", lost(TransportErrorKind::TooLarge), false, false, None, true),
        ("not usable", failed(Answer::empty(200)), false, false, None, false),
    ] {
        let found =
            (error.is_transient(), error.is_rate_limited(), error.retry_after(), error.may_have_been_carried_out());
        assert_eq!(found, (transient, limited, after, perhaps_done), "{why}: {error}");
    }
}

#[test]
fn a_pause_given_as_a_date_is_counted_from_now() {
    let date = httpdate::fmt_http_date(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_090));
    let error = failed(Answer::problem(429, "rateLimited", "x").with("retry-after", &date));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(90)), "by the clock given, not the computer's");
}

#[test]
fn no_text_of_the_chain_is_told_twice() {
    let ca = Ca::new();
    ca.on("/authz/1", Answer::json(200, authorization("a.example", "pending", &[("http-01", "pending")])));
    let solver = FakeSolver::http(&ca).with("a.example", Mishap::VerifyFails);
    let placed = ca.order("pending", &["/authz/1"]);
    let solver = ca.account().authorize(&placed, &solver, Duration::from_secs(9)).unwrap_err();
    assert!(solver.url().starts_with("https://"), "it says where: {solver}");
    for error in [solver, lost(TransportErrorKind::Timeout), failed(Answer::problem(400, "malformed", "no"))] {
        let mut below = error.source();
        while let Some(cause) = below {
            assert!(!error.to_string().contains(&cause.to_string()), "{cause} stands in {error} already");
            below = cause.source();
        }
    }
    let error = failed(Answer::problem(400, "malformed", "no"));
    assert!(error.source().is_none());
}

#[test]
fn the_cause_below_a_solver_is_kept() {
    let ca = Ca::new();
    ca.on("/authz/1", Answer::json(200, authorization("a.example", "pending", &[("http-01", "pending")])));
    let solver = FakeSolver::http(&ca).with("a.example", Mishap::VerifyFails);
    let placed = ca.order("pending", &["/authz/1"]);
    let error = ca.account().authorize(&placed, &solver, Duration::from_secs(9)).unwrap_err();
    assert!(error.to_string().contains("a.example (http-01): something else is there"), "{error}");
    assert_eq!(error.source().map(ToString::to_string).as_deref(), Some("the cause below"));
}

#[test]
fn raw_requests_show_errors_as_answers() {
    let ca = Ca::new();
    ca.on("/x", Answer::problem(403, "unauthorized", "no").with("x-thing", "1"));
    let response = ca.account().signed_request(&at("/x"), &Payload::Empty).unwrap();
    assert_eq!((response.status(), response.url(), response.header("x-thing")), (403, at("/x").as_str(), Some("1")));
    assert_eq!(response.problem().unwrap().kind, ProblemType::Unauthorized);
    assert!(!response.body().is_empty());
    let shown = format!("{response:?}");
    assert!(shown.starts_with("Response(403 from ") && !shown.contains("unauthorized"), "no body: {shown}");
    ca.instead("GET", "/plain", Answer::text(404, "text/plain", "nothing here"));
    assert_eq!(ca.account().unsigned_request(&at("/plain")).unwrap().status(), 404);
}
