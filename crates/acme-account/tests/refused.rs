//! Every operation looks at the HTTP status: what is refused is never `Ok`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::sync::Arc;

use acme_account::{Account, Error, ErrorKind, PlacedOrder, Terms};
use acme_jose::{KeyType, PrivateKey};
use acme_proto::{Challenge, Identifier, NewOrder, RevocationReason};
use ca::{Answer, Ca, at};
use serde_json::json;

type Operation = fn(&Account, &PlacedOrder) -> Result<(), Error>;

fn challenge() -> Challenge {
    let challenge = json!({"type": "http-01", "url": at("/c"), "status": "pending", "token": "token"});
    serde_json::from_value(challenge).unwrap()
}

fn new_key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(KeyType::P256).unwrap())
}

const OPERATIONS: [(&str, Operation); 17] = [
    ("register", |account, _| account.register(&[], Terms::Agreed).map(drop)),
    ("find", |account, _| account.find().map(drop)),
    ("fetch", |account, _| account.fetch().map(drop)),
    ("update contacts", |account, _| account.update_contacts(&[]).map(drop)),
    ("agree to terms", |account, _| account.agree_to_terms().map(drop)),
    ("deactivate", |account, _| account.deactivate().map(drop)),
    ("change the key", |account, _| account.change_key(new_key())),
    ("list orders", |account, _| account.orders().map(drop)),
    ("new order", |account, _| account.new_order(&NewOrder::new([Identifier::Dns("a.example".into())])).map(drop)),
    ("order", |account, placed| account.order(&placed.url).map(drop)),
    ("new authorization", |account, _| account.new_dns_authz("a.example").map(drop)),
    ("authorization", |account, _| account.authorization(&at("/authz/a")).map(drop)),
    ("deactivate an authorization", |account, _| account.deactivate_authorization(&at("/authz/a")).map(drop)),
    ("answer a challenge", |account, _| account.respond(&challenge()).map(drop)),
    ("finalize", |account, placed| account.finalize(placed, b"csr").map(drop)),
    ("download", |account, _| account.download(&at("/cert/1")).map(drop)),
    ("revoke", |account, _| account.revoke(b"certificate", RevocationReason::Unspecified)),
];

#[test]
fn a_refusal_is_never_ok() {
    for (why, operation) in OPERATIONS {
        let ca = Ca::new();
        ca.set_directory("keyChange", json!(at("/key-change"))).always(Answer::problem(403, "unauthorized", "no"));
        let error = operation(&ca.account(), &ca.order("ready", &[])).expect_err(why);
        assert_eq!(error.refusal().unwrap().status, 403, "{why}: {error}");
        assert_eq!(ca.posts().len(), 1, "{why}: and is told at once");
    }
}

/// A page in place of an answer: what is missing is not JSON, but the service.
#[test]
fn a_page_in_place_of_an_answer_keeps_its_status() {
    for (why, operation) in OPERATIONS {
        let ca = Ca::new();
        ca.set_directory("keyChange", json!(at("/key-change")));
        ca.always(Answer::text(502, "text/html", "<html>Bad Gateway"));
        let error = operation(&ca.account(), &ca.order("ready", &[])).expect_err(why);
        let ErrorKind::Http { status, content_type, excerpt, .. } = error.kind() else { panic!("{why}: {error}") };
        assert_eq!(
            (*status, content_type.as_str(), excerpt.as_str()),
            (502, "text/html", "<html>Bad Gateway"),
            "{why}"
        );
    }
}
