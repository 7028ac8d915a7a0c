//! `luacme revoke`.

use std::fs;

use acme_jose::{KeyType, PrivateKey};
use acme_testca::{Behaviour, Resource, TestCa};
use serde_json::json;

use crate::support::{Bench, tree};

fn issued() -> Bench {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    bench
}

#[test]
fn a_certificate_is_revoked_by_its_account_and_replaced() {
    let bench = issued();
    let live = tree(&bench.file("live"));
    let version = bench.version("a.test");
    let last = bench.luacme(&["revoke", "a.test", "--reason", "superseded", "--yes", "--json"]).succeeds().last();
    assert_eq!((&last["event"], &last["already"]), (&json!("revoked"), &json!(false)));
    assert_eq!((&last["name"], &last["reason"]), (&json!("a.test"), &json!("superseded")));
    assert_eq!(tree(&bench.file("live")), live, "the files are left as they are");

    bench.luacme(&["revoke", "a.test", "-n"]).succeeds().prints("was revoked already");
    assert_eq!(bench.granted(Resource::RevokeCert), 1);

    bench.getcert(&["a.test"]).succeeds();
    assert_ne!(bench.version("a.test"), version);
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");
}

#[test]
fn the_key_of_a_revoked_certificate_is_not_used_again() {
    let bench = Bench::registered();
    bench.getcert(&["a.test", "--reuse-key"]).succeeds();
    let key = bench.read("live/a.test/privkey.pem");
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(bench.read("live/a.test/privkey.pem"), key, "as long as nothing is wrong with it");
    bench.luacme(&["revoke", "a.test", "--reason", "keyCompromise", "--yes"]).succeeds();
    bench.getcert(&["a.test"]).succeeds();
    assert_ne!(bench.read("live/a.test/privkey.pem"), key);
}

#[test]
fn a_file_is_revoked_by_the_key_of_its_certificate() {
    let bench = issued();
    let bundle = bench.read("live/a.test/fullchain.pem");
    let der = bench.chain("a.test").leaf().der().to_vec();
    let requests = bench.requests();
    for (why, file, content) in [("a chain", "a.pem", bundle.as_bytes()), ("one as DER", "a.der", &der)] {
        fs::write(bench.beside(file), content).unwrap();
        let key = "state/live/a.test/privkey.pem";
        let server = bench.ca.directory_url();
        let words = ["revoke", file, "--key", key, "--yes", "--server", &server, "--ca-file", "ca.pem"];
        let run = bench.bare(&[&words[..], &["--dir", "state"]].concat()).succeeds();
        assert!(run.stdout.contains("revoked"), "{why}");
    }
    assert!(bench.requests() > requests);
    assert_eq!(bench.granted(Resource::RevokeCert), 1);
    bench.luacme(&["revoke", "a.test", "--key", "state/live/a.test/privkey.pem", "--yes"]).succeeds().prints("already");
    let version = bench.version("a.test");
    bench.getcert(&["a.test"]).succeeds();
    assert_ne!(bench.version("a.test"), version, "the file was the certificate in use");
}

#[test]
fn nothing_is_revoked_unasked_or_by_mistake() {
    let bench = issued();
    let other = PrivateKey::generate(KeyType::P256).unwrap().to_pkcs8_pem().unwrap();
    fs::write(bench.beside("other.key"), &*other).unwrap();
    fs::write(bench.beside("rubbish.pem"), "rubbish").unwrap();
    for (why, code, words, text) in [
        ("no yes", 2, &["a.test"][..], "nobody is there to ask"),
        ("another key", 2, &["a.test", "--key", "other.key", "--yes"], "is not that of the certificate"),
        ("no key", 2, &["a.test", "--key", "none.key", "--yes"], "there is no file none.key"),
        ("no certificate", 1, &["rubbish.pem", "--yes"], "rubbish.pem holds no certificate"),
        ("no such name", 2, &["b.test", "--yes"], "b.test is neither a certificate"),
        ("a path that is no name", 2, &["../live/a.test", "--yes"], "is neither a certificate"),
        ("an unknown reason", 2, &["a.test", "--reason", "lost", "--yes"], "keyCompromise"),
        ("a reason of authorities", 2, &["a.test", "--reason", "cACompromise", "--yes"], "for authorities"),
    ] {
        let (before, requests) = (tree(&bench.dir()), bench.requests());
        bench.fails(code, &[&["revoke"], words].concat()).complains(text);
        assert_eq!((tree(&bench.dir()), bench.requests()), (before, requests), "{why}");
    }
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");
}

#[test]
fn what_the_ca_refuses_is_explained() {
    let bench = issued();
    fs::remove_file(bench.file("account.json")).unwrap();
    fs::remove_file(bench.file("account.key")).unwrap();
    let run = bench.fails(1, &["revoke", "a.test", "-n", "--server", &bench.ca.directory_url()]);
    assert!(run.part("what to do").contains("--key"), "{}", run.stderr);
    bench.register().succeeds();
    let run = bench.fails(1, &["revoke", "a.test", "-n"]).complains("unauthorized");
    assert!(run.part("what to do").contains("--key FILE"), "{}", run.stderr);
    bench.ca.behave(Behaviour::CertKeyRevocation403);
    let run = bench.fails(1, &["revoke", "a.test", "-n", "--key", "state/live/a.test/privkey.pem"]);
    assert!(run.part("what to do").contains("leave --key out"), "{}", run.stderr);
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");

    let other = TestCa::builder().start().unwrap();
    fs::write(bench.beside("ca.pem"), other.root_pem()).unwrap();
    bench.luacme(&["register", "--server", &other.directory_url(), "--agree-tos"]).succeeds();
    let run = bench.fails(1, &["revoke", "a.test", "-n", "--server", &other.directory_url()]);
    assert!(run.part("what to do").contains("check --server"), "{}", run.stderr);
}

#[test]
fn a_revocation_whose_answer_is_lost_is_found_done() {
    let bench = issued();
    bench.ca.behave(Behaviour::AnswerLostRevoke);
    bench.fails(1, &["revoke", "a.test", "-n"]);
    bench.luacme(&["revoke", "a.test", "-n"]).succeeds().prints("already");
}
