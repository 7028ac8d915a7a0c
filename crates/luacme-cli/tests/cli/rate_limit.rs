//! A CA that had enough is left alone for as long as it asks (RFC 8555 §6.6).

use std::fs;

use crate::support::{Bench, LimitingCa, Run};

const LIMITED: &str = "429 Too Many Requests\r\nContent-Type: application/problem+json\r\nRetry-After: 3600\r\n\r\n\
                       {\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"too many orders\"}";
const OVERLOADED: &str = "503 Service Unavailable\r\nContent-Type: text/html\r\nRetry-After: 120\r\n\r\n<h1>busy</h1>";
const UNLIMITED_PAUSE: &str = "429 Too Many Requests\r\nContent-Type: application/problem+json\r\n\r\n\
                               {\"type\":\"urn:ietf:params:acme:error:rateLimited\",\"detail\":\"too many orders\"}";

/// A bench with an account at a CA that answers newOrder so.
fn bench(new_order: &str) -> (Bench, LimitingCa) {
    let (bench, ca) = (Bench::start(), LimitingCa::start(new_order));
    fs::write(bench.beside("ca.pem"), &ca.root_pem).unwrap();
    bench.luacme(&["register", &ca.directory_url()]).succeeds();
    (bench, ca)
}

fn getcert(bench: &Bench, words: &[&str]) -> Run {
    bench.fails(75, &[&["getcert", "a.test", "--manual"], words].concat())
}

#[test]
fn the_ca_is_not_asked_again_before_the_pause_is_over() {
    for answer in [LIMITED, OVERLOADED] {
        let (bench, ca) = bench(answer);
        let first = getcert(&bench, &[]).complains("cannot place the order");
        let until = first.part("not before").to_owned();
        let asked = ca.requests();

        let second = getcert(&bench, &[]).complains("a.test");
        assert_eq!(second.part("not before"), until);
        assert_eq!(getcert(&bench, &["--json"]).last()["not_before"], until);
        assert_eq!(ca.requests(), asked, "no request within the pause");
        bench.luacme(&["getcert", "b.test", "--manual", "-q"]).exits(75);
        assert!(ca.requests() > asked, "the pause is that certificate's alone");
    }
}

#[test]
fn force_asks_at_once() {
    let (bench, ca) = bench(LIMITED);
    getcert(&bench, &[]);
    let asked = ca.requests();
    let run = getcert(&bench, &["--force"]);
    assert!(run.part("the CA said").contains("too many orders"), "{}", run.stderr);
    assert!(ca.requests() > asked);
}

#[test]
fn a_limit_without_an_end_is_a_limit_too() {
    let (bench, _ca) = bench(UNLIMITED_PAUSE);
    let run = getcert(&bench, &[]).complains("too many orders");
    assert!(!run.stderr.contains("not before"), "{}", run.stderr);
    assert!(!run.part("what to do").contains("until then"), "{}", run.stderr);
}
