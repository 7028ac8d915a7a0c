//! `luacme account rekey`: whatever happens, the account is not lost.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use acme_jose::{KeyType, PrivateKey};
use acme_testca::Behaviour;
use serde_json::json;

use crate::support::{Bench, tree};

fn thumbprint(bench: &Bench) -> String {
    bench.luacme(&["keyauth"]).succeeds().stdout
}

#[test]
fn the_new_key_takes_the_place_of_the_old_one() {
    let bench = Bench::registered();
    let (before, account) = (thumbprint(&bench), bench.read("account.json"));
    let last = bench.luacme(&["account", "rekey", "--account-key-type", "p384", "--json"]).succeeds().last();
    assert_eq!(last["event"], json!("account_key"));
    assert_ne!(thumbprint(&bench), before);
    assert_eq!(thumbprint(&bench).trim(), last["thumbprint"].as_str().unwrap());
    assert_eq!(bench.read("account.json"), account);
    assert_eq!(fs::metadata(bench.file("account.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!bench.file("account.key.new").exists());
    bench.getcert(&["a.test"]).succeeds();
}

#[test]
fn a_refused_change_leaves_the_old_key() {
    for behaviour in [Behaviour::NoKeyChange, Behaviour::KeyChange501] {
        let bench = Bench::with(|ca| ca.behave(behaviour));
        bench.register().succeeds();
        let key = bench.read("account.key");
        bench.fails(1, &["account", "rekey"]);
        assert_eq!(bench.read("account.key"), key);
        assert!(!bench.file("account.key.new").exists(), "{}", behaviour.name());
        bench.getcert(&["a.test"]).succeeds();
    }
}

#[test]
fn a_change_whose_answer_is_lost_is_settled_by_the_next_command() {
    let bench = Bench::registered();
    let old = bench.read("account.key");
    bench.ca.behave(Behaviour::AnswerLostKeyChange);
    let run = bench.fails(1, &["account", "rekey"]);
    assert!(run.part("what to do").contains("account.key.new"), "{}", run.stderr);
    let new = bench.read("account.key.new");
    assert_eq!(fs::metadata(bench.file("account.key.new")).unwrap().permissions().mode() & 0o777, 0o600);
    bench.fails(1, &["keyauth"]).complains("not known yet");
    bench.getcert(&["a.test"]).succeeds().prints("has a new key");
    assert_eq!(bench.read("account.key"), new);
    assert_ne!(new, old);
    assert!(!bench.file("account.key.new").exists());
}

#[test]
fn a_change_that_was_never_sent_is_forgotten_by_the_next_command() {
    let bench = Bench::registered();
    let old = bench.read("account.key");
    let new = PrivateKey::generate(KeyType::P256).unwrap().to_pkcs8_pem().unwrap();
    fs::write(bench.file("account.key.new"), &*new).unwrap();
    let run = bench.getcert(&["a.test"]).succeeds();
    assert!(run.stderr.contains("goes on with the old one"), "{}", run.stderr);
    assert_eq!(bench.read("account.key"), old);
    assert!(!bench.file("account.key.new").exists());
}

#[test]
fn a_key_that_cannot_be_read_is_not_thrown_away() {
    let bench = Bench::registered();
    fs::write(bench.file("account.key.new"), "not a key").unwrap();
    let before = tree(&bench.dir());
    bench.luacme(&["account", "show"]).exits(1).complains("account.key.new");
    let after = tree(&bench.dir());
    assert!(before.iter().all(|(path, content)| after.get(path) == Some(content)));
}
