//! What a lenient CA would let pass: it is let pass, and noted as a breach or as advice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use acme_jose::Payload;
use acme_testca::{Behaviour, Breach, Setting, TestCa};
use client::{Client, World, dns, world, world_of};
use serde_json::{Value, json};

fn clauses(breaches: &[Breach]) -> Vec<&str> {
    breaches.iter().map(|breach| breach.clause).collect()
}

/// A clock that stands still until it is set forward.
#[derive(Clone)]
struct Clock(Arc<AtomicU64>);

impl Clock {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        Self(Arc::new(AtomicU64::new(now.as_secs())))
    }

    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }

    fn read(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

fn with_clock(settings: &[Setting]) -> (World, Clock) {
    let clock = Clock::new();
    let read = clock.clone();
    (world_of(TestCa::builder().clock(move || read.read()), settings), clock)
}

type Repeat = fn(&mut World) -> Box<dyn FnMut(&mut World)>;

fn order_poll(world: &mut World) -> Box<dyn FnMut(&mut World)> {
    let (url, finalize, payload) = world.finalizable(&["a.test"]);
    world.client.post(&finalize, payload);
    Box::new(move |world| drop(world.client.read(&url)))
}

fn challenge_poll(world: &mut World) -> Box<dyn FnMut(&mut World)> {
    let (_, challenge) = world.challenge("a.test");
    let url = challenge["url"].as_str().unwrap().to_string();
    world.client.post(&url, json!({}));
    Box::new(move |world| drop(world.client.read(&url)))
}

fn authorization_poll(world: &mut World) -> Box<dyn FnMut(&mut World)> {
    let (url, challenge) = world.challenge("a.test");
    world.client.post(challenge["url"].as_str().unwrap(), json!({}));
    world.client.read(&url);
    Box::new(move |world| drop(world.client.read(&url)))
}

fn same_order(world: &mut World) -> Box<dyn FnMut(&mut World)> {
    let refused = world.new_order(json!({ "identifiers": dns(&["a.test"]) }));
    assert_eq!((refused.status, refused.header("Retry-After")), (429, Some("60")));
    Box::new(|world| drop(world.new_order(json!({ "identifiers": dns(&["a.test"]) }))))
}

fn another_order(world: &mut World) -> Box<dyn FnMut(&mut World)> {
    world.new_order(json!({ "identifiers": dns(&["a.test"]) }));
    Box::new(|world| drop(world.new_order(json!({ "identifiers": dns(&["b.test"]) }))))
}

fn ari(world: &mut World) -> Box<dyn FnMut(&mut World)> {
    let chain = acme_x509::Chain::from_pem(world.chain(&["a.test"])).unwrap();
    let leaf = chain.leaf();
    let key_id = leaf.authority_key_id().unwrap().unwrap();
    let [key_id, serial] = [key_id.as_slice(), leaf.serial()].map(acme_jose::base64url::encode);
    let url = format!("{}/{key_id}.{serial}", world.client.url("renewalInfo"));
    world.client.get(&url);
    Box::new(move |world| drop(world.client.get(&url)))
}

#[test]
fn retry_after_is_watched() {
    let slow = Behaviour::RetryAfterChallenge.with(60);
    let table: [(&str, Vec<Setting>, Repeat, Option<&str>); 7] = [
        (
            "order",
            vec![Behaviour::NeverIssues.into(), Behaviour::RetryAfter.with(60)],
            order_poll,
            Some("RFC 8555 §7.4"),
        ),
        ("challenge", vec![Behaviour::NeverDecides.into(), slow], challenge_poll, Some("RFC 8555 §7.5.1")),
        ("authorization", vec![Behaviour::NeverDecides.into(), slow], authorization_poll, Some("RFC 8555 §7.5.1")),
        ("the same order", vec![Behaviour::RateLimited.into()], same_order, Some("RFC 8555 §6.6")),
        ("another order", vec![Behaviour::RateLimited.into()], another_order, None),
        ("renewal information", vec![Behaviour::AriRetryAfter.with(60)], ari, Some("RFC 9773 §4.3.2")),
        ("no Retry-After", vec![Behaviour::NeverDecides.into()], challenge_poll, None),
    ];
    for (why, settings, first, clause) in table {
        for (seconds, early) in [(0, true), (59, true), (60, false)] {
            let (mut world, clock) = with_clock(&settings);
            let mut again = first(&mut world);
            assert_eq!(world.ca.breaches(), [], "{why}");
            clock.forward(seconds);
            again(&mut world);
            let expected = Vec::from_iter(clause.filter(|_| early));
            assert_eq!(clauses(&world.ca.breaches()), expected, "{why}, after {seconds} s");
        }
    }
}

#[test]
fn members_that_do_not_belong_are_noted() {
    type Act = fn(&mut World);
    let table: &[(&str, Act, &str)] = &[
        (
            "null in newOrder",
            |w| drop(w.new_order(json!({ "identifiers": dns(&["a.test"]), "replaces": null }))),
            "RFC 8555 §7.4",
        ),
        (
            "null in newAccount",
            |w| {
                let (url, kid) = (w.client.url("newAccount"), w.client.kid.take());
                w.client.post(&url, json!({ "onlyReturnExisting": true, "contact": null }));
                w.client.kid = kid;
            },
            "RFC 8555 §7.3",
        ),
        (
            "an unknown member of newAccount",
            |w| {
                let (url, kid) = (w.client.url("newAccount"), w.client.kid.take());
                w.client.post(&url, json!({ "onlyReturnExisting": true, "status": "valid" }));
                w.client.kid = kid;
            },
            "RFC 8555 §7.3",
        ),
        (
            "a challenge answered twice",
            |w| {
                let (_, challenge) = w.challenge("a.test");
                let url = challenge["url"].as_str().unwrap();
                w.client.post(url, json!({}));
                assert_eq!(w.client.post(url, json!({})).status, 200);
            },
            "RFC 8555 §8.2",
        ),
        (
            "finalized twice",
            |w| {
                let (_, finalize, payload) = w.finalizable(&["a.test"]);
                w.client.post(&finalize, payload.clone());
                assert_eq!(w.client.post(&finalize, payload).problem(), "orderNotReady");
            },
            "RFC 8555 §7.4",
        ),
        (
            "a wildcard for newAuthz",
            |w| {
                let url = w.client.url("newAuthz");
                w.client.post(&url, json!({ "identifier": { "type": "dns", "value": "*.a.test" } }));
            },
            "RFC 8555 §7.4.1",
        ),
        (
            "a date that is none",
            |w| drop(w.new_order(json!({ "identifiers": dns(&["a.test"]), "notBefore": "tomorrow" }))),
            "RFC 8555 §7.4",
        ),
    ];
    for (why, act, clause) in table {
        let mut world = world(&[]);
        act(&mut world);
        assert_eq!(clauses(&world.ca.breaches()), [*clause], "{why}: {:?}", world.ca.breaches());
    }
}

#[test]
fn another_try_after_an_error_is_allowed() {
    let mut world = world(&[Behaviour::ChallengeErrorWhilePending.into()]);
    let (_, order) = world.client.order(&["a.test"]);
    let challenge = world.client.challenge(&order["authorizations"][0], "http-01");
    let url = challenge["url"].as_str().unwrap();
    world.client.post(url, json!({}));
    assert_eq!(world.client.wait(url, &["processing"])["status"], "pending");
    world.responder.publish(&challenge, &world.client.key_authorization(&challenge));
    world.client.post(url, json!({}));
    assert_eq!(world.client.wait(url, &["processing"])["status"], "valid");
    assert_eq!(world.ca.breaches(), []);
}

#[test]
fn needless_requests_are_advice() {
    type Act = fn(&mut Client);
    let table: &[(&str, Act, &[&str])] = &[
        ("a nonce while one is at hand", |c| drop((c.nonce(), c.nonce())), &["RFC 8555 §6.5"]),
        (
            "the nonce of the last answer, unused",
            |c| {
                let (url, nonce) = (c.kid.clone().unwrap(), c.nonce());
                let body = c.sign(&url, &nonce, &Payload::Empty);
                let answer = c.send_body(&url, &body);
                let next = answer.header("Replay-Nonce").unwrap().to_string();
                let body = c.sign(&url, &next, &Payload::Empty);
                c.send_body(&url, &body);
            },
            &[],
        ),
        (
            "newAccount without asking first",
            |c| {
                let nonce = c.nonce();
                let url = c.url("newAccount");
                c.kid = None;
                let body = c.sign(&url, &nonce, &Payload::json(&json!({ "termsOfServiceAgreed": true })).unwrap());
                assert_eq!(c.send_body(&url, &body).status, 200);
            },
            &["RFC 8555 §7.3.1"],
        ),
    ];
    for (why, act, want) in table {
        let ca = TestCa::builder().start().unwrap();
        let mut client = Client::registered(&ca);
        client.reconnect(&ca);
        act(&mut client);
        assert_eq!(clauses(&ca.advice()), *want, "{why}");
        assert_eq!(ca.breaches(), [], "{why}");
    }
}

#[test]
fn what_is_decided_needs_no_second_look() {
    let mut world = world(&[]);
    let (url, challenge) = world.challenge("a.test");
    world.client.post(challenge["url"].as_str().unwrap(), json!({}));
    world.client.wait(&url, &["pending"]);
    let looked_again = |world: &World| clauses(&world.ca.advice()).contains(&"RFC 8555 §7.1.6");
    assert!(!looked_again(&world));
    world.client.read(&url);
    assert!(looked_again(&world));
    let directory = world.ca.directory_url();
    world.client.get(&directory);
    assert_eq!(world.ca.advice().last().unwrap().clause, "RFC 8555 §7.1.1");
}

#[test]
fn breaches_are_told_as_they_happen() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let ca = TestCa::builder().on_breach(move |breach| listener.lock().unwrap().push(breach.clone())).start().unwrap();
    let mut client = Client::registered(&ca);
    let url = client.kid.clone().unwrap();
    client.get(&url);
    assert_eq!(*told.lock().unwrap(), ca.breaches());
    assert_eq!(ca.breaches().len(), 1);
}

#[test]
fn the_log_has_headers_and_payloads() {
    let ca = TestCa::builder().start().unwrap();
    Client::registered(&ca);
    let log = ca.requests();
    let payload: Value = serde_json::from_slice(&log.last().unwrap().payload).unwrap();
    assert_eq!(payload["contact"], json!(["mailto:a@example.com"]));
    assert_eq!(log.last().unwrap().header("user-agent"), Some("test/1"));
    assert_eq!(log[0].payload, b"");
}
