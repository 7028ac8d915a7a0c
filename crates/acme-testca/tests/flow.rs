//! Whole orders, with a web server that really answers.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::io::Write as _;
use std::net::{Shutdown, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use acme_jose::{KeyType, PrivateKey};
use acme_testca::{Resource, TestCa};
use acme_x509::Name;
use client::{Client, Responder, csr};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::{Value, json};

fn key(key_type: KeyType) -> PrivateKey {
    PrivateKey::generate(key_type).unwrap()
}

/// Checks a chain as a browser would.
fn verify(ca: &TestCa, chain: &str, name: &str) {
    let chain: Vec<CertificateDer<'_>> =
        CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<_, _>>().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.issuer_pem().as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let name = ServerName::try_from(name).unwrap();
    verifier.verify_server_cert(&chain[0], &chain[1..], &name, &[], UnixTime::now()).unwrap();
    assert_eq!(chain.len(), 2, "leaf and intermediate, no root (RFC 8555 §9.1)");
}

#[test]
fn an_order_leads_to_a_certificate() {
    for (why, account_key, certificate_key) in [
        ("P-256 for both", KeyType::P256, KeyType::P256),
        ("P-384", KeyType::P384, KeyType::P384),
        ("Ed25519 account, RSA certificate", KeyType::Ed25519, KeyType::Rsa2048),
        ("RSA account", KeyType::Rsa2048, KeyType::P256),
    ] {
        let responder = Responder::start();
        let ca = TestCa::builder().http01_addr(responder.address).start().unwrap();
        let mut client = Client::with_key(&ca, key(account_key));
        assert_eq!(client.register().status, 201, "{why}");
        let names = ["www.example.com", "example.com"];
        let chain = client.obtain(&responder, &key(certificate_key), &names);
        for name in names {
            verify(&ca, &chain, name);
        }
        let mut hosts = responder.hosts.lock().unwrap().clone();
        hosts.sort();
        assert_eq!(hosts, ["example.com", "www.example.com"], "{why}: each name is fetched, under its own name");
        assert_eq!(ca.breaches(), [], "{why}");
        assert_eq!(ca.connections(), 1, "{why}: the client kept its connection");
        let count = |resource| ca.requests().iter().filter(|request| request.resource == resource).count();
        assert_eq!(
            (count(Resource::NewOrder), count(Resource::Finalize), count(Resource::Certificate)),
            (1, 1, 1),
            "{why}"
        );
    }
}

#[test]
fn addresses_are_validated_and_certified() {
    let responder = Responder::start();
    let ca = TestCa::builder().http01_addr(responder.address).start().unwrap();
    let mut client = Client::registered(&ca);
    let url = client.url("newOrder");
    let order = client.post(&url, json!({ "identifiers": [{ "type": "ip", "value": "2001:db8::1" }] }));
    assert_eq!(client.prove(&responder, &order.location())["status"], "ready");
    let certificate = client.finalize(&order.location(), &key(KeyType::P256), &["2001:db8::1"]);
    let chain = String::from_utf8(client.read(&certificate).body).unwrap();
    verify(&ca, &chain, "2001:db8::1");
    assert_eq!(*responder.hosts.lock().unwrap(), ["[2001:db8::1]"]);
}

#[test]
fn a_failed_validation_makes_all_of_it_invalid_and_says_why() {
    let responder = Responder::start();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (why, kind, address, body, want, part) in [
        ("another account's key", "http-01", responder.address, Some("x.y"), "incorrectResponse", "expected"),
        ("nothing published", "http-01", responder.address, None, "incorrectResponse", "404"),
        ("nobody listens", "http-01", silent, None, "connection", "refused"),
        ("no TXT record", "dns-01", responder.address, None, "dns", "_acme-challenge.a.test"),
        ("not validated yet", "tls-alpn-01", responder.address, None, "unauthorized", "tls-alpn-01 yet"),
        ("no TXT record", "dns-persist-01", responder.address, None, "dns", "_validation-persist.a.test"),
    ] {
        let ca = TestCa::builder().http01_addr(address).start().unwrap();
        let mut client = Client::registered(&ca);
        let (order_url, order) = client.order(&["a.test"]);
        let challenge = client.challenge(&order["authorizations"][0], kind);
        if let Some(body) = body {
            responder.publish(&challenge, body);
        }
        let url = challenge["url"].as_str().unwrap();
        assert_eq!(client.post(url, json!({})).json()["status"], "processing", "{why}");
        let challenge = client.wait(url, &["processing"]);
        assert_eq!(challenge["status"], "invalid", "{why}");
        assert_eq!(challenge["error"]["type"], format!("urn:ietf:params:acme:error:{want}"), "{why}");
        let detail = challenge["error"]["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{why}: {detail}");
        let authorization = client.read(order["authorizations"][0].as_str().unwrap()).json();
        assert_eq!(
            (&authorization["status"], &authorization["challenges"]),
            (&json!("invalid"), &json!([challenge])),
            "{why}"
        );
        assert_eq!(client.read(&order_url).json()["status"], "invalid", "{why}");
        assert_eq!(ca.breaches(), [], "{why}: no breach");
    }
}

#[test]
fn only_white_space_at_the_end_is_forgiven() {
    for (why, before, after, want) in [
        ("exact", "", "", "valid"),
        ("a line end", "", "\r\n", "valid"),
        ("white space in front", " ", "", "invalid"),
        ("text behind", "", "\nx", "invalid"),
    ] {
        let responder = Responder::start();
        let ca = TestCa::builder().http01_addr(responder.address).start().unwrap();
        let mut client = Client::registered(&ca);
        let (_, order) = client.order(&["a.test"]);
        let challenge = client.challenge(&order["authorizations"][0], "http-01");
        responder.publish(&challenge, &format!("{before}{}{after}", client.key_authorization(&challenge)));
        let url = challenge["url"].as_str().unwrap();
        client.post(url, json!({}));
        assert_eq!(client.wait(url, &["processing"])["status"], want, "{why}");
    }
}

#[test]
fn a_validation_does_not_bring_back_what_was_given_up() {
    let web = TcpListener::bind("127.0.0.1:0").unwrap();
    let ca = TestCa::builder().http01_addr(web.local_addr().unwrap()).start().unwrap();
    let mut client = Client::registered(&ca);
    let (_, order) = client.order(&["a.test"]);
    let authorization = order["authorizations"][0].as_str().unwrap();
    let challenge = client.challenge(&order["authorizations"][0], "http-01");
    let url = challenge["url"].as_str().unwrap();
    client.post(url, json!({}));
    let (mut fetch, _) = web.accept().unwrap();
    client.post(authorization, json!({ "status": "deactivated" }));
    let answer = format!("HTTP/1.1 200 OK\r\n\r\n{}", client.key_authorization(&challenge));
    fetch.write_all(answer.as_bytes()).unwrap();
    fetch.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.wait(url, &["processing"])["status"], "valid");
    assert_eq!(client.read(authorization).json()["status"], "deactivated");
}

#[test]
fn each_identifier_gets_the_challenges_that_can_prove_it() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    for (why, identifier, value, want, wildcard) in [
        (
            "a name",
            ("dns", "a.test"),
            "a.test",
            &["dns-01", "dns-account-01", "dns-persist-01", "http-01", "tls-alpn-01"][..],
            Value::Null,
        ),
        ("a wildcard", ("dns", "*.a.test"), "a.test", &["dns-01", "dns-account-01", "dns-persist-01"], json!(true)),
        ("an address (RFC 8738 §7)", ("ip", "192.0.2.1"), "192.0.2.1", &["http-01", "tls-alpn-01"], Value::Null),
    ] {
        let url = client.url("newOrder");
        let (kind, name) = identifier;
        let order = client.post(&url, json!({ "identifiers": [{ "type": kind, "value": name }] })).json();
        let authorization = client.read(order["authorizations"][0].as_str().unwrap()).json();
        assert_eq!(authorization["identifier"], json!({ "type": kind, "value": value }), "{why}");
        assert_eq!(authorization["wildcard"], wildcard, "{why}");
        let challenges = authorization["challenges"].as_array().unwrap();
        let mut kinds: Vec<_> = challenges.iter().map(|challenge| challenge["type"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, want, "{why}");
        for challenge in challenges {
            assert_eq!(challenge.get("token").is_none(), challenge["type"] == "dns-persist-01", "{why}: {challenge}");
        }
    }
}

#[test]
fn authorizations_are_used_again_when_asked_for() {
    for (percent, status) in [(0, "pending"), (100, "ready")] {
        let responder = Responder::start();
        let ca = TestCa::builder().http01_addr(responder.address).authz_reuse(percent).start().unwrap();
        let mut client = Client::registered(&ca);
        let (order, _) = client.order(&["a.test"]);
        client.prove(&responder, &order);
        let (_, again) = client.order(&["a.test"]);
        assert_eq!(again["status"], status, "{percent} %");
        let mut other = Client::registered(&ca);
        assert_eq!(other.order(&["a.test"]).1["status"], "pending", "{percent} %: not for another account");
    }
}

#[test]
fn a_processing_order_says_when_to_come_back() {
    let responder = Responder::start();
    let ca = TestCa::builder().http01_addr(responder.address).retry_after(Duration::from_secs(7)).start().unwrap();
    let mut client = Client::registered(&ca);
    let (url, order) = client.order(&["a.test"]);
    client.prove(&responder, &url);
    let answer = client.post(order["finalize"].as_str().unwrap(), csr(&key(KeyType::P256), &["a.test"]));
    assert_eq!((answer.json()["status"].as_str(), answer.header("Retry-After")), (Some("processing"), Some("7")));
    client.wait(&url, &["processing"]);
    assert_eq!(client.read(&url).header("Retry-After"), None, "nothing to wait for any more");
}

#[test]
fn bad_requests_for_certificates_leave_the_order_ready() {
    let responder = Responder::start();
    let ca = TestCa::builder().http01_addr(responder.address).start().unwrap();
    let mut client = Client::registered(&ca);
    let (url, order) = client.order(&["a.test", "b.test"]);
    let finalize = order["finalize"].as_str().unwrap();
    let early = client.post(finalize, csr(&key(KeyType::P256), &["a.test", "b.test"]));
    assert_eq!((early.status, early.problem()), (403, "orderNotReady".to_string()));
    client.prove(&responder, &url);
    let mut damaged = acme_x509::Csr::new(&key(KeyType::P256), &[Name::parse("a.test")]).unwrap().der().to_vec();
    *damaged.last_mut().unwrap() ^= 1;
    for (why, clause, payload) in [
        ("a name is missing", "RFC 8555 §7.4", csr(&key(KeyType::P256), &["a.test"])),
        ("a name too many", "RFC 8555 §7.4", csr(&key(KeyType::P256), &["a.test", "b.test", "c.test"])),
        ("signed wrongly", "RFC 8555 §7.4", json!({ "csr": acme_jose::base64url::encode(&damaged) })),
        ("the account key", "RFC 8555 §11.1", csr(&client.key, &["a.test", "b.test"])),
        ("PEM", "RFC 8555 §6.1", json!({ "csr": "-----BEGIN CERTIFICATE REQUEST-----" })),
        ("no csr", "RFC 8555 §7.4", json!({})),
    ] {
        let answer = client.post(finalize, payload);
        assert_eq!(answer.problem(), "badCSR", "{why}");
        assert_eq!(ca.breaches().last().unwrap().clause, clause, "{why}");
        assert_eq!(client.read(&url).json()["status"], "ready", "{why}");
    }
    client.finalize(&url, &key(KeyType::P256), &["b.test", "a.test"]);
    let again = client.post(finalize, csr(&key(KeyType::P256), &["a.test", "b.test"]));
    assert_eq!(again.problem(), "orderNotReady", "finalized once");
}

#[test]
fn bad_identifiers_are_named_one_by_one() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let url = client.url("newOrder");
    let (bad_name, bad_type) = (json!({ "type": "dns", "value": "a_b..test" }), json!({ "type": "x", "value": "y" }));
    for (why, identifiers, want) in [
        ("no identifiers", json!([]), "malformed"),
        ("one bad", json!([bad_name, { "type": "dns", "value": "good.test" }]), "malformed"),
        ("an unknown type", json!([bad_type]), "unsupportedIdentifier"),
        ("two that are bad in two ways", json!([bad_name, bad_type]), "compound"),
    ] {
        let answer = client.post(&url, json!({ "identifiers": identifiers }));
        assert_eq!((answer.status, answer.problem().as_str()), (400, want), "{why}");
        let named = answer.json()["subproblems"].as_array().map_or(0, Vec::len);
        let bad = identifiers.as_array().unwrap().iter().filter(|one| **one == bad_name || **one == bad_type).count();
        assert_eq!(named, bad, "{why}");
    }
}
