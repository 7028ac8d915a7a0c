//! Orders for a.example and b.example on their way to being proven.

use std::sync::Arc;
use std::time::Duration;

use acme_account::{Account, Authorized, Error, PlacedOrder};
use serde_json::json;

use super::{Answer, Ca, FakeSolver, authorization, order, problem};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

pub(crate) fn a(status: &str, challenge: &str) -> Answer {
    Answer::json(200, authorization("a.example", status, &[("http-01", challenge)]))
}

pub(crate) fn b(status: &str, challenge: &str) -> Answer {
    Answer::json(200, authorization("b.example", status, &[("http-01", challenge)]))
}

pub(crate) fn challenge(status: &str) -> Answer {
    Answer::json(200, json!({"type": "http-01", "url": "https://ca.example/c", "status": status, "token": "token"}))
}

/// An order in a later state, by a CA that does not repeat what is in it.
pub(crate) fn seen(status: &str) -> Answer {
    Answer::json(200, order(status, &[]))
}

/// An authorization of a.example whose challenge shows an error.
pub(crate) fn with_error(status: &str, challenge: &str) -> Answer {
    let mut found = authorization("a.example", status, &[("dns-01", "pending"), ("http-01", challenge)]);
    found["challenges"][1]["error"] = problem("connection", "refused by 192.0.2.1");
    Answer::json(200, found)
}

pub(crate) fn run(ca: &Arc<Ca>, solver: &FakeSolver, authorizations: &[&str]) -> Result<Authorized, Error> {
    run_for(ca, solver, authorizations, MINUTE)
}

pub(crate) fn run_for(ca: &Arc<Ca>, solver: &FakeSolver, urls: &[&str], wait: Duration) -> Result<Authorized, Error> {
    let account: Account = ca.account();
    let outcome = account.authorize(&ca.order("pending", urls), solver, wait);
    assert!(ca.is_done(), "the script was not fetched to its end: {:?}", ca.log());
    outcome
}

pub(crate) fn all(outcome: Result<Authorized, Error>) -> PlacedOrder {
    match outcome.unwrap() {
        Authorized::All(placed) => placed,
        other => panic!("{other:?}"),
    }
}

/// The log without the noise of directory and nonces.
pub(crate) fn log(ca: &Ca) -> Vec<String> {
    ca.log().into_iter().filter(|line| !line.starts_with("GET") && !line.starts_with("HEAD")).collect()
}
