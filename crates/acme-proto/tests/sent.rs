//! What we send: what is not set is not sent, and nothing is ever `null`.
#![allow(clippy::unwrap_used, missing_docs)]

use acme_jose::{Jwk, MacAlgorithm, MacKey, Payload};
use acme_proto::{Contact, Finalize, Identifier, NewAccount, NewOrder, Timestamp};
use serde_json::{Value, json};

fn name(text: &str) -> Identifier {
    Identifier::parse(text).unwrap()
}

fn sent(message: &impl serde::Serialize) -> Value {
    serde_json::to_value(message).unwrap()
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        _ => false,
    }
}

#[test]
fn messages() {
    let contact = |text| Contact::parse(text).unwrap();
    let stamp = |text: &str| Timestamp::try_from(text.to_owned()).unwrap();
    for (why, found, want) in [
        ("an account, as little as there can be", sent(&NewAccount::default()), json!({})),
        (
            "the terms are agreed to",
            sent(&NewAccount {
                contact: vec![contact("a@b.example")],
                terms_of_service_agreed: true,
                ..NewAccount::default()
            }),
            json!({"contact": ["mailto:a@b.example"], "termsOfServiceAgreed": true}),
        ),
        (
            "find it only",
            sent(&NewAccount { only_return_existing: true, ..NewAccount::default() }),
            json!({"onlyReturnExisting": true}),
        ),
        (
            "an order, as little as there can be",
            sent(&NewOrder::new([name("example.com"), name("2001:db8::1")])),
            json!({"identifiers": [{"type": "dns", "value": "example.com"}, {"type": "ip", "value": "2001:db8::1"}]}),
        ),
        (
            "an order with a validity and a profile",
            sent(&NewOrder {
                not_before: Some(stamp("2016-01-01T00:04:00+04:00")),
                not_after: Some(stamp("2016-01-08T00:04:00+04:00")),
                profile: Some("shortlived".into()),
                ..NewOrder::new([name("*.example.org")])
            }),
            json!({
                "identifiers": [{"type": "dns", "value": "*.example.org"}],
                "notBefore": "2016-01-01T00:04:00+04:00",
                "notAfter": "2016-01-08T00:04:00+04:00",
                "profile": "shortlived",
            }),
        ),
        ("a request for a certificate", sent(&Finalize::new(&[0xfb, 0xff, 0x00])), json!({"csr": "-_8A"})),
    ] {
        assert_eq!(found, want, "{why}");
        assert!(!has_null(&found), "{why}");
    }
}

#[test]
fn an_account_with_an_external_binding() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("messages/key-authorizations.json")).unwrap();
    let key = Jwk::from_json(vectors[1]["jwk"].to_string().as_bytes()).unwrap();
    let payload = Payload::json(&key).unwrap();
    let secret = MacKey::from_bytes(b"shared with the CA");
    let binding = secret.sign(MacAlgorithm::Hs256, "kid-1", "https://ca.example/new-account", &payload).unwrap();
    let message = NewAccount { external_account_binding: Some(binding), ..NewAccount::default() };
    let found = sent(&message);
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), ["externalAccountBinding"]);
    assert_eq!(names(&found["externalAccountBinding"]), ["payload", "protected", "signature"]);
    assert!(!has_null(&found));
}
