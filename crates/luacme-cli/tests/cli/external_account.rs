//! `--eab-kid` and `--eab-hmac-key`.

use std::fs;
use std::process::Command;

use acme_testca::Behaviour;

use crate::support::{Bench, Run, tree};

const KEY: &str = "c2VjcmV0IG9mIHRoZSBjdXN0b21lciwgMzIgb2N0ZXRz";

fn bench() -> Bench {
    Bench::with(|ca| ca.external_account("kid-1", b"secret of the customer, 32 octets").behave(Behaviour::EabOnce))
}

#[test]
fn an_account_is_bound() {
    for words in [&["register"][..], &["getcert", "a.test", "--manual"]] {
        let bench = bench();
        let server = bench.ca.directory_url();
        let base = [words, &["--agree-tos", "--server", &server]].concat();
        let run = bench.fails(1, &base).complains("externalAccountRequired");
        assert!(run.part("what to do").contains("--eab-kid"), "{}", run.stderr);
        bench.fails(1, &[&base[..], &["--eab-kid", "kid-2", "--eab-hmac-key", KEY]].concat());
        let run = bench.luacme(&[&base[..], &["--eab-kid", "kid-1", "--eab-hmac-key", KEY]].concat());
        assert!(matches!(run.code, Some(0 | 3)), "{}", run.stderr);
        assert!(bench.file("account.json").exists());
        assert!(!bench.read("account.json").contains(KEY));
        // The account is found without the binding, which counts once.
        fs::remove_file(bench.file("account.json")).unwrap();
        let words = ["register", "--agree-tos", "--server", &server, "--eab-kid", "kid-1", "--eab-hmac-key", KEY];
        bench.luacme(&words).succeeds();
    }
}

#[test]
fn the_environment_may_hold_the_binding() {
    let bench = bench();
    let server = bench.ca.directory_url();
    let mut command = Command::new(env!("CARGO_BIN_EXE_luacme"));
    command.env_clear().current_dir(bench.beside("")).env("LUACME_EAB_KID", "kid-1").env("LUACME_EAB_HMAC_KEY", KEY);
    command.args(["register", "--agree-tos", "--server", &server, "--dir", "state", "--ca-file", "ca.pem"]);
    Run::of(&mut command).succeeds();
}

#[test]
fn a_binding_that_cannot_be() {
    let bench = bench();
    let server = bench.ca.directory_url();
    for (why, words) in [
        ("no key", &["--eab-kid", "kid-1"][..]),
        ("no id", &["--eab-hmac-key", KEY]),
        ("no base64", &["--eab-kid", "kid-1", "--eab-hmac-key", "not+base-64!"]),
        ("nothing", &["--eab-kid", "kid-1", "--eab-hmac-key", ""]),
    ] {
        let run = bench.fails(2, &[&["register", "--agree-tos", "--server", &server], words].concat());
        let run = run.complains("--eab-");
        assert!(!run.stderr.contains("not+base-64!"), "{why}: a secret is not shown: {}", run.stderr);
        assert_eq!((bench.requests(), tree(&bench.dir()).len()), (0, 0), "{why}");
    }
}
