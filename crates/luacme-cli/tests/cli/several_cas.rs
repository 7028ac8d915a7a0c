//! Accounts at several CAs in one folder.

use std::fs;

use acme_testca::{Resource, TestCa};
use serde_json::{Value, json};

use crate::support::Bench;

/// A second CA that looks for http-01 at the same place, and whose root `ca.pem` holds too.
fn second_ca(bench: &Bench) -> TestCa {
    let other = TestCa::builder().http01_addr(bench.http).start().unwrap();
    let roots = fs::read_to_string(bench.beside("ca.pem")).unwrap() + other.root_pem();
    fs::write(bench.beside("ca.pem"), roots).unwrap();
    other
}

fn account(bench: &Bench, file: &str) -> Value {
    serde_json::from_str(&bench.read(file)).unwrap()
}

/// The folder of the only further account.
fn further(bench: &Bench) -> String {
    let folders: Vec<_> =
        fs::read_dir(bench.file("accounts")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    format!("accounts/{}", folders[0].to_str().unwrap())
}

#[test]
fn each_ca_has_its_account() {
    let bench = Bench::registered();
    let other = second_ca(&bench);
    let (first, server) = (bench.read("account.json"), other.directory_url());
    bench.luacme(&["register", "--server", &server, "--agree-tos"]).succeeds().prints("state/accounts/");
    assert_eq!(bench.read("account.json"), first, "the first stays where it is");
    let folder = further(&bench);
    assert_eq!(account(&bench, &format!("{folder}/account.json"))["directory"], json!(server));
    assert_ne!(bench.read("account.key"), bench.read(&format!("{folder}/account.key")));

    bench.getcert(&["a.test", "--server", &server]).succeeds();
    assert_eq!((bench.granted(Resource::NewOrder), other.requests().is_empty()), (0, false));
    bench.getcert(&["b.test"]).succeeds();
    assert_eq!(bench.granted(Resource::NewOrder), 1, "without --server it is the first account's");
    bench.luacme(&["register", "--server", &server, "--agree-tos"]).exits(1).complains("already");
    bench.luacme(&["register"]).exits(1).complains("already");
    assert!(other.breaches().is_empty(), "{:?}", other.breaches());
}

#[test]
fn a_certificate_remembers_its_ca() {
    let bench = Bench::registered();
    let other = second_ca(&bench);
    bench.getcert(&["a.test", "--server", &other.directory_url(), "--agree-tos"]).succeeds();
    let version = bench.version("a.test");
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_ne!(bench.version("a.test"), version);
    assert_eq!(bench.granted(Resource::NewOrder), 0, "the first CA did not hear of it");
}

#[test]
fn getcert_makes_the_account_at_another_ca() {
    let bench = Bench::registered();
    let other = second_ca(&bench);
    let server = other.directory_url();
    bench.fails(1, &["getcert", "a.test", "--manual", "--server", &server]).complains("--agree-tos");
    assert!(!bench.file("accounts").exists());
    bench.getcert(&["a.test", "--server", &server, "--agree-tos"]).succeeds();
    further(&bench);
}

#[test]
fn an_account_key_is_not_taken_for_another_ca() {
    let bench = Bench::registered();
    let other = second_ca(&bench);
    let words = ["register", "--server", &other.directory_url(), "--agree-tos"];
    bench.luacme(&words).succeeds();
    let folder = further(&bench);
    fs::remove_file(bench.file(&format!("{folder}/account.json"))).unwrap();
    fs::copy(bench.file("account.key"), bench.file(&format!("{folder}/account.key"))).unwrap();
    bench.luacme(&words).exits(2).complains("in use already");
    fs::remove_file(bench.file(&format!("{folder}/account.key"))).unwrap();
    bench.luacme(&words).succeeds();
}

#[test]
fn every_certificate_is_renewed_by_its_own_ca() {
    let bench = Bench::registered();
    let other = second_ca(&bench);
    bench.getcert(&["a.test"]).succeeds();
    bench.getcert(&["b.test", "--server", &other.directory_url(), "--agree-tos"]).succeeds();
    let orders = |ca: &TestCa| ca.requests().iter().filter(|one| one.resource == Resource::Finalize).count();
    let before = (orders(&bench.ca), orders(&other));
    bench.luacme(&["renew", "--force"]).succeeds();
    assert_eq!((orders(&bench.ca), orders(&other)), (before.0 + 1, before.1 + 1));
}
