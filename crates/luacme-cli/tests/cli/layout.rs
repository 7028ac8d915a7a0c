//! What is on disk once a certificate is there: names, modes, content.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use acme_jose::{PrivateKey, Signer as _};

use crate::support::Bench;

#[test]
fn secrets_are_for_their_owner() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    for (path, mode) in [
        ("account.key", 0o600),
        ("account.json", 0o644),
        ("live/a.test/privkey.pem", 0o600),
        ("live/a.test/combined.pem", 0o600),
        ("live/a.test/cert.pem", 0o644),
        ("live/a.test/chain.pem", 0o644),
        ("live/a.test/fullchain.pem", 0o644),
    ] {
        let found = fs::metadata(bench.file(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{path}: {found:o}");
    }
}

#[test]
fn an_unfinished_run_keeps_its_secrets_too() {
    let bench = Bench::registered();
    let nowhere = crate::support::free_port().to_string();
    bench.luacme(&["getcert", "a.test", "--manual", "--http-addr", &nowhere]).exits(3);
    for path in ["pending.json", "pending.key"] {
        let mode = fs::metadata(bench.file("certs/a.test").join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{path}");
    }
}

#[test]
fn the_four_files_belong_together() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    assert_eq!(bench.version("a.test"), Path::new("../certs/a.test/1"));
    let [key, cert, chain, fullchain] =
        ["privkey", "cert", "chain", "fullchain"].map(|file| bench.read(&format!("live/a.test/{file}.pem")));
    assert_eq!(fullchain, cert + &chain);
    let key = PrivateKey::from_pem(&key).unwrap();
    assert_eq!(bench.chain("a.test").leaf().public_key().unwrap(), key.public_key());
    assert_eq!(bench.chain("a.test").issuers().len(), 1);
    assert!(bench.chain("a.test").check_links().is_ok());
}

#[test]
fn every_attempt_is_in_the_history() {
    let bench = Bench::registered();
    let nowhere = crate::support::free_port().to_string();
    bench.luacme(&["getcert", "a.test", "--manual", "--http-addr", &nowhere]).exits(3);
    bench.getcert(&["a.test"]).succeeds();
    bench.getcert(&["a.test"]).succeeds();
    let history = bench.read("certs/a.test/history.jsonl");
    let outcomes =
        history.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["outcome"].clone());
    assert_eq!(outcomes.collect::<Vec<_>>(), ["awaits-person", "issued"], "what did not ask the CA is no attempt");
}

#[test]
fn a_broken_certificate_in_use_is_replaced() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    fs::write(bench.file("certs/a.test/1/fullchain.pem"), "not a certificate").unwrap();
    bench.getcert(&["a.test"]).succeeds();
    assert_eq!(bench.version("a.test"), Path::new("../certs/a.test/2"));
    fs::remove_dir_all(bench.file("certs/a.test/2")).unwrap();
    bench.getcert(&["a.test"]).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test"], "a link to nowhere");
}

#[test]
fn the_link_moves_only_to_a_version_that_is_whole() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    // What a crash left of a second version.
    fs::create_dir(bench.file("certs/a.test/.2")).unwrap();
    fs::write(bench.file("certs/a.test/.2/privkey.pem"), "").unwrap();
    fs::write(bench.file("certs/a.test/.2/fullchain.pem"), "").unwrap();
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");
    assert_eq!(bench.version("a.test"), Path::new("../certs/a.test/1"));
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(bench.version("a.test"), Path::new("../certs/a.test/2"));
    assert_eq!(bench.names("a.test"), ["a.test"], "nothing of what was left");

    // A version that cannot be finished: its folder cannot be made.
    fs::write(bench.file("certs/a.test/.3"), "in the way").unwrap();
    bench.getcert(&["a.test", "--force"]).exits(1);
    assert_eq!(bench.version("a.test"), Path::new("../certs/a.test/2"));
    assert_eq!(bench.names("a.test"), ["a.test"]);
    fs::remove_file(bench.file("certs/a.test/.3")).unwrap();
}
