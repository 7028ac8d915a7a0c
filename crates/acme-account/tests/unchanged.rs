//! What a CA must not change from one answer to the next: an order's arrays, the certificate of a chain. The rows are those of
//! docs/rfc-map.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use acme_account::{Error, ErrorKind, Remedy};
use acme_proto::ChallengeType;
use ca::flow::{MINUTE, a, b, challenge};
use ca::{Answer, Ca, FakeSolver, at, order};
use serde_json::{Value, json};

const BOTH: [&str; 2] = ["/authz/a", "/authz/b"];

/// Later answers for an order of a.example with `BOTH`: why, the answer, what of it changed.
fn later_answers() -> Vec<(&'static str, Value, Option<&'static str>)> {
    let with = |member: &str, value: Value| {
        let mut later = order("ready", &BOTH);
        later[member] = value;
        later
    };
    let name = |name: &str| json!({"type": "dns", "value": name});
    vec![
        ("the same", order("ready", &BOTH), None),
        ("in another sequence", order("ready", &["/authz/b", "/authz/a"]), None),
        ("left out", json!({"status": "ready", "finalize": at("/finalize/1")}), None),
        ("null", with("authorizations", Value::Null), None),
        ("one authorization more", order("ready", &["/authz/a", "/authz/b", "/authz/c"]), Some("authorizations")),
        ("one fewer", order("ready", &["/authz/a"]), Some("authorizations")),
        ("another", order("ready", &["/authz/a", "/authz/c"]), Some("authorizations")),
        ("another name", with("identifiers", json!([name("b.example")])), Some("identifiers")),
        ("one name more", with("identifiers", json!([name("a.example"), name("b.example")])), Some("identifiers")),
    ]
}

fn check(why: &str, changed: Option<&str>, error: Option<Error>) {
    match (changed, error) {
        (None, None) => {}
        (Some(what), Some(error)) => {
            assert!(
                matches!(error.kind(), ErrorKind::OrderChanged { what: found } if *found == what),
                "{why}: {error}"
            );
            assert_eq!(error.remedy(), Remedy::TryAgain, "{why}: a new order");
        }
        (_, error) => panic!("{why}: {error:?}"),
    }
}

// Rows: O-06
#[test]
fn an_order_that_changes_while_it_is_proven_is_given_up() {
    for (why, later, changed) in later_answers() {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
        ca.on("/a.example/http-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
        ca.on("/order/1", Answer::json(200, later));
        let solver = FakeSolver::new(&ca, &[ChallengeType::Http01]);
        let outcome = ca.account().authorize(&ca.order("pending", &BOTH), &solver, MINUTE);
        check(why, changed, outcome.err());
        assert!(ca.is_done(), "{why}");
    }
}

// Rows: O-06
#[test]
fn an_order_that_changes_while_it_is_issued_is_given_up() {
    for (why, mut later, changed) in later_answers() {
        let ca = Ca::new();
        later["status"] = json!("valid");
        later["certificate"] = json!(at("/cert/1"));
        // By the answer to finalize, and by the order itself after that.
        for polled in [false, true] {
            if polled {
                ca.on("/finalize/1", Answer::json(200, order("processing", &[])));
            }
            ca.on(if polled { "/order/1" } else { "/finalize/1" }, Answer::json(200, later.clone()));
            if changed.is_none() {
                ca.on("/cert/1", Answer::certificate());
            }
            let outcome = ca.account().issue(ca.order("ready", &BOTH), b"csr", MINUTE);
            check(why, changed, outcome.err());
            assert!(ca.is_done(), "{why}: {:?}", ca.log());
        }
    }
}

// Rows: G-09
#[test]
fn every_chain_is_for_the_same_certificate() {
    let block = |text: &str| format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n");
    let pem = |leaf: &str, issuer: &str| block(leaf) + &block(issuer);
    for (why, alternate, good) in [
        ("another issuer", pem("bGVhZg==", "b3RoZXI="), true),
        ("other line ends", pem("bGVh\r\nZg==", "b3RoZXI="), true),
        ("no issuer", block("bGVhZg=="), true),
        ("another leaf", pem("bGVhZw==", "aXNzdWVy"), false),
        ("turned round", pem("aXNzdWVy", "bGVhZg=="), false),
        ("nothing", String::new(), false),
    ] {
        let ca = Ca::new();
        let chain = |text: &str| Answer::text(200, "application/pem-certificate-chain", text);
        ca.on("/cert/1", chain(&pem("bGVhZg==", "aXNzdWVy")).with("link", "</cert/1/1>;rel=\"alternate\""));
        ca.on("/cert/1/1", chain(&alternate));
        let outcome = ca.account().download_all(&at("/cert/1"));
        assert_eq!(outcome.as_ref().is_ok_and(|chains| chains.len() == 2), good, "{why}");
        assert!(good || outcome.unwrap_err().url().ends_with("/cert/1/1"), "{why}: it says which");
    }
}
