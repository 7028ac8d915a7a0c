//! What a person sees on a terminal: the terms and the question, and warnings that stay. The terminal is that of script(1).

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::support::Bench;

/// Runs `luacme` on a terminal and types an answer; gives the exit code and all that was shown.
fn on_terminal(bench: &Bench, words: &[&str], typed: &str) -> (i32, String) {
    let line = [&[env!("CARGO_BIN_EXE_luacme")], words, &["--dir", "state", "--ca-file", "ca.pem"]].concat().join(" ");
    let mut script = Command::new("script")
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .current_dir(bench.beside(""))
        .env_remove("LUACME_DIR")
        .env_remove("LUACME_SERVER")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of the package bsdutils or util-linux");
    script.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn the_terms_are_shown_and_asked_for() {
    for (typed, exit, registered) in [("y\n", 0, true), ("n\n", 1, false), ("\n", 1, false), ("\u{4}", 1, false)] {
        let bench = Bench::start();
        let url = bench.ca.directory_url();
        let (code, shown) = on_terminal(&bench, &["register", "--server", &url], typed);
        assert_eq!(code, exit, "{typed:?}: {shown}");
        assert!(shown.contains("https://testca.invalid/terms") && shown.contains("[y/N]"), "{typed:?}: {shown}");
        assert_eq!(bench.file("account.json").exists(), registered, "{typed:?}");
    }
    let bench = Bench::start();
    let url = bench.ca.directory_url();
    let (code, shown) = on_terminal(&bench, &["register", "-n", "--server", &url], "y\n");
    assert!(code == 1 && !shown.contains("[y/N]") && shown.contains("--agree-tos"), "never ask means never: {shown}");
}

#[test]
fn what_cannot_be_undone_is_asked_first() {
    for (typed, exit) in [("n\n", 1), ("\n", 1), ("\u{4}", 1), ("y\n", 0)] {
        let bench = Bench::registered();
        let account = bench.read("account.json");
        let (code, shown) = on_terminal(&bench, &["account", "deactivate"], typed);
        assert_eq!(code, exit, "{typed:?}: {shown}");
        assert!(shown.contains("for ever? [y/N]"), "{typed:?}: {shown}");
        assert_eq!(bench.file("account.json").exists(), exit != 0, "{typed:?}");
        if exit != 0 {
            assert_eq!(bench.read("account.json"), account);
            bench.luacme(&["account", "show"]).succeeds().prints("status      valid");
        }
    }
}

#[test]
fn a_warning_stays() {
    let bench = Bench::registered();
    fs::create_dir(bench.beside("www")).unwrap();
    // Nothing listens where the CA looks: what is in place cannot be seen from here, and the CA cannot see it either.
    let http = bench.http.to_string();
    let words = ["getcert", "a.test", "--webroot", "www", "--http-addr", &http];
    let (code, shown) = on_terminal(&bench, &words, "");
    assert_eq!(code, 1, "{shown}");
    let warning = shown.find("warning: cannot see the answer for a.test").expect(&shown);
    assert!(shown[warning..].contains("\r\n"), "on a line of its own: {shown:?}");
}
