//! Accounts: created, found, changed, deactivated, given another key (RFC 8555 §7.3).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_jose::{Jws, KeyType, Payload, PrivateKey, Signer as _};
use acme_testca::{Behaviour, TestCa};
use client::{Answer, Client};
use serde_json::{Value, json};

#[test]
fn an_account_is_created_once_and_found_after() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::new(&ca);
    let url = client.url("newAccount");
    let missing = client.post(&url, json!({ "onlyReturnExisting": true }));
    assert_eq!((missing.status, missing.problem().as_str()), (400, "accountDoesNotExist"));
    let created = client.post(&url, json!({ "termsOfServiceAgreed": true, "contact": ["mailto:a@example.com"] }));
    assert_eq!((created.status, &created.json()["contact"]), (201, &json!(["mailto:a@example.com"])));
    for (why, payload) in [
        ("looked for", json!({ "onlyReturnExisting": true })),
        ("created again: nothing changes (RFC 8555 §7.3.1)", json!({ "contact": ["mailto:b@example.com"] })),
    ] {
        let found = client.post(&url, payload);
        assert_eq!((found.status, found.location(), found.json()), (200, created.location(), created.json()), "{why}");
    }
}

#[test]
fn terms_are_to_be_agreed_to() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::new(&ca);
    let terms = client.directory["meta"]["termsOfService"].as_str().unwrap().to_string();
    let url = client.url("newAccount");
    let refused = client.post(&url, json!({}));
    assert_eq!((refused.status, refused.problem().as_str()), (403, "userActionRequired"));
    assert_eq!(refused.json()["instance"], terms);
    let ca = TestCa::builder().terms(false).start().unwrap();
    let mut client = Client::new(&ca);
    let url = client.url("newAccount");
    assert_eq!(client.directory["meta"].get("termsOfService"), None);
    assert_eq!(client.post(&url, json!({})).status, 201);
}

#[test]
fn contacts_are_changed_and_checked() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let url = client.kid.clone().unwrap();
    for (why, contact, want) in [
        ("another", json!(["mailto:b@example.com"]), "valid"),
        ("two", json!(["mailto:b@example.com", "mailto:c@example.com"]), "valid"),
        ("none", json!([]), "valid"),
        ("a telephone", json!(["tel:+12025551212"]), "unsupportedContact"),
        ("header fields", json!(["mailto:a@example.com?subject=x"]), "invalidContact"),
        ("no domain", json!(["mailto:a@"]), "invalidContact"),
        ("a string", json!("mailto:a@example.com"), "malformed"),
    ] {
        let before = client.read(&url).json();
        let answer = client.post(&url, json!({ "contact": contact }));
        if want == "valid" {
            assert_eq!(answer.json().get("contact").unwrap_or(&json!([])), &contact, "{why}");
        } else {
            assert_eq!(answer.problem(), want, "{why}");
            assert_eq!(client.read(&url).json(), before, "{why}: nothing changes");
        }
    }
}

#[test]
fn a_deactivated_account_can_do_nothing() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let url = client.kid.clone().unwrap();
    assert_eq!(client.post(&url, json!({ "status": "revoked" })).problem(), "malformed");
    assert_eq!(client.post(&url, json!({ "status": "deactivated" })).json()["status"], "deactivated");
    let answer = client.read(&url);
    assert_eq!((answer.status, answer.problem().as_str()), (401, "unauthorized"));
    client.kid = None;
    let new_account = client.url("newAccount");
    assert_eq!(client.post(&new_account, json!({ "termsOfServiceAgreed": true })).status, 401);
}

#[test]
fn accounts_keep_to_themselves() {
    let ca = TestCa::builder().start().unwrap();
    let (mut one, mut two) = (Client::registered(&ca), Client::registered(&ca));
    let (order_url, order) = one.order(&["a.test"]);
    let authorization = order["authorizations"][0].as_str().unwrap().to_string();
    let challenge = one.challenge(&order["authorizations"][0], "http-01")["url"].as_str().unwrap().to_string();
    let account = one.kid.clone().unwrap();
    for url in [order_url, authorization, challenge, account] {
        let answer = two.read(&url);
        assert_eq!((answer.status, answer.problem().as_str()), (403, "unauthorized"), "{url}");
    }
}

#[test]
fn orders_are_listed() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let mut orders = [client.order(&["a.test"]).0, client.order(&["b.test"]).0];
    let (_, given_up) = client.order(&["c.test"]);
    client.post(given_up["authorizations"][0].as_str().unwrap(), json!({ "status": "deactivated" }));
    Client::registered(&ca).order(&["d.test"]);
    let account = client.kid.clone().unwrap();
    let url = client.read(&account).json()["orders"].as_str().unwrap().to_string();
    let mut listed: Vec<String> = serde_json::from_value(client.read(&url).json()["orders"].clone()).unwrap();
    orders.sort();
    listed.sort();
    assert_eq!(listed, orders);
}

#[test]
fn an_authorization_can_be_given_up() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let (order_url, order) = client.order(&["a.test"]);
    let authorization = order["authorizations"][0].as_str().unwrap();
    let challenge = client.challenge(&order["authorizations"][0], "http-01");
    assert_eq!(client.post(authorization, json!({ "status": "deactivated" })).json()["status"], "deactivated");
    assert_eq!(client.read(&order_url).json()["status"], "invalid");
    let answer = client.post(challenge["url"].as_str().unwrap(), json!({}));
    assert_eq!(answer.json()["status"], "pending", "its challenges are not validated any more");
}

fn jwk(key: &PrivateKey) -> Value {
    serde_json::from_str(&key.public_key().to_json()).unwrap()
}

/// keyChange with an inner JWS by `new`, signed for `url`.
fn change_key(client: &mut Client, new: &PrivateKey, url: &str, inner: &Value) -> Answer {
    let inner = Jws::sign_inner(new, url, &Payload::json(inner).unwrap()).unwrap();
    let url = client.url("keyChange");
    client.post_payload(&url, &Payload::json(&inner).unwrap())
}

#[test]
fn the_account_key_can_be_changed() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let (account, url) = (client.kid.clone().unwrap(), client.url("keyChange"));
    let new = PrivateKey::generate(KeyType::P384).unwrap();
    let right = json!({ "account": account, "oldKey": jwk(&client.key) });
    for (why, url, inner) in [
        ("another account", &url, json!({ "account": "https://a.test/1", "oldKey": jwk(&client.key) })),
        ("another old key", &url, json!({ "account": account, "oldKey": jwk(&new) })),
        ("no old key", &url, json!({ "account": account })),
    ] {
        assert_eq!(change_key(&mut client, &new, url, &inner).problem(), "malformed", "{why}");
    }
    assert_eq!(change_key(&mut client, &new, &account, &right).problem(), "unauthorized", "another url");
    let mut forged = json!(Jws::sign_inner(&new, &url, &Payload::json(&right).unwrap()).unwrap());
    forged["signature"] = json!(Jws::sign_inner(&new, &url, &Payload::Empty).unwrap())["signature"].clone();
    assert_eq!(client.post(&url, forged).problem(), "malformed", "a wrong signature");
    assert_eq!(ca.breaches().iter().map(|breach| breach.clause).collect::<Vec<_>>(), ["RFC 8555 §7.3.5"; 5]);
    let other = Client::registered(&ca);
    let taken = change_key(&mut client, &other.key, &url, &right);
    assert_eq!((taken.status, Some(taken.location())), (409, other.kid), "the key of another account");
    ca.behave(Behaviour::KeyChangeIgnored);
    assert_eq!(change_key(&mut client, &other.key, &url, &right).status, 200, "though nothing is changed");
    assert_eq!(client.read(&account).status, 200, "by the old key");
    assert_eq!(change_key(&mut client, &new, &url, &right).status, 200);
    assert_eq!(client.read(&account).problem(), "malformed", "the old key signs no more");
    client.key = new;
    assert_eq!(client.read(&account).status, 200);
}
