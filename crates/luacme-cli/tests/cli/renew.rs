//! `luacme renew`: all that is due, without flags.

use std::fs;
use std::time::{Duration, SystemTime};

use acme_testca::{Behaviour, Resource};
use serde_json::Value;

use crate::deploy_hook::script;
use crate::support::{Bench, Run};

const HOUR: Duration = Duration::from_secs(3600);

/// One with a certificate for each name.
fn bench(names: &[&str]) -> Bench {
    let bench = Bench::registered();
    for name in names {
        bench.getcert(&[name]).succeeds();
    }
    bench
}

/// The moment that was chosen from the CA's window has come.
fn make_due(bench: &Bench, names: &[&str]) {
    for name in names {
        let path = bench.file(&format!("certs/{name}/renewal.json"));
        let mut renewal: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        renewal["schedule"]["moment"] = "2020-01-01T00:00:00Z".into();
        fs::write(&path, renewal.to_string()).unwrap();
    }
}

/// Without any flags but the folder.
fn renew(bench: &Bench, words: &[&str]) -> Run {
    bench.bare(&[&["renew", "--dir", "state"], words].concat())
}

/// How many certificates there have been.
fn version(bench: &Bench, name: &str) -> u32 {
    bench.version(name).file_name().unwrap().to_str().unwrap().parse().unwrap()
}

#[test]
fn nothing_is_due_and_nobody_is_asked() {
    let bench = bench(&["a.test", "b.test"]);
    let requests = bench.requests();
    renew(&bench, &[]).succeeds().prints("nothing was due; the next is ");
    assert_eq!(bench.requests(), requests);
    let empty = Bench::start();
    renew(&empty, &[]).succeeds().prints("there are no certificates");
}

#[test]
fn what_the_ca_suggests_is_renewed_and_says_what_it_replaces() {
    let bench = bench(&["b.test"]);
    let now = SystemTime::now();
    bench.ca.set_renewal_window(now - 2 * HOUR, now - HOUR);
    bench.getcert(&["a.test"]).succeeds();
    bench.ca.set_renewal_window(now + 100 * HOUR, now + 101 * HOUR);
    renew(&bench, &[]).succeeds().prints("certificate for a.test").prints("1 renewed, 0 failed");
    assert_eq!((version(&bench, "a.test"), version(&bench, "b.test")), (2, 1));
    let requests = bench.ca.requests();
    let order = requests.iter().rfind(|request| request.resource == Resource::NewOrder).unwrap();
    assert!(String::from_utf8_lossy(&order.payload).contains("\"replaces\":"), "{order:?}");
    let asked = requests.iter().filter(|request| request.resource == Resource::RenewalInfo).count();
    assert_eq!(asked, 3, "once for each certificate, right after it came");
    renew(&bench, &[]).succeeds().prints("nothing was due");
}

#[test]
fn what_is_remembered_of_the_renewal_may_be_lost() {
    let bench = Bench::with(|ca| ca.behave(Behaviour::AriNoRetryAfter));
    bench.register().succeeds();
    bench.getcert(&["a.test"]).succeeds();
    let window = |bench: &Bench| {
        let renewal: Value = serde_json::from_str(&bench.read("certs/a.test/renewal.json")).unwrap();
        renewal["schedule"]["window"].clone()
    };
    let before = window(&bench);
    assert!(before["start"].is_string());
    for text in ["", "{\"certificate\":", "[]", "{\"certificate\":{},\"schedule\":{}}"] {
        fs::write(bench.file("certs/a.test/renewal.json"), text).unwrap();
        renew(&bench, &[]).succeeds().prints("nothing was due");
        assert_eq!(window(&bench), before, "{text:?}: the CA is asked again");
    }
}

#[test]
fn without_renewal_information_the_lifetime_decides() {
    for (lifetime, versions) in [(10 * 86_400, 1), (1, 2)] {
        let bench = Bench::with(|ca| ca.behave(Behaviour::NoRenewalInfo));
        bench.register().succeeds();
        bench.ca.behave(Behaviour::LeafLifetime.with(lifetime));
        bench.getcert(&["a.test"]).succeeds();
        std::thread::sleep(Duration::from_millis(if lifetime == 1 { 1100 } else { 0 }));
        renew(&bench, &[]).succeeds();
        assert_eq!(version(&bench, "a.test"), versions, "{lifetime} s");
    }
}

#[test]
fn one_that_fails_does_not_keep_the_others_waiting() {
    let bench = bench(&["a.test", "b.test", "c.test"]);
    make_due(&bench, &["b.test", "c.test"]);
    fs::write(bench.file("certs/a.test/config.toml"), "names = [\"a.te").unwrap();
    let run = renew(&bench, &[]).exits(1);
    assert!(run.stderr.contains("certs/a.test/config.toml"), "{}", run.stderr);
    assert_eq!((version(&bench, "b.test"), version(&bench, "c.test")), (2, 2), "{}", run.stdout);
}

#[test]
fn after_a_failure_the_ca_is_left_alone_for_a_while() {
    let bench = bench(&["a.test"]);
    make_due(&bench, &["a.test"]);
    bench.ca.behave(Behaviour::FinalizeFails.with(9));
    renew(&bench, &[]).exits(1);
    let requests = bench.requests();
    let run = renew(&bench, &[]).exits(75).prints("not tried again before");
    assert!(run.stdout.contains("1 to be tried later"), "{}", run.stdout);
    assert_eq!(bench.requests(), requests, "no request during the pause");
    bench.ca.stop(Behaviour::FinalizeFails);
    renew(&bench, &["--force"]).succeeds();
    assert_eq!(version(&bench, "a.test"), 2);
}

#[test]
fn a_pause_that_the_ca_asked_for_is_kept() {
    let bench = bench(&["a.test"]);
    make_due(&bench, &["a.test"]);
    bench.ca.behave(Behaviour::RateLimited.with(9));
    let first = renew(&bench, &[]).exits(75);
    assert!(first.stderr.contains("a.test: cannot place the order"), "{}", first.stderr);
    let until = first.part("not before").to_owned();
    renew(&bench, &[]).exits(75).prints(&until);
}

#[test]
fn a_ca_that_is_down_is_a_warning_while_there_is_time() {
    let bench = bench(&["a.test", "b.test"]);
    make_due(&bench, &["a.test", "b.test"]);
    for name in ["a.test", "b.test"] {
        let path = bench.file(&format!("certs/{name}/config.toml"));
        let config = fs::read_to_string(&path).unwrap();
        let gone = config.replace(&bench.ca.directory_url(), "https://127.0.0.1:1/dir");
        fs::write(&path, gone).unwrap();
    }
    let account = bench.read("account.json").replace(&bench.ca.directory_url(), "https://127.0.0.1:1/dir");
    fs::write(bench.file("account.json"), account).unwrap();
    let run = renew(&bench, &[]).succeeds();
    assert!(run.stderr.contains("warning: https://127.0.0.1:1/dir"), "{}", run.stderr);
}

#[test]
fn hooks_that_failed_are_made_up_for() {
    let bench = bench(&[]);
    let hook = script(&bench, "hook", "echo run >> told; test -e ready");
    bench.getcert(&["a.test", "--deploy-hook", &hook]).exits(4);
    let requests = bench.requests();
    renew(&bench, &[]).exits(4);
    fs::write(bench.beside("ready"), "").unwrap();
    renew(&bench, &[]).succeeds();
    renew(&bench, &[]).succeeds();
    assert_eq!(fs::read_to_string(bench.beside("told")).unwrap(), "run\nrun\nrun\n");
    assert_eq!((version(&bench, "a.test"), bench.requests()), (1, requests));
}

#[test]
fn names_choose_and_must_be_known() {
    let bench = bench(&["a.test", "b.test"]);
    renew(&bench, &["b.test", "--force"]).succeeds();
    assert_eq!((version(&bench, "a.test"), version(&bench, "b.test")), (1, 2));
    for name in ["c.test", "../state", "", "."] {
        renew(&bench, &[name]).exits(2).complains("there is no certificate");
    }
}

#[test]
fn another_run_at_work_is_not_disturbed() {
    let bench = bench(&["a.test"]);
    make_due(&bench, &["a.test"]);
    let lock = fs::File::options().write(true).open(bench.file("certs/a.test/lock")).unwrap();
    lock.lock().unwrap();
    let run = renew(&bench, &[]).exits(75);
    assert!(run.stderr.contains("another luacme is at work on a.test"), "{}", run.stderr);
    drop(lock);
    renew(&bench, &[]).succeeds();
    assert_eq!(version(&bench, "a.test"), 2);
}

#[test]
fn a_person_who_must_act_is_told() {
    let bench = bench(&["a.test"]);
    let nowhere = crate::support::free_port().to_string();
    bench.luacme(&["getcert", "a.test", "--force", "--manual", "--http-addr", &nowhere]).exits(3);
    let config = bench.read("certs/a.test/config.toml").replace("standalone", "manual");
    fs::write(bench.file("certs/a.test/config.toml"), config).unwrap();
    make_due(&bench, &["a.test"]);
    renew(&bench, &[]).exits(3).prints("Then run the same command again");
}

#[test]
fn programs_learn_how_the_round_ended() {
    let bench = bench(&["a.test"]);
    let last = renew(&bench, &["--json"]).succeeds().last();
    assert_eq!(
        (&last["event"], &last["renewed"], &last["next"]["name"]),
        (&"round".into(), &0.into(), &"a.test".into())
    );
    let quiet = renew(&bench, &["-q", "--random-sleep=1"]).succeeds();
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}
