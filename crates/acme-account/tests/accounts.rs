//! Making and finding accounts (RFC 8555 §7.3).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use acme_account::{Error, ErrorKind, ExternalAccount, Operation, Payload, Terms};
use acme_jose::MacKey;
use acme_proto::{Contact, ProblemType};
use ca::{ACCOUNT, Answer, Ca, at};
use serde_json::{Value, json};

fn account(status: u16) -> Answer {
    Answer::json(status, json!({"status": "valid"})).with("location", ACCOUNT)
}

fn sent(ca: &Ca) -> Vec<Value> {
    ca.posts().iter().map(|seen| serde_json::from_str(&seen.payload).unwrap()).collect()
}

#[test]
fn made_or_found() {
    for (status, created) in [(201, true), (200, false)] {
        let ca = Ca::new();
        ca.on("/new-acct", account(status)).on("/x", Answer::empty(200));
        let me = ca.stranger();
        let contact = Contact::parse("a@b.example").unwrap();
        let registered = me.register(&[contact], Terms::Agreed).unwrap();
        assert_eq!((registered.url.as_str(), registered.created), (ACCOUNT, created), "{status}");
        assert_eq!(sent(&ca), [json!({"contact": ["mailto:a@b.example"], "termsOfServiceAgreed": true})]);
        assert_eq!(me.url().as_deref(), Some(ACCOUNT));
        me.step(&at("/x"), &Payload::Empty).unwrap();
        let kids: Vec<_> = ca.posts().into_iter().map(|seen| seen.kid).collect();
        assert_eq!(kids, [None, Some(ACCOUNT.to_owned())], "first the key itself, then the account URL");
    }
}

#[test]
fn a_ca_that_says_nothing_of_an_account_it_knows() {
    let ca = Ca::new();
    ca.on("/new-acct", Answer::json(200, json!({})).with("location", ACCOUNT));
    assert_eq!(ca.stranger().register(&[], Terms::Agreed).unwrap().url, ACCOUNT, "acme2certifier");
}

#[test]
fn the_location_is_resolved_and_then_kept_as_it_is() {
    for (location, want) in
        [("/acct/7", "https://ca.example/acct/7"), ("https://ca.example:443/%7E7/", "https://ca.example:443/%7E7/")]
    {
        let ca = Ca::new();
        ca.on("/new-acct", Answer::json(201, json!({"status": "valid"})).with("location", location));
        ca.on("/x", Answer::empty(200));
        let me = ca.stranger();
        assert_eq!(me.register(&[], Terms::Agreed).unwrap().url, want);
        me.step(&at("/x"), &Payload::Empty).unwrap();
        assert_eq!(ca.posts()[1].kid.as_deref(), Some(want), "the kid (A-05)");
    }
}

#[test]
fn terms_nobody_agreed_to_stop_it_before_anything_is_sent() {
    let ca = Ca::new();
    let error = ca.stranger().register(&[], Terms::NotAgreed).unwrap_err();
    let ErrorKind::TermsNotAgreed { terms } = error.kind() else { panic!("{error}") };
    assert_eq!(terms, &at("/terms"));
    assert!(error.to_string().contains(&at("/terms")), "A-02: {error}");
    assert_eq!(ca.log(), ["GET /directory"]);
}

#[test]
fn a_binding_agrees_to_no_terms() {
    let ca = Ca::new();
    let binding = ExternalAccount::new("kid", MacKey::from_bytes(b"shared"));
    let error = ca.stranger().register_bound(&[], Terms::NotAgreed, &binding).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TermsNotAgreed { .. }), "{error}");
    assert_eq!(ca.log(), ["GET /directory"], "and is not used up");
}

#[test]
fn without_terms_there_is_nothing_to_agree_to() {
    for meta in [json!({}), json!(null), json!({"termsOfService": ""})] {
        let ca = Ca::new();
        ca.set_directory("meta", meta).on("/new-acct", account(201));
        ca.stranger().register(&[], Terms::NotAgreed).unwrap();
        assert_eq!(sent(&ca), [json!({})]);
    }
}

#[test]
fn finding_never_makes() {
    let ca = Ca::new();
    ca.on("/new-acct", account(200));
    let found = ca.stranger().find().unwrap();
    assert!(!found.created);
    assert_eq!(sent(&ca), [json!({"onlyReturnExisting": true})]);

    ca.on("/new-acct", Answer::problem(400, "accountDoesNotExist", "no account with that key"));
    let error = ca.stranger().find().unwrap_err();
    assert!(error.is_problem(&ProblemType::AccountDoesNotExist), "{error}");
}

#[test]
fn accounts_that_cannot_be_used() {
    for (why, answer, says) in [
        ("no Location", Answer::json(201, json!({"status": "valid"})), "account URL"),
        ("an empty Location", Answer::json(201, json!({"status": "valid"})).with("location", ""), "account URL"),
        (
            "given up by its holder",
            Answer::json(200, json!({"status": "deactivated"})).with("location", ACCOUNT),
            "deactivated",
        ),
        ("given up by the CA", Answer::json(200, json!({"status": "revoked"})).with("location", ACCOUNT), "revoked"),
        ("an unknown state", Answer::json(200, json!({"status": "asleep"})).with("location", ACCOUNT), "asleep"),
        ("HTML", Answer::text(200, "text/html", "<html>").with("location", ACCOUNT), "<html>"),
    ] {
        let ca = Ca::new();
        ca.on("/new-acct", answer);
        let me = ca.stranger();
        let error: Error = me.register(&[], Terms::Agreed).unwrap_err();
        assert_eq!(error.operation(), Operation::NewAccount, "{why}");
        assert!(error.to_string().contains(says), "{why}: {error}");
        assert_eq!(me.url(), None, "{why}: it is not remembered");
    }
}

#[test]
fn refusals_reach_the_caller() {
    for kind in
        ["externalAccountRequired", "unsupportedContact", "invalidContact", "userActionRequired", "badPublicKey"]
    {
        let ca = Ca::new();
        ca.on("/new-acct", Answer::problem(400, kind, "no"));
        let error = ca.stranger().register(&[], Terms::Agreed).unwrap_err();
        assert_eq!(error.refusal().unwrap().problem.kind.short(), kind);
        assert_eq!(ca.posts().len(), 1, "{kind}: and nothing is tried again");
    }
}

#[test]
fn the_account_key_is_not_shown() {
    let ca = Ca::new();
    let shown = format!("{:?}", ca.account());
    assert!(shown.contains(ACCOUNT) && shown.len() < 120, "{shown}");
}
