//! Nonces: handed out, counted once, refused as often as asked for (RFC 8555 §6.5 and §7.2).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_jose::Payload;
use acme_testca::TestCa;
use client::{AGENT, Client, path};
use serde_json::json;

#[test]
fn new_nonce_answers_as_the_rfc_says() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::registered(&ca);
    let url = client.url("newNonce");
    let head = client.connection.send("HEAD", path(&url), &[AGENT], b"");
    let get = client.connection.send("GET", path(&url), &[AGENT], b"");
    let read = client.read(&url);
    for (why, answer, status) in [("HEAD", &head, 200), ("GET", &get, 204), ("POST-as-GET", &read, 204)] {
        assert_eq!(answer.header("Content-Length").is_none(), status == 204, "{why}: RFC 9110 §8.6");
        assert_eq!((answer.status, answer.header("Cache-Control")), (status, Some("no-store")), "{why}");
        assert!(answer.header("Link").unwrap().ends_with(";rel=\"index\""), "{why}");
    }
    assert_ne!(head.header("Replay-Nonce"), get.header("Replay-Nonce"));
}

#[test]
fn the_directory_and_get_answers_carry_no_nonce() {
    let ca = TestCa::builder().start().unwrap();
    let mut client = Client::new(&ca);
    let answer = client.connection.send("GET", "/dir", &[AGENT], b"");
    assert_eq!((answer.status, answer.header("Replay-Nonce")), (200, None));
}

#[test]
fn good_nonces_are_refused_as_often_as_asked_for() {
    const REQUESTS: usize = 400;
    for (percent, low, high) in [(0, 0, 0), (5, 5, 45), (50, 150, 250), (100, REQUESTS, REQUESTS)] {
        let ca = TestCa::builder().nonce_rejection(percent).terms(false).seed(1).start().unwrap();
        let mut client = Client::new(&ca);
        let url = client.url("newAccount");
        let mut nonce = client.nonce();
        let mut refused = 0;
        for _ in 0..REQUESTS {
            let body = client.sign(&url, &nonce, &Payload::json(&json!({})).unwrap());
            let answer = client.send_body(&url, &body);
            if answer.status == 400 {
                assert_eq!(answer.problem(), "badNonce", "{percent} %");
                refused += 1;
            }
            let fresh = answer.header("Replay-Nonce").expect("a nonce on every answer to a POST").to_string();
            assert_ne!(fresh, nonce, "{percent} %: a fresh one");
            nonce = fresh;
        }
        assert!((low..=high).contains(&refused), "{percent} %: {refused} of {REQUESTS}");
        assert_eq!(ca.breaches(), [], "{percent} %: the client did nothing wrong");
    }
}

#[test]
fn a_refused_nonce_is_used_up() {
    let ca = TestCa::builder().nonce_rejection(100).start().unwrap();
    let mut client = Client::new(&ca);
    let (url, nonce) = (client.url("newAccount"), client.nonce());
    let body = client.sign(&url, &nonce, &Payload::EmptyObject);
    assert_eq!((client.send_body(&url, &body).status, ca.breaches().len()), (400, 0));
    assert_eq!((client.send_body(&url, &body).status, ca.breaches().len()), (400, 1));
}
