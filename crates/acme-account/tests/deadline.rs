//! The time that a caller allows is kept, however slow the CA and however many names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::time::Duration;

use acme_account::{Clock as _, ErrorKind};
use ca::flow::{MINUTE, a, challenge, seen};
use ca::{Ca, FakeSolver};

/// So long is read why an order failed, at most.
const TO_EXPLAIN: Duration = Duration::from_secs(10);

#[test]
fn names_without_end_at_a_slow_ca_take_no_longer_than_allowed() {
    let each = Duration::from_secs(50);
    for (why, slow, answers) in [
        ("reading authorizations", "/authz/", 0),
        ("answering challenges", "/a.example/", 2),
        ("looking at the order", "/order/", 300),
    ] {
        let ca = Ca::new();
        ca.slow(slow, each).always(a("pending", "pending"));
        let (account, placed, started) = (ca.account(), ca.order("pending", &["/authz/a"; 300]), ca.now());
        let error = account.authorize(&placed, &FakeSolver::http(&ca), MINUTE).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OutOfTime { .. }), "{why}: {error}");
        let took = ca.now().duration_since(started).unwrap();
        assert!(took <= MINUTE + each, "{why}: {took:?}, with the request that was out by then");
        assert_eq!(ca.count("POST /a.example/http-01"), answers, "{why}");
        assert_eq!(ca.count("clean-up a.example http-01"), ca.count("present a.example http-01"), "{why}");
    }
}

#[test]
fn the_reasons_of_a_failure_are_not_read_for_ever() {
    let each = Duration::from_millis(150);
    let ca = Ca::new();
    ca.slow("/authz/", each);
    (0..300).for_each(|_| _ = ca.on("/authz/a", a("pending", "pending")));
    (0..300).for_each(|_| _ = ca.on("/a.example/http-01", challenge("processing")));
    ca.on("/order/1", seen("invalid")).always(a("pending", "pending"));
    let (account, placed, started) = (ca.account(), ca.order("pending", &["/authz/a"; 300]), ca.now());
    let error = account.authorize(&placed, &FakeSolver::http(&ca), MINUTE).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OrderLost { .. }), "{error}");
    let took = ca.now().duration_since(started).unwrap();
    assert!(took <= MINUTE + TO_EXPLAIN + each, "{took:?}");
    assert!(took > MINUTE, "but a little longer than allowed, since they say what to do: {took:?}");
}
