//! Several solvers at once: who is asked, in which order, and that each is asked once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::sync::{Arc, Mutex};

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};
use acme_solver::{ByName, NamePattern};
use common::{One as _, task};

use ChallengeType::{Dns01, Http01, TlsAlpn01};

/// Writes down what it is asked.
struct Noting {
    name: &'static str,
    kinds: Vec<ChallengeType>,
    declines: &'static [&'static str],
    calls: Arc<Mutex<Vec<String>>>,
}

impl Noting {
    fn note(&self, what: &str, tasks: &[Task]) {
        let names: Vec<_> = tasks.iter().map(|task| task.identifier.to_string()).collect();
        self.calls.lock().unwrap().push(format!("{} {what} {}", self.name, names.join(" ")));
    }
}

impl Solver for Noting {
    fn challenge_types(&self, _: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        self.kinds.iter().filter(|kind| !wildcard || **kind == Dns01).cloned().collect()
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.note("present", tasks);
        let one = |task: &Task| match task.identifier.to_string().as_str() {
            "fails.test" => Err(SolverError::new(self.name, "")),
            name if self.declines.contains(&name) => Err(SolverError::declined(self.name, "")),
            _ => Ok(()),
        };
        tasks.iter().map(one).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        self.note("verify", tasks);
        tasks.iter().map(|task| Ok(Readiness::Unseen(format!("{} {}", self.name, task.identifier)))).collect()
    }

    fn rejected(&self, task: &Task, _: &str) -> bool {
        self.note("rejected", std::slice::from_ref(task));
        false
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.note("clean up", tasks);
        let fails = |task: &Task| task.identifier.to_string() == "sticks.test" && self.name == "any";
        tasks.iter().map(|task| if fails(task) { Err(SolverError::new("stuck", "")) } else { Ok(()) }).collect()
    }
}

#[derive(Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    fn solver(
        &self,
        name: &'static str,
        kinds: &[ChallengeType],
        declines: &'static [&'static str],
    ) -> Box<dyn Solver> {
        Box::new(Noting { name, kinds: kinds.to_vec(), declines, calls: Arc::clone(&self.0) })
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn pattern(text: &str) -> [NamePattern; 1] {
    [NamePattern::parse(text).unwrap()]
}

fn tasks(names: &[&str]) -> Vec<Task> {
    names.iter().map(|name| task(name, Http01, "one")).collect()
}

#[test]
fn the_types_of_all_that_fit_are_offered_closest_first() {
    let calls = Calls::default();
    let solver = ByName::new()
        .for_any(calls.solver("any", &[Http01, TlsAlpn01], &[]))
        .bind(pattern("*.a.test"), calls.solver("below", &[Dns01, Http01], &[]))
        .bind(pattern("www.a.test"), calls.solver("exact", &[TlsAlpn01], &[]));
    for (why, name, wildcard, want) in [
        ("only any", "b.test", false, vec![Http01, TlsAlpn01]),
        ("nobody for its wildcard", "b.test", true, vec![]),
        ("not below itself", "a.test", false, vec![Http01, TlsAlpn01]),
        ("the wildcard", "a.test", true, vec![Dns01]),
        ("below", "x.a.test", false, vec![Dns01, Http01, TlsAlpn01]),
        ("exactly", "www.a.test", false, vec![TlsAlpn01, Dns01, Http01]),
    ] {
        assert_eq!(solver.challenge_types(&Identifier::parse(name).unwrap(), wildcard), want, "{why}");
    }
}

#[test]
fn each_solver_is_called_once_and_the_results_keep_their_order() {
    let calls = Calls::default();
    let solver = ByName::new()
        .bind(pattern("b.test"), calls.solver("b", &[Http01], &[]))
        .for_any(calls.solver("any", &[Http01], &[]))
        .for_any(calls.solver("late", &[Http01], &[]));
    let tasks = tasks(&["a.test", "b.test", "fails.test", "c.test"]);
    let presented: Vec<_> = solver.present(&tasks).iter().map(Result::is_ok).collect();
    assert_eq!(presented, [true, true, false, true]);
    assert_eq!(calls.take(), ["b present b.test", "any present a.test fails.test c.test"]);
    let seen: Vec<_> = solver.verify(&tasks).into_iter().map(|seen| format!("{:?}", seen.unwrap())).collect();
    for (seen, want) in seen.iter().zip(["any a.test", "b b.test", "any fails.test", "any c.test"]) {
        assert!(seen.contains(want), "{seen}");
    }
    calls.take();
    solver.rejected(&tasks[1], "why");
    let tasks = [tasks[0].clone(), tasks[1].clone(), tasks[3].clone()];
    assert!(solver.clean_up(&tasks).iter().all(Result::is_ok));
    assert_eq!(calls.take(), ["b rejected b.test", "b clean up b.test", "any clean up a.test c.test"]);
}

#[test]
fn a_decline_leads_to_the_next_solver_and_then_to_the_next_type() {
    let calls = Calls::default();
    let solver = ByName::new()
        .for_any(calls.solver("other type", &[Dns01], &[]))
        .for_any(calls.solver("one", &[Http01], &["a.test", "b.test"]))
        .for_any(calls.solver("two", &[Http01], &["b.test"]));
    let tasks = tasks(&["a.test", "b.test", "c.test"]);
    let results = solver.present(&tasks);
    assert!(results[0].is_ok() && results[2].is_ok());
    assert!(results[1].as_ref().unwrap_err().is_declined(), "so that the next type is tried");
    assert_eq!(calls.take(), ["one present a.test b.test c.test", "two present a.test b.test"]);
    solver.verify(&tasks[..1]);
    solver.clean_up(&tasks[..1]);
    assert_eq!(calls.take(), ["two verify a.test", "two clean up a.test"], "whoever presented goes on");
}

#[test]
fn what_is_nobodys_is_declined_and_what_is_somebodys_is_cleaned_up_by_all_it_may_be() {
    let calls = Calls::default();
    let solver = ByName::new().bind(pattern("a.test"), calls.solver("a", &[Http01], &[])).for_any(calls.solver(
        "any",
        &[Http01, Dns01],
        &[],
    ));
    let nobodys = task("a.test", TlsAlpn01, "one");
    let error = solver.present_one(&nobodys).unwrap_err();
    assert!(error.is_declined() && error.to_string().contains("tls-alpn-01 of a.test"), "{error}");
    assert!(solver.verify_one(&nobodys).is_err());
    solver.clean_up_one(&nobodys).unwrap();
    assert!(calls.take().is_empty());
    let results = solver.clean_up(&tasks(&["a.test", "sticks.test"]));
    assert_eq!(calls.take(), ["a clean up a.test", "any clean up sticks.test", "any clean up a.test"]);
    assert!(results[0].is_ok() && results[1].is_err());
}

#[test]
fn in_whose_answer_no_proof_was_found_gives_place_to_the_next_of_the_same_type() {
    let calls = Calls::default();
    let both =
        ByName::new().for_any(calls.solver("first", &[Http01], &[])).for_any(calls.solver("second", &[Http01], &[]));
    let task = task("a.test", Http01, "token");
    both.present_one(&task).unwrap();
    assert!(both.rejected(&task, "no"), "there is a second");
    both.clean_up_one(&task).unwrap();
    both.present_one(&task).unwrap();
    assert!(!both.rejected(&task, "no"), "and no third");
    both.clean_up_one(&task).unwrap();
    let want = ["first present a.test", "first rejected a.test", "first clean up a.test", "second present a.test"];
    assert_eq!(calls.take()[..4], want);
    let other = common::task("b.test", Http01, "token");
    both.present_one(&other).unwrap();
    assert_eq!(calls.take(), ["first present b.test"], "another name is another matter");
}
