//! Every reader on good messages that were cut off, changed, or made 100 000 levels deep: what it says of them does not
//! matter here, only that it says something.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
mod prover;

use std::time::{Duration, SystemTime};

use acme_proto::{
    Account, Authorization, CertValidity, Challenge, ChallengeType, Contact, Delegation, Directory, Identifier, Link,
    Nonce, Order, PersistChallenge, PersistRecord, PersistTerms, Predecessor, Problem, RenewalInfo, RenewalSchedule,
    RevocationReason, Timestamp, Token, TokenPart1, caa_permits, delegation_urls, order_urls, pause,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use prover::Setting;
use serde_json::{Value, json};

/// A good message for each reader.
fn messages() -> Vec<Value> {
    let identifier = json!({"type": "dns", "value": "a.example"});
    let problem = json!({
        "type": "urn:ietf:params:acme:error:compound", "title": "t", "detail": "d", "status": 400, "instance": "/x",
        "subproblems": [{"type": "urn:ietf:params:acme:error:caa", "detail": "d", "identifier": identifier}],
    });
    let challenge = |kind: &str| {
        json!({
            "type": kind, "url": "https://ca.example/c", "status": "pending", "token": "LoqXcYV8", "error": problem,
            "validated": "2026-01-01T00:00:00Z", "issuerDomainNames": ["ca.example"], "issuer-domain-names": ["ca.example"],
            "from": "acme@ca.example", "nonce": "abc",
        })
    };
    let kinds = [
        "http-01",
        "dns-01",
        "tls-alpn-01",
        "dns-account-01",
        "dns-persist-01",
        "email-reply-00",
        "device-attest-01",
        "onion-csr-01",
        "new-99",
    ];
    let order = json!({
        "status": "valid", "expires": "2026-01-01T00:00:00Z", "identifiers": [identifier], "notBefore": "2026-01-01T00:00:00Z",
        "authorizations": ["https://ca.example/a"], "finalize": "https://ca.example/f", "error": problem,
        "certificate": "https://ca.example/x", "profile": "classic", "replaces": "aYhb.fw", "star-certificate": "/s",
        "auto-renewal": {"start-date": "2026-01-01T00:00:00Z", "end-date": "2026-02-01T00:00:00Z", "lifetime": 86400,
            "lifetime-adjust": 1, "allow-certificate-get": true},
        "delegation": "https://ca.example/d",
    });
    let mut messages = vec![
        problem.clone(),
        order,
        json!({
            "newNonce": "https://ca.example/n", "newAccount": "https://ca.example/a", "newOrder": "https://ca.example/o",
            "renewalInfo": "https://ca.example/r",
            "meta": {"termsOfService": "https://ca.example/t", "website": "x", "caaIdentities": ["ca.example"],
                "externalAccountRequired": true, "profiles": {"classic": "x"}, "issuerDomainNames": ["ca.example"],
                "auto-renewal": {"min-lifetime": 1, "max-duration": 2, "allow-certificate-get": true}},
        }),
        json!({"status": "valid", "contact": ["mailto:a@a.example"], "termsOfServiceAgreed": true, "orders": "/o",
            "externalAccountBinding": {"protected": "", "payload": "", "signature": ""}, "delegations": "/d"}),
        json!({"status": "pending", "identifier": identifier, "expires": "2026-01-01T00:00:00Z", "wildcard": true,
            "subdomainAuthAllowed": true, "challenges": [challenge("http-01"), challenge("dns-persist-01")]}),
        json!({"orders": ["https://ca.example/o"], "delegations": ["https://ca.example/d"]}),
        json!({"csr-template": {"extensions": {"subjectAltName": {"DNS": ["a.example"]}}}, "cname-map": {"a": "b"}}),
        json!({"suggestedWindow": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}, "explanationURL": "x"}),
        json!({"window": {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}, "failures": 1,
            "moment": "2026-01-01T00:00:00Z", "nextPoll": "2026-01-01T00:00:00Z"}),
        json!({"certificateId": "a.b", "directoryUrl": "x", "accountUrl": "y", "identifiers": [identifier]}),
    ];
    messages.extend(kinds.map(challenge));
    messages
}

/// Good values of headers and records.
const TEXTS: [&str; 12] = [
    "<https://ca.example/x>; rel=\"alternate\"; title=\"a, b\", </y>;rel=next",
    "120",
    "Wed, 21 Oct 2026 07:28:00 GMT",
    "ca.example; accounturi=https://ca.example/acct/1; policy=wildcard; persistUntil=1800000000",
    "ca.example; validationmethods=dns-01,http-01; accounturi=https://ca.example/acct/1",
    "ACME: LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME",
    "=?utf-8?B?QUNNRTog?= LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME",
    "*.b\u{fc}cher.example",
    "2001:db8::192.0.2.1",
    "mailto:someone@example.org",
    "2026-12-31T23:59:60.999999999+23:59",
    "keyCompromise",
];

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn read_json(octets: &[u8]) {
    let setting = Setting::new("https://ca.example/acct/1", json!({"caaIdentities": ["ca.example"]}));
    let directory = Directory::from_json(octets);
    if let Some(problem) = Problem::from_json(octets) {
        assert_ne!(problem.to_string(), "");
    }
    if let Ok(order) = serde_json::from_slice::<Order>(octets) {
        let _ = (order.certificate_url(), order.cancel(), format!("{order:?}"));
    }
    if let Ok(authorization) = serde_json::from_slice::<Authorization>(octets) {
        let _ = (authorization.ordered_identifier(), authorization.error());
        for challenge in &authorization.challenges {
            read_challenge(challenge, &authorization.ordered_identifier(), &setting);
        }
    }
    if let Ok(challenge) = serde_json::from_slice::<Challenge>(octets) {
        read_challenge(&challenge, &Identifier::Dns("*.a.example".to_owned()), &setting);
    }
    if let Ok(delegation) = serde_json::from_slice::<Delegation>(octets) {
        let _ = delegation.names();
    }
    if let Ok(mut schedule) = serde_json::from_slice::<RenewalSchedule>(octets) {
        let _ = (schedule.is_poll_due(now(), now()), schedule.next_poll(now()));
        if let Ok(info) = RenewalInfo::from_json(octets) {
            schedule.answered(&info, None, now(), 7, Duration::from_secs(60));
        }
    }
    if let (Ok(predecessor), Ok(directory)) = (serde_json::from_slice::<Predecessor>(octets), directory) {
        let _ = predecessor.replaces(&directory, "x", "y", &[]);
    }
    let _ = (serde_json::from_slice::<Account>(octets).is_ok(), order_urls(octets), delegation_urls(octets));
}

fn read_challenge(challenge: &Challenge, identifier: &Identifier, setting: &Setting) {
    let _ = (challenge.token(), challenge.kind.check_identifier(identifier));
    if let Ok(proof) = challenge.proof(identifier, &setting.prover()) {
        assert_ne!(proof.describe(), "");
    }
    if let Ok(persist) = PersistChallenge::read(challenge, &setting.meta) {
        let terms = PersistTerms::default();
        if let Ok(record) = persist.record(identifier, &setting.prover(), &terms) {
            assert!(PersistRecord::parse(&record.strings().concat()).is_some(), "{record:?}");
        }
    }
}

fn read_text(text: &str) {
    assert!(Link::parse_all(text).len() <= text.len());
    assert!(pause(text, now()).is_none_or(|pause| pause <= acme_proto::MAX_PAUSE));
    if let Some(record) = PersistRecord::parse(text) {
        let _ = (record.remaining(now()), record.to_string());
    }
    if let Some(validity) = CertValidity::parse(text, "Fri, 31 Dec 9999 23:59:59 GMT") {
        assert!(validity.next_fetch() > validity.not_before);
    }
    if let Ok(timestamp) = Timestamp::try_from(text.to_owned()) {
        let _ = timestamp.time();
    }
    let permitted = caa_permits(text, &["ca.example".to_owned()], "https://ca.example/acct/1", &ChallengeType::Dns01);
    let _ = (permitted, CertValidity::parse(text, text), TokenPart1::from_subject(text));
    let _ = (RevocationReason::parse(text), Identifier::parse(text), Contact::parse(text));
    let _ = (Token::parse(text), Nonce::parse(text));
}

fn paths(json: &Value) -> Vec<String> {
    let below: Vec<_> = match json {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    let below =
        below.into_iter().flat_map(|(name, value)| paths(value).into_iter().map(move |path| format!("/{name}{path}")));
    std::iter::once(String::new()).chain(below).collect()
}

/// Other values in the place of good ones.
fn node() -> impl Strategy<Value = Value> {
    let known = [
        json!(null),
        json!(true),
        json!(-1),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!([]),
        json!({}),
        json!([[null]]),
        json!("valid"),
        json!("dns-01"),
        json!("*.a.example"),
        json!("192.0.2.1"),
        json!("9999-12-31T23:59:59Z"),
        json!("-009999-01-01T00:00:00Z"),
        json!("../x"),
        json!("\u{0}\u{202e}"),
        json!("x".repeat(300)),
    ];
    prop_oneof![3 => select(known.to_vec()), 1 => any::<String>().prop_map(Value::from)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn messages_that_were_changed(message in select(messages()), changes in vec((any::<Index>(), node()), 0..4)) {
        let mut message = message;
        for (at, node) in changes {
            let paths = paths(&message);
            *message.pointer_mut(&paths[at.index(paths.len())]).unwrap() = node;
        }
        read_json(message.to_string().as_bytes());
    }

    #[test]
    fn messages_that_were_damaged_on_the_way(
        message in select(messages()), at in any::<Index>(), cut in 0..9_usize, octets in vec(any::<u8>(), 0..4), ends in any::<bool>()
    ) {
        let mut message = message.to_string().into_bytes();
        let at = at.index(message.len());
        let end = if ends { message.len() } else { (at + cut).min(message.len()) };
        message.splice(at..end, octets);
        read_json(&message);
    }

    #[test]
    fn headers_and_records_that_were_damaged(
        text in select(TEXTS.to_vec()), at in any::<Index>(), cut in 0..9_usize, other in ".{0,9}", times in 1..50_usize
    ) {
        let mut text: Vec<_> = text.chars().collect();
        let at = at.index(text.len());
        text.splice(at..(at + cut).min(text.len()), other.repeat(times).chars());
        read_text(&text.into_iter().collect::<String>());
    }
}

#[test]
fn one_hundred_thousand_levels() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = [open.repeat(100_000), "1".to_owned(), close.repeat(100_000)].concat();
        read_json(deep.as_bytes());
        read_json(open.repeat(100_000).as_bytes());
        // The challenges, which stand last, differ in their type alone.
        for message in &messages()[..=11] {
            // Every fifth node, the whole message first: reading half a megabyte takes its time.
            for path in paths(message).into_iter().step_by(5) {
                let mut message = message.clone();
                *message.pointer_mut(&path).unwrap() = json!("DEEP");
                let text = message.to_string().replacen("\"DEEP\"", &deep, 1);
                read_json(text.as_bytes());
                assert_eq!(Problem::from_json(text.as_bytes()), None, "deeper than it may be: {path}");
            }
        }
    }
}

#[test]
fn texts_without_end() {
    for part in ["<", "<>", "<>,", "\"", "\\", ";", "a=", "9", "a.", "%", ":", "=?utf-8?B?", "\u{0}", "\u{fc}", "xn--"]
    {
        for prefix in ["", "<x>;rel=\"", "ca.example;", "mailto:", "ACME: "] {
            read_text(&format!("{prefix}{}", part.repeat(100_000 / part.len())));
        }
    }
}
