//! Where names lead: aliases, zones, delegations, name servers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod dns_server;

use std::time::Duration;

use acme_account::SystemClock;
use acme_proto::TxtRecord;
use acme_solver::dns::{Client, DnsError, NameServer, Outcome, Propagation, RecordType, Shows, Zones};
use dns_server::zone::{Records, address, server, start};
use dns_server::{DnsServer, alias, reply, txt};

fn world() -> Records {
    Records::new([
        start("a.test."),
        txt("www.a.test.", &["x"]),
        // _acme-challenge of b.a.test is delegated.
        start("_acme-challenge.b.a.test."),
        alias("_acme-challenge.c.a.test.", "c.acme.Elsewhere.test."),
        alias("c.acme.elsewhere.test.", "d.acme.elsewhere.test."),
        start("elsewhere.test."),
        alias("_acme-challenge.loop.a.test.", "l1.a.test."),
        alias("l1.a.test.", "l2.a.test."),
        alias("l2.a.test.", "l1.a.test."),
        alias("self.a.test.", "self.a.test."),
        alias("w.a.test.", "elsewhere.test."),
    ])
}

#[test]
fn a_name_leads_through_its_aliases_to_the_innermost_zone() {
    let full = DnsServer::answering(move |query, over| world().answer(query, over));
    let terse = DnsServer::answering(move |query, over| world().answer_without_soa(query, over));
    for (why, name, place, aliases, zone) in [
        ("no such name yet", "_acme-challenge.a.test", "_acme-challenge.a.test.", &[][..], "a.test."),
        ("deeper", "_acme-challenge.x.y.A.test.", "_acme-challenge.x.y.a.test.", &[], "a.test."),
        ("a name with records", "www.a.test", "www.a.test.", &[], "a.test."),
        ("the zone itself", "a.test", "a.test.", &[], "a.test."),
        ("delegated", "_acme-challenge.b.a.test", "_acme-challenge.b.a.test.", &[], "_acme-challenge.b.a.test."),
        ("below an alias into another zone", "x.w.a.test", "x.w.a.test.", &[], "a.test."),
        ("beside a delegation", "b.a.test", "b.a.test.", &[], "a.test."),
        (
            "aliases into another zone",
            "_acme-challenge.c.a.test",
            "d.acme.elsewhere.test.",
            &["c.acme.elsewhere.test.", "d.acme.elsewhere.test."],
            "elsewhere.test.",
        ),
    ] {
        for (server, kind) in [(&full, "with SOA"), (&terse, "without SOA in negative answers")] {
            let found = Zones::new(Client::new([server.address])).place(name).unwrap();
            assert_eq!((&*found.name, &*found.zone), (place, zone), "{why}, {kind}");
            assert_eq!(found.aliases, aliases, "{why}, {kind}");
        }
    }
}

#[test]
fn a_referral_names_the_delegated_zone() {
    let parent = DnsServer::answering(|query, _| {
        let mut referral = reply(query);
        referral.add_authority(server("_acme-challenge.a.test.", "ns.acme.test."));
        vec![referral.to_vec().unwrap()]
    });
    let client = Client::new([parent.address]).without_recursion();
    assert_eq!(client.ask("_acme-challenge.a.test", RecordType::Txt).unwrap().outcome, Outcome::Referral);
    assert_eq!(Zones::new(client).place("_acme-challenge.a.test").unwrap().zone, "_acme-challenge.a.test.");
    let record = TxtRecord::new("_acme-challenge.a.test", "v");
    let report = Propagation::default().servers([parent.address]).timeout(Duration::ZERO).wait(&[record], &SystemClock);
    assert!(matches!(report.names[0].servers[0].shows, Shows::Lame), "{report}");
}

#[test]
fn only_name_servers_alone_and_without_authority_are_a_referral() {
    for (why, authoritative, with_start, want) in [
        ("a referral", false, false, Outcome::Referral),
        ("of a resolver", false, true, Outcome::NoData),
        ("of the zone's server", true, false, Outcome::NoData),
        ("of the zone's server, with its start", true, true, Outcome::NoData),
    ] {
        let answering = DnsServer::answering(move |query, _| {
            let mut answer = reply(query);
            answer.metadata.authoritative = authoritative;
            answer.add_authority(server("a.test.", "ns.a.test."));
            answer.add_authorities(with_start.then(|| start("a.test.")));
            vec![answer.to_vec().unwrap()]
        });
        let answer = Client::new([answering.address]).ask("x.a.test", RecordType::Txt).unwrap();
        assert_eq!((answer.outcome, answer.zone.as_deref()), (want, Some("a.test.")), "{why}");
    }
}

#[test]
fn a_negative_answer_names_the_zone_at_once() {
    let server = DnsServer::answering(move |query, over| world().answer(query, over));
    Zones::new(Client::new([server.address])).place("_acme-challenge.x.y.a.test").unwrap();
    assert_eq!(server.questions(), ["_acme-challenge.x.y.a.test. CNAME"]);
}

#[test]
fn names_that_lead_nowhere_are_explained() {
    let server = DnsServer::answering(move |query, over| world().answer(query, over));
    let long = Records::new((0..99).map(|n| alias(&format!("n{n}.test."), &format!("n{}.test.", n + 1))));
    let endless = DnsServer::answering(move |query, over| long.answer(query, over));
    for (why, name, server, want) in [
        (
            "a circle",
            "_acme-challenge.loop.a.test",
            &server,
            "_acme-challenge.loop.a.test. → l1.a.test. → l2.a.test. → l1.a.test.",
        ),
        ("an alias of itself", "self.a.test", &server, "self.a.test. → self.a.test."),
        ("aliases without end", "n0.test", &endless, "n15.test. → n16.test."),
        ("no zone below the root", "_acme-challenge.b.nowhere", &server, "no zone is found"),
        ("no name", "a..test", &server, "not a domain name"),
    ] {
        let error = Zones::new(Client::new([server.address])).place(name).unwrap_err();
        assert!(error.to_string().contains(want), "{why}: {error}");
    }
}

#[test]
fn the_servers_of_a_zone_are_known_by_every_address() {
    let records = world();
    for record in [
        server("a.test.", "ns1.a.test."),
        server("a.test.", "ns2.a.test."),
        server("a.test.", "lost.a.test."),
        server("elsewhere.test.", "lost.a.test."),
        address("ns1.a.test.", "192.0.2.1"),
        address("ns1.a.test.", "2001:db8::1"),
        address("ns2.a.test.", "192.0.2.2"),
    ] {
        records.add(record);
    }
    let resolver = DnsServer::answering(move |query, over| records.answer(query, over));
    let zones = Zones::new(Client::new([resolver.address]));
    let at = |name: &str, address: &str| NameServer { name: name.to_owned(), address: address.parse().unwrap() };
    let primary = [at("ns1.a.test.", "192.0.2.1:53"), at("ns1.a.test.", "[2001:db8::1]:53")];
    let mut all = primary.to_vec();
    all.push(at("ns2.a.test.", "192.0.2.2:53"));
    let mut found = zones.servers("a.test").unwrap();
    found.sort();
    assert_eq!(found, all);
    assert_eq!(zones.primary("a.test").unwrap(), primary);
    let shown: Vec<_> = zones.clone().port(5300).primary("a.test").unwrap().iter().map(NameServer::to_string).collect();
    assert_eq!(shown, ["ns1.a.test. (192.0.2.1:5300)", "ns1.a.test. ([2001:db8::1]:5300)"]);
    let error = zones.servers("elsewhere.test").unwrap_err();
    assert!(matches!(&error, DnsError::NoServers { servers, .. } if *servers == ["lost.a.test."]), "{error}");
}
