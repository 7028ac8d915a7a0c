//! Waiting until all name servers show what was published, with a clock that need not be waited for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod dns_server;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use acme_account::Clock;
use acme_proto::TxtRecord;
use acme_solver::dns::{Client, DnsError, Propagation, Shows, Zones};
use dns_server::zone::{Records, address, server, start};
use dns_server::{DnsServer, Script, alias, txt};
use hickory_proto::op::ResponseCode;

/// A clock that moves on only when somebody sleeps, and may do something then.
struct TestClock<'a> {
    passed: Mutex<Duration>,
    sleeping: &'a (dyn Fn(u32) + Sync),
    slept: Mutex<Vec<Duration>>,
}

impl<'a> TestClock<'a> {
    fn new(sleeping: &'a (dyn Fn(u32) + Sync)) -> Self {
        Self { passed: Mutex::default(), sleeping, slept: Mutex::default() }
    }

    fn slept(&self) -> Vec<u64> {
        self.slept.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

impl Clock for TestClock<'_> {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + *self.passed.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) {
        *self.passed.lock().unwrap() += pause;
        self.slept.lock().unwrap().push(pause);
        let times = self.slept.lock().unwrap().len();
        (self.sleeping)(u32::try_from(times).unwrap());
    }
}

/// A zone a.test with two servers, the second with records of its own, and a resolver that knows both.
struct World {
    first: Records,
    second: Records,
    servers: [DnsServer; 2],
    resolver: DnsServer,
}

impl World {
    fn new() -> Self {
        let zone = || Records::new([start("a.test.")]);
        let (first, second) = (zone(), zone());
        // The second is another address of loopback where there is one.
        let ips = [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, if cfg!(target_os = "linux") { 2 } else { 1 })];
        let answering = [first.clone(), second.clone()];
        let servers = DnsServer::on_one_port(ips.map(Into::into), |number| {
            let records = answering[number].clone();
            Arc::new(move |query: &_, over| records.answer(query, over))
        });
        let known = Records::new([
            start("a.test."),
            server("a.test.", "ns1.a.test."),
            server("a.test.", "ns2.a.test."),
            address("ns1.a.test.", "127.0.0.1"),
            address("ns2.a.test.", "127.0.0.2"),
            alias("_acme-challenge.b.test.", "b.a.test."),
        ]);
        let resolver = DnsServer::answering(move |query, over| known.answer(query, over));
        Self { first, second, servers, resolver }
    }

    fn propagation(&self) -> Propagation {
        let client = Client::new([self.resolver.address]);
        Propagation::new(Zones::new(client).port(self.servers[0].address.port()))
    }
}

#[test]
fn a_lagging_secondary_is_waited_for() {
    let world = World::new();
    let name = "_acme-challenge.a.test.";
    let wanted = [TxtRecord::new(name, "v"), TxtRecord::new(name, "w")];
    for value in ["v", "w", "old"] {
        world.first.add(txt(name, &[value]));
    }
    let arrives = |times| match times {
        2 => world.second.add(txt(name, &["v"])),
        3 => world.second.add(txt(name, &["w"])),
        _ => {}
    };
    let clock = TestClock::new(&arrives);
    let report = world.propagation().interval(Duration::from_secs(7)).wait(&wanted, &clock);
    assert!(report.is_complete(), "{report}");
    assert_eq!(clock.slept(), [7, 7, 7]);
    assert_eq!(world.servers[0].asked().len(), 1, "who shows it is left in peace");
    assert_eq!(world.servers[1].asked().len(), 4);
    let place = report.names[0].place.as_ref().unwrap();
    assert_eq!((report.names.len(), &*place.zone), (1, "a.test."));
}

#[test]
fn the_report_says_which_server_shows_what() {
    let world = World::new();
    let wanted = [TxtRecord::new("_acme-challenge.a.test.", "v"), TxtRecord::new("_acme-challenge.x.a.test.", "w")];
    for records in [&world.first, &world.second] {
        records.add(txt("_acme-challenge.x.a.test.", &["w"]));
    }
    world.first.add(txt("_acme-challenge.a.test.", &["v"]));
    world.second.add(txt("_acme-challenge.a.test.", &["old"]));
    let clock = TestClock::new(&|_| {});
    let report = world.propagation().timeout(Duration::from_secs(12)).wait(&wanted, &clock);
    assert_eq!(clock.slept(), [5, 5, 2], "every five seconds, and no longer than allowed");
    assert!(!report.is_complete());
    let port = world.servers[0].address.port();
    let want = format!("_acme-challenge.a.test.: ns2.a.test. (127.0.0.2:{port}) shows [\"old\"]");
    assert_eq!(report.to_string(), want);
}

#[test]
fn an_alias_is_looked_for_where_it_leads() {
    let world = World::new();
    for records in [&world.first, &world.second] {
        records.add(txt("b.a.test.", &["v"]));
    }
    let report = world.propagation().wait(&[TxtRecord::new("_acme-challenge.b.test.", "v")], &TestClock::new(&|_| {}));
    assert!(report.is_complete(), "{report}");
    assert_eq!(world.servers[1].questions(), ["b.a.test. TXT"]);
}

#[test]
fn a_hundred_names_need_each_zone_once() {
    let world = World::new();
    let names: Vec<_> = (0..100).map(|n| format!("_acme-challenge.n{n}.a.test.")).collect();
    for name in &names {
        world.first.add(txt(name, &["v"]));
        world.second.add(txt(name, &["v"]));
    }
    let wanted: Vec<_> = names.iter().map(|name| TxtRecord::new(name, "v")).collect();
    let clock = TestClock::new(&|_| {});
    let report = world.propagation().wait(&wanted, &clock);
    assert!(report.is_complete(), "{report}");
    assert_eq!((report.names.len(), clock.slept().len()), (100, 0));
    assert_eq!(world.resolver.questions().iter().filter(|question| question.ends_with("NS")).count(), 1);
    assert_eq!(world.resolver.asked().len(), 100 + 1 + 4, "a question for each name, and the zone's servers");
}

#[test]
fn a_silent_server_costs_one_wait_in_each_round_however_many_names() {
    let silent = DnsServer::start(Script { silent: true, ..Script::answers(vec![]) });
    let good = DnsServer::start(Script::answers((0..20).map(|n| txt(&format!("n{n}.test."), &["v"])).collect()));
    let wanted: Vec<_> = (0..20).map(|n| TxtRecord::new(&format!("n{n}.test."), "v")).collect();
    let clock = TestClock::new(&|_| {});
    let propagation = Propagation::default().servers([silent.address, good.address]).timeout(Duration::from_secs(60));
    let propagation = propagation.interval(Duration::from_secs(60)).answer_timeout(Duration::from_millis(200));
    let report = propagation.wait(&wanted, &clock);
    assert_eq!((silent.asked().len(), good.asked().len()), (4, 20), "two tries in two rounds");
    let shows = |server: usize| report.names.iter().map(move |name| &name.servers[server].shows);
    assert!(shows(1).all(|shows| matches!(shows, Shows::Values(values) if values == &["v"])));
    assert_eq!(shows(0).filter(|shows| matches!(shows, Shows::NotAsked)).count(), 19);
    assert_eq!(shows(0).filter(|shows| matches!(shows, Shows::Failed(DnsError::NoAnswer { .. }))).count(), 1);
}

#[test]
fn servers_that_fail_are_not_taken_for_ready() {
    let name = "_acme-challenge.a.test.";
    let good = || Script::answers(vec![txt(name, &["v"])]);
    let refusing = Script { code: ResponseCode::Refused, ..Script::answers(vec![]) };
    for (why, script, want) in [
        ("it answers", good(), None),
        ("truncated, and whole over TCP", Script { truncate: true, ..good() }, None),
        ("forged answers before the true one", Script { forge: true, ..good() }, None),
        ("it refuses", refusing, Some("cannot tell")),
        ("it has none", Script::answers(vec![]), Some("shows no TXT record")),
    ] {
        let servers = [DnsServer::start(good()), DnsServer::start(script)];
        let propagation = Propagation::default().servers(servers.each_ref().map(|server| server.address));
        let report = propagation.wait(&[TxtRecord::new(name, "v")], &TestClock::new(&|_| {}));
        match want {
            None => assert!(report.is_complete(), "{why}: {report}"),
            Some(want) => assert!(report.to_string().contains(want), "{why}: {report}"),
        }
    }
}

#[test]
fn trouble_with_the_resolver_is_told_and_may_pass() {
    let refusing = DnsServer::start(Script { code: ResponseCode::ServFail, ..Script::answers(vec![]) });
    let wanted = [TxtRecord::new("_acme-challenge.a.test.", "v")];
    let propagation = Propagation::new(Zones::new(Client::new([refusing.address])));
    let report = propagation.timeout(Duration::from_secs(9)).wait(&wanted, &TestClock::new(&|_| {}));
    assert!(matches!(&report.names[0].trouble, Some(DnsError::Refused { .. })), "{report}");
    assert_eq!(refusing.asked().len(), 3 * 2, "three rounds of two tries");
    assert!(report.to_string().contains("SERVFAIL"), "{report}");
}

#[test]
fn a_silent_resolver_costs_one_wait_in_each_round_however_many_names() {
    let silent = DnsServer::start(Script { silent: true, ..Script::answers(vec![]) });
    let wanted: Vec<_> = (0..20).map(|n| TxtRecord::new(&format!("n{n}.test"), "v")).collect();
    let client = Client::new([silent.address]).timeout(Duration::from_millis(200));
    let propagation = Propagation::new(Zones::new(client)).timeout(Duration::ZERO);
    let report = propagation.wait(&wanted, &TestClock::new(&|_| {}));
    assert_eq!(silent.asked().len(), 2, "two tries");
    assert_eq!(report.incomplete().count(), 20);
}

#[test]
fn skipping_asks_nobody() {
    let server = DnsServer::start(Script::answers(vec![]));
    let propagation = Propagation::default().servers([server.address]).skip();
    assert!(propagation.wait(&[TxtRecord::new("a.test.", "v")], &TestClock::new(&|_| {})).is_complete());
    assert!(server.asked().is_empty());
}
