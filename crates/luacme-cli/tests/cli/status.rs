//! `luacme status` and `luacme check`: how certificates stand, asking nobody.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::{Duration, Instant};

use acme_testca::Behaviour;

use crate::support::{Bench, Run};

fn bench() -> Bench {
    let bench = Bench::registered();
    bench.getcert(&["a.test", "www.a.test", "b.test"]).succeeds();
    bench
}

/// Without any flags but the folder.
fn luacme(bench: &Bench, words: &[&str]) -> Run {
    bench.bare(&[words, &["--dir", "state"]].concat())
}

/// Copies what is stored of a certificate.
fn copy(bench: &Bench, name: &str, copy: &str) {
    fn files(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => files(&entry.path(), &to.join(entry.file_name())),
                false => drop(fs::copy(entry.path(), to.join(entry.file_name())).unwrap()),
            }
        }
    }
    files(&bench.file("certs").join(name), &bench.file("certs").join(copy));
    symlink(format!("../certs/{copy}/1"), bench.file("live").join(copy)).unwrap();
}

#[test]
fn a_table_of_all_certificates() {
    let bench = bench();
    copy(&bench, "a.test", "c.test");
    let requests = bench.requests();
    let table = luacme(&bench, &["status"]).succeeds().stdout;
    let lines: Vec<_> = table.lines().collect();
    assert!(lines[0].starts_with("NAME"), "{table}");
    for (line, name) in lines[1..].iter().zip(["a.test", "c.test"]) {
        for part in [name, " +2 ", " 89 d [##########]", " to ", " issued "] {
            assert!(line.contains(part), "no {part:?} in {line}");
        }
    }
    assert_eq!((lines.len(), bench.requests()), (3, requests));
    assert_eq!(luacme(&bench, &["status", "c.test"]).succeeds().stdout.lines().count(), 2);
    luacme(&bench, &["status", "x.test"]).exits(2).complains("there is no certificate");
    luacme(&Bench::start(), &["status"]).succeeds().prints("there are no certificates");
}

#[test]
fn json_and_prometheus() {
    let bench = bench();
    let object = luacme(&bench, &["status", "--json"]).succeeds().last();
    for (member, want) in [("event", "status"), ("name", "a.test"), ("standing", "good")] {
        assert_eq!(object[member], want, "{object}");
    }
    assert_eq!((&object["days_left"], &object["last"]["outcome"]), (&89.into(), &"issued".into()), "{object}");
    assert!(object["window"]["start"].is_string() && object["next"].is_string(), "{object}");

    let text = luacme(&bench, &["status", "--prometheus"]).succeeds().stdout;
    for line in ["valid{name=\"a.test\"} 1", "due{name=\"a.test\"} 0", "last_attempt_success{name=\"a.test\"} 1"] {
        assert!(text.contains(&format!("luacme_certificate_{line}\n")), "no {line} in {text}");
    }
    luacme(&bench, &["status", "--prometheus=luacme.prom"]).succeeds();
    assert!(fs::read_to_string(bench.beside("luacme.prom")).unwrap().ends_with("success{name=\"a.test\"} 1\n"));
}

#[test]
fn what_cannot_be_read_hides_nothing_else() {
    let bench = bench();
    copy(&bench, "a.test", "b.test");
    fs::write(bench.file("certs/b.test/config.toml"), "names = [").unwrap();
    let run = luacme(&bench, &["status"]).exits(1).prints("a.test");
    assert!(run.stderr.contains("b.test: cannot read state/certs/b.test/config.toml"), "{}", run.stderr);
    luacme(&bench, &["status", "--prometheus"]).exits(1).prints("valid{name=\"b.test\"} 0");
}

#[test]
fn check_has_an_exit_code_for_each_case() {
    let bench = bench();
    let one_line = |words: &[&str], code| {
        let run = luacme(&bench, words).exits(code);
        assert_eq!((run.stdout.lines().count(), run.stderr.as_str()), (1, ""), "{}", run.stdout);
        run
    };
    one_line(&["check", "a.test"], 0).prints("good: a.test: ends 20");
    one_line(&["check", "x.test"], 2).prints("broken: x.test: ");
    let renewal = bench.read("certs/a.test/renewal.json");
    let due: String = renewal
        .lines()
        .map(|line| if line.contains("\"moment\"") { "\"moment\": \"2020-01-01T00:00:00Z\"," } else { line })
        .collect();
    fs::write(bench.file("certs/a.test/renewal.json"), due).unwrap();
    one_line(&["check", "a.test"], 1).prints("due: a.test: ");
    luacme(&bench, &["status"]).succeeds().prints("] due ").prints(" now\n");
    assert_eq!(luacme(&bench, &["check", "a.test", "--json"]).exits(1).last()["exit"], 1);
    assert_eq!(luacme(&bench, &["check", "a.test", "-q"]).exits(1).stdout, "");
    fs::write(bench.file("certs/a.test/1/fullchain.pem"), "").unwrap();
    one_line(&["check", "a.test"], 2).prints("missing: a.test: ");
    fs::write(bench.file("certs/a.test/config.toml"), "server = 1").unwrap();
    one_line(&["check", "a.test"], 2).prints("broken: a.test: cannot read");

    bench.ca.behave(Behaviour::LeafLifetime.with(1));
    bench.getcert(&["short.test"]).succeeds();
    std::thread::sleep(Duration::from_millis(1100));
    one_line(&["check", "short.test"], 2).prints("expired: short.test: ");
}

/// docs/scale.md has what a release build takes.
#[test]
fn a_thousand_certificates() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    (0..999).for_each(|number| copy(&bench, "a.test", &format!("{number}.test")));
    for (words, lines) in [(&["status"][..], 1001), (&["renew"], 1), (&["status", "--json"], 1000)] {
        let started = Instant::now();
        let found = luacme(&bench, words).succeeds().stdout.lines().count();
        let limit = Duration::from_millis(if cfg!(debug_assertions) { 10_000 } else { 100 });
        assert!(started.elapsed() < limit, "{words:?}: {:?}", started.elapsed());
        assert_eq!(found, lines, "{words:?}");
    }
    if let Some(folder) = std::env::var_os("LUACME_KEEP_THOUSAND") {
        fs::rename(bench.dir(), folder).unwrap();
    }
}
