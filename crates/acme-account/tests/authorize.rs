//! Proving control: what is chosen, in which order things happen, what is always taken away again (RFC 8555 §7.5, §8).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::panic::{AssertUnwindSafe, catch_unwind};

use acme_account::{Authorized, ErrorKind};
use acme_proto::{AuthorizationStatus, ChallengeType, OrderStatus, ProblemType};
use ca::flow::{MINUTE, a, all, b, challenge, log, run, seen, with_error};
use ca::{Answer, Ca, FakeSolver, Mishap, authorization};
use serde_json::json;

#[test]
fn all_are_presented_then_all_verified_then_the_ca_is_told() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    let placed = all(run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]));
    assert_eq!(placed.order.status, OrderStatus::Ready, "the order as it was seen last");
    assert_eq!(
        log(&ca),
        [
            "POST /authz/a",
            "POST /authz/b",
            "present a.example http-01",
            "present b.example http-01",
            "verify a.example http-01",
            "verify b.example http-01",
            "POST /a.example/http-01",
            "POST /b.example/http-01",
            "POST /order/1",
            "clean-up a.example http-01",
            "clean-up b.example http-01",
        ]
    );
    let answers: Vec<_> = ca.posts().into_iter().filter(|post| post.url.ends_with("http-01")).collect();
    assert!(answers.iter().all(|post| post.payload == "{}"));
}

#[test]
fn what_is_proven_already_is_left_alone() {
    let ca = Ca::new();
    ca.on("/authz/a", a("valid", "valid")).on("/authz/b", b("pending", "pending"));
    ca.on("/b.example/http-01", challenge("pending")).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]));
    assert!(!log(&ca).iter().any(|line| line.contains("a.example")), "{:?}", log(&ca));

    let ca = Ca::new();
    ca.on("/authz/a", a("valid", "valid")).on("/authz/b", b("valid", "valid"));
    all(run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]));
    assert_eq!(log(&ca), ["POST /authz/a", "POST /authz/b"], "all reused: nothing else to do");
}

#[test]
fn an_order_that_is_past_this_stage_needs_nothing() {
    for status in ["ready", "processing", "valid"] {
        let ca = Ca::new();
        let placed = ca.order(status, &["/authz/a"]);
        let outcome = ca.account().authorize(&placed, &FakeSolver::http(&ca), MINUTE);
        assert_eq!(all(outcome), placed, "{status}: its authorizations may have ended since");
        assert!(ca.log().is_empty(), "{status}");
    }
}

#[test]
fn an_order_without_authorizations_needs_nothing() {
    let ca = Ca::new();
    all(run(&ca, &FakeSolver::http(&ca), &[]));
    assert!(log(&ca).is_empty());
}

#[test]
fn a_wildcard_and_its_base_name_are_two_tasks() {
    let ca = Ca::new();
    let found = |wildcard: bool, path: &str| {
        let mut found = authorization("a.example", "pending", &[("dns-01", "pending")]);
        found["wildcard"] = json!(wildcard);
        found["challenges"][0]["url"] = json!(ca::at(path));
        Answer::json(200, found)
    };
    ca.on("/authz/a", found(false, "/plain")).on("/authz/b", found(true, "/wild"));
    ca.on("/plain", challenge("processing")).on("/wild", challenge("processing")).on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::new(&ca, &[ChallengeType::Dns01]), &["/authz/a", "/authz/b"]));
    assert!(log(&ca).contains(&"present *.a.example dns-01".to_owned()));
    assert!(log(&ca).contains(&"present a.example dns-01".to_owned()));
}

#[test]
fn answered_in_an_earlier_run() {
    for status in ["processing", "valid"] {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", status)).on("/order/1", seen("ready"));
        all(run(&ca, &FakeSolver::http(&ca), &["/authz/a"]));
        let want = ["POST /authz/a", "present a.example http-01", "POST /order/1", "clean-up a.example http-01"];
        assert_eq!(log(&ca), want, "{status}: in place for the CA's look, but not answered twice");
    }
}

#[test]
fn a_challenge_that_was_answered_is_preferred() {
    let ca = Ca::new();
    let found = authorization("a.example", "pending", &[("dns-01", "pending"), ("http-01", "processing")]);
    ca.on("/authz/a", Answer::json(200, found)).on("/order/1", seen("ready"));
    let solver = FakeSolver::new(&ca, &[ChallengeType::Dns01, ChallengeType::Http01]);
    all(run(&ca, &solver, &["/authz/a"]));
    assert!(log(&ca).contains(&"present a.example http-01".to_owned()), "one at a time (Z-05): {:?}", log(&ca));
}

#[test]
fn a_challenge_that_failed_is_chosen_last() {
    let ca = Ca::new();
    let found = authorization("a.example", "pending", &[("dns-01", "invalid"), ("http-01", "pending")]);
    ca.on("/authz/a", Answer::json(200, found)).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::new(&ca, &[ChallengeType::Dns01, ChallengeType::Http01]), &["/authz/a"]));
}

#[test]
fn the_solver_says_which_type_is_liked_best() {
    let offered = [("http-01", "pending"), ("new-07", "pending"), ("dns-01", "pending")];
    for (kinds, want) in [
        ([ChallengeType::Http01, ChallengeType::Dns01], "http-01"),
        ([ChallengeType::Dns01, ChallengeType::Http01], "dns-01"),
        ([ChallengeType::TlsAlpn01, ChallengeType::Dns01], "dns-01"),
    ] {
        let ca = Ca::new();
        ca.on("/authz/a", Answer::json(200, authorization("a.example", "pending", &offered)));
        ca.on(&format!("/a.example/{want}"), challenge("processing")).on("/order/1", seen("ready"));
        all(run(&ca, &FakeSolver::new(&ca, &kinds), &["/authz/a"]));
    }
}

#[test]
fn when_nothing_fits_it_says_what_is_offered() {
    let ca = Ca::new();
    let mut found = authorization("a.example", "pending", &[("dns-01", "pending"), ("new-07", "pending")]);
    found["wildcard"] = json!(true);
    ca.on("/authz/a", Answer::json(200, found));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
    let ErrorKind::NoChallenge { identifier, offered, possible } = error.kind() else { panic!("{error}") };
    assert_eq!(identifier.value(), "*.a.example");
    assert_eq!(offered.iter().map(ChallengeType::as_str).collect::<Vec<_>>(), ["dns-01", "new-07"]);
    assert_eq!(possible, &[ChallengeType::Http01]);
    for part in ["*.a.example", "dns-01", "new-07", "http-01"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[test]
fn a_type_without_a_token_is_passed_over() {
    let ca = Ca::new();
    let mut found = authorization("a.example", "pending", &[("dns-01", "pending"), ("http-01", "pending")]);
    found["challenges"][0].as_object_mut().unwrap().remove("token");
    ca.on("/authz/a", Answer::json(200, found)).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::new(&ca, &[ChallengeType::Dns01, ChallengeType::Http01]), &["/authz/a"]));
}

#[test]
fn a_bad_token_never_reaches_the_solver() {
    for token in [json!("../../etc/passwd"), json!(""), json!("a=b"), json!("a b"), json!(7), json!("x".repeat(5000))] {
        let ca = Ca::new();
        let mut found = authorization("a.example", "pending", &[("http-01", "pending")]);
        found["challenges"][0]["token"] = token.clone();
        ca.on("/authz/a", Answer::json(200, found));
        let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
        assert!(error.to_string().contains("token"), "{error}");
        assert_eq!(log(&ca), ["POST /authz/a"], "{token}");
    }
}

#[test]
fn authorizations_that_have_ended_are_told_all_at_once() {
    let ca = Ca::new();
    ca.on("/authz/a", with_error("invalid", "invalid")).on("/authz/b", b("deactivated", "valid"));
    let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    let ErrorKind::NotAuthorized(failures) = error.kind() else { panic!("{error}") };
    assert_eq!(failures.len(), 2);
    assert_eq!(failures[0].problem.as_ref().unwrap().kind, ProblemType::Connection);
    assert_eq!(failures[1].status, AuthorizationStatus::Deactivated.as_str());
    for part in ["a.example", "refused by 192.0.2.1", "b.example", "deactivated"] {
        assert!(error.to_string().contains(part), "{part:?} is missing in {error}");
    }
    assert_eq!(log(&ca), ["POST /authz/a", "POST /authz/b"], "nothing was presented");
    for ended in ["invalid", "deactivated", "expired", "revoked"] {
        let ca = Ca::new();
        ca.on("/authz/a", a(ended, "valid"));
        let error = run(&ca, &FakeSolver::http(&ca), &["/authz/a"]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NotAuthorized(_)), "{ended}: {error}");
    }
}

#[test]
fn everything_is_taken_away_whatever_goes_wrong() {
    for (mishap, want) in [
        // What fails to be presented leaves nothing behind, by the solver's contract.
        (Mishap::PresentFails, vec!["clean-up a.example http-01"]),
        // A panic says nothing about what is left behind.
        (Mishap::PresentPanics, vec!["clean-up a.example http-01", "clean-up b.example http-01"]),
        (Mishap::VerifyFails, vec!["clean-up a.example http-01", "clean-up b.example http-01"]),
        (Mishap::VerifyPanics, vec!["clean-up a.example http-01", "clean-up b.example http-01"]),
        (Mishap::AwaitsPerson, vec!["clean-up a.example http-01", "clean-up b.example http-01"]),
    ] {
        let ca = Ca::new();
        ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
        let solver = FakeSolver::http(&ca).with("b.example", mishap);
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&ca, &solver, &["/authz/a", "/authz/b"])));
        let is_panic = matches!(mishap, Mishap::PresentPanics | Mishap::VerifyPanics);
        assert_eq!(outcome.is_err(), is_panic, "{mishap:?}");
        let cleaned: Vec<_> = log(&ca).into_iter().filter(|line| line.starts_with("clean-up")).collect();
        assert_eq!(cleaned, want, "{mishap:?}");
        assert_eq!(ca.posts().len(), 2, "{mishap:?}: the CA was told nothing");
    }
}

#[test]
fn a_solver_that_fails_is_named() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending"));
    let solver = FakeSolver::http(&ca).with("a.example", Mishap::PresentFails);
    let error = run(&ca, &solver, &["/authz/a"]).unwrap_err();
    let ErrorKind::Solver { identifier, kind, error } = error.kind() else { panic!("{error}") };
    assert_eq!((identifier.value().as_str(), kind, error.advice()), ("a.example", &ChallengeType::Http01, "free it"));
}

#[test]
fn a_person_is_waited_for_before_any_name_is_answered() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    let solver = FakeSolver::http(&ca).with("b.example", Mishap::AwaitsPerson);
    let outcome = run(&ca, &solver, &["/authz/a", "/authz/b"]).unwrap();
    let Authorized::AwaitsPerson(tasks) = outcome else { panic!("{outcome:?}") };
    let told: Vec<_> = tasks.iter().map(|(task, seen)| (task.identifier.value(), seen.as_str())).collect();
    assert_eq!(told, [("b.example".to_owned(), "nothing yet")]);
    assert!(tasks[0].0.describe().contains("http://b.example/.well-known/acme-challenge/token"));
}

#[test]
fn what_cannot_be_seen_from_here_is_left_to_the_ca() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca).with("a.example", Mishap::Unseen), &["/authz/a"]));
    assert!(log(&ca).contains(&"unseen a.example: a firewall".to_owned()));
}

#[test]
fn what_stays_behind_is_told_and_fails_nothing() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/a.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    all(run(&ca, &FakeSolver::http(&ca).with("a.example", Mishap::CleanUpFails), &["/authz/a"]));
    assert_eq!(log(&ca).last().unwrap(), "clean-up failed a.example: the file stays");
}

#[test]
fn what_the_solver_declines_is_proven_another_way_in_the_same_order() {
    let ca = Ca::new();
    let found = authorization("a.example", "pending", &[("http-01", "pending"), ("dns-01", "pending")]);
    ca.on("/authz/a", Answer::json(200, found)).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/dns-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("ready"));
    let solver =
        FakeSolver::new(&ca, &[ChallengeType::Http01, ChallengeType::Dns01]).with("a.example", Mishap::Declines);
    all(run(&ca, &solver, &["/authz/a", "/authz/b"]));
    let steps: Vec<_> = log(&ca).into_iter().filter(|line| line.contains("-01")).collect();
    assert_eq!(
        steps,
        [
            "present a.example http-01",
            "present b.example http-01",
            "present a.example dns-01",
            "verify a.example dns-01",
            "verify b.example http-01",
            "POST /a.example/dns-01",
            "POST /b.example/http-01",
            "clean-up b.example http-01",
            "clean-up a.example dns-01",
        ],
        "b.example is presented once, and of what was declined nothing is cleaned up"
    );
}

#[test]
fn declining_the_last_way_ends_the_attempt() {
    let ca = Ca::new();
    ca.on("/authz/b", b("pending", "pending")).on("/authz/a", a("pending", "pending"));
    let error = run(&ca, &FakeSolver::http(&ca).with("a.example", Mishap::Declines), &["/authz/b", "/authz/a"]);
    let error = error.unwrap_err();
    let ErrorKind::Solver { identifier, error, .. } = error.kind() else { panic!("{error}") };
    assert_eq!(
        (identifier.value().as_str(), error.to_string().as_str()),
        ("a.example", "not mine; the CA offers http-01")
    );
    assert_eq!(log(&ca).last().unwrap(), "clean-up b.example http-01");
}

#[test]
fn a_solver_learns_what_the_ca_rejected_before_it_cleans_up() {
    let ca = Ca::new();
    ca.on("/authz/a", a("pending", "pending")).on("/authz/b", b("pending", "pending"));
    ca.on("/a.example/http-01", challenge("processing")).on("/b.example/http-01", challenge("processing"));
    ca.on("/order/1", seen("invalid"));
    ca.on("/authz/a", with_error("invalid", "invalid")).on("/authz/b", b("valid", "valid"));
    run(&ca, &FakeSolver::http(&ca), &["/authz/a", "/authz/b"]).unwrap_err();
    let told: Vec<_> = log(&ca).into_iter().filter(|line| !line.contains("POST")).skip(4).collect();
    let [rejected, first, second] = told.as_slice() else { panic!("{told:?}") };
    assert!(rejected.starts_with("rejected a.example http-01: ") && rejected.contains("192.0.2.1"), "{rejected}");
    assert_eq!([first, second], ["clean-up a.example http-01", "clean-up b.example http-01"]);
}

#[test]
fn a_challenge_without_a_token_goes_through_a_solver_too() {
    let ca = Ca::new();
    let mut found = authorization("a.example", "pending", &[("dns-persist-01", "pending")]);
    let challenge = found["challenges"][0].as_object_mut().unwrap();
    challenge.remove("token");
    challenge.insert("issuer-domain-names".to_owned(), json!(["ca.example"]));
    challenge.insert("accounturi".to_owned(), json!(ca::at("/acct/1")));
    ca.on("/authz/a", Answer::json(200, found));
    let solver = FakeSolver::new(&ca, &[ChallengeType::DnsPersist01]).with("a.example", Mishap::AwaitsPerson);
    let Authorized::AwaitsPerson(tasks) = run(&ca, &solver, &["/authz/a"]).unwrap() else { panic!("{:?}", log(&ca)) };
    let (task, _) = &tasks[0];
    assert_eq!((&task.token, &task.key_authorization), (&None, &None));
    let record = task.proof.txt_record().unwrap();
    assert_eq!(record.name, "_validation-persist.a.example.");
    assert!(record.value.starts_with("ca.example; accounturi=https://ca.example/acct/1"), "{}", record.value);
}
