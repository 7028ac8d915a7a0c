//! `--wire-log`: what it shows, what it hides, whose it is.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::Bench;

fn mode(bench: &Bench, name: &str) -> u32 {
    fs::metadata(bench.beside(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn exchanges_are_told_without_secrets() {
    let bench = Bench::start();
    let log = ["--wire-log", "wire.log"];
    let server = bench.ca.directory_url();
    let register = ["register", "--server", &server, "--agree-tos", "-m", "someone@a.test"];
    bench.luacme(&[&register[..], &log].concat()).succeeds();
    assert_eq!(mode(&bench, "wire.log"), 0o600);
    let told = fs::read_to_string(bench.beside("wire.log")).unwrap();
    for (why, part) in [
        ("the request", " #1 > GET https://"),
        ("its answer", " #1 < 200 from https://"),
        ("headers", "replay-nonce: "),
        ("the header of the JWS, decoded", "\"alg\": \"ES256\""),
        ("the payload, decoded", "\"termsOfServiceAgreed\": true"),
        ("the body of an answer", "\"newNonce\": \"https://"),
        ("that a signature was there", "\"signature\": \"[redacted]\""),
    ] {
        assert!(told.contains(part), "no {why} ({part}) in\n{told}");
    }
    assert!(!told.contains("someone@a.test"), "{told}");

    bench.getcert(&[&["a.test"][..], &log].concat()).succeeds();
    bench.luacme(&[&["step", &bench.ca.directory_url()][..], &log].concat());
    let appended = fs::read_to_string(bench.beside("wire.log")).unwrap();
    assert!(appended.starts_with(&told));
    assert_eq!(appended.matches(" > ").count(), bench.requests(), "every request of every verb");
    assert_eq!(appended.matches(" < ").count(), bench.requests());
    assert!(appended.contains("-----BEGIN CERTIFICATE-----") && appended.contains("\"csr\": "), "{appended}");
}

#[test]
fn a_ca_that_is_away_is_told_too() {
    let bench = Bench::start();
    bench.luacme(&["directory", "--server", "https://127.0.0.1:1/", "--wire-log", "wire.log"]).exits(1);
    let told = fs::read_to_string(bench.beside("wire.log")).unwrap();
    assert!(told.contains(" #1 < no answer from https://127.0.0.1:1/: cannot connect"), "{told}");
}

#[test]
fn a_log_that_cannot_be_is_refused_before_any_request() {
    let bench = Bench::start();
    fs::write(bench.beside("open.log"), "").unwrap();
    fs::set_permissions(bench.beside("open.log"), Permissions::from_mode(0o644)).unwrap();
    for (log, why) in [("open.log", "others than its owner"), ("missing/wire.log", "missing/wire.log")] {
        let run = bench.luacme(&["directory", "--server", &bench.ca.directory_url(), "--wire-log", log]);
        run.exits(1).complains(why);
        assert_eq!(bench.requests(), 0);
    }
    assert_eq!(fs::read_to_string(bench.beside("open.log")).unwrap(), "");
}
