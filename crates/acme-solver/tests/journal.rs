//! The journal: what a killed run left is taken away by the next, and nothing else is.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};
use acme_solver::http01::Webroot;
use acme_solver::journal::{Journal, Journaled};
use common::{One as _, http_task, task};
use tempfile::TempDir;

const CHALLENGES: &str = ".well-known/acme-challenge";

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn webroot(root: &str) -> Result<Box<dyn Solver>, SolverError> {
    Ok(Box::new(Webroot::new(root)))
}

/// Another process, which presents three tokens, takes one away again and says so; then it waits to be killed.
struct Run(Child);

impl Run {
    fn start(test: &str, web: &Path, journal: &Path) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .envs([("RUN_WEB", web), ("RUN_JOURNAL", journal)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut run = Self(child);
        let mut lines = BufReader::new(run.0.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("presented")));
        run
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// In the other process: does its part, and does not come back.
    fn be_it_if_asked() {
        let Some(web) = std::env::var_os("RUN_WEB") else { return };
        let web = PathBuf::from(web);
        let journal = Journal::new(std::env::var_os("RUN_JOURNAL").unwrap());
        let solver = Webroot::new(&web);
        let solver = Journaled::new(&solver, &journal, web.to_str().unwrap());
        let tasks = ["one", "two", "three"].map(http_task);
        assert!(solver.present(&tasks).iter().all(Result::is_ok));
        solver.clean_up_one(&tasks[1]).unwrap();
        println!("presented");
        std::io::stdin().lines().for_each(drop);
        std::process::exit(1);
    }
}

#[test]
fn the_next_run_removes_exactly_what_a_killed_one_left() {
    Run::be_it_if_asked();
    let folder = TempDir::new().unwrap();
    let (web, journal) = (folder.path().join("web"), folder.path().join("journal"));
    let challenges = web.join(CHALLENGES);
    fs::create_dir_all(&challenges).unwrap();
    // As another client may have left it; also where the killed run has cleaned up already.
    for theirs in ["theirs", "two"] {
        fs::write(challenges.join(theirs), "theirs").unwrap();
    }
    let run = Run::start("the_next_run_removes_exactly_what_a_killed_one_left", &web, &journal);
    assert_eq!(names(&challenges), ["one", "theirs", "three"]);
    fs::write(challenges.join("two"), "theirs").unwrap();
    let next = Journal::new(&journal);
    assert!(next.left_behind().unwrap().is_empty(), "it is alive");
    let [file] = &names(&journal)[..] else { panic!("one file for one run") };
    assert_eq!(fs::metadata(journal.join(file)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(&journal).unwrap().permissions().mode() & 0o777, 0o700);
    run.kill();

    let left = next.left_behind().unwrap();
    assert_eq!(left.len(), 1);
    assert!(Journal::new(&journal).left_behind().unwrap().is_empty(), "and only one cleans up at a time");
    for left in left {
        let failures = left.clean_up(webroot);
        assert!(failures.is_empty(), "{failures:?}");
    }
    assert_eq!(names(&challenges), ["theirs", "two"]);
    assert!(names(&journal).is_empty() && next.left_behind().unwrap().is_empty());
}

#[test]
fn two_runs_at_work_leave_each_other_alone() {
    Run::be_it_if_asked();
    let folder = TempDir::new().unwrap();
    let journal = folder.path().join("journal");
    let webs = ["a", "b"].map(|name| folder.path().join(name));
    let [a, b] = webs.each_ref().map(|web| {
        fs::create_dir(web).unwrap();
        Run::start("two_runs_at_work_leave_each_other_alone", web, &journal)
    });
    assert_eq!(names(&journal).len(), 2);
    assert!(Journal::new(&journal).left_behind().unwrap().is_empty());
    a.kill();
    for left in Journal::new(&journal).left_behind().unwrap() {
        assert!(left.clean_up(webroot).is_empty());
    }
    assert!(names(&webs[0].join(CHALLENGES)).is_empty());
    assert_eq!(names(&webs[1].join(CHALLENGES)), ["one", "three"], "of the one that is alive");
    b.kill();
}

/// What a killed run leaves, without a process.
fn leave_behind(web: &Path, journal: &Path, token: &str) -> PathBuf {
    let solver = Webroot::new(web);
    let journal_of_run = Journal::new(journal);
    Journaled::new(&solver, &journal_of_run, web.to_str().unwrap()).present_one(&http_task(token)).unwrap();
    drop(journal_of_run);
    let [file] = &names(journal)[..] else { panic!("one file") };
    journal.join(file)
}

#[test]
fn half_a_line_was_never_presented_and_a_strange_one_is_told() {
    for (why, tail, failure) in [
        ("nothing", "", None),
        ("half a line", "{\"presented\":{\"task\":{\"iden", None),
        ("zeros, as a power cut leaves them", "\0\0\0\0", None),
        ("a whole line that is none", "{}\n", Some("line 2 of ")),
        (
            "a token that is a path",
            "{\"presented\":{\"task\":{\"identifier\":{\"type\":\"dns\",\"value\":\"a.test\"},\"wildcard\":false,\"type\":\
             \"http-01\",\"token\":\"../../theirs\",\"thumbprint\":\"\",\"account_url\":\"\"},\"note\":\"x\"}}\n",
            Some("no challenge"),
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let (web, journal) = (folder.path().join("web"), folder.path().join("journal"));
        fs::create_dir(&web).unwrap();
        fs::write(web.join("theirs"), "").unwrap();
        let file = leave_behind(&web, &journal, "one");
        fs::File::options().append(true).open(&file).unwrap().write_all(tail.as_bytes()).unwrap();
        let left = Journal::new(&journal).left_behind().unwrap();
        let failures: Vec<_> = left.into_iter().flat_map(|left| left.clean_up(webroot)).collect();
        assert_eq!(names(&web.join(CHALLENGES)), [""; 0], "{why}: what can be read is cleaned up: {failures:?}");
        assert!(web.join("theirs").exists(), "{why}");
        match failure {
            None => assert!(failures.is_empty() && !file.exists(), "{why}: {failures:?}"),
            Some(part) => {
                assert!(failures.len() == 1 && failures[0].to_string().contains(part), "{why}: {failures:?}");
                assert!(file.exists(), "{why}: somebody must look at it");
            }
        }
    }
}

#[test]
fn what_cannot_be_taken_away_stays_in_the_journal() {
    let folder = TempDir::new().unwrap();
    let (web, journal) = (folder.path().join("web"), folder.path().join("journal"));
    fs::create_dir(&web).unwrap();
    leave_behind(&web, &journal, "one");
    let refuse = |_: &str| -> Result<Box<dyn Solver>, SolverError> { Err(SolverError::new("no such hook", "make it")) };
    let left = || Journal::new(&journal).left_behind().unwrap().remove(0);
    let failures = left().clean_up(refuse);
    assert!(
        failures[0].to_string().contains("no such hook") && failures[0].advice().contains("make it"),
        "{failures:?}"
    );
    let challenge = web.join(CHALLENGES).join("one");
    fs::remove_file(&challenge).unwrap();
    fs::create_dir(&challenge).unwrap();
    let failures = left().clean_up(webroot);
    assert!(failures[0].to_string().contains("http-01 of a.test"), "{failures:?}");
    fs::remove_dir(&challenge).unwrap();
    fs::write(&challenge, "").unwrap();
    assert!(left().clean_up(webroot).is_empty() && !challenge.exists() && names(&journal).is_empty());
}

/// Notes what it is asked to do, and panics when told.
#[derive(Default)]
struct Scripted {
    calls: Mutex<Vec<String>>,
    panics: bool,
    fails: bool,
}

impl Scripted {
    fn note(&self, what: &str, tasks: &[Task]) {
        let names: Vec<_> = tasks.iter().map(|task| task.identifier.to_string()).collect();
        self.calls.lock().unwrap().push(format!("{what} {}", names.join(" ")));
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

impl Solver for Scripted {
    fn challenge_types(&self, _: &Identifier, _: bool) -> Vec<ChallengeType> {
        vec![ChallengeType::Dns01]
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.note("present", tasks);
        assert!(!self.panics, "as told");
        let fails = |task: &Task| self.fails && task.identifier.to_string() == "b.test";
        tasks.iter().map(|task| if fails(task) { Err(SolverError::new("no", "no")) } else { Ok(()) }).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|_| Ok(Readiness::Ready)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.note("clean up", tasks);
        tasks.iter().map(|_| Ok(())).collect()
    }
}

fn dns_tasks() -> [Task; 2] {
    ["a.test", "b.test"].map(|name| task(name, ChallengeType::Dns01, "one"))
}

#[test]
fn a_panic_while_presenting_is_cleaned_up_after() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::new(folder.path());
    let inner = Scripted { panics: true, ..Scripted::default() };
    let solver = Journaled::new(&inner, &journal, "");
    let tasks = dns_tasks();
    assert!(catch_unwind(AssertUnwindSafe(|| solver.present(&tasks))).is_err());
    assert!(solver.clean_up(&tasks).iter().all(Result::is_ok));
    assert_eq!(inner.calls(), ["present a.test b.test", "clean up a.test b.test"]);
    drop(journal);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn ctrl_c_cleans_up_once_and_ends_presenting() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::new(folder.path());
    let inner = Scripted { fails: true, ..Scripted::default() };
    let solver = Journaled::new(&inner, &journal, "");
    let tasks = dns_tasks();
    let results = solver.present(&tasks);
    assert!(results[0].is_ok() && results[1].is_err());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| assert!(solver.clean_up_now().is_empty()));
        }
    });
    assert_eq!(inner.calls(), ["present a.test b.test", "clean up a.test"], "what failed is not there");
    assert!(names(folder.path()).is_empty(), "the process may end without being unwound");
    assert!(solver.present_one(&tasks[0]).unwrap_err().to_string().contains("interrupted"));
    let verified = solver.verify(&tasks);
    assert!(verified.len() == 2 && verified.iter().all(Result::is_err), "the CA must not be told");
    assert!(solver.clean_up(&tasks).iter().all(Result::is_ok));
    assert_eq!(inner.calls(), [""; 0], "neither presented nor cleaned up again");
}

#[test]
fn nothing_is_presented_that_is_not_noted() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let journal = Journal::new(folder.path().join("file"));
    let inner = Scripted::default();
    let error = Journaled::new(&inner, &journal, "").present_one(&dns_tasks()[0]).unwrap_err();
    assert!(error.to_string().contains("file") && error.advice().contains("writable"), "{error}");
    assert!(inner.calls().is_empty());
}

#[test]
fn a_standing_record_is_not_noted() {
    let folder = TempDir::new().unwrap();
    let journal = Journal::new(folder.path());
    let inner = Scripted::default();
    let solver = Journaled::new(&inner, &journal, "");
    let standing = common::persist_task("a.test");
    solver.present_one(&standing).unwrap();
    assert!(names(folder.path()).is_empty());
    assert!(solver.clean_up_now().is_empty());
    solver.clean_up_one(&standing).unwrap();
    assert_eq!(inner.calls(), ["present a.test", "clean up a.test"], "what becomes of it is the solver's affair");
}
