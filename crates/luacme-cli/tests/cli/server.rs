//! CAs that cannot be used.

use std::fs;

use acme_testca::TestCa;

use crate::support::{Bench, free_port, tree};

#[test]
fn what_no_ca_can_be() {
    let bench = Bench::start();
    for (why, server) in [
        ("an unknown short name", "nosuchca"),
        ("not https", "http://127.0.0.1/dir"),
        ("another scheme", "ftp://127.0.0.1/"),
        ("nothing", ""),
    ] {
        for words in [["register", "--agree-tos", "--server", server], ["directory", "-n", "--server", server]] {
            let run = bench.fails(2, &words).complains(&format!("{server:?}"));
            assert!(run.part("what to do").contains("letsencrypt-staging"), "{why}: {}", run.stderr);
        }
        bench.fails(2, &["register", "--agree-tos", server]).complains(&format!("{server:?}"));
    }
    bench.fails(2, &["register", "letsencrypt", "zerossl"]).complains("zerossl");
    bench.fails(2, &["register", "letsencrypt", "--staging"]).complains("letsencrypt");
    bench.fails(2, &["directory", "--server", "letsencrypt", "--staging"]).complains("--staging");
    assert!(!bench.dir().exists());
}

#[test]
fn a_ca_that_is_not_there() {
    let bench = Bench::start();
    let closed = free_port();
    for (why, server) in [
        ("a closed port", format!("https://{closed}/dir")),
        ("an unknown host", "https://no-such-host.invalid/dir".to_owned()),
    ] {
        for words in [&["register", "--agree-tos"][..], &["getcert", "a.test", "--agree-tos"], &["directory"]] {
            let run = bench.fails(1, &[words, &["--server", &server]].concat()).complains(&server);
            assert!(run.part("what to do").contains("cargo xtask demo"), "{why}: {}", run.stderr);
        }
    }
    assert!(!bench.dir().exists(), "nothing is written before the CA has answered");
}

#[test]
fn a_ca_that_nobody_vouches_for() {
    let bench = Bench::start();
    let other = TestCa::builder().start().unwrap();
    fs::write(bench.beside("other.pem"), other.root_pem()).unwrap();
    let register = ["register", "--dir", "state", "--agree-tos", "--server", &bench.ca.directory_url()];
    for root in [&[][..], &["--ca-file", "other.pem"]] {
        let run = bench.bare(&[&register[..], root].concat()).exits(1).complains("certificate");
        assert!(run.part("what to do").contains("--ca-file"), "{}", run.stderr);
    }
    assert_eq!(bench.requests(), 0);
    assert!(!bench.dir().exists());
}

#[test]
fn roots_that_cannot_be_read() {
    let bench = Bench::start();
    fs::write(bench.beside("empty.pem"), "").unwrap();
    fs::write(bench.beside("text.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    for file in ["missing.pem", "empty.pem", "text.pem"] {
        let register = ["register", "--dir", "state", "--agree-tos", "--server", &bench.ca.directory_url()];
        bench.bare(&[&register[..], &["--ca-file", file]].concat()).exits(1).complains(file);
    }
    assert!(!bench.dir().exists());
}

#[test]
fn a_url_of_something_else() {
    let bench = Bench::start();
    let nowhere = bench.ca.directory_url().replace("/dir", "/nowhere");
    let run = bench.luacme(&["directory", "--server", &bench.ca.directory_url()]).succeeds();
    let directory: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    for (why, server) in [("nothing there", nowhere.as_str()), ("a resource", directory["newNonce"].as_str().unwrap())]
    {
        let run = bench.fails(1, &["register", "--agree-tos", "--server", server]).complains(server);
        assert!(run.part("what to do").contains("--server"), "{why}: {}", run.stderr);
    }
    assert!(tree(&bench.dir()).is_empty());
}

#[test]
fn the_environment_names_a_ca_and_flags_win() {
    use std::process::Command;
    let bench = Bench::start();
    let run = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_luacme"));
        command.env_clear().env("LUACME_SERVER", "nosuchca").env("LUACME_DIR", bench.dir());
        crate::support::Run::of(command.current_dir(bench.beside("")).args(words).args(["--ca-file", "ca.pem"]))
    };
    run(&["directory"]).exits(2).complains("\"nosuchca\"");
    run(&["directory", "--server", &bench.ca.directory_url()]).succeeds();
    run(&["register", &bench.ca.directory_url(), "--agree-tos"]).succeeds();
    assert!(bench.file("account.json").exists(), "$LUACME_DIR is the folder of state");
    run(&["directory"]).succeeds().prints(&bench.ca.directory_url().replace("/dir", "/"));
}
