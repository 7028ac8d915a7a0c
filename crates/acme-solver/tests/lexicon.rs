//! A `lexicon` of ours, called as the true one is.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
mod script;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_proto::{ChallengeType, TxtRecord};
use acme_solver::{Lexicon, TxtStore as _};
use common::task;
use script::{Scripts, call, calls};

fn record(name: &str, token: &str) -> TxtRecord {
    task(name, ChallengeType::Dns01, token).proof.txt_record().unwrap().clone()
}

/// A value with a `-` in front is what argparse takes for an option when it stands alone.
fn awkward_record() -> TxtRecord {
    let found = (0..).map(|number| record("www.a.test", &format!("t{number}"))).find(|it| it.value.starts_with('-'));
    found.unwrap()
}

#[test]
fn records_are_created_and_deleted_one_by_one() {
    let scripts = Scripts::new();
    let program = scripts.noting("lexicon", "LEXICON_", "echo true\n");
    let store = Lexicon::new("cloudflare").program(&program);
    let records = [record("a.test", "one"), awkward_record()];
    assert!(store.add(&records).iter().all(Result::is_ok));
    assert!(store.remove(&records).iter().all(Result::is_ok));
    let content = records.clone().map(|record| format!("--content={}", record.value));
    let want = |action| {
        [("a.test", "--name=_acme-challenge.a.test."), ("www.a.test", "--name=_acme-challenge.www.a.test.")]
            .into_iter()
            .zip(&content)
            .map(move |((domain, name), content)| {
                call(&["cloudflare", action, domain, "TXT", name, content, "--output=JSON"], &[], "")
            })
    };
    assert_eq!(calls(&program), want("create").chain(want("delete")).collect::<Vec<_>>());
}

#[test]
fn the_zone_and_the_time_to_live_can_be_told() {
    let scripts = Scripts::new();
    let program = scripts.noting("lexicon", "LEXICON_", "");
    let store = || Lexicon::new("ovh").program(&program).ttl(60);
    let record = record("a.b.test", "one");
    let content = format!("--content={}", record.value);
    for (zone, store) in
        [("--resolve-zone-name", store().resolve_zone_name()), ("--delegated=b.test", store().delegated("b.test"))]
    {
        store.add(std::slice::from_ref(&record)).remove(0).unwrap();
        let name = "--name=_acme-challenge.a.b.test.";
        let args = [zone, "ovh", "create", "a.b.test", "TXT", name, &content, "--ttl=60", "--output=JSON"];
        assert_eq!(calls(&program), [call(&args, &[], "")]);
    }
}

#[test]
fn failures_name_the_record_the_provider_and_the_fix() {
    let scripts = Scripts::new();
    for (why, program, parts, fix) in [
        ("not installed", scripts.path("missing"), ["no such program", "cloudflare"], "pipx install"),
        (
            "no keys",
            scripts.script("no-keys", "echo 'ProviderNotAvailableError: no token' >&2; exit 1"),
            ["exit status 1; its last output was: ProviderNotAvailableError", "_acme-challenge.a.test."],
            "LEXICON_CLOUDFLARE_AUTH_TOKEN",
        ),
        (
            "refused without a status",
            scripts.script("refused", "echo warning; echo false"),
            ["the provider refuses", "_acme-challenge.a.test."],
            "keys",
        ),
        ("too slow", scripts.script("slow", "sleep 600"), ["0.3 seconds", "_acme-challenge.a.test."], "more time"),
    ] {
        let store = Lexicon::new("cloudflare").program(program).timeout(Duration::from_millis(300));
        let results = store.add(&[record("a.test", "one"), record("b.test", "two")]);
        let error = results[0].as_ref().unwrap_err();
        assert!(parts.iter().all(|part| error.to_string().contains(part)), "{why}: {error}");
        assert!(error.advice().contains(fix), "{why}: {}", error.advice());
        let second = results[1].as_ref().unwrap_err();
        assert!(second.to_string().contains("already failed"), "{why}: {second}");
        assert!(store.remove(&[record("a.test", "one")])[0].is_err(), "{why}");
    }
}

#[test]
fn what_a_failed_creation_has_got_done_is_taken_back() {
    let scripts = Scripts::new();
    let program = scripts.noting("lexicon", "LEXICON_", "exit 1\n");
    let store = Lexicon::new("ovh").program(&program);
    assert!(store.add(&[record("a.test", "one")])[0].is_err());
    let actions: Vec<_> = calls(&program).iter().map(|call| call.lines().nth(1).unwrap().to_owned()).collect();
    assert_eq!(actions, ["arg create", "arg delete"]);
}

#[test]
fn a_provider_that_is_no_word_reaches_no_command_line() {
    let scripts = Scripts::new();
    let program = scripts.noting("lexicon", "LEXICON_", "");
    for provider in ["", "--help", "a b", "$(id)", "cloudflare/..", "cloud-flare"] {
        let store = Lexicon::new(provider).program(&program);
        let error = store.add(&[record("a.test", "one")]).remove(0).unwrap_err();
        assert!(error.to_string().contains(&format!("{provider:?}")), "{error}");
        assert!(store.check().is_err() && calls(&program).is_empty(), "{provider}");
    }
    Lexicon::new("gandi_live").program(&program).check().unwrap();
    let missing = Lexicon::new("ovh").program(scripts.path("missing")).check().unwrap_err();
    assert!(missing.advice().contains("install"), "{missing}");
}

#[test]
fn output_is_shown() {
    let scripts = Scripts::new();
    let heard: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = Arc::clone(&heard);
    let store = Lexicon::new("ovh").program(scripts.script("lexicon", "echo true"));
    let store = store.output(move |line| sink.lock().unwrap().push(line.text.to_owned()));
    store.add(&[record("a.test", "one")]).remove(0).unwrap();
    assert_eq!(*heard.lock().unwrap(), ["true"]);
}
