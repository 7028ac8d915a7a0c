//! What an observer is told: enough for progress, spans and a wire log, and no secrets unless it asks for them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_account::{Account, Event, ExternalAccount, Observer, Payload, Terms, TransportErrorKind};
use acme_jose::{KeyType, MacKey, PrivateKey, Signer as _};
use acme_proto::Contact;
use ca::{ACCOUNT, Answer, Ca, FakeSolver, at, authorization, order, valid_order};
use serde_json::json;

/// Keeps what it is told, and which exchanges have no end yet.
#[derive(Default)]
struct Told {
    lines: Mutex<Vec<String>>,
    messages: Mutex<Vec<String>>,
    secrets: Mutex<String>,
    open: Mutex<HashMap<u64, String>>,
}

impl Told {
    fn end(&self, exchange: u64, url: &str) {
        let begun = self.open.lock().unwrap().remove(&exchange);
        assert_eq!(begun.as_deref(), Some(url), "exchange {exchange} ends once, where it began");
    }
}

impl Observer for Told {
    fn event(&self, event: &Event<'_>) {
        let line = match event {
            Event::Request { exchange, operation, url, method, message } => {
                assert_eq!(self.open.lock().unwrap().insert(*exchange, (*url).to_owned()), None, "exchange {exchange}");
                self.secrets.lock().unwrap().push_str(&String::from_utf8_lossy(message.unredacted_body()));
                self.messages.lock().unwrap().push(message.to_string());
                format!("{method} for {operation:?}")
            }
            Event::Response { exchange, url, status, message } => {
                self.end(*exchange, url);
                self.messages.lock().unwrap().push(message.to_string());
                status.to_string()
            }
            Event::Unanswered { exchange, url, why } => {
                self.end(*exchange, url);
                (*why).to_owned()
            }
            Event::NonceRefused { attempts } => format!("nonce refused {attempts}"),
            Event::Registered { created, .. } => format!("registered {created}"),
            Event::Order { status, .. } => format!("order {status}"),
            Event::Authorization { identifier, status } => format!("authorization {identifier} {status}"),
            Event::Presented { identifier, .. } => format!("presented {identifier}"),
            Event::Answered { identifier, .. } => format!("answered {identifier}"),
            Event::Waiting { pause, asked, .. } => format!("waiting {pause:?} {asked}"),
            Event::Finalizing { .. } => "finalizing".to_owned(),
            Event::Downloaded { .. } => "downloaded".to_owned(),
            other => format!("{other:?}"),
        };
        self.lines.lock().unwrap().push(line);
    }
}

fn watched(ca: &Arc<Ca>) -> (Account, Arc<Told>) {
    let told = Arc::new(Told::default());
    (ca.account().with_observer(told.clone()), told)
}

fn lines(told: &Told) -> Vec<String> {
    std::mem::take(&mut *told.lines.lock().unwrap())
}

#[test]
fn a_certificate_is_told_step_by_step() {
    let ca = Ca::new();
    let (account, told) = watched(&ca);
    let offered = [("http-01", "pending")];
    ca.on("/authz/a", Answer::json(200, authorization("a.example", "pending", &offered)));
    ca.on("/a.example/http-01", Answer::json(200, json!({"type": "http-01", "url": at("/c"), "token": "token"})));
    ca.on("/order/1", Answer::json(200, order("ready", &["/authz/a"])));
    let pending = ca.order("pending", &["/authz/a"]);
    ca::flow::all(account.authorize(&pending, &FakeSolver::http(&ca), Duration::from_secs(60)));
    assert_eq!(
        lines(&told),
        [
            "GET for Directory",
            "200",
            "HEAD for NewNonce",
            "200",
            "POST for Authorization",
            "200",
            "authorization a.example pending",
            "presented a.example",
            "POST for Challenge",
            "200",
            "answered a.example",
            "waiting 50ms false",
            "POST for Order",
            "200",
            "order ready",
        ]
    );

    ca.on("/finalize/1", Answer::problem(400, "badNonce", "used"));
    ca.on("/finalize/1", Answer::json(200, order("processing", &["/authz/a"])).with("retry-after", "3"));
    ca.on("/order/1", Answer::json(200, valid_order()));
    ca.on("/cert/1", Answer::lost(TransportErrorKind::Broken)).on("/cert/1", Answer::certificate());
    account.issue(ca.order("ready", &["/authz/a"]), b"csr", Duration::from_secs(60)).unwrap();
    assert_eq!(
        lines(&told),
        [
            "finalizing",
            "POST for Finalize",
            "400",
            "nonce refused 1",
            "POST for Finalize",
            "200",
            "order processing",
            "waiting 3s true",
            "POST for Order",
            "200",
            "order valid",
            "POST for Certificate",
            "the connection broke: the test says so",
            "HEAD for NewNonce",
            "200",
            "POST for Certificate",
            "200",
            "downloaded",
        ]
    );
    assert_eq!(told.open.lock().unwrap().len(), 0, "every request came to an end");
}

#[test]
fn threads_are_told_apart() {
    let ca = Ca::new();
    ca.always(Answer::json(200, json!({})));
    let (account, told) = watched(&ca);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| (0..5).for_each(|_| _ = account.step(&at("/x"), &Payload::Empty).unwrap()));
        }
    });
    assert_eq!(told.open.lock().unwrap().len(), 0);
    assert_eq!(told.messages.lock().unwrap().len(), ca.seen().len() * 2);
}

#[test]
fn the_wire_is_shown_without_secrets_unless_asked_for() {
    let ca = Ca::new();
    let (account, told) = watched(&ca);
    ca.set_directory("keyChange", json!(at("/key-change")));
    let binding = ExternalAccount::new("kid-SECRET", MacKey::from_bytes(b"0123456789abcdef"));
    let contact = Contact::parse("mailto:SECRET@a.example").unwrap();
    let registered = json!({"status": "valid", "contact": [contact.as_str()]});
    ca.on("/new-acct", Answer::problem(400, "accountDoesNotExist", "no"));
    ca.on("/new-acct", Answer::json(201, registered).with("location", ACCOUNT).with("set-cookie", "SECRET"));
    account.register_bound(&[contact], Terms::Agreed, &binding).unwrap();
    ca.on("/key-change", Answer::problem(403, "unauthorized", "no"));
    let new = PrivateKey::generate(KeyType::P256).unwrap();
    let (x, secret) = (new.public_key(), new.to_private_jwk().unwrap());
    account.change_key(Arc::new(new)).unwrap_err();

    let wire = told.messages.lock().unwrap().join("\n");
    for (why, part) in [
        ("header", "content-type: application/jose+json"),
        ("protected header", "\"nonce\": \"nonce-1\""),
        ("payload", "\"termsOfServiceAgreed\": true"),
        ("the JWS inside", "\"oldKey\": {"),
        ("the new key's public half", serde_json::to_value(&x).unwrap()["x"].as_str().unwrap()),
        ("answer", "accountDoesNotExist"),
        ("nonce", "replay-nonce: nonce-2"),
    ] {
        assert!(wire.contains(part), "no {why} ({part}) in {wire}");
    }
    let private: serde_json::Value = serde_json::from_str(&secret).unwrap();
    assert!(!wire.contains(private["d"].as_str().unwrap()));
    assert!(!wire.contains("SECRET"), "{wire}");
    let sent = told.secrets.lock().unwrap();
    for seen in ca.posts() {
        let signature = seen.body["signature"].as_str().unwrap();
        assert!(!wire.contains(signature), "a request that got lost could be sent by whoever reads the log");
        assert!(sent.contains(signature), "whoever asks for all gets it byte for byte");
    }
}
