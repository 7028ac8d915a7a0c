//! `luacme register`.

use std::fs;

use acme_testca::Resource;
use serde_json::{Value, json};

use crate::support::{Bench, tree};

#[test]
fn an_account_is_made_and_kept() {
    let bench = Bench::start();
    bench
        .luacme(&["register", &bench.ca.directory_url(), "mailto:you@example.com", "--agree-tos"])
        .succeeds()
        .prints("account https://")
        .prints("state/account.json");
    let account: Value = serde_json::from_str(&bench.read("account.json")).unwrap();
    assert_eq!(account["directory"], json!(bench.ca.directory_url()));
    assert_eq!(account["contacts"], json!(["mailto:you@example.com"]));
    assert!(!bench.read("account.json").contains("PRIVATE"), "the key is in a file of its own");
    assert_eq!(bench.granted(Resource::NewAccount), 1);
}

#[test]
fn an_account_that_is_there_already_is_left_as_it_is() {
    let bench = Bench::registered();
    let (before, requests) = (tree(&bench.dir()), bench.requests());
    bench.register().exits(1).complains("there is an account in state/account.json already");
    assert_eq!(tree(&bench.dir()), before);
    assert_eq!(bench.requests(), requests);
}

#[test]
fn a_key_finds_its_account_again() {
    let bench = Bench::registered();
    let account = bench.read("account.json");
    fs::remove_file(bench.file("account.json")).unwrap();
    let found = bench.register().succeeds();
    assert!(found.stderr.contains("found the account"), "{}", found.stderr);
    assert_eq!(bench.read("account.json"), account);
    let last = bench.ca.requests().pop().unwrap();
    assert_eq!((last.resource, last.status), (Resource::NewAccount, 200));
}

#[test]
fn terms_are_agreed_to_by_a_person_only() {
    let bench = Bench::start();
    let server = bench.ca.directory_url();
    for words in [&["register", "--server", &server][..], &["getcert", "a.test", "--manual", "--server", &server]] {
        let run = bench.fails(1, words).complains("https://testca.invalid/terms");
        assert!(run.part("what to do").contains("--agree-tos"), "{}", run.stderr);
        assert_eq!(tree(&bench.dir()), tree(&bench.beside("nowhere")), "something was written: {words:?}");
    }
    assert_eq!(bench.granted(Resource::NewAccount), 0);
}

#[test]
fn without_terms_there_is_nothing_to_agree_to() {
    let bench = Bench::with(|ca| ca.terms(false));
    bench.luacme(&["register", &bench.ca.directory_url()]).succeeds();
}

#[test]
fn of_many_at_the_same_time_one_makes_the_account() {
    let bench = Bench::start();
    let codes: Vec<_> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..6).map(|_| scope.spawn(|| bench.register().code)).collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(codes.contains(&Some(0)), "{codes:?}");
    assert!(codes.iter().all(|code| [Some(0), Some(1)].contains(code)), "{codes:?}");
    // The account in the file is that of the key in the file.
    bench.getcert(&["a.test"]).succeeds();
}

#[test]
fn contacts_that_cannot_be() {
    let bench = Bench::start();
    let server = bench.ca.directory_url();
    for (why, contact) in [
        ("two addresses in one", "mailto:a@example.com,b@example.com"),
        ("header fields", "mailto:a@example.com?subject=x"),
        ("no address", "mailto:"),
    ] {
        bench.fails(2, &["register", &server, contact, "--agree-tos"]).complains(contact);
        assert_eq!(bench.requests(), 0, "{why}");
    }
}

#[test]
fn lua_acme_command_lines_work_as_written() {
    let bench = Bench::start();
    fs::create_dir(bench.dir()).unwrap();
    let http = bench.http.to_string();
    let luacme = |words: &[&str]| bench.bare(&[words, &["--ca-file", "ca.pem"]].concat());
    let server = bench.ca.directory_url();
    luacme(&["state/account.json", "register", &server, "mailto:you@example.com", "--agree-tos"]).succeeds();
    luacme(&["state/account.json", "getcert", "a.test", "--standalone", "--http-addr", &http]).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test"], "all is in the folder of the account file");
}

#[test]
fn a_key_of_another_type_is_not_taken_silently() {
    let bench = Bench::registered();
    fs::remove_file(bench.file("account.json")).unwrap();
    let before = tree(&bench.dir());
    let url = bench.ca.directory_url();
    let words = ["register", "--server", &url, "--agree-tos", "--account-key-type", "rsa2048"];
    bench.fails(2, &words).complains("account.key holds a ES256 key");
    assert_eq!(tree(&bench.dir()), before);
    bench.luacme(&["register", "--server", &url, "--agree-tos", "--account-key-type", "p256"]).succeeds();
}

#[test]
fn a_refused_registration_leaves_no_key() {
    let bench = Bench::start();
    let url = bench.ca.directory_url();
    bench.fails(1, &["register", "--server", &url, "--agree-tos", "tel:+1234"]).complains("unsupportedContact");
    assert!(!bench.file("account.key").exists(), "the next try may ask for another type");
}
