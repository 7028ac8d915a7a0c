//! Nonces: where they come from, that none is used twice, what a refused one leads to (RFC 8555 §6.5, §7.2).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Barrier, OnceLock};

use acme_account::{Account, Error, ErrorKind, Event, Observer, Operation, Payload};
use ca::{Answer, Ca, at};
use serde_json::json;

fn ok() -> Answer {
    Answer::json(200, json!({}))
}

fn refused() -> Answer {
    Answer::problem(400, "badNonce", "used already")
}

fn step(account: &Account) -> Result<u16, Error> {
    account.step(&at("/x"), &Payload::EmptyObject).map(|response| response.status())
}

fn nonces(ca: &Ca) -> Vec<String> {
    ca.posts().into_iter().map(|seen| seen.nonce).collect()
}

#[test]
fn the_first_comes_from_head_new_nonce_with_any_success() {
    for status in [200, 204] {
        let ca = Ca::new();
        ca.instead("HEAD", "/new-nonce", Answer::empty(status).with_nonce("first")).on("/x", ok());
        assert_eq!(step(&ca.account()).unwrap(), 200);
        assert_eq!(ca.log(), ["GET /directory", "HEAD /new-nonce", "POST /x"], "{status}");
        assert_eq!(nonces(&ca), ["first"]);
        let head = &ca.seen()[1];
        assert_eq!(head.headers["cache-control"], "no-store", "no cache may answer (N-13)");
    }
}

#[test]
fn every_answer_brings_the_next() {
    for (why, answer) in [
        ("success", ok()),
        ("a refusal", Answer::problem(403, "unauthorized", "no")),
        ("an error page", Answer::text(502, "text/html", "<html>Bad Gateway</html>")),
        ("a redirect", Answer::empty(307).with("location", "/y")),
    ] {
        let ca = Ca::new();
        ca.on("/x", answer.with_nonce("brought-along")).on("/x", ok());
        let account = ca.account();
        let _outcome = step(&account);
        step(&account).unwrap();
        assert_eq!(nonces(&ca)[1], "brought-along", "{why}");
        assert_eq!(ca.count("HEAD /new-nonce"), 1, "{why}");
    }
}

#[test]
fn the_directory_may_bring_one_too() {
    let ca = Ca::new();
    let directory = json!({"newNonce": at("/new-nonce"), "newAccount": at("/a"), "newOrder": at("/o")});
    ca.instead("GET", "/directory", Answer::json(200, directory).with_nonce("with-the-directory")).on("/x", ok());
    let account = ca.account();
    account.directory().unwrap();
    step(&account).unwrap();
    assert_eq!(ca.log(), ["GET /directory", "POST /x"]);
}

#[test]
fn an_answer_without_one_or_with_a_malformed_one_leads_to_head() {
    for (why, answer) in [
        ("none (N-14)", ok().without_nonce()),
        ("not base64url (N-04)", ok().without_nonce().with("replay-nonce", "a+b=")),
        ("empty", ok().without_nonce().with("replay-nonce", "")),
    ] {
        let ca = Ca::new();
        ca.on("/x", answer).on("/x", ok());
        let account = ca.account();
        step(&account).unwrap();
        step(&account).unwrap();
        assert_eq!(ca.count("HEAD /new-nonce"), 2, "{why}");
    }
}

#[test]
fn a_refused_one_is_replaced_by_that_of_the_refusal() {
    let ca = Ca::new();
    ca.on("/w", ok().with_nonce("older")).on("/x", refused().with_nonce("of-the-refusal")).on("/x", ok());
    let account = ca.account();
    account.step(&at("/w"), &Payload::Empty).unwrap();
    step(&account).unwrap();
    assert_eq!(nonces(&ca)[1..], ["older", "of-the-refusal"]);
    let (first, second) = (&ca.posts()[1], &ca.posts()[2]);
    assert_ne!(first.body["signature"], second.body["signature"], "signed anew");
    assert_eq!(first.payload, second.payload);
}

/// Makes a whole step of its own when the first POST of another is on its way, and so brings a second nonce.
#[derive(Default)]
struct Interrupter(OnceLock<Arc<Account>>, AtomicBool);

impl Observer for Interrupter {
    fn event(&self, event: &Event<'_>) {
        if matches!(event, Event::Request { method: "POST", .. }) && !self.1.swap(true, Ordering::SeqCst) {
            self.0.get().unwrap().step(&at("/w"), &Payload::Empty).unwrap();
        }
    }
}

#[test]
fn the_nonce_of_the_refusal_counts_even_when_another_is_at_hand() {
    let ca = Ca::new();
    ca.on("/w", ok().with_nonce("spare"));
    ca.on("/x", refused().with_nonce("of-the-refusal")).on("/x", ok().without_nonce()).on("/x", ok().without_nonce());
    ca.on("/x", ok());
    let interrupter = Arc::new(Interrupter::default());
    let account = Arc::new(ca.account().with_observer(interrupter.clone()));
    interrupter.0.set(account.clone()).unwrap();
    (0..3).for_each(|_| _ = step(&account).unwrap());
    // Posts: that of the interrupter, the refused one, its second attempt, the next two steps.
    assert_eq!(nonces(&ca)[2..4], ["of-the-refusal", "spare"], "the spare one may be as old as the one refused");
    assert_eq!(ca.count("HEAD /new-nonce"), 3, "and none is kept for a second use");
}

// Rows: N-08
#[test]
fn a_refusal_without_a_nonce_leads_to_head_even_when_another_is_at_hand() {
    let ca = Ca::new();
    ca.on("/w", ok().with_nonce("spare"));
    ca.on("/x", refused().without_nonce()).on("/x", ok().without_nonce()).on("/x", ok());
    let interrupter = Arc::new(Interrupter::default());
    let account = Arc::new(ca.account().with_observer(interrupter.clone()));
    interrupter.0.set(account.clone()).unwrap();
    (0..2).for_each(|_| _ = step(&account).unwrap());
    // Posts: that of the interrupter, the refused one, its second attempt, the next step.
    let nonces = nonces(&ca);
    assert_ne!(nonces[2], "spare", "it may be as old as the one refused");
    assert_eq!((nonces[3].as_str(), ca.count("HEAD /new-nonce")), ("spare", 3));
}

#[test]
fn a_refusal_without_a_nonce_leads_to_head() {
    let ca = Ca::new();
    ca.on("/x", refused().without_nonce()).on("/x", ok());
    step(&ca.account()).unwrap();
    assert_eq!(ca.log(), ["GET /directory", "HEAD /new-nonce", "POST /x", "HEAD /new-nonce", "POST /x"]);
}

#[test]
fn the_type_tells_not_the_status() {
    for (why, answer, sent) in [
        ("badNonce as 401", Answer::problem(401, "badNonce", "x"), 2),
        ("badNonce as 500", Answer::problem(500, "badNonce", "x"), 2),
        ("malformed that speaks of nonces", Answer::problem(400, "malformed", "bad nonce"), 1),
        ("500 without a type (Dogtag)", Answer::problem(500, "", "bad nonce").with("x", "y"), 1),
        ("an error page", Answer::text(500, "text/html", "urn:ietf:params:acme:error:badNonce"), 1),
        ("success that looks like a refusal", Answer::json(200, ca::problem("badNonce", "x")), 1),
    ] {
        let ca = Ca::new();
        ca.on("/x", answer).on("/x", ok());
        let _outcome = step(&ca.account());
        assert_eq!(ca.posts().len(), sent, "{why}");
    }
}

#[test]
fn a_ca_that_refuses_every_nonce_is_left_alone_in_the_end() {
    let ca = Ca::new();
    ca.always(refused());
    let error = step(&ca.account()).unwrap_err();
    let ErrorKind::NonceRefused { attempts } = error.kind() else { panic!("{error}") };
    assert_eq!(ca.posts().len(), *attempts as usize);
    assert!((10..=100).contains(attempts), "{attempts}");
    assert_eq!(ca.sleeps(), [], "it is no failure that time mends");
    assert!(error.to_string().contains(&at("/x")), "{error}");
}

#[test]
fn nine_refusals_in_ten_do_no_harm() {
    let ca = Ca::new();
    for _ in 0..10 {
        (0..9).for_each(|_| _ = ca.on("/x", refused()));
        ca.on("/x", ok());
    }
    let account = ca.account();
    (0..10).for_each(|_| _ = step(&account).unwrap());
    assert!(ca.is_done());
}

#[test]
fn a_ca_without_nonces_is_told_so() {
    let ca = Ca::new();
    ca.instead("HEAD", "/new-nonce", Answer::empty(200).without_nonce());
    let error = step(&ca.account()).unwrap_err();
    assert_eq!(error.operation(), Operation::NewNonce);
    assert!(error.to_string().contains("Replay-Nonce"), "{error}");
}

#[test]
fn accounts_of_two_cas_share_none() {
    let (one, other) = (Ca::new(), Ca::new());
    one.on("/x", ok());
    other.on("/x", ok());
    step(&one.account()).unwrap();
    step(&other.account()).unwrap();
    assert_eq!((one.count("HEAD /new-nonce"), other.count("HEAD /new-nonce")), (1, 1));
}

#[test]
fn threads_that_share_an_account_use_each_once() {
    let ca = Ca::new();
    ca.always(ok());
    let account = ca.account();
    let start = Barrier::new(64);
    std::thread::scope(|scope| {
        for _ in 0..64 {
            scope.spawn(|| {
                start.wait();
                (0..5).for_each(|_| _ = step(&account).unwrap());
            });
        }
    });
    let nonces = nonces(&ca);
    assert_eq!(nonces.len(), 64 * 5);
    assert_eq!(nonces.iter().collect::<HashSet<_>>().len(), 64 * 5);
    assert_eq!(ca.count("GET /directory"), 1, "threads wait for the one that fetches it");
    assert_eq!(
        account.nonces().len(),
        ca.count("HEAD /new-nonce"),
        "each that was fetched or replaced is kept, none twice"
    );
}
