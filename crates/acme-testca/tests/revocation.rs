//! Revocation, by account key and by certificate key (RFC 8555 §7.6).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_jose::{KeyType, PrivateKey, base64url};
use acme_testca::TestCa;
use client::{Client, Responder};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

struct Issued {
    responder: Responder,
    ca: TestCa,
    owner: Client,
    key: PrivateKey,
    payload: Value,
}

fn issued() -> Issued {
    let responder = Responder::start();
    let ca = TestCa::builder().http01_addr(responder.address).start().unwrap();
    let mut owner = Client::registered(&ca);
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let chain = owner.obtain(&responder, &key, &["a.test", "b.test"]);
    let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
    let payload = json!({ "certificate": base64url::encode(&leaf), "reason": 1 });
    Issued { responder, ca, owner, key, payload }
}

#[test]
fn the_owner_may_revoke_once() {
    let Issued { mut owner, payload, ca, .. } = issued();
    let url = owner.url("revokeCert");
    let answer = owner.post(&url, payload.clone());
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    let again = owner.post(&url, payload);
    assert_eq!((again.status, again.problem().as_str()), (400, "alreadyRevoked"));
    assert_eq!(ca.breaches(), []);
}

#[test]
fn the_certificate_key_may_revoke_without_an_account() {
    let Issued { ca, key, payload, .. } = issued();
    let mut client = Client::with_key(&ca, key);
    let url = client.url("revokeCert");
    assert_eq!(client.post(&url, payload).status, 200);
}

#[test]
fn others_may_revoke_only_what_they_hold() {
    let Issued { responder, ca, payload, .. } = issued();
    let mut stranger = Client::new(&ca);
    let url = stranger.url("revokeCert");
    assert_eq!(stranger.post(&url, payload.clone()).problem(), "unauthorized", "any key");
    stranger.register();
    assert_eq!(stranger.post(&url, payload.clone()).problem(), "unauthorized", "any account");
    let (order, _) = stranger.order(&["a.test"]);
    stranger.prove(&responder, &order);
    assert_eq!(
        stranger.post(&url, payload.clone()).problem(),
        "unauthorized",
        "an account that holds one of its names"
    );
    let (order, _) = stranger.order(&["b.test"]);
    stranger.prove(&responder, &order);
    assert_eq!(stranger.post(&url, payload).status, 200, "an account that holds all of its names");
}

#[test]
fn bad_revocations_are_refused() {
    let Issued { mut owner, payload, ca: _ca, .. } = issued();
    let url = owner.url("revokeCert");
    let with = |member: &str, value: Value| {
        let mut payload = payload.clone();
        payload[member] = value;
        payload
    };
    for (why, payload, status, want) in [
        ("reason 7 is not used (RFC 5280 §5.3.1)", with("reason", json!(7)), 400, "badRevocationReason"),
        ("a reason in words", with("reason", json!("keyCompromise")), 400, "badRevocationReason"),
        ("an unknown certificate", with("certificate", json!("AAAA")), 404, "malformed"),
        ("not base64url", with("certificate", json!("AA==")), 400, "malformed"),
    ] {
        let answer = owner.post(&url, payload);
        assert_eq!((answer.status, answer.problem().as_str()), (status, want), "{why}");
    }
}
