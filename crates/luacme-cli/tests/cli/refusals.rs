//! Certificates that come to nothing: what is said, and what is left.

use std::fs::{self, File};
use std::net::TcpListener;

use acme_testca::Resource;

use crate::support::{Bench, Run, Web, tree};

/// A bench where a certificate for a.test is in use.
fn bench() -> Bench {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    bench
}

fn attempts(bench: &Bench, name: &str) -> Vec<serde_json::Value> {
    let history = bench.read(&format!("certs/{name}/history.jsonl"));
    history.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What happened, what the CA said, what to do.
#[track_caller]
fn has_three_parts(run: &Run, what: &str, said: &str, todo: &str) {
    for (part, text) in [("error", what), ("the CA said", said), ("what to do", todo)] {
        assert!(run.part(part).contains(text), "{part} has no {text:?}:\n{}", run.stderr);
    }
    assert_eq!(run.stderr.lines().filter(|line| line.starts_with("error:")).count(), 1, "{}", run.stderr);
}

#[test]
fn a_name_the_ca_does_not_issue_for() {
    let bench = bench();
    let run = bench.fails(1, &["getcert", "a.test", "localhost", "--standalone", "--force"]);
    has_three_parts(&run, "cannot place the order", "localhost", "leave that name out");
    let attempts = attempts(&bench, "a.test");
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[1]["outcome"], "failed");
    assert!(attempts[1]["detail"].as_str().unwrap().contains("localhost"));
    assert!(!bench.file("certs/a.test/pending.json").exists());
    assert!(!bench.file("certs/a.test/pending.key").exists());
    assert_eq!(bench.names("a.test"), ["a.test"], "the old certificate is in use");
}

#[test]
fn a_name_that_does_not_lead_here() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let elsewhere = crate::support::free_port().to_string();
    let run = bench.fails(1, &["getcert", "a.test", "b.test", "--standalone", "--http-addr", &elsewhere]);
    has_three_parts(&run, "a.test could not be validated (http-01)", "404", "run the same command again");
    assert!(run.part("error").contains("b.test"), "all that failed are named: {}", run.stderr);
    assert_eq!(attempts(&bench, "a.test").len(), 1);
    assert!(!bench.file("live").exists());
    assert!(!bench.file("certs/a.test/pending.json").exists(), "nothing will come of that order");
    assert!(!bench.file("certs/a.test/pending.key").exists());

    bench.fails(1, &["getcert", "a.test", "b.test", "--standalone", "--http-addr", &elsewhere]);
    assert_eq!(bench.granted(Resource::NewOrder), 2, "a lost order is not gone on with");
}

#[test]
fn a_port_that_is_taken() {
    let bench = bench();
    let taken = TcpListener::bind(bench.http).unwrap();
    let run = bench.fails(1, &["getcert", "a.test", "--force"]).complains(&bench.http.to_string());
    assert!(run.part("what to do").contains("--webroot"), "{}", run.stderr);
    assert_eq!(attempts(&bench, "a.test").len(), 2);
    drop(taken);

    let placed = bench.granted(Resource::NewOrder);
    bench.luacme(&["getcert", "a.test", "--force"]).succeeds();
    assert_eq!(bench.granted(Resource::NewOrder), placed, "the order of the failed run is gone on with");
}

#[test]
fn a_webroot_that_is_not_one() {
    let bench = bench();
    let run =
        bench.fails(1, &["getcert", "a.test", "--force", "--webroot", "missing"]).complains("missing does not exist");
    assert!(run.part("what to do").contains("--webroot"), "{}", run.stderr);

    // The folder is there, but another one is shown.
    let web = Web::start();
    fs::create_dir(bench.beside("www")).unwrap();
    let shown = web.address.to_string();
    let run = bench.fails(1, &["getcert", "a.test", "--force", "--webroot", "www", "--http-addr", &shown]);
    assert!(run.stderr.contains("404"), "{}", run.stderr);
    assert!(tree(&bench.beside("www")).is_empty(), "the answer is taken away");
}

#[test]
fn a_wildcard_needs_more_than_http() {
    let bench = bench();
    let words = ["getcert", "*.b.test", "--standalone", "--http-addr", &bench.http.to_string()];
    let run = bench.fails(1, &words).complains("*.b.test").complains("dns-01");
    let todo = run.part("what to do");
    assert!(todo.contains("--manual") && !todo.contains("--standalone"), "what cannot help is not offered: {todo}");
}

#[test]
fn a_second_run_at_the_same_time() {
    let bench = bench();
    let lock = File::open(bench.file("certs/a.test/lock")).unwrap();
    lock.try_lock().unwrap();
    let (before, requests) = (tree(&bench.dir()), bench.requests());
    let run = bench.fails(75, &["getcert", "a.test", "--force"]).complains("another luacme is at work on a.test");
    assert!(run.part("what to do").contains("wait"), "{}", run.stderr);
    assert_eq!((tree(&bench.dir()), bench.requests()), (before, requests));
    bench.getcert(&["b.test"]).succeeds();
    drop(lock);
    bench.getcert(&["a.test", "--force"]).succeeds();
}

#[test]
fn an_order_the_ca_has_forgotten_is_placed_anew() {
    let bench = bench();
    let nowhere = crate::support::free_port().to_string();
    bench.luacme(&["getcert", "b.test", "--manual", "--http-addr", &nowhere]).exits(3);
    let pending = bench.read("certs/b.test/pending.json");
    let order = serde_json::from_str::<serde_json::Value>(&pending).unwrap()["order"].as_str().unwrap().to_owned();
    for (why, text) in [
        ("the CA does not know it", pending.replace(&order, &format!("{order}x"))),
        ("it was cut short", pending[..20].to_owned()),
    ] {
        fs::write(bench.file("certs/b.test/pending.json"), text).unwrap();
        let placed = bench.granted(Resource::NewOrder);
        bench.getcert(&["b.test", "--force"]).succeeds();
        assert_eq!(bench.granted(Resource::NewOrder), placed + 1, "{why}");
    }
}
