//! Problem documents (RFC 7807, RFC 8555 §6.7).
#![allow(clippy::unwrap_used, missing_docs)]

use acme_proto::{Identifier, Problem, ProblemType};
use serde_json::{Value, json};

fn read(value: &Value) -> Problem {
    Problem::from_json(value.to_string().as_bytes()).unwrap()
}

#[test]
fn each_identifier_has_its_subproblem() {
    let problem = Problem::from_json(include_bytes!("messages/subproblems.json")).unwrap();
    let dns = |name: &str| Some(Identifier::Dns(name.to_owned()));
    let found: Vec<_> = problem.subproblems.iter().map(|sub| (&sub.kind, &sub.identifier)).collect();
    assert_eq!(
        found,
        [(&ProblemType::Malformed, &dns("_example.org")), (&ProblemType::RejectedIdentifier, &dns("example.net")),]
    );
    assert_eq!(
        problem.to_string(),
        "Some of the identifiers requested were rejected (malformed); \
         _example.org: Invalid underscore in DNS name \"_example.org\" (malformed); \
         example.net: This CA will not issue for \"example.net\" (rejectedIdentifier)"
    );
}

#[test]
fn other_examples_of_the_rfc() {
    let problem = Problem::from_json(include_bytes!("messages/user-action-required.json")).unwrap();
    assert_eq!(problem.kind, ProblemType::UserActionRequired);
    assert_eq!(problem.instance.as_deref(), Some("https://example.com/acme/agreement/?token=W8Ih3PswD-8"));
    let problem = Problem::from_json(include_bytes!("messages/bad-signature-algorithm.json")).unwrap();
    assert_eq!(problem.kind, ProblemType::BadSignatureAlgorithm);
    assert_eq!(problem.algorithms, ["ES256", "RS256"]);
}

#[test]
fn types_are_full_urns_and_unknown_ones_are_kept() {
    let other = |text: &str| ProblemType::Other(text.to_owned());
    for (why, kind, want, short) in [
        ("known", json!("urn:ietf:params:acme:error:badNonce"), ProblemType::BadNonce, "badNonce"),
        (
            "unknown",
            json!("urn:ietf:params:acme:error:new"),
            other("urn:ietf:params:acme:error:new"),
            "urn:ietf:params:acme:error:new",
        ),
        ("not a URN (acme2certifier)", json!("badNonce"), other("badNonce"), "badNonce"),
        (
            "the old prefix",
            json!("urn:acme:error:badNonce"),
            other("urn:acme:error:badNonce"),
            "urn:acme:error:badNonce",
        ),
        (
            "case matters",
            json!("urn:ietf:params:acme:error:badnonce"),
            other("urn:ietf:params:acme:error:badnonce"),
            "urn:ietf:params:acme:error:badnonce",
        ),
        (
            "a page",
            json!("https://ca.example/errors/7"),
            other("https://ca.example/errors/7"),
            "https://ca.example/errors/7",
        ),
        ("null", json!(null), other("about:blank"), "about:blank"),
        ("empty", json!(""), other("about:blank"), "about:blank"),
        ("a number", json!(7), other("about:blank"), "about:blank"),
    ] {
        let problem = read(&json!({"type": kind, "detail": "x"}));
        assert_eq!((&problem.kind, problem.kind.short()), (&want, short), "{why}");
    }
    assert_eq!(read(&json!({"detail": "x"})).kind, other("about:blank"), "a missing type (RFC 7807 §3.1)");
}

#[test]
fn all_registered_types_are_known() {
    for word in [
        "accountDoesNotExist",
        "alreadyRevoked",
        "badCSR",
        "badNonce",
        "badPublicKey",
        "badRevocationReason",
        "badSignatureAlgorithm",
        "caa",
        "compound",
        "connection",
        "dns",
        "externalAccountRequired",
        "incorrectResponse",
        "invalidContact",
        "malformed",
        "orderNotReady",
        "rateLimited",
        "rejectedIdentifier",
        "serverInternal",
        "tls",
        "unauthorized",
        "unsupportedContact",
        "unsupportedIdentifier",
        "userActionRequired",
        "alreadyReplaced",
        "invalidProfile",
        "autoRenewalCanceled",
        "autoRenewalExpired",
        "autoRenewalCancellationInvalid",
        "autoRenewalRevocationNotSupported",
        "unknownDelegation",
        "onionCAARequired",
        "badAttestationStatement",
        "conflict",
    ] {
        let uri = format!("urn:ietf:params:acme:error:{word}");
        let kind = ProblemType::from(uri.clone());
        assert!(!matches!(kind, ProblemType::Other(_)), "{word}");
        assert_eq!((kind.short(), kind.to_string()), (word, uri));
    }
}

#[test]
fn odd_members_hide_no_others() {
    for (why, changes) in [
        ("null", json!({"title": null, "status": null, "instance": null, "subproblems": null, "algorithms": null})),
        ("other types", json!({"title": 1, "status": "400", "instance": {}, "subproblems": "x", "algorithms": 7})),
        ("a status that is none", json!({"status": 99_999_999})),
        ("unknown members", json!({"requestId": "7", "identifier": {"type": "dns", "value": "a.example"}})),
    ] {
        let mut wire = json!({"type": "urn:ietf:params:acme:error:malformed", "detail": "no"});
        wire.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let problem = read(&wire);
        assert_eq!((problem.kind, problem.detail.as_deref()), (ProblemType::Malformed, Some("no")), "{why}");
    }
    let problem = read(&json!({"subproblems": [
        null, "x", [], 7,
        {"detail": "no identifier"},
        {"detail": "an odd one", "identifier": "a.example"},
        {"detail": "a new type", "identifier": {"type": "new", "value": "x"}},
    ]}));
    let details: Vec<_> = problem.subproblems.iter().filter_map(|sub| sub.detail.as_deref()).collect();
    assert_eq!(details, ["no identifier", "an odd one", "a new type"]);
    assert_eq!(problem.subproblems.len(), 3);
    let problem = read(&json!({"requestId": 7, "subproblems": [{"attempt": 2}]}));
    assert_eq!(
        (problem.member("requestId"), problem.subproblems[0].member("attempt")),
        (Some(&json!(7)), Some(&json!(2)))
    );
}

#[test]
fn only_an_object_is_a_problem_document() {
    for body in
        ["", "null", "[]", "[\"urn:ietf:params:acme:error:badNonce\"]", "7", "\"badNonce\"", "<html>", "{\"type\":"]
    {
        assert_eq!(Problem::from_json(body.as_bytes()), None, "{body:?}");
    }
    assert!(Problem::from_json(b"{}").is_some());
}

#[test]
fn something_is_always_said() {
    for (wire, want) in [
        (json!({}), "no detail given (about:blank)"),
        (json!({"title": "Too much"}), "Too much (about:blank)"),
        (
            json!({"title": "Too much", "detail": "of it", "type": "urn:ietf:params:acme:error:rateLimited"}),
            "of it (rateLimited)",
        ),
    ] {
        assert_eq!(read(&wire).to_string(), want);
    }
}

#[test]
fn of_many_subproblems_few_are_shown() {
    let one = serde_json::json!({"type": "urn:ietf:params:acme:error:dns", "detail": "no"});
    for (count, end) in [(20, "no (dns)"), (21, "; and 1 more"), (5000, "; and 4980 more")] {
        let problem =
            serde_json::json!({"type": "urn:ietf:params:acme:error:compound", "subproblems": vec![&one; count]});
        let problem: Problem = serde_json::from_value(problem).unwrap();
        let text = problem.to_string();
        assert!(text.ends_with(end) && text.matches("no (dns)").count() == 20, "{count}: {text}");
    }
}
