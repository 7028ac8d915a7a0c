//! External account binding (RFC 8555 §7.3.4).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_jose::{KeyType, MacAlgorithm, MacKey, Payload, PrivateKey, Signer as _, base64url};
use acme_testca::{Behaviour, Builder, TestCa};
use client::{Answer, Client};
use serde_json::{Value, json};

const KID: &str = "kid/1=";
const KEY: &[u8] = b"a key of a customer";

fn ca(behave: impl FnOnce(Builder) -> Builder) -> TestCa {
    behave(TestCa::builder().external_account(KID, KEY)).start().unwrap()
}

/// A binding of `account_key`, made with these.
fn binding(account_key: &PrivateKey, kid: &str, key: &[u8], url: &str) -> Value {
    let payload: Value = serde_json::from_str(&account_key.public_key().to_json()).unwrap();
    let payload = Payload::json(&payload).unwrap();
    serde_json::to_value(MacKey::from_bytes(key).sign(MacAlgorithm::Hs256, kid, url, &payload).unwrap()).unwrap()
}

fn register(client: &mut Client, binding: &Value) -> Answer {
    let url = client.url("newAccount");
    client.post(&url, json!({ "termsOfServiceAgreed": true, "externalAccountBinding": binding }))
}

/// A binding that is right.
fn right(client: &Client) -> Value {
    binding(&client.key, KID, KEY, &client.url("newAccount"))
}

#[test]
fn a_binding_is_asked_for_checked_and_reflected() {
    let ca = ca(|builder| builder);
    let mut client = Client::new(&ca);
    assert_eq!(client.directory["meta"]["externalAccountRequired"], true);
    let url = client.url("newAccount");
    let without = client.post(&url, json!({ "termsOfServiceAgreed": true }));
    assert_eq!((without.status, without.problem().as_str()), (403, "externalAccountRequired"));
    let bound = right(&client);
    let created = register(&mut client, &bound);
    assert_eq!((created.status, &created.json()["externalAccountBinding"]), (201, &bound));
    let found = client.post(&url, json!({ "onlyReturnExisting": true }));
    assert_eq!((found.status, found.location()), (200, created.location()), "found without a binding");
    assert_eq!(ca.breaches(), []);
}

#[test]
fn a_binding_that_is_wrong_is_refused() {
    type Make = fn(&Client) -> Value;
    let other = || PrivateKey::generate(KeyType::P256).unwrap();
    let clause = Some("RFC 8555 §7.3.4");
    let table: [(&str, Make, &str, Option<&str>); 8] = [
        ("another url", |c| binding(&c.key, KID, KEY, "https://a.test/"), "unauthorized", clause),
        ("another key", |c| binding(&c.key, KID, b"wrong", &c.url("newAccount")), "unauthorized", clause),
        ("an unknown kid", |c| binding(&c.key, "kid", KEY, &c.url("newAccount")), "unauthorized", None),
        (
            "another account's key",
            |c| binding(&PrivateKey::generate(KeyType::P256).unwrap(), KID, KEY, &c.url("newAccount")),
            "malformed",
            clause,
        ),
        ("a text", |_| json!("e30"), "malformed", clause),
        (
            "a nonce",
            |c| {
                let header = json!({ "alg": "HS256", "kid": KID, "nonce": "AAAA", "url": c.url("newAccount") });
                let payload = c.key.public_key().to_json();
                let [protected, payload] = [header.to_string(), payload].map(|text| base64url::encode(text.as_bytes()));
                let key = MacKey::from_bytes(KEY);
                let tag = key.tag(MacAlgorithm::Hs256, format!("{protected}.{payload}").as_bytes()).unwrap();
                json!({ "protected": protected, "payload": payload, "signature": base64url::encode(&tag) })
            },
            "malformed",
            clause,
        ),
        (
            "padding",
            |c| {
                let mut padded = right(c);
                padded["payload"] = json!(format!("{}=", padded["payload"].as_str().unwrap()));
                padded
            },
            "malformed",
            clause,
        ),
        (
            "a signature in place of a MAC",
            |c| {
                let inner = acme_jose::Jws::sign_inner(&c.key, &c.url("newAccount"), &Payload::EmptyObject).unwrap();
                serde_json::to_value(inner).unwrap()
            },
            "malformed",
            clause,
        ),
    ];
    for (why, make, want, clause) in table {
        let ca = ca(|builder| builder);
        let mut client = Client::with_key(&ca, other());
        let wrong = make(&client);
        assert_eq!(register(&mut client, &wrong).problem(), want, "{why}");
        let breaches: Vec<_> = ca.breaches().iter().map(|breach| breach.clause).collect();
        assert_eq!(breaches, Vec::from_iter(clause), "{why}");
        let url = client.url("newAccount");
        let missing = client.post(&url, json!({ "onlyReturnExisting": true }));
        assert_eq!(missing.problem(), "accountDoesNotExist", "{why}: no account was made");
    }
}

#[test]
fn eab_once() {
    for (why, once, second) in [("as often as wanted", false, 200), ("once", true, 403)] {
        let ca = ca(|builder| builder.behave(Behaviour::EabOnce.with(once.into())));
        let mut client = Client::new(&ca);
        let bound = right(&client);
        assert_eq!(register(&mut client, &bound).status, 201, "{why}");
        assert_eq!(register(&mut client, &bound).status, second, "{why}: though the account exists");
        let mut another = Client::new(&ca);
        let bound = right(&another);
        assert_eq!(register(&mut another, &bound).status, if once { 403 } else { 201 }, "{why}");
    }
}

#[test]
fn eab_expired_and_unannounced_and_ignored() {
    let ca_of = |behaviour: Behaviour| ca(|builder| builder.behave(behaviour));
    let expired = ca_of(Behaviour::EabExpired);
    let mut client = Client::new(&expired);
    let bound = right(&client);
    assert_eq!(register(&mut client, &bound).problem(), "unauthorized");

    let unannounced = ca_of(Behaviour::EabUnannounced);
    let mut client = Client::new(&unannounced);
    assert_eq!(client.directory["meta"].get("externalAccountRequired"), None);
    assert_eq!(client.register().problem(), "externalAccountRequired");

    let ignored = ca_of(Behaviour::EabIgnored);
    let mut client = Client::new(&ignored);
    assert_eq!(client.directory["meta"].get("externalAccountRequired"), None);
    let created = register(&mut client, &json!("nonsense"));
    assert_eq!((created.status, created.json().get("externalAccountBinding")), (201, None));
}
