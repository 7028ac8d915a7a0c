//! Whatever a CA answers, every operation ends soon, without a panic, in a value or an error.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod answers;
mod ca;

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use acme_account::{
    Account, Authorized, Clock as _, Error, Event, ExternalAccount, Observer, Payload, PlacedOrder, Terms,
};
use acme_jose::{KeyType, MacKey, PrivateKey};
use acme_proto::{Challenge, Contact, Identifier, NewOrder, OrderStatus, RevocationReason};
use answers::{BASE, Treatment, deep, treatment};
use ca::{AnySolver, HostileCa, START};
use http::{HeaderName, HeaderValue};
use proptest::collection::vec;
use proptest::prelude::*;

/// What authorizing and issuing may take, each, and what the last request adds.
const ALLOWED: Duration = Duration::from_secs(60);

static KEY: LazyLock<String> =
    LazyLock::new(|| PrivateKey::generate(KeyType::P256).unwrap().to_pkcs8_pem().unwrap().to_string());

fn key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::from_pem(&KEY).unwrap())
}

fn at(path: &str) -> String {
    format!("{BASE}{path}")
}

/// Reads everything that it is told.
struct Reader;

impl Observer for Reader {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Request { message, .. } | Event::Response { message, .. } => assert_ne!(message.to_string(), "x"),
            other => assert_ne!(format!("{other:?}"), ""),
        }
    }
}

type Run = fn(&Account) -> Result<(), Error>;

/// An order as it comes from a good CA.
fn order(status: OrderStatus) -> PlacedOrder {
    let read = |state| {
        let ca = Arc::new(HostileCa::new(vec![Treatment::Right(state)], false));
        Account::new(key(), at("/directory"), ca).with_url(at("/acct/1")).order(&at("/order/1")).unwrap()
    };
    (0..).map(read).find(|placed| placed.order.status == status).unwrap()
}

/// Every operation that a caller can ask for.
const OPERATIONS: &[(&str, Run)] = &[
    ("directory", |a| a.directory().map(drop)),
    ("step", |a| a.step("newOrder", &Payload::EmptyObject).map(|answer| drop((answer.problem(), answer.links("x"))))),
    ("unsigned", |a| a.unsigned_request(&at("/x")).map(|answer| _ = answer.retry_after())),
    ("register", |a| a.register(&[Contact::parse("mailto:a@a.example").unwrap()], Terms::Agreed).map(drop)),
    ("register bound", |a| {
        let binding = ExternalAccount::new("kid", MacKey::from_bytes(b"0123456789abcdef"));
        a.register_bound(&[], Terms::Agreed, &binding).map(drop)
    }),
    ("find", |a| a.find().map(drop)),
    ("fetch", |a| a.fetch().map(drop)),
    ("update", |a| a.update_contacts(&[]).and(a.agree_to_terms()).map(drop)),
    ("deactivate", |a| a.deactivate().map(drop)),
    ("orders", |a| a.orders().map(drop)),
    ("delegations", |a| a.delegations().map(drop).and(a.delegation(&at("/delegation/1")).map(drop))),
    ("key change", |a| a.change_key(Arc::new(PrivateKey::generate(KeyType::P256).unwrap()))),
    ("settle", |a| a.settle_key_change(Arc::new(PrivateKey::generate(KeyType::P256).unwrap())).map(drop)),
    ("new order", |a| a.new_order(&NewOrder::new([Identifier::Dns("a.example".into())])).map(drop)),
    ("order that replaces", |a| {
        let order = NewOrder::new([Identifier::Dns("a.example".into())]);
        a.new_order(&NewOrder { replaces: Some("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE".into()), ..order }).map(drop)
    }),
    ("order", |a| a.order(&at("/order/1")).map(drop)),
    ("authorization", |a| a.authorization(&at("/authz/a")).map(drop)),
    ("new authorization", |a| a.new_dns_authz("a.example").map(drop)),
    ("respond", |a| {
        let challenge: Challenge =
            serde_json::from_value(serde_json::json!({"type": "http-01", "url": at("/challenge/1")})).unwrap();
        a.respond(&challenge).map(drop)
    }),
    ("authorize", |a| {
        let authorized = a.authorize(&order(OrderStatus::Pending), &AnySolver, ALLOWED)?;
        assert!(matches!(authorized, Authorized::All(_)));
        Ok(())
    }),
    ("issue", |a| a.issue(order(OrderStatus::Ready), b"csr", ALLOWED).map(drop)),
    ("abandon", |a| a.abandon(&order(OrderStatus::Pending))),
    ("cancel", |a| a.cancel(&order(OrderStatus::Valid)).map(drop)),
    ("automatic renewal", |a| a.star_certificate(&order(OrderStatus::Valid)).map(drop)),
    ("download", |a| a.download_all(&at("/cert/1")).map(drop)),
    ("revoke", |a| a.revoke(b"certificate", RevocationReason::Superseded)),
    ("revoke by key", |a| a.revoke_with_certificate_key(&*key(), b"certificate", RevocationReason::Superseded)),
    ("renewal information", |a| a.renewal_info("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE").map(drop)),
];

/// The operation ends, and whatever it says can be read.
fn survive(why: &str, plan: Vec<Treatment>, everything: bool, (name, run): (&str, Run)) {
    let ca = Arc::new(HostileCa::new(plan, everything));
    let account = Account::new(key(), at("/directory"), ca.clone()).with_clock(ca.clone()).with_url(at("/acct/1"));
    if let Err(error) = run(&account.with_observer(Arc::new(Reader))) {
        assert_ne!(error.to_string(), "");
        let _ = (error.remedy(), error.retry_after(), error.poll_failure(), error.may_have_been_carried_out());
    }
    let requests = ca.requests.lock().unwrap().len();
    let asking = Duration::from_millis(10) * u32::try_from(requests).unwrap();
    let took = ca.now().duration_since(SystemTime::UNIX_EPOCH + START).unwrap();
    assert!(took <= ALLOWED + asking, "{name}, {why}: {took:?}, {asking:?} of it to ask");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn an_operation_ends_whatever_the_ca_answers(
        plan in vec(treatment(), 1..12), everything in prop::bool::weighted(0.1), operation in 0..OPERATIONS.len()
    ) {
        survive("as planned", plan, everything, OPERATIONS[operation]);
    }
}

#[test]
fn every_operation_survives_the_same_bad_answer_for_ever() {
    let header = |name, value| vec![(HeaderName::from_static(name), HeaderValue::from_static(value))];
    let json = || header("content-type", "application/json");
    let answers = [
        ("nothing", 200, json(), Vec::new()),
        ("arrays in arrays", 200, json(), deep("[", "]").into_bytes()),
        ("objects in objects", 200, json(), deep("{\"a\":", "}").into_bytes()),
        ("that begin and do not end", 200, json(), "[".repeat(1 << 16).into_bytes()),
        ("a number without end", 200, json(), "9".repeat(1 << 16).into_bytes()),
        ("text without end", 200, json(), [b"\"".to_vec(), vec![b'x'; 1 << 16]].concat()),
        ("another encoding", 200, json(), vec![0xff, 0xfe, 0x7b, 0, 0x7d, 0]),
        ("zeros", 200, json(), vec![0; 1 << 16]),
        ("an empty array", 200, json(), b"[]".to_vec()),
        ("an empty object", 201, json(), b"{}".to_vec()),
        ("a deep problem", 400, header("content-type", "application/problem+json"), deep("[", "]").into_bytes()),
        ("a server that is away for ever", 503, header("retry-after", "99999999999"), Vec::new()),
        ("a server that wants more, now", 503, header("retry-after", "0"), Vec::new()),
        ("a redirect to itself", 302, header("location", ""), Vec::new()),
        ("a redirect in circles", 302, header("location", "/directory"), Vec::new()),
        ("pages in circles", 200, header("link", "</orders>;rel=\"next\""), b"[]".to_vec()),
    ];
    for (why, status, headers, body) in answers {
        for operation in OPERATIONS {
            let plan = vec![Treatment::Noise(status, headers.clone(), body.clone())];
            survive(why, plan, operation.0 == "directory", *operation);
        }
    }
}
