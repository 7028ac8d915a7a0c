//! The command acme-testca: started, spoken to, listened to, ended.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use acme_testca::Behaviour;
use client::{AGENT, Answer, Connection, path};

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_acme-testca"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Running {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    directory: String,
    root: String,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments).spawn().unwrap();
        let (stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let directory = line.trim().strip_prefix("directory: ").unwrap().to_string();
        let mut root = String::new();
        while !root.ends_with("-----END CERTIFICATE-----\n") {
            assert_ne!(stdout.read_line(&mut root).unwrap(), 0, "{root}");
        }
        Self { child, stdin, stdout, directory, root }
    }

    fn get(&self, headers: &[(&str, &str)]) -> Answer {
        Connection::open(&self.root, &self.directory).send("GET", path(&self.directory), headers, b"")
    }

    /// The exit code, what else was printed, and the complaints.
    fn end(mut self) -> (i32, String, String) {
        drop(self.stdin);
        let (mut printed, mut complaints) = (String::new(), String::new());
        self.stdout.read_to_string(&mut printed).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut complaints).unwrap();
        (self.child.wait().unwrap().code().unwrap(), printed, complaints)
    }
}

#[test]
fn it_serves_until_its_input_ends() {
    let running = Running::start(&["--behave", "directory-503=1,no-meta", "--seed", "7"]);
    assert_eq!(running.get(&[AGENT]).status, 503);
    let answer = running.get(&[AGENT]);
    assert_eq!((answer.status, answer.json().get("meta")), (200, None));
    assert_eq!(running.end(), (0, "breaches: 0\n".to_string(), String::new()));
}

#[test]
fn breaches_are_printed_and_counted() {
    let running = Running::start(&[]);
    assert_eq!(running.get(&[]).status, 400);
    let printed = "breach: RFC 8555 §6.1: GET directory: no User-Agent\nbreaches: 1\n";
    assert_eq!(running.end(), (1, printed.to_string(), String::new()));
}

#[test]
fn its_input_is_obeyed() {
    let mut running = Running::start(&[]);
    let lines = "behave directory-503=2\nstop no-meta\ntxt a.test value\nuntxt a.test value\nstop x\nhello\n";
    running.stdin.write_all(lines.as_bytes()).unwrap();
    let mut complaints = BufReader::new(running.child.stderr.take().unwrap()).lines();
    // The last line is obeyed after all others.
    let seen: Vec<_> = complaints.by_ref().take(2).map(Result::unwrap).collect();
    assert!(
        seen[0].contains("no behaviour is called \"x\"") && seen[1].contains("\"hello\" is no command"),
        "{seen:?}"
    );
    assert_eq!(running.get(&[AGENT]).status, 503);
    drop(running.stdin);
    assert!(running.child.wait().unwrap().success());
}

#[test]
fn the_root_can_be_written_to_a_file() {
    let folder = std::env::temp_dir().join(format!("acme-testca-{}", std::process::id()));
    let file = folder.join("root.pem");
    std::fs::create_dir(&folder).unwrap();
    let mut child = command(&["--root-file", file.to_str().unwrap()]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(child.stdin.take());
    line.clear();
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "breaches: 0\n", "no root is printed");
    assert!(child.wait().unwrap().success());
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn all_behaviours_are_listed() {
    let output = command(&["--list"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let name = |line: &str| line.split(['[', ' ']).next().unwrap().to_string();
    let listed: HashSet<_> = text.lines().filter(|line| !line.starts_with(' ')).map(name).collect();
    assert_eq!(listed, Behaviour::ALL.iter().map(|behaviour| behaviour.name().to_string()).collect());
}

#[test]
fn wrong_arguments_are_refused() {
    for (arguments, part) in [
        (["--behave", "nonce-205"], "no behaviour is called"),
        (["--behave", "nonce-rejection=101"], "a percentage from 0 to 100"),
        (["--eab", "kid"], "expected NAME=VALUE"),
        (["--eab", "kid=A=="], "the key is"),
    ] {
        let output = command(&arguments).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && text.contains(part), "{arguments:?}: {text}");
    }
}
