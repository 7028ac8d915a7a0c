//! Each breach of the protocol is refused, and noticed with its clause.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_jose::{KeyType, Payload, PrivateKey, Signer as _, base64url};
use acme_testca::TestCa;
use client::{AGENT, Answer, Client, JOSE, path};
use serde_json::{Value, json};

type Act = fn(&mut Client) -> Answer;

/// Signs any header over any payload.
fn forge(key: &PrivateKey, header: &Value, payload: &str) -> Value {
    let (protected, payload) =
        (base64url::encode(header.to_string().as_bytes()), base64url::encode(payload.as_bytes()));
    let signature = key.sign(format!("{protected}.{payload}").as_bytes()).unwrap();
    json!({ "protected": protected, "payload": payload, "signature": base64url::encode(&signature) })
}

/// A POST-as-GET of the own account, with this header in place of the right one.
fn with_header(client: &mut Client, change: impl FnOnce(&mut Value)) -> Answer {
    let (url, nonce) = (client.kid.clone().unwrap(), client.nonce());
    let mut header = json!({ "alg": "ES256", "kid": url, "nonce": nonce, "url": url });
    change(&mut header);
    let body = forge(&client.key, &header, "").to_string();
    client.send_body(&url, &body)
}

/// A POST-as-GET of the own account, with this body in place of the right one.
fn with_body(client: &mut Client, change: impl FnOnce(&mut Value)) -> Answer {
    let (url, nonce) = (client.kid.clone().unwrap(), client.nonce());
    let header = json!({ "alg": "ES256", "kid": url, "nonce": nonce, "url": url });
    let mut body = forge(&client.key, &header, "");
    change(&mut body);
    client.send_body(&url, &body.to_string())
}

fn with_headers(client: &mut Client, headers: &[(&str, &str)]) -> Answer {
    let (url, nonce) = (client.kid.clone().unwrap(), client.nonce());
    let body = client.sign(&url, &nonce, &Payload::Empty);
    client.connection.send("POST", path(&url), headers, body.as_bytes())
}

fn get(client: &mut Client) -> Answer {
    let url = client.kid.clone().unwrap();
    client.connection.send("GET", path(&url), &[AGENT], b"")
}

fn nonce_twice(client: &mut Client) -> Answer {
    let (url, nonce) = (client.kid.clone().unwrap(), client.nonce());
    let body = client.sign(&url, &nonce, &Payload::Empty);
    assert_eq!(client.send_body(&url, &body).status, 200);
    client.send_body(&url, &body)
}

fn kid_on_new_account(client: &mut Client) -> Answer {
    let url = client.url("newAccount");
    client.post(&url, json!({ "termsOfServiceAgreed": true }))
}

fn jwk_on_new_order(client: &mut Client) -> Answer {
    let url = client.url("newOrder");
    client.kid = None;
    client.post(&url, json!({ "identifiers": [] }))
}

fn payload_on_orders(client: &mut Client) -> Answer {
    let account = client.kid.clone().unwrap();
    let orders = client.read(&account).json()["orders"].as_str().unwrap().to_string();
    client.post(&orders, json!({}))
}

fn odd_challenge_answer(client: &mut Client) -> Answer {
    let (_, order) = client.order(&["a.test"]);
    let challenge = client.challenge(&order["authorizations"][0], "http-01");
    client.post(challenge["url"].as_str().unwrap(), json!({ "keyAuthorization": "x" }))
}

fn two_addresses(client: &mut Client) -> Answer {
    let url = client.kid.clone().unwrap();
    client.post(&url, json!({ "contact": ["mailto:a@example.com,b@example.com"] }))
}

fn inner_nonce(client: &mut Client) -> Answer {
    let (url, account, nonce) = (client.url("keyChange"), client.kid.clone().unwrap(), client.nonce());
    let new = PrivateKey::generate(KeyType::P256).unwrap();
    let jwk: Value = serde_json::from_str(&new.public_key().to_json()).unwrap();
    let old: Value = serde_json::from_str(&client.key.public_key().to_json()).unwrap();
    let header = json!({ "alg": "ES256", "jwk": jwk, "url": url, "nonce": nonce });
    let inner = forge(&new, &header, &json!({ "account": account, "oldKey": old }).to_string());
    client.post(&url, inner)
}

#[test]
fn each_breach_is_refused_and_named() {
    let table: &[(&str, Act, u16, &str, &str)] = &[
        ("no User-Agent", |c| with_headers(c, &[JOSE]), 400, "malformed", "RFC 8555 §6.1"),
        ("padding", |c| with_body(c, |b| b["payload"] = json!("e30=")), 400, "malformed", "RFC 8555 §6.1"),
        ("no content type", |c| with_headers(c, &[AGENT]), 415, "malformed", "RFC 8555 §6.2"),
        (
            "a content type with parameters",
            |c| with_headers(c, &[AGENT, ("Content-Type", "application/jose+json; charset=utf-8")]),
            415,
            "malformed",
            "RFC 8555 §6.2",
        ),
        ("an unprotected header", |c| with_body(c, |b| b["header"] = json!({})), 400, "malformed", "RFC 8555 §6.2"),
        ("the general form", |c| with_body(c, |b| b["signatures"] = json!([])), 400, "malformed", "RFC 8555 §6.2"),
        ("a body that is no JWS", |c| with_body(c, |b| *b = json!([])), 400, "malformed", "RFC 8555 §6.2"),
        ("jwk and kid", |c| with_header(c, |h| h["jwk"] = json!({})), 400, "malformed", "RFC 8555 §6.2"),
        (
            "neither",
            |c| with_header(c, |h| drop(h.as_object_mut().unwrap().remove("kid"))),
            400,
            "malformed",
            "RFC 8555 §6.2",
        ),
        ("b64", |c| with_header(c, |h| h["b64"] = json!(false)), 400, "malformed", "RFC 8555 §6.2"),
        ("a MAC", |c| with_header(c, |h| h["alg"] = json!("HS256")), 400, "badSignatureAlgorithm", "RFC 8555 §6.2"),
        (
            "another algorithm than the key's",
            |c| with_header(c, |h| h["alg"] = json!("RS256")),
            400,
            "malformed",
            "RFC 8555 §6.2",
        ),
        ("a wrong signature", |c| with_body(c, |b| b["payload"] = json!("e30")), 400, "malformed", "RFC 8555 §6.2"),
        ("kid where jwk belongs", kid_on_new_account, 400, "malformed", "RFC 8555 §6.2"),
        ("jwk where kid belongs", jwk_on_new_order, 400, "malformed", "RFC 8555 §6.2"),
        ("GET", get, 405, "malformed", "RFC 8555 §6.3"),
        ("{} where nothing belongs", payload_on_orders, 400, "malformed", "RFC 8555 §6.3"),
        (
            "another url",
            |c| with_header(c, |h| h["url"] = json!("https://a.test/")),
            403,
            "unauthorized",
            "RFC 8555 §6.4",
        ),
        (
            "no url",
            |c| with_header(c, |h| drop(h.as_object_mut().unwrap().remove("url"))),
            400,
            "malformed",
            "RFC 8555 §6.4",
        ),
        ("a nonce used twice", nonce_twice, 400, "badNonce", "RFC 8555 §6.5"),
        (
            "a nonce from elsewhere",
            |c| with_header(c, |h| h["nonce"] = json!("AAAA")),
            400,
            "badNonce",
            "RFC 8555 §6.5",
        ),
        (
            "no nonce",
            |c| with_header(c, |h| drop(h.as_object_mut().unwrap().remove("nonce"))),
            400,
            "badNonce",
            "RFC 8555 §6.5",
        ),
        (
            "a nonce as request header",
            |c| with_headers(c, &[AGENT, JOSE, ("Replay-Nonce", "AAAA")]),
            400,
            "malformed",
            "RFC 8555 §6.5.1",
        ),
        (
            "a nonce that is not base64url",
            |c| with_header(c, |h| h["nonce"] = json!("a+b=")),
            400,
            "malformed",
            "RFC 8555 §6.5.2",
        ),
        ("two addresses in one contact", two_addresses, 400, "invalidContact", "RFC 8555 §7.3"),
        ("an inner JWS with a nonce", inner_nonce, 400, "malformed", "RFC 8555 §7.3.5"),
        ("an answer that is not {}", odd_challenge_answer, 400, "malformed", "RFC 8555 §7.5.1"),
    ];
    for (why, act, status, kind, clause) in table {
        let ca = TestCa::builder().start().unwrap();
        let mut client = Client::registered(&ca);
        let answer = act(&mut client);
        assert_eq!((answer.status, answer.problem().as_str()), (*status, *kind), "{why}: {:?}", answer.json());
        let clauses: Vec<_> = ca.breaches().iter().map(|breach| breach.clause).collect();
        assert_eq!(clauses, [*clause], "{why}: {:?}", ca.breaches());
        assert!(answer.header("Replay-Nonce").is_some() || *status == 405, "{why}: a POST gives a nonce");
    }
}

#[test]
fn refusals_that_are_nobodys_breach() {
    let table: &[(&str, Act, u16, &str)] = &[
        ("an unknown algorithm", |c| with_header(c, |h| h["alg"] = json!("ES999")), 400, "badSignatureAlgorithm"),
        (
            "an unknown account",
            |c| with_header(c, |h| h["kid"] = json!("https://a.test/1")),
            400,
            "accountDoesNotExist",
        ),
        (
            "an unknown URL",
            |c| {
                let url = format!("{}x", c.kid.clone().unwrap());
                c.read(&url)
            },
            404,
            "malformed",
        ),
        ("no resource at all", |c| c.connection.send("GET", "/acme/new-account", &[AGENT], b""), 404, "malformed"),
    ];
    for (why, act, status, kind) in table {
        let ca = TestCa::builder().start().unwrap();
        let mut client = Client::registered(&ca);
        let answer = act(&mut client);
        assert_eq!((answer.status, answer.problem().as_str()), (*status, *kind), "{why}: {:?}", answer.json());
        assert_eq!(ca.breaches(), [], "{why}");
    }
}

#[test]
fn a_refused_algorithm_comes_with_those_that_are_known() {
    let ca = TestCa::builder().start().unwrap();
    let answer = with_header(&mut Client::registered(&ca), |header| header["alg"] = json!("ES999"));
    assert_eq!(answer.json()["algorithms"], json!(["ES256", "ES384", "ES512", "EdDSA", "RS256"]));
}

#[test]
fn breaches_read_as_sentences() {
    let ca = TestCa::builder().start().unwrap();
    get(&mut Client::registered(&ca));
    assert_eq!(ca.breaches()[0].to_string(), "RFC 8555 §6.3: GET account: found GET, expected a signed POST");
}

#[test]
fn kid_exact() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let kid = client.kid.clone().unwrap();
    for other in [kid.replace("127.0.0.1", "localhost"), format!("{kid}/"), kid.replace("https:", "HTTPS:")] {
        let answer = with_header(&mut client, |header| header["kid"] = json!(other));
        assert_eq!(answer.problem(), "accountDoesNotExist", "{other}");
    }
}
