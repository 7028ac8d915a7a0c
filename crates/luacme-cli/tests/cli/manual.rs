//! `luacme getcert --manual`: a person puts the answers in place between two runs.

use acme_testca::Resource;

use crate::support::{Bench, Run, Web};

/// A registered account, and a web server that a person has at hand.
fn bench() -> (Bench, Web) {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    (bench, web)
}

fn getcert(bench: &Bench, words: &[&str]) -> Run {
    let address = bench.http.to_string();
    bench.luacme(&[&["getcert", "--manual", "--json", "--http-addr", &address], words].concat())
}

/// Does what a run that exited with 3 asks for.
fn obey(web: &Web, run: &Run) -> usize {
    let asked: Vec<_> = run.events().into_iter().filter(|event| event["event"] == "manual").collect();
    for event in &asked {
        assert_eq!(event["type"], "http-01");
        web.put(event["url"].as_str().unwrap(), event["content"].as_str().unwrap());
    }
    asked.len()
}

#[test]
fn two_runs_one_order() {
    let (bench, web) = bench();
    let first = getcert(&bench, &["a.test", "b.test"]).exits(3);
    assert_eq!(first.last()["event"], "awaits_person");
    let claims = first.events().into_iter().filter(|event| event["event"] == "challenge_presented").count();
    assert_eq!(claims, 0, "nothing is in place before the person has put it there");
    assert_eq!(obey(&web, &first), 2);
    assert_eq!(bench.granted(Resource::Challenge), 0, "the CA is told when the person is done, not before");

    let second = getcert(&bench, &["a.test", "b.test"]).succeeds();
    assert_eq!(second.last()["issued"], true);
    assert_eq!(bench.granted(Resource::NewOrder), 1);
    assert_eq!(bench.names("a.test"), ["a.test", "b.test"]);
    assert!(!bench.file("certs/a.test/pending.json").exists());
    assert!(!bench.file("certs/a.test/pending.key").exists());

    let requests = bench.requests();
    assert_eq!(getcert(&bench, &["a.test", "b.test"]).succeeds().last()["issued"], false);
    assert_eq!(bench.requests(), requests);
}

#[test]
fn a_person_who_is_not_done_is_asked_again_for_the_same() {
    let (bench, web) = bench();
    let asked = getcert(&bench, &["a.test"]).exits(3).events();
    let again = getcert(&bench, &["a.test"]).exits(3);
    let of = |events: &[serde_json::Value]| events.iter().find(|event| event["event"] == "manual").cloned().unwrap();
    assert_eq!(of(&again.events()), of(&asked));
    obey(&web, &again);
    getcert(&bench, &["a.test"]).succeeds();
    assert_eq!(bench.granted(Resource::NewOrder), 1);
}

#[test]
fn a_wrong_answer_is_found_before_the_ca_looks() {
    let (bench, web) = bench();
    let first = getcert(&bench, &["a.test"]).exits(3);
    let asked = first.events().into_iter().find(|event| event["event"] == "manual").unwrap();
    web.put(asked["url"].as_str().unwrap(), "something else");
    let second = getcert(&bench, &["a.test"]).exits(3);
    let seen = second.events().into_iter().find(|event| event["event"] == "manual").unwrap()["seen"].clone();
    assert!(seen.as_str().unwrap().contains("something else"), "{seen}");
    assert_eq!(bench.granted(Resource::Challenge), 0);
}

#[test]
fn manual_is_what_happens_without_a_choice_and_says_what_to_do() {
    let (bench, _web) = bench();
    for quiet in [&[][..], &["-q"]] {
        bench
            .luacme(&[&["getcert", "a.test", "--http-addr", &bench.http.to_string()], quiet].concat())
            .exits(3)
            .prints("To prove control of a.test (http-01)")
            .prints("http://a.test/.well-known/acme-challenge/")
            .prints("run the same command again");
    }
}

#[test]
fn other_wishes_are_another_order() {
    let (bench, web) = bench();
    getcert(&bench, &["a.test"]).exits(3);
    for words in [&["a.test", "b.test"][..], &["a.test", "b.test", "--key-type", "p384"]] {
        let placed = bench.granted(Resource::NewOrder);
        obey(&web, &getcert(&bench, words).exits(3));
        assert_eq!(bench.granted(Resource::NewOrder), placed + 1, "{words:?}");
    }
    getcert(&bench, &["a.test", "b.test", "--key-type", "p384"]).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test", "b.test"]);
    assert_eq!(bench.chain("a.test").leaf().public_key().unwrap().algorithm().name(), "ES384");
}

#[test]
fn a_wildcard_is_proven_over_dns() {
    let (bench, _web) = bench();
    // Nobody answers DNS there.
    let resolver = crate::support::free_port().to_string();
    let run = getcert(&bench, &["*.a.test", "--resolver", &resolver]).exits(3);
    let asked = run.events().into_iter().find(|event| event["event"] == "manual").unwrap();
    assert_eq!((&asked["type"], &asked["wildcard"]), (&"dns-01".into(), &true.into()));
    assert_eq!(asked["record"].as_str().unwrap().trim_end_matches('.'), "_acme-challenge.a.test");
    assert_eq!(asked["content"].as_str().unwrap().len(), 43, "a SHA-256 hash in base64url");
}
