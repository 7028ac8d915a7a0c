//! dns-01 through a store of records: what is published, looked for and taken away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
mod dns_server;

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use acme_account::{Clock, Readiness, Solver as _, SolverError, Task};
use acme_proto::{ChallengeType, Identifier, TxtRecord};
use acme_solver::dns::{Client, Propagation, Zones};
use acme_solver::{DnsSolver, TxtStore};
use common::task;
use dns_server::zone::{Records, start};
use dns_server::{DnsServer, alias, txt};

/// Keeps what it is given, and notes every call.
#[derive(Clone, Default)]
struct Store {
    records: Arc<Mutex<Vec<(String, String)>>>,
    calls: Arc<Mutex<Vec<String>>>,
    refused: &'static str,
    alias: Option<&'static str>,
}

impl Store {
    fn note(&self, what: &str, records: &[TxtRecord]) {
        self.calls.lock().unwrap().push(format!("{what} {}", records.len()));
    }
}

impl TxtStore for Store {
    fn add(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        self.note("add", records);
        let add = |record: &TxtRecord| match record.name == self.refused {
            true => Err(SolverError::new("not mine", "choose another")),
            false => {
                self.records.lock().unwrap().push((record.name.clone(), record.value.clone()));
                Ok(())
            }
        };
        records.iter().map(add).collect()
    }

    fn remove(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        self.note("remove", records);
        let mut kept = self.records.lock().unwrap();
        kept.retain(|(name, value)| !records.iter().any(|gone| (&gone.name, &gone.value) == (name, value)));
        records.iter().map(|_| Ok(())).collect()
    }

    fn alias(&self, _: &TxtRecord) -> Option<String> {
        self.alias.map(str::to_owned)
    }
}

/// A clock of which nobody needs to wait.
#[derive(Default)]
struct Hurried(Mutex<Duration>);

impl Hurried {
    fn passed(&self) -> u64 {
        self.0.lock().unwrap().as_secs()
    }
}

impl Clock for Hurried {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + *self.0.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) {
        *self.0.lock().unwrap() += pause;
    }
}

fn dns_tasks(names: &[&str]) -> Vec<Task> {
    names.iter().map(|name| task(name, ChallengeType::Dns01, "token")).collect()
}

fn skipping(store: &Store) -> DnsSolver {
    DnsSolver::new(store.clone()).propagation(Propagation::default().skip())
}

#[test]
fn all_records_go_to_the_store_at_once_and_come_back_out() {
    let store = Store::default();
    store.records.lock().unwrap().push(("_acme-challenge.a.test.".to_owned(), "unrelated".to_owned()));
    let tasks = [dns_tasks(&["a.test"]), dns_tasks(&["a.test"]), dns_tasks(&["b.test"])].concat();
    let solver = skipping(&store);
    assert!(solver.present(&tasks).iter().all(Result::is_ok));
    assert_eq!(store.records.lock().unwrap().len(), 4, "two values at one name, beside a third");
    assert!(solver.verify(&tasks).iter().all(|seen| matches!(seen, Ok(Readiness::Ready))), "nobody is asked");
    assert!(solver.clean_up(&tasks).iter().all(Result::is_ok));
    assert_eq!(*store.calls.lock().unwrap(), ["add 3", "remove 3"]);
    assert_eq!(store.records.lock().unwrap().len(), 1, "what is not ours stays");
}

#[test]
fn every_task_gets_its_own_result() {
    let store = Store { refused: "_acme-challenge.b.test.", ..Store::default() };
    let mut tasks = dns_tasks(&["a.test", "b.test", "c.test"]);
    tasks.insert(1, task("x.test", ChallengeType::Http01, "token"));
    let presented = skipping(&store).present(&tasks);
    assert_eq!(presented.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, false, true]);
    assert!(presented[1].as_ref().unwrap_err().to_string().contains("http-01 of x.test"));
    assert_eq!(presented[2].as_ref().unwrap_err().to_string(), "not mine");
}

#[test]
fn a_record_that_is_to_stay_stays() {
    let store = Store::default();
    let mut tasks = dns_tasks(&["a.test", "b.test"]);
    let acme_proto::Proof::Dns01(record) = tasks[0].proof.clone() else { panic!("dns-01") };
    tasks[0].proof = acme_proto::Proof::DnsPersist01(record);
    let solver = skipping(&store);
    assert!(solver.present(&tasks).iter().all(Result::is_ok));
    assert!(solver.clean_up(&tasks).iter().all(Result::is_ok));
    let left: Vec<_> = store.records.lock().unwrap().iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(left, ["_acme-challenge.a.test."], "DP-15");
}

#[test]
fn the_name_servers_decide_whether_it_is_there() {
    let tasks = dns_tasks(&["a.test", "b.a.test"]);
    let records = Records::new([start("a.test.")]);
    let shown = tasks[0].proof.txt_record().unwrap();
    records.add(txt(&shown.name, &[&shown.value]));
    let server = DnsServer::answering(move |query, over| records.answer(query, over));
    let resolver = Client::new([server.address]);
    let propagation = || Propagation::new(Zones::new(resolver.clone())).timeout(Duration::ZERO);
    let solver = DnsSolver::new(Store::default()).propagation(propagation().servers([server.address]));
    let seen = solver.verify(&tasks);
    assert_eq!(*seen[0].as_ref().unwrap(), Readiness::Ready);
    let error = seen[1].as_ref().unwrap_err();
    assert!(
        error.to_string().contains("_acme-challenge.b.a.test.") && error.advice().contains("--dns-wait"),
        "{error}"
    );
    // Without NS records nobody can be asked from here; the CA may see more.
    let seen = DnsSolver::new(Store::default()).propagation(propagation()).verify(&tasks);
    assert!(seen.iter().all(|seen| matches!(seen, Ok(Readiness::Unseen(_)))), "{seen:?}");
}

#[test]
fn an_alias_that_is_not_set_is_told_of_at_once() {
    for (why, target, want) in [
        ("it leads there", Some("sub.dns.test"), None),
        (
            "it leads elsewhere",
            Some("other.dns.test"),
            Some("the CNAME _acme-challenge.a.test → other.dns.test is not set"),
        ),
        ("the store needs none", None, None),
    ] {
        let records = Records::new([start("a.test."), start("dns.test.")]);
        records.add(alias("_acme-challenge.a.test.", "sub.dns.test."));
        let server = DnsServer::answering(move |query, over| records.answer(query, over));
        let look = Propagation::new(Zones::new(Client::new([server.address]))).timeout(Duration::from_secs(180));
        let clock = Arc::new(Hurried::default());
        let store = Store { alias: target, ..Store::default() };
        let solver = DnsSolver::new(store).propagation(look).clock(clock.clone());
        let seen = solver.verify(&dns_tasks(&["a.test"])).remove(0);
        match want {
            Some(text) => assert_eq!((seen.unwrap_err().to_string(), clock.passed()), (text.to_owned(), 0), "{why}"),
            None => assert!(!seen.is_err_and(|error| error.to_string().contains("CNAME")), "{why}"),
        }
    }
}

#[test]
fn names_but_no_addresses() {
    let solver = skipping(&Store::default());
    assert!(solver.challenge_types(&Identifier::Ip([192, 0, 2, 1].into()), false).is_empty(), "RFC 8738 §7");
    let kinds = solver.challenge_types(&Identifier::Dns("a.test".to_owned()), true);
    assert_eq!(kinds, [ChallengeType::Dns01], "a standing record is no way out of a failure");
}

#[test]
fn a_standing_record_is_for_those_who_ask() {
    let solver = skipping(&Store::default()).offering([ChallengeType::DnsPersist01, ChallengeType::Dns01]);
    let kinds = solver.challenge_types(&Identifier::Dns("a.test".to_owned()), true);
    assert_eq!(kinds, [ChallengeType::DnsPersist01, ChallengeType::Dns01]);
    assert!(solver.challenge_types(&Identifier::Ip([192, 0, 2, 1].into()), false).is_empty(), "RFC 8738 §7");
}

#[test]
fn a_standing_record_of_ones_own_serves_until_it_ends() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let mut tasks = dns_tasks(&["a.test"]);
    let wanted = TxtRecord::new("_validation-persist.a.test.", "ca.test; accounturi=https://ca.test/a");
    tasks[0].proof = acme_proto::Proof::DnsPersist01(wanted);
    let until =
        |seconds: u64| format!("ca.test; accounturi=https://ca.test/a; policy=wildcard; persistUntil={seconds}");
    for (why, value, want) in [
        ("for long", until(now + 90 * 86_400), "Ok(Ready)"),
        ("for some days", until(now + 10 * 86_400), "Ok(Remarkable("),
        ("no more", until(now - 1), "Err("),
        ("of another account", "ca.test; accounturi=https://ca.test/b".to_owned(), "Err("),
        ("of another CA", "other.test; accounturi=https://ca.test/a".to_owned(), "Err("),
    ] {
        let records = Records::new([start("a.test."), txt("_validation-persist.a.test.", &[&value])]);
        let server = DnsServer::answering(move |query, over| records.answer(query, over));
        let look = Propagation::default().timeout(Duration::ZERO).servers([server.address]);
        let seen = DnsSolver::new(Store::default()).propagation(look).verify(&tasks);
        assert!(format!("{:?}", seen[0]).starts_with(want), "{why}: {:?}", seen[0]);
    }
}
