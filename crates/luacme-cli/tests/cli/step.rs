//! `luacme step` and `luacme directory`: one request, and its answer.

use serde_json::{Value, json};

use crate::support::{Bench, tree};

const ORDER: &str = r#"{"identifiers":[{"type":"dns","value":"a.test"}]}"#;

#[test]
fn the_directory_can_be_read_without_an_account() {
    let bench = Bench::start();
    let run = bench.luacme(&["directory", "--server", &bench.ca.directory_url()]).succeeds();
    let directory: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(directory["meta"]["termsOfService"], "https://testca.invalid/terms");
    assert!(!bench.dir().exists(), "nothing is written");

    bench.register().succeeds();
    let run = bench.luacme(&["directory"]).succeeds();
    let again: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(again, directory, "the account's CA without --server");
}

#[test]
fn an_order_by_hand() {
    let bench = Bench::registered();
    let step = |words: &[&str]| bench.luacme(&[&["step", "--json"], words].concat()).succeeds().last();

    let order = step(&["newOrder", ORDER]);
    assert_eq!((&order["event"], &order["status"]), (&json!("response"), &json!(201)));
    assert_eq!(order["body"]["status"], "pending");
    let authorization = step(&[order["body"]["authorizations"][0].as_str().unwrap()]);
    assert_eq!(authorization["body"]["identifier"], json!({"type": "dns", "value": "a.test"}));
    let again = step(&[order["location"].as_str().unwrap()]);
    assert_eq!(again["body"]["status"], "pending", "a URL without payload is read");

    let challenge = authorization["body"]["challenges"][0]["url"].as_str().unwrap();
    assert_eq!(step(&[challenge])["body"]["status"], "pending", "reading is not answering (RFC 8555 §7.5.1)");
    assert_ne!(step(&[challenge, "{}"])["body"]["status"], "pending");
}

#[test]
fn people_see_the_body_and_where_it_is() {
    let bench = Bench::registered();
    let run = bench.luacme(&["step", "newOrder", ORDER]).succeeds();
    let order: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(order["status"], "pending");
    assert!(run.stderr.contains("location https://"), "{}", run.stderr);
    let quiet = bench.luacme(&["step", "newOrder", ORDER, "-q"]).succeeds();
    assert_eq!(quiet.stderr, "");
    assert!(serde_json::from_str::<Value>(&quiet.stdout).is_ok(), "the answer is what was asked for");
}

#[test]
fn payloads_that_cannot_be() {
    let bench = Bench::registered();
    let requests = bench.requests();
    for (why, payload) in [("not JSON", "{a:1}"), ("not an object", "[]"), ("two of them", "{}{}")] {
        bench.fails(2, &["step", "newOrder", payload]).complains("not a JSON object");
        assert_eq!(bench.requests(), requests, "{why}");
    }
}

#[test]
fn what_the_ca_refuses_or_does_not_have() {
    let bench = Bench::registered();
    let refused = bench.fails(1, &["step", "newOrder", r#"{"identifiers":[{"type":"dns","value":"localhost"}]}"#]);
    assert!(refused.part("the CA said").contains("localhost"), "{}", refused.stderr);
    let missing = bench.fails(1, &["step", "newPizza", "{}"]).complains("newPizza");
    assert!(missing.part("what to do").contains("luacme directory"), "{}", missing.stderr);
    bench.fails(1, &["step", "http://127.0.0.1:1/"]).complains("https");
}

#[test]
fn a_step_needs_an_account() {
    let bench = Bench::start();
    let run = bench.fails(1, &["step", "newOrder", ORDER]).complains("there is no account in state/account.json");
    assert!(run.part("what to do").contains("luacme register"), "{}", run.stderr);
    assert!(tree(&bench.dir()).is_empty());
}

#[test]
fn what_answers_challenges_needs_no_ca() {
    let bench = Bench::registered();
    let before = bench.requests();
    let thumbprint = bench.luacme(&["keyauth"]).succeeds().stdout.trim().to_owned();
    assert_eq!(thumbprint.len(), 43, "the base64url of a SHA-256 (RFC 7638 §3)");
    let answer = bench.luacme(&["keyauth", "tok-en_1"]).succeeds().stdout;
    assert_eq!(answer.trim(), format!("tok-en_1.{thumbprint}"));
    for server in ["nginx", "apache", "caddy", "haproxy"] {
        let lines = bench.luacme(&["keyauth", "--web-server", server]).succeeds().stdout;
        assert!(lines.contains(&thumbprint) && lines.contains("acme-challenge"), "{server}: {lines}");
    }
    bench.fails(2, &["keyauth", "../token"]);
    assert_eq!(bench.requests(), before);
}
