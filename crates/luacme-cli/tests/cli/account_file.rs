//! Account files and folders that cannot be used: they are left as they are.

use std::fs;

use acme_testca::TestCa;

use crate::support::{Bench, tree};

#[test]
fn a_file_that_is_not_ours_is_named_and_not_changed() {
    let bench = Bench::registered();
    let good = bench.read("account.json");
    let cut = &good[..good.len() / 2];
    let newer = good.replace("\"version\": 1", "\"version\": 2");
    assert_ne!(newer, good);
    let server = bench.ca.directory_url();
    for (why, text) in [
        ("somebody else's", r#"{"uri": "https://ca.example/acct/1"}"#),
        ("not JSON", "-----BEGIN EC PRIVATE KEY-----\n"),
        ("empty", ""),
        ("cut short", cut),
        ("of a later version", &newer),
        ("an array", "[]"),
    ] {
        fs::write(bench.file("account.json"), text).unwrap();
        let (before, requests) = (tree(&bench.dir()), bench.requests());
        for words in [
            &["register", "--agree-tos", "--server", &server][..],
            &["getcert", "a.test", "--manual"],
            &["step", "newOrder", "{}"],
        ] {
            let run = bench.fails(1, words).complains("state/account.json is not an account file of luacme");
            assert!(run.part("what to do").contains("--account"), "{why}: {}", run.stderr);
            assert_eq!(tree(&bench.dir()), before, "{why}: {words:?}");
        }
        assert_eq!(bench.requests(), requests, "{why}");
    }
    fs::write(bench.file("account.json"), good).unwrap();
    bench.getcert(&["a.test"]).succeeds();
}

#[test]
fn the_directory_of_a_ca_needs_no_account_file() {
    let bench = Bench::start();
    fs::create_dir(bench.dir()).unwrap();
    fs::write(bench.file("account.json"), "not ours").unwrap();
    bench.luacme(&["directory", "--server", &bench.ca.directory_url()]).succeeds();
    bench.fails(1, &["directory"]).complains("account.json");
}

#[test]
fn a_lost_or_broken_key_is_named() {
    let bench = Bench::registered();
    let account = bench.read("account.json");
    fs::write(bench.file("account.key"), "not a key").unwrap();
    bench.fails(1, &["getcert", "a.test", "--manual"]).complains("state/account.key");
    fs::remove_file(bench.file("account.key")).unwrap();
    bench.fails(1, &["getcert", "a.test", "--manual"]).complains("state/account.key is missing");
    assert_eq!(bench.read("account.json"), account);
    assert!(!bench.file("account.key").exists(), "no new key takes its place");
}

#[test]
fn an_account_that_is_named_belongs_to_one_ca() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let other = TestCa::builder().start().unwrap();
    for words in [&["getcert", "a.test"][..], &["getcert", "b.test"], &["step", "newOrder", "{}"]] {
        let named = ["--account", "state/account.json", "--server", &other.directory_url()];
        let run = bench.fails(2, &[words, &named].concat());
        let run = run.complains(&other.directory_url()).complains(&bench.ca.directory_url());
        assert!(run.part("what to do").contains("--account"), "{}", run.stderr);
    }
    assert!(!bench.file("certs/b.test").exists());
    bench.getcert(&["b.test", "--server", &bench.ca.directory_url()]).succeeds();
}

// Rows: K-10, K-13
#[test]
fn every_account_has_a_key_of_its_own() {
    let bench = Bench::registered();
    let other = TestCa::builder().start().unwrap();
    fs::write(bench.beside("other.pem"), other.root_pem()).unwrap();
    let words = ["register", "--agree-tos", "--account", "state/other.json", "--ca-file", "other.pem", "--server"];
    bench.bare(&[&words[..], &[&other.directory_url()]].concat()).succeeds();
    let of = |file: &str| acme_jose::PrivateKey::from_pem(&bench.read(file)).unwrap();
    assert_ne!(acme_jose::Signer::public_key(&of("account.key")), acme_jose::Signer::public_key(&of("other.key")));
}

// Rows: K-11
#[test]
fn a_key_that_is_in_use_is_not_taken() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    bench.luacme(&["getcert", "b.test", "--manual"]).exits(3);
    let server = bench.ca.directory_url();
    for key in ["account.key", "certs/a.test/1/privkey.pem", "certs/b.test/pending.key"] {
        fs::copy(bench.file(key), bench.file("other.key")).unwrap();
        let (before, requests) = (tree(&bench.dir()), bench.requests());
        for words in [&["register"][..], &["getcert", "c.test", "--manual"]] {
            let words = [words, &["--agree-tos", "--server", &server, "--account", "state/other.json"]].concat();
            let run = bench.fails(2, &words).complains("state/other.key").complains(key);
            assert!(run.part("what to do").contains("a new key"), "{key}: {}", run.stderr);
        }
        assert_eq!((tree(&bench.dir()), bench.requests()), (before, requests), "{key}");
    }
    fs::remove_file(bench.file("other.key")).unwrap();
    let words =
        ["register", "--agree-tos", "--server", &server, "--ca-file", "ca.pem", "--account", "state/other.json"];
    bench.bare(&words).succeeds();
    fs::remove_file(bench.file("other.json")).unwrap();
    let dir = bench.dir();
    bench.bare(&[&words[..], &["--dir", dir.to_str().unwrap()]].concat()).succeeds();
}

#[test]
fn an_account_the_ca_has_forgotten() {
    let bench = Bench::registered();
    let account = bench.read("account.json");
    let url = serde_json::from_str::<serde_json::Value>(&account).unwrap()["url"].as_str().unwrap().to_owned();
    fs::write(bench.file("account.json"), account.replace(&url, &format!("{url}x"))).unwrap();
    let run = bench.fails(1, &["getcert", "a.test", "--manual"]);
    assert!(run.part("what to do").contains("register anew"), "{}", run.stderr);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let bench = Bench::start();
    fs::write(bench.beside("file"), "not a folder").unwrap();
    let server = bench.ca.directory_url();
    for words in [&["register"][..], &["getcert", "a.test", "--manual"]] {
        let dir = ["--dir", "file/state", "--ca-file", "ca.pem", "--agree-tos", "--server", &server];
        let run = bench.bare(&[words, &dir].concat()).exits(1).complains("file/state");
        assert!(run.part("what to do").contains("--dir"), "{}", run.stderr);
    }
    assert_eq!(fs::read_to_string(bench.beside("file")).unwrap(), "not a folder");
    assert_eq!(bench.requests(), 0, "the CA need not hear of it");
}
