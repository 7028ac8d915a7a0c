//! Waiting until the CA has decided about the names of an order (RFC 8555 §7.1.6, §7.5.1, §8.2).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::time::Duration;

use acme_account::{ErrorKind, TransportErrorKind};
use acme_proto::{ChallengeType, OrderStatus, ProblemType};
use ca::flow::{MINUTE, a, all, b, challenge, run, run_for, seen, with_error};
use ca::{Answer, Ca, FakeSolver, at, authorization, order, problem};
use serde_json::{Value, json};

#[test]
fn a_refused_answer_takes_everything_away() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/http-01", Answer::problem(403, "unauthorized", "not yours"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    assert!(error.is_problem(&ProblemType::Unauthorized), "C-07: {error}");
    assert_eq!(ca.count("clean-up a.example http-01") + ca.count("clean-up b.example http-01"), 2);
}

#[test]
fn an_answer_with_an_odd_body_counts() {
    for answer in [Answer::empty(200), Answer::json(200, json!({})), Answer::text(200, "text/plain", "ok")] {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", answer).on("/order/1", seen("ready"));
        all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
    }
}

#[test]
fn an_answer_that_got_lost_is_not_sent_again() {
    for answer in [Answer::lost(TransportErrorKind::Timeout), Answer::text(504, "text/html", "<html>")] {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", answer.clone());
        ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "processing")).on("/order/1", seen("ready"));
        all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
        assert_eq!(ca.count("POST /a.example/http-01"), 1, "the order tells what became of it");

        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", answer);
        (0..16).for_each(|_| _ = ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "pending")));
        let placed = ca.order("pending", &["/authz/a"]);
        let error = ca.account().authorize(&placed, &FakeSolver::http(&ca), MINUTE).unwrap_err();
        assert!(error.may_have_been_carried_out(), "that it got lost says more than that time ran out: {error}");
    }
}

/// Boulder says `pending` of a challenge under validation, and refuses a second answer; serles decides within the request.
#[test]
fn a_bad_request_for_a_challenge_leads_to_its_state() {
    let refusal = || Answer::problem(400, "malformed", "it is under validation");
    let start = || {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", refusal());
        ca
    };
    let ca = start();
    ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "pending")).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));

    let ca = start();
    ca.on("/order/1", seen("pending"));
    (0..2).for_each(|_| _ = ca.on("/authz/a", with_error("invalid", "invalid")));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
    assert!(error.to_string().contains("refused by 192.0.2.1"), "{error}");

    let ca = start();
    (0..16).for_each(|_| _ = ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "pending")));
    let placed = ca.order("pending", &["/authz/a"]);
    let error = ca.account().authorize(&placed, &FakeSolver::http(&ca), MINUTE).unwrap_err();
    assert!(error.to_string().contains("it is under validation"), "no state ever said more: {error}");
}

#[test]
fn a_server_in_trouble_is_looked_at_again() {
    let gateway = Answer::text(504, "text/html", "<html>");
    let trouble = || [gateway.clone(), Answer::problem(500, "serverInternal", "the database is gone")];
    for answer in trouble() {
        let ca = Ca::new();
        ca.on("/authz/a", answer.clone()).on("/authz/a", a("pending", "pending"));
        ca.on("/a.example/http-01", challenge("processing"));
        ca.on("/order/1", answer.clone()).on("/order/1", seen("pending"));
        ca.on("/authz/a", answer).on("/authz/a", a("pending", "processing")).on("/order/1", seen("ready"));
        all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
        assert_eq!(ca.sleeps().len(), 5, "each time after a pause");
    }
    let ca = Ca::new();
    ca.on("/authz/a", gateway.clone().with("retry-after", "7")).on("/authz/a", a("valid", "valid"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
    assert_eq!(ca.sleeps(), [Duration::from_secs(7)], "as long as the server asks for");

    for answer in trouble() {
        let ca = Ca::new();
        ca.always(answer);
        let placed = ca.order("pending", &["/authz/a"]);
        let error = ca.account().authorize(&placed, &FakeSolver::http(&ca), MINUTE).unwrap_err();
        assert!(!matches!(error.kind(), ErrorKind::OutOfTime { .. }), "what the server says tells more: {error}");
        assert_eq!(ca.sleeps().iter().sum::<Duration>(), MINUTE);
    }
}

#[test]
fn a_limit_is_waited_out_when_the_ca_says_how_long() {
    let limit = || Answer::problem(429, "rateLimited", "not so fast").with("retry-after", "7");
    let ca = Ca::new();
    ca.on("/authz/a", limit()).on("/authz/a", a("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing")).on("/order/1", limit()).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
    let asked = Duration::from_secs(7);
    assert_eq!(ca.sleeps().iter().filter(|pause| **pause == asked).count(), 2, "{:?}", ca.sleeps());

    for (why, answer) in [
        ("it does not say", Answer::problem(429, "rateLimited", "not so fast")),
        ("longer than allowed", Answer::problem(429, "rateLimited", "not so fast").with("retry-after", "61")),
    ] {
        let ca = Ca::new();
        ca.on("/authz/a", answer);
        let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
        assert!(error.is_rate_limited(), "{why}: {error}");
        assert_eq!(ca.sleeps(), [], "{why}");
    }
}

#[test]
fn what_is_refused_is_not_looked_at_again() {
    let ca = Ca::new();
    ca.on("/authz/a", Answer::problem(404, "malformed", "no such authorization"));
    run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
    assert!(ca.sleeps().is_empty());
}

#[test]
fn failures_name_what_the_ca_said() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("invalid"))
        .on("/authz/a", with_error("invalid", "invalid"))
        .on("/authz/b", b("valid", "valid"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    let ErrorKind::NotAuthorized(failures) = error.kind() else { panic!("{error}") };
    assert_eq!((failures.len(), failures[0].kind.as_ref()), (1, Some(&ChallengeType::Http01)));
    assert!(
        error.to_string().contains("a.example could not be validated (http-01); the CA said: refused by 192.0.2.1"),
        "{error}"
    );
    assert_eq!(ca.count("clean-up a.example http-01"), 1);
}

#[test]
fn a_failure_stays_known_when_another_name_cannot_be_read() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("invalid")).on("/authz/a", with_error("invalid", "invalid"));
    ca.on("/authz/b", Answer::problem(404, "malformed", "no such authorization"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotAuthorized(failures) if failures.len() == 1), "{error}");
}

#[test]
fn a_pending_challenge_that_shows_an_error_has_failed() {
    for (why, answer) in [
        ("all stays pending (step-ca)", with_error("pending", "pending")),
        ("the authorization lags", with_error("pending", "invalid")),
        ("the authorization lags, without a reason", a("pending", "invalid")),
    ] {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("pending"));
        ca.on("/order/1", seen("pending")).on("/authz/a", answer.clone()).on("/authz/a", answer);
        let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotAuthorized(_)), "{why}: {error}");
        assert_eq!(ca.sleeps().len(), 1, "{why}: at once, not at the deadline");
    }
}

fn b_with_error() -> Answer {
    let mut found = authorization("b.example", "pending", &[("http-01", "invalid")]);
    found["challenges"][0]["error"] = problem("connection", "refused by 192.0.2.2");
    Answer::json(200, found)
}

/// Answers for both names are given, and the CA is at work.
fn two_at_work() -> std::sync::Arc<Ca> {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
    ca
}

/// step-ca leaves the order `pending`.
#[test]
fn a_failure_is_noticed_whichever_name_it_is_of() {
    let ca = two_at_work();
    ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "processing"));
    ca.on("/order/1", seen("pending")).on("/authz/b", b_with_error());
    ca.on("/authz/b", b_with_error()).on("/authz/a", a("pending", "processing"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    let ErrorKind::NotAuthorized(failures) = error.kind() else { panic!("{error}") };
    assert_eq!((failures.len(), failures[0].identifier.value().as_str()), (1, "b.example"));
    assert_eq!(ca.sleeps().len(), 2, "at once, not at the deadline");
}

#[test]
fn undecided_names_are_looked_at_in_turn_one_at_a_look() {
    let ca = two_at_work();
    ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "processing"));
    ca.on("/order/1", seen("pending")).on("/authz/b", b("pending", "processing"));
    ca.on("/order/1", seen("pending")).on("/authz/a", a("valid", "valid")).on("/authz/b", b("pending", "processing"));
    ca.on("/order/1", seen("pending")).on("/authz/b", b("valid", "valid"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]));
}

#[test]
fn a_failure_says_more_than_that_time_ran_out() {
    let ca = two_at_work();
    ca.on("/order/1", seen("pending").with("retry-after", "3600")).on("/authz/a", a("pending", "processing"));
    ca.on("/authz/b", b_with_error());
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotAuthorized(failures) if failures.len() == 1), "{error}");
    assert!(error.to_string().contains("refused by 192.0.2.2"), "{error}");

    let ca = two_at_work();
    ca.on("/order/1", seen("pending").with("retry-after", "3600")).on("/authz/a", a("pending", "processing"));
    ca.on("/authz/b", b("pending", "processing"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfTime { .. }), "none failed: {error}");
}

#[test]
fn the_error_of_another_challenge_says_nothing_of_ours() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("pending"));
    let mut other = authorization("a.example", "pending", &[("dns-01", "invalid"), ("http-01", "pending")]);
    other["challenges"][0]["error"] = problem("dns", "no TXT record");
    ca.on("/order/1", seen("pending")).on("/authz/a", Answer::json(200, other)).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
}

#[test]
fn an_error_while_the_ca_tries_again_is_not_final() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("pending")).on("/authz/a", with_error("pending", "processing"));
    ca.on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
}

#[test]
fn an_unknown_state_is_looked_at_again() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("thinking"));
    ca.on("/order/1", seen("pending")).on("/authz/a", a("thinking", "thinking")).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
    let ca = Ca::new();
    ca.on("/authz/a", a("thinking", "processing")).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
}

#[test]
fn authorizations_may_be_ahead_of_their_order() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("pending")).on("/authz/a", a("valid", "valid"));
    let placed = all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
    assert_eq!(placed.order.status, OrderStatus::Pending, "issue() waits for it");
}

#[test]
fn pauses_are_those_the_ca_asks_for() {
    let s = Duration::from_secs;
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("pending").with("retry-after", "7")).on("/authz/a", a("pending", "processing"));
    ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "processing").with("retry-after", "3"));
    ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "processing"));
    ca.on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
    let sleeps = ca.sleeps();
    assert_eq!(sleeps[..3], [Duration::from_millis(50), s(7), s(3)]);
    assert!(sleeps[3] < s(1), "no wish, no long pause: {sleeps:?}");
}

#[test]
fn the_answer_to_a_challenge_may_ask_for_a_pause() {
    let s = Duration::from_secs;
    for (why, first, second, want) in [
        ("as it asks", challenge("processing").with("retry-after", "5"), challenge("pending"), s(5)),
        (
            "the longer of two",
            challenge("pending").with("retry-after", "5"),
            challenge("processing").with("retry-after", "9"),
            s(9),
        ),
        (
            "the longer comes first",
            challenge("pending").with("retry-after", "9"),
            challenge("processing").with("retry-after", "5"),
            s(9),
        ),
        (
            "nothing to wait for",
            challenge("valid").with("retry-after", "300"),
            challenge("valid"),
            Duration::from_millis(50),
        ),
        ("an odd body", Answer::empty(200).with("retry-after", "5"), challenge("processing"), s(5)),
    ] {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
        ca.on("/a.example/http-01", first).on("/b.example/http-01", second).on("/order/1", seen("ready"));
        all(run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]));
        assert_eq!(ca.sleeps(), [want], "{why}");
    }
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing").with("retry-after", "86400"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
    assert_eq!(error.retry_after(), Some(s(86_400)), "too long a wait is told, not slept through: {error}");
    assert_eq!(ca.sleeps(), []);
}

#[test]
fn two_wishes_are_both_met() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("pending").with("retry-after", "7"));
    ca.on("/authz/a", a("pending", "processing").with("retry-after", "3")).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
    assert_eq!(ca.sleeps()[1], Duration::from_secs(7), "the order is not looked at sooner than it asks");
}

#[test]
fn an_order_of_countless_authorizations_is_left_alone() {
    let ca = Ca::new();
    ca.on("/order/1", Answer::json(200, order("pending", &["/authz/a"; 1001])));
    let error = ca.account().order(&at("/order/1")).unwrap_err();
    assert!(error.to_string().contains("1001 authorizations"), "{error}");
}

#[test]
fn a_wish_counts_only_while_there_is_something_to_wait_for() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("pending")).on("/authz/a", a("valid", "valid").with("retry-after", "300"));
    ca.on("/authz/b", b("pending", "processing")).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]));
    assert!(ca.sleeps().iter().all(|pause| *pause < Duration::from_secs(1)), "Sectigo: {:?}", ca.sleeps());
}

#[test]
fn time_runs_out() {
    let stuck = |ca: &Ca| {
        ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    };
    let ca = Ca::new();
    stuck(&ca);
    (0..16).for_each(|_| _ = ca.on("/order/1", seen("pending")).on("/authz/a", a("pending", "processing")));
    let outcome = ca.account().authorize(&ca.order("pending", &["/authz/a"]), &FakeSolver::http(&ca), MINUTE);
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OutOfTime { asked: None, .. }), "{error}");
    assert_eq!(ca.sleeps().iter().sum::<Duration>(), MINUTE, "not earlier, not later");
    assert_eq!(ca.count("clean-up a.example http-01"), 1);

    let ca = Ca::new();
    stuck(&ca);
    ca.on("/order/1", seen("pending").with("retry-after", "3600")).on("/authz/a", a("pending", "processing"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::OutOfTime { asked: Some(asked), .. } if asked.as_secs() == 3600),
        "{error}"
    );
    assert!(error.to_string().contains("3600 s"), "{error}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
}

#[test]
fn a_state_from_after_our_time_is_named_when_time_runs_out() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    (0..16).for_each(|_| _ = ca.on("/order/1", seen("pending")).on("/authz/a", a("pondering", "processing")));
    let placed = ca.order("pending", &["/authz/a"]);
    let error = ca.account().authorize(&placed, &FakeSolver::http(&ca), MINUTE).unwrap_err();
    assert!(error.to_string().contains("\"pondering\""), "{error}");
}

#[test]
fn a_wait_without_end_is_possible() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    all(run_for(&ca, &FakeSolver::http(&ca), &["/authz/a"], Duration::MAX));
}

#[test]
fn a_lost_look_is_taken_again() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", Answer::lost(TransportErrorKind::Timeout)).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
}

#[test]
fn the_order_of_authorizations_and_challenges_does_not_matter() {
    let found: Value =
        authorization("b.example", "pending", &[("new-07", "pending"), ("dns-01", "pending"), ("http-01", "pending")]);
    let ca = Ca::new();
    ca.on("/authz/b", Answer::json(200, found)).on("/authz/a", a("pending", "pending"));
    ca.on("/b.example/http-01", challenge("processing")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/b", "/authz/a"]));
}
