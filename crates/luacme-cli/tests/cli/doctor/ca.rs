//! What is wrong with the CA, the account there, and the clock.

use std::time::{Duration, SystemTime};

use acme_testca::Behaviour;
use serde_json::json;

use super::{at, doctor, evidence, findings};
use crate::support::Bench;

#[test]
fn all_is_well() {
    let bench = Bench::registered();
    let dns = at(&["127.0.0.1"]);
    let words = ["a.test", "--standalone", "--http-addr", &bench.http.to_string()];
    let run = doctor(&bench, dns.address, &words).succeeds();
    let mut codes: Vec<_> = findings(&run).iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect();
    codes.sort();
    let want = [
        "account-valid",
        "ca-answers",
        "ca-challenges-unknown",
        "caa-permits",
        "clock-right",
        "dns-agrees",
        "files-private",
        "port-free",
        "standalone-reached",
    ];
    assert_eq!(codes, want);

    let (resolver, server) = (dns.address.to_string(), bench.ca.directory_url());
    let people =
        bench.luacme(&[&["doctor", "--resolver", &resolver, "--server", &server], &words[..]].concat()).succeeds();
    people
        .prints("ok       a.test: the name leads to the listener: 127.0.0.1:")
        .prints("\n0 errors, 0 warnings, 8 in order\n");
}

#[test]
fn what_a_newcomer_must_know() {
    let bench = Bench::with(|ca| ca.external_account("kid", b"0123456789abcdef0123456789abcdef").profile("short", "x"));
    let run = doctor(&bench, at(&["127.0.0.1"]).address, &["a.test"]);
    for (code, want) in [
        ("ca-binding-needed", "the directory says so"),
        ("ca-terms", "https://"),
        ("ca-profiles", "short"),
        ("ca-challenges-unknown", "directory"),
        ("account-none", "no account file"),
    ] {
        let found = evidence(&run, code);
        assert!(found.contains(want), "{code}: {found}");
    }
    assert!(!bench.dir().exists(), "a doctor leaves nothing behind");
}

#[test]
fn the_account_is_asked_for() {
    for (want, undo) in [
        ("account-unknown", (|bench: &Bench| bench.ca.forget_accounts()) as fn(&Bench)),
        ("account-not-valid", |bench| {
            let account: serde_json::Value = serde_json::from_str(&bench.read("account.json")).unwrap();
            let url = account["url"].as_str().unwrap();
            bench.luacme(&["step", url, &json!({"status": "deactivated"}).to_string()]).succeeds();
        }),
        ("account-unchecked", |bench| {
            bench.ca.behave(Behaviour::AccountReadFails);
            bench.ca.behave(Behaviour::AnswerLostNewAccount.with(9));
        }),
        ("account-valid", |bench| bench.ca.behave(Behaviour::AccountReadFails)),
    ] {
        let bench = Bench::registered();
        undo(&bench);
        evidence(&doctor(&bench, at(&["127.0.0.1"]).address, &["a.test"]), want);
    }
}

#[test]
fn a_clock_that_is_wrong_is_seen() {
    let bench = Bench::with(|ca| ca.clock(|| SystemTime::now() + Duration::from_secs(600)));
    let found = evidence(&doctor(&bench, at(&["127.0.0.1"]).address, &["a.test"]), "clock-wrong");
    assert!(found.starts_with("here 2") && found.contains("there 2"), "{found}");
}

#[test]
fn a_ca_that_is_none() {
    let bench = Bench::start();
    let dns = at(&["127.0.0.1"]);
    for (why, server, want) in [
        ("no such resource", bench.ca.directory_url().replace("/dir", "/nothing"), "ca-unusable"),
        ("nobody there", format!("https://{}/directory", bench.http), "ca-unreachable"),
    ] {
        let resolver = dns.address.to_string();
        let run = bench.luacme(&["doctor", "a.test", "--json", "--resolver", &resolver, "--server", &server]).exits(1);
        assert!(evidence(&run, want).starts_with(&server), "{why}");
    }
}

#[test]
fn what_no_ca_on_the_internet_can_reach() {
    let bench = Bench::start();
    let resolver = at(&["127.0.0.1"]).address.to_string();
    let public = "https://ca.invalid/directory";
    let run = bench.luacme(&["doctor", "a.test", "--json", "--resolver", &resolver, "--server", public]).exits(1);
    assert_eq!(evidence(&run, "address-reserved"), "127.0.0.1 is this computer itself (loopback)");
}
