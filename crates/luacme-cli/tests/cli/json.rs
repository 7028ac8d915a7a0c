//! `--json`: one object per event on standard output, for programs.

use std::path::Path;

use serde_json::json;

use crate::support::Bench;

#[test]
fn the_last_event_of_getcert_has_the_four_paths() {
    let bench = Bench::start();
    let server = bench.ca.directory_url();
    let registered = bench.luacme(&["register", &server, "--agree-tos", "--json"]).succeeds();
    assert_eq!(registered.last()["event"], "account");
    assert_eq!(registered.last()["file"], "state/account.json");

    for (why, words, issued) in [
        ("issued", &["a.test"][..], true),
        ("not due", &["a.test"], false),
        ("with every request", &["a.test", "--force", "-vv"], true),
    ] {
        let run = bench.getcert(&[words, &["--json"]].concat()).succeeds();
        let last = run.last();
        assert_eq!((&last["event"], &last["issued"]), (&json!("certificate"), &json!(issued)), "{why}");
        assert_eq!((&last["name"], &last["names"]), (&json!("a.test"), &json!(["a.test"])), "{why}");
        let files = last["files"].as_object().unwrap();
        assert_eq!(files.len(), 4, "{why}");
        for file in ["privkey", "cert", "chain", "fullchain"] {
            let path = files[file].as_str().unwrap();
            assert!(Path::new(path).ends_with(format!("live/a.test/{file}.pem")), "{why}: {path}");
            assert!(bench.beside(path).exists(), "{why}: {path}");
        }
        assert_eq!(run.stderr, "", "{why}");
    }
}

#[test]
fn verbosity_adds_events_and_takes_none() {
    let bench = Bench::registered();
    let names = |words: &[&str]| -> Vec<String> {
        let run = bench.getcert(&[&["a.test", "--force", "--json"], words].concat()).succeeds();
        run.events().iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
    };
    let plain = names(&[]);
    for event in ["order", "challenge_presented", "challenge_answered", "finalizing", "downloaded", "certificate"] {
        assert!(plain.iter().any(|name| name == event), "{event} in {plain:?}");
    }
    assert!(!plain.iter().any(|name| name == "request"), "{plain:?}");
    assert!(names(&["-v"]).iter().any(|name| name == "request"));
}

#[test]
fn a_failure_is_an_event_too() {
    let bench = Bench::registered();
    for (exit, words) in [
        (1, &["getcert", "localhost", "--manual"][..]),
        (1, &["register", &bench.ca.directory_url(), "--agree-tos"]),
        (2, &["getcert", "a..b"]),
        (2, &["step", "newOrder", "x"]),
    ] {
        let last = bench.fails(exit, &[words, &["--json"]].concat()).last();
        assert_eq!((&last["event"], &last["exit"]), (&json!("error"), &json!(exit)), "{words:?}");
        for part in ["what", "todo"] {
            assert!(last[part].as_str().is_some_and(|text| !text.is_empty()), "{part} of {last}");
        }
    }
}

#[test]
fn people_get_lines_and_the_quiet_get_nothing() {
    let bench = Bench::registered();
    let plain = bench.getcert(&["a.test"]).succeeds();
    assert!(plain.stderr.contains("answer for a.test is in place (http-01)"), "{}", plain.stderr);
    assert!(!plain.stderr.contains('\r') && !plain.stderr.contains('\x1b'), "no spinner without a terminal");
    let quiet = bench.getcert(&["a.test", "--force", "-q"]).succeeds();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    bench.fails(2, &["getcert", "a..b", "-q"]).complains("a..b");
}
