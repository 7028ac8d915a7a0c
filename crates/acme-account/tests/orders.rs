//! Placing an order, finalizing it, waiting for the certificate and downloading it (RFC 8555 §7.4).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::sync::Arc;
use std::time::Duration;

use acme_account::{Clock as _, Error, ErrorKind, Operation, Step, TransportErrorKind};
use acme_proto::{Identifier, NewOrder, OrderStatus, ProblemType, Timestamp};
use ca::{Answer, Ca, at, authorization, order, problem, valid_order};
use serde_json::{Value, json};

const MINUTE: Duration = Duration::from_secs(60);
const CHAIN: &str = "-----BEGIN CERTIFICATE-----\n";

fn seen(status: &str) -> Answer {
    Answer::json(200, order(status, &[]))
}

fn valid() -> Answer {
    Answer::json(200, valid_order())
}

/// From an order in a state to its certificate.
fn issue(ca: &Arc<Ca>, status: &str) -> Result<String, Error> {
    let outcome = ca.account().issue(ca.order(status, &[]), b"csr", MINUTE);
    assert!(ca.is_done(), "the script was not fetched to its end: {:?}", ca.log());
    outcome
}

fn place(answer: Answer) -> Result<acme_account::PlacedOrder, Error> {
    let ca = Ca::new();
    ca.on("/new-order", answer);
    ca.account().new_order(&NewOrder::new(["a.example", "b.example"].map(|name| Identifier::parse(name).unwrap())))
}

fn identifiers(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"type": "dns", "value": name})).collect()
}

#[test]
fn the_step_of_each_state() {
    for (state, step) in [
        ("pending", Step::Authorize),
        ("ready", Step::Finalize),
        ("processing", Step::Wait),
        ("valid", Step::Download),
        ("invalid", Step::Abandon),
        ("canceled", Step::Abandon),
        ("brand-new", Step::Wait),
    ] {
        assert_eq!(Step::for_status(&OrderStatus::from(state.to_owned())), step, "{state}");
    }
}

#[test]
fn an_order_is_for_the_names_that_were_asked_for() {
    for (why, names, good) in [
        ("the same", &["a.example", "b.example"][..], true),
        ("in another order", &["b.example", "a.example"], true),
        ("in another case", &["A.Example", "b.example"], true),
        ("one twice", &["a.example", "b.example", "a.example"], true),
        ("one is missing (O-13)", &["a.example"], false),
        ("one more", &["a.example", "b.example", "c.example"], false),
        ("another", &["a.example", "c.example"], false),
        ("none", &[], false),
    ] {
        let wire = json!({"status": "pending", "identifiers": identifiers(names), "authorizations": []});
        let outcome = place(Answer::json(201, wire).with("location", "/order/1"));
        assert_eq!(outcome.as_ref().map(|placed| placed.url.clone()).ok(), good.then(|| at("/order/1")), "{why}");
        assert!(good || outcome.unwrap_err().to_string().contains("other identifiers"), "{why}");
    }
}

#[test]
fn an_order_needs_a_url() {
    let wire = json!({"status": "pending", "identifiers": identifiers(&["a.example", "b.example"])});
    let error = place(Answer::json(201, wire.clone())).unwrap_err();
    assert!(error.to_string().contains("order URL"), "O-02: {error}");
    assert!(place(Answer::json(200, wire).with("location", "/order/1")).is_ok(), "one that stood already");
}

#[test]
fn the_same_order_twice_is_no_collision() {
    let ca = Ca::new();
    let answer = Answer::json(201, order("ready", &[])).with("location", "/order/1");
    ca.on("/new-order", answer.clone()).on("/new-order", answer);
    let account = ca.account();
    let new = NewOrder::new([Identifier::parse("a.example").unwrap()]);
    let (one, other) = (account.new_order(&new).unwrap(), account.new_order(&new).unwrap());
    assert_eq!((one.url, one.order.status), (other.url, other.order.status));
}

#[test]
fn what_is_ordered_before_is_authorized_by_its_own_name() {
    let ca = Ca::new();
    let found = authorization("xn--bcher-kva.example", "pending", &[]);
    ca.on("/new-authz", Answer::json(201, found).with("location", "/authz/9"));
    let placed = ca.account().new_dns_authz("Bücher.example.").unwrap();
    assert_eq!(placed.url, at("/authz/9"));
    let sent: Value = serde_json::from_str(&ca.posts()[0].payload).unwrap();
    assert_eq!(sent, json!({"identifier": {"type": "dns", "value": "xn--bcher-kva.example"}}));
    for name in ["*.a.example", "https://a.example", ""] {
        let error = ca.account().new_dns_authz(name).unwrap_err();
        assert_eq!(error.operation(), Operation::NewAuthz, "{name:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert_eq!(ca.posts().len(), 1, "refused before anything is sent (O-16)");
}

#[test]
fn from_each_state_to_the_certificate() {
    for (from, requests) in [
        ("ready", &["POST /finalize/1", "POST /order/1", "POST /cert/1"][..]),
        ("processing", &["POST /order/1", "POST /cert/1"]),
        ("brand-new", &["POST /order/1", "POST /cert/1"]),
    ] {
        let ca = Ca::new();
        for request in requests {
            match *request {
                "POST /finalize/1" => ca.on("/finalize/1", seen("processing")),
                "POST /order/1" => ca.on("/order/1", valid()),
                _ => ca.on("/cert/1", Answer::certificate()),
            };
        }
        assert_eq!(issue(&ca, from).unwrap(), CHAIN, "{from}");
        assert_eq!(ca.log()[2..], *requests, "{from}");
    }
}

#[test]
fn an_order_that_is_valid_is_downloaded_at_once() {
    let ca = Ca::new();
    ca.on("/finalize/1", valid()).on("/cert/1", Answer::certificate());
    assert_eq!(issue(&ca, "ready").unwrap(), CHAIN, "finalize answers valid at once (acmeeh)");
    assert!(ca.sleeps().is_empty());
}

#[test]
fn the_request_for_the_certificate_is_base64url_of_der() {
    let ca = Ca::new();
    ca.on("/finalize/1", valid()).on("/cert/1", Answer::certificate());
    issue(&ca, "ready").unwrap();
    assert_eq!(ca.posts()[0].payload, r#"{"csr":"Y3Ny"}"#);
}

#[test]
fn an_order_that_lags_behind_its_authorizations_is_waited_for() {
    let ca = Ca::new();
    ca.on("/order/1", seen("pending")).on("/order/1", seen("ready")).on("/finalize/1", valid());
    ca.on("/cert/1", Answer::certificate());
    issue(&ca, "pending").unwrap();
}

#[test]
fn order_not_ready_leads_back_to_the_order() {
    let ca = Ca::new();
    let not_ready = || Answer::problem(403, "orderNotReady", "not ready yet");
    ca.on("/finalize/1", not_ready()).on("/order/1", seen("pending")).on("/order/1", seen("ready"));
    ca.on("/finalize/1", not_ready()).on("/order/1", seen("ready"));
    ca.on("/finalize/1", seen("processing")).on("/order/1", valid()).on("/cert/1", Answer::certificate());
    issue(&ca, "ready").unwrap();
}

#[test]
fn a_finalize_without_an_answer_leads_to_the_order() {
    for (why, answer) in [
        ("no answer", Answer::lost(TransportErrorKind::Timeout)),
        ("a broken connection", Answer::lost(TransportErrorKind::Broken)),
        ("a gateway", Answer::text(504, "text/html", "<html>")),
        ("success with an odd body", Answer::text(200, "text/html", "<html>")),
        ("success without a body", Answer::empty(200)),
    ] {
        for status in ["processing", "valid"] {
            let ca = Ca::new();
            ca.on("/finalize/1", answer.clone());
            if status == "processing" {
                ca.on("/order/1", seen("processing"));
            }
            ca.on("/order/1", valid()).on("/cert/1", Answer::certificate());
            assert_eq!(issue(&ca, "ready").unwrap(), CHAIN, "{why}");
            assert_eq!(ca.count("POST /finalize/1"), 1, "{why}: not sent again");
        }
    }
}

#[test]
fn a_finalize_that_never_arrived_is_sent_anew_but_once() {
    let lost = || Answer::lost(TransportErrorKind::Broken);
    let ca = Ca::new();
    ca.on("/finalize/1", lost()).on("/order/1", seen("ready")).on("/finalize/1", valid());
    ca.on("/cert/1", Answer::certificate());
    issue(&ca, "ready").unwrap();
    let posts = ca.posts();
    assert_ne!(posts[0].nonce, posts[2].nonce, "signed anew, since the order said that nothing had come");

    let ca = Ca::new();
    ca.on("/finalize/1", lost()).on("/order/1", seen("ready")).on("/finalize/1", lost());
    ca.on("/order/1", seen("ready"));
    let error = issue(&ca, "ready").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Transport(_)), "{error}");
}

#[test]
fn why_finalize_failed_is_told_in_the_end() {
    let ca = Ca::new();
    (0..2).for_each(|_| {
        _ = ca.on("/finalize/1", Answer::text(500, "text/html", "<h1>out of paper</h1>")).on("/order/1", seen("ready"))
    });
    let error = ca.account().issue(ca.order("ready", &[]), b"csr", MINUTE).unwrap_err();
    assert!(error.to_string().contains("out of paper"), "not that time ran out: {error}");
    assert_eq!(ca.count("POST /finalize/1"), 2);

    let ca = Ca::new();
    for _ in 0..20 {
        ca.on("/finalize/1", Answer::problem(403, "orderNotReady", "still not")).on("/order/1", seen("ready"));
    }
    let error = ca.account().issue(ca.order("ready", &[]), b"csr", MINUTE).unwrap_err();
    assert!(error.is_problem(&ProblemType::OrderNotReady), "{error}");
    assert_eq!(ca.sleeps().iter().sum::<Duration>(), MINUTE);
}

#[test]
fn a_refused_request_is_told_at_once() {
    for kind in ["badCSR", "caa", "rejectedIdentifier", "unauthorized", "rateLimited", "serverInternal"] {
        let ca = Ca::new();
        ca.on("/finalize/1", Answer::problem(403, kind, "no"));
        let error = issue(&ca, "ready").unwrap_err();
        assert_eq!(error.refusal().unwrap().problem.kind.short(), kind, "not swallowed (nginx-acme)");
        assert_eq!(error.operation(), Operation::Finalize);
    }
}

#[test]
fn a_lost_order_says_why() {
    let ca = Ca::new();
    let mut lost = order("invalid", &[]);
    lost["error"] = problem("caa", "CAA forbids it");
    ca.on("/finalize/1", seen("processing")).on("/order/1", Answer::json(200, lost));
    let error = issue(&ca, "ready").unwrap_err();
    let ErrorKind::OrderLost { status, problem } = error.kind() else { panic!("{error}") };
    assert_eq!((status.as_str(), &problem.as_ref().unwrap().kind), ("invalid", &ProblemType::Caa));
    assert!(error.to_string().contains("CAA forbids it"), "{error}");
}

#[test]
fn a_lost_order_that_is_silent_has_its_reason_in_an_authorization() {
    let ca = Ca::new();
    let mut found = authorization("a.example", "invalid", &[("http-01", "invalid")]);
    found["challenges"][0]["error"] = problem("connection", "refused by 192.0.2.1");
    let mut met = authorization("b.example", "valid", &[("dns-01", "invalid"), ("http-01", "valid")]);
    met["challenges"][0]["error"] = problem("dns", "an old failure");
    ca.on("/order/1", Answer::json(200, order("invalid", &["/authz/x", "/authz/b", "/authz/a"])));
    ca.on("/authz/x", Answer::problem(404, "malformed", "gone"))
        .on("/authz/b", Answer::json(200, met))
        .on("/authz/a", Answer::json(200, found));
    let error = issue(&ca, "processing").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OrderLost { .. }), "{error}");
    assert!(error.to_string().contains("refused by 192.0.2.1"), "Let's Encrypt's error is null: {error}");
}

#[test]
fn an_order_that_was_ended() {
    for status in ["invalid", "canceled"] {
        let ca = Ca::new();
        let error = issue(&ca, status).unwrap_err();
        assert!(error.to_string().contains(&format!("the order is {status}")), "{error}");
        assert!(ca.posts().is_empty());
    }
}

#[test]
fn a_valid_order_names_its_certificate() {
    let ca = Ca::new();
    let error = issue(&ca, "valid").unwrap_err();
    assert!(error.to_string().contains("names no certificate"), "{error}");
}

#[test]
fn a_ready_order_names_where_to_finalize() {
    let ca = Ca::new();
    let mut placed = ca.order("ready", &[]);
    placed.order.finalize = None;
    let error = ca.account().finalize(&placed, b"csr").unwrap_err();
    assert!(error.to_string().contains("no finalize URL"), "{error}");
}

#[test]
fn the_whole_wait_has_an_end() {
    let ca = Ca::new();
    ca.always(seen("processing"));
    let error = issue(&ca, "processing").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfTime { asked: None, .. }), "{error}");
    assert_eq!(ca.sleeps().iter().sum::<Duration>(), MINUTE);
    assert!(ca.posts().len() < 20, "{} looks", ca.posts().len());

    let ca = Ca::new();
    ca.always(seen("brand-new"));
    let error = issue(&ca, "brand-new").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfTime { asked: None, .. }), "unknown states end as well: {error}");
    assert!(error.to_string().contains("\"brand-new\""), "and are named: {error}");
}

#[test]
fn pauses_are_those_the_ca_asks_for() {
    let ca = Ca::new();
    let in_nine_seconds =
        httpdate::fmt_http_date(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_014));
    ca.on("/finalize/1", seen("processing").with("retry-after", "5"));
    ca.on("/order/1", seen("processing").with("retry-after", &in_nine_seconds));
    ca.on("/order/1", valid().with("retry-after", "300")).on("/cert/1", Answer::certificate());
    issue(&ca, "ready").unwrap();
    assert_eq!(ca.sleeps(), [Duration::from_secs(5), Duration::from_secs(9)], "and none once it is valid");
}

#[test]
fn what_the_ca_asked_for_before_counts_as_well() {
    let ca = Ca::new();
    ca.on("/order/1", valid()).on("/cert/1", Answer::certificate());
    let mut placed = ca.order("processing", &[]);
    placed.retry_after = Some(Duration::from_secs(4));
    ca.account().issue(placed, b"csr", MINUTE).unwrap();
    assert_eq!(ca.sleeps(), [Duration::from_secs(4)]);
}

#[test]
fn a_pause_past_the_deadline_is_told() {
    let ca = Ca::new();
    ca.on("/finalize/1", seen("processing").with("retry-after", "7800000"));
    let error = issue(&ca, "ready").unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfTime { asked: Some(asked), .. } if asked.as_secs() == 86_400),
        "{error}"
    );
    assert!(ca.sleeps().is_empty());
}

#[test]
fn only_a_chain_is_a_certificate() {
    let text = CHAIN;
    for (why, content_type, good) in [
        ("as registered", "application/pem-certificate-chain", true),
        ("with a parameter (Pebble)", "application/pem-certificate-chain; charset=utf-8", true),
        ("in upper case", "Application/PEM-Certificate-Chain", true),
        ("none", "", true),
        ("HTML in its place (ZeroSSL)", "text/html", false),
        ("one certificate in DER", "application/pkix-cert", false),
        ("JSON", "application/json", false),
    ] {
        let ca = Ca::new();
        let answer = if content_type.is_empty() { Answer::empty(200) } else { Answer::text(200, content_type, text) };
        ca.on("/cert/1", answer);
        let outcome = ca.account().download(&at("/cert/1"));
        assert_eq!(outcome.is_ok(), good, "{why}: {outcome:?}");
    }
    let ca = Ca::new();
    ca.on("/cert/1", Answer::text(504, "text/html", "<html>Gateway</html>"));
    let error = ca.account().download(&at("/cert/1")).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Http { status: 504, .. }) && error.is_transient(), "{error}");
}

#[test]
fn a_download_that_failed_can_be_repeated() {
    let ca = Ca::new();
    let gateway = || Answer::text(504, "text/html", "<html>");
    ca.on("/order/1", valid()).on("/cert/1", gateway()).on("/cert/1", Answer::certificate());
    assert_eq!(issue(&ca, "processing").unwrap(), CHAIN, "within the time allowed");
    ca.on("/order/1", valid()).on("/cert/1", gateway().with("retry-after", "3600"));
    assert!(issue(&ca, "processing").unwrap_err().is_transient());
    ca.on("/order/1", valid())
        .on("/cert/1", Answer::lost(TransportErrorKind::Broken))
        .on("/cert/1", Answer::certificate());
    assert_eq!(issue(&ca, "processing").unwrap(), CHAIN, "G-14");
}

// Rows: F-06, K-12
#[test]
fn the_account_key_is_no_certificate_key() {
    let ca = Ca::new();
    let account = ca.account();
    let own = account.key().public_key().to_spki_der().unwrap();
    let request = [b"30 before", own.as_slice(), b"behind"].concat();
    let error = account.finalize(&ca.order("ready", &[]), &request).unwrap_err();
    assert!(error.to_string().contains("account's own key"), "{error}");
    assert!(ca.log().is_empty(), "nothing was sent: {:?}", ca.log());
}

// Rows: O-09
#[test]
fn an_order_is_not_waited_for_beyond_its_end() {
    let seconds = Duration::from_secs;
    for (why, ends_in, waited) in [
        ("it ends first", Ok(seconds(20)), 20),
        ("the caller's patience ends first", Ok(seconds(3600)), 60),
        ("an end in the past is our clock's fault", Err(seconds(3600)), 60),
    ] {
        let ca = Ca::new();
        let started = ca.now();
        let end = ends_in.map_or_else(|ago| started - ago, |left| started + left);
        for _ in 0..100 {
            ca.on("/order/1", seen("processing"));
        }
        let mut placed = ca.order("processing", &[]);
        placed.order.expires = Some(Timestamp::try_from(end).unwrap());
        let error = ca.account().issue(placed, b"csr", MINUTE).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfTime { .. }), "{why}: {error}");
        let took = ca.now().duration_since(started).unwrap();
        assert!(took <= seconds(waited) && took > seconds(waited - 11), "{why}: {took:?}, pauses grow to 10 s");
    }
}

#[test]
fn a_ca_that_took_the_request_is_not_sent_another() {
    let ready = || Answer::json(200, order("ready", &[]));
    let ca = Ca::new();
    ca.on("/finalize/1", ready()).on("/order/1", ready()).on("/order/1", Answer::json(200, order("processing", &[])));
    ca.on("/order/1", ready()).on("/order/1", Answer::json(200, valid_order())).on("/cert/1", Answer::certificate());
    ca.account().issue(ca.order("ready", &[]), b"csr", Duration::from_secs(60)).unwrap();
    assert_eq!(ca.count("POST /finalize/1"), 1, "its records lag (F-09)");
    assert_eq!(ca.sleeps().len(), 4, "and every look comes after a pause");

    let ca = Ca::new();
    ca.on("/finalize/1", ready()).always(ready());
    let error = ca.account().issue(ca.order("ready", &[]), b"csr", Duration::from_secs(60)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfTime { .. }), "{error}");
    assert_eq!(ca.count("POST /finalize/1"), 1);
}
