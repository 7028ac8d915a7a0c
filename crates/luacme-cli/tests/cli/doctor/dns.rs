//! What is wrong with a name in DNS.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::CAA;
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::{doctor, evidence, findings, serve, zone};
use crate::dns_server::zone::{Records, address, server, start};
use crate::dns_server::{DnsServer, Script, alias, reply, txt};
use crate::support::{Bench, free_port};

#[test]
fn names_that_do_not_lead_anywhere() {
    let bench = Bench::start();
    let silent = free_port();
    let servfail = Script { code: ResponseCode::ServFail, ..Script::answers(Vec::new()) };
    let without_start = Records::new([address("a.test.", "127.0.0.1")]);
    let circle = [alias("_acme-challenge.a.test.", "b.test."), alias("b.test.", "_acme-challenge.a.test.")];
    for (why, dns, want, seen) in [
        ("no such name", serve(zone([])), "dns-nxdomain", "answers: NXDOMAIN"),
        ("only a text", serve(zone([txt("a.test.", &["x"])])), "dns-no-address", "neither A nor AAAA"),
        ("a server in trouble", DnsServer::start(servfail), "dns-servfail", "SERVFAIL"),
        ("aliases in a circle", serve(zone(circle)), "dns-aliases-broken", "_acme-challenge.a.test."),
        (
            "no zone",
            DnsServer::answering(move |query, over| without_start.answer_without_soa(query, over)),
            "dns-zone-unknown",
            "a.test",
        ),
    ] {
        let found = evidence(&doctor(&bench, dns.address, &["a.test"]), want);
        assert!(found.contains(seen), "{why}: {found}");
    }
    let found = evidence(&doctor(&bench, silent, &["a.test"]), "dns-unanswered");
    assert!(found.contains(&silent.to_string()), "{found}");
}

#[test]
fn every_name_server_is_asked() {
    let bench = Bench::start();
    let ips = [1, 2].map(|last| IpAddr::from(Ipv4Addr::new(127, 0, 0, last)));
    let second = [server("test.", "ns2.test."), address("ns2.test.", "127.0.0.2")];
    for (why, there, want, seen) in [
        ("the same", "127.0.0.1", "dns-agrees", "127.0.0.1"),
        ("another", "127.0.0.9", "dns-servers-disagree", "127.0.0.9"),
    ] {
        let known = ["127.0.0.1", there].map(|to| zone(second.iter().cloned().chain([address("a.test.", to)])));
        let dns = DnsServer::on_one_port(ips, |number| {
            let records = known[number].clone();
            Arc::new(move |query: &_, over| records.answer(query, over))
        });
        let found = evidence(&doctor(&bench, dns[0].address, &["a.test"]), want);
        assert!(found.contains(seen), "{why}: {found}");
    }
    let lame = zone(second.into_iter().chain([address("a.test.", "127.0.0.1")]));
    let found = evidence(&doctor(&bench, serve(lame).address, &["a.test"]), "dns-server-failed");
    assert!(found.contains("ns2.test."), "{found}");
}

#[test]
fn the_records_of_challenges() {
    let bench = Bench::start();
    let seconds = |from_now: i64| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        (now.cast_signed() + from_now).to_string()
    };
    let standing = |from_now| {
        let value = format!("ca.test; accounturi=https://ca.test/1; persistUntil={}", seconds(from_now));
        txt("_validation-persist.a.test.", &[&value])
    };
    let day = 86_400;
    let moved = vec![alias("_acme-challenge.a.test.", "a.other.test."), txt("a.other.test.", &["x"])];
    let own = vec![start("_acme-challenge.a.test.")];
    let old = vec![txt("_acme-challenge.a.test.", &["one"]), txt("_acme-challenge.a.test.", &["two"])];
    for (why, records, want, seen) in [
        ("an alias", moved, "dns-delegated", "an alias of a.other.test., in the zone test."),
        ("a zone of its own", own, "dns-delegated", "a zone of its own"),
        ("left over", old, "dns-leftover-txt", "TXT \"one\" \"two\""),
        ("ends soon", vec![standing(20 * day)], "persist-expiring", "_validation-persist.a.test for ca.test: until 2"),
        ("has ended", vec![standing(-day)], "persist-expired", "until 2"),
    ] {
        let dns = serve(zone(records.into_iter().chain([address("a.test.", "127.0.0.1")])));
        let found = evidence(&doctor(&bench, dns.address, &["*.a.test"]), want);
        assert!(found.contains(seen), "{why}: {found}");
    }
    let dns = serve(zone([standing(40 * day), address("a.test.", "127.0.0.1")]));
    let quiet = findings(&doctor(&bench, dns.address, &["*.a.test"]));
    assert!(!quiet.iter().any(|finding| finding["code"].as_str().unwrap().starts_with("persist")), "{quiet:?}");
}

fn caa(name: &str, critical: bool, tag: &str, value: &str) -> Record {
    let mut data = CAA::new_issue(critical, None, Vec::new());
    data.tag = tag.to_owned();
    data.value = value.as_bytes().to_vec();
    Record::from_rdata(Name::from_ascii(name).unwrap(), 1, RData::CAA(data))
}

#[test]
fn caa_records_are_judged_as_the_ca_would() {
    let bench = Bench::registered();
    let account: serde_json::Value = serde_json::from_str(&bench.read("account.json")).unwrap();
    let ours = format!("testca.invalid; accounturi={}", account["url"].as_str().unwrap());
    let name = "a.test.";
    for (why, records, want, words) in [
        ("for this CA", vec![caa(name, false, "issue", "testca.invalid")], "caa-permits", &["a.test"][..]),
        ("for this account", vec![caa(name, false, "issue", &ours)], "caa-permits", &["a.test"]),
        ("for another CA", vec![caa(name, false, "issue", "other.test")], "caa-forbids", &["a.test"]),
        (
            "one of two",
            vec![caa(name, false, "issue", "other.test"), caa(name, false, "issue", "testca.invalid")],
            "caa-permits",
            &["a.test"],
        ),
        ("for nobody", vec![caa(name, false, "issue", ";")], "caa-forbids", &["a.test"]),
        (
            "on the name above (RFC 8659 §3)",
            vec![caa("test.", false, "issue", "other.test")],
            "caa-forbids",
            &["a.test"],
        ),
        (
            "another account (RFC 8657 §3)",
            vec![caa(name, false, "issue", "testca.invalid; accounturi=https://x.test/1")],
            "caa-other-account",
            &["a.test"],
        ),
        (
            "another way (RFC 8657 §4)",
            vec![caa(name, false, "issue", "testca.invalid; validationmethods=dns-01")],
            "caa-other-method",
            &["a.test", "--standalone", "--http-addr", "127.0.0.1:0"],
        ),
        (
            "one of the ways",
            vec![caa(name, false, "issue", "testca.invalid; validationmethods=dns-01")],
            "caa-permits",
            &["a.test"],
        ),
        ("issuewild is for wildcards", vec![caa(name, false, "issuewild", "other.test")], "caa-permits", &["a.test"]),
        ("of the wildcard", vec![caa(name, false, "issuewild", "other.test")], "caa-forbids", &["*.a.test"]),
        ("an unknown tag", vec![caa(name, true, "tbs", "x")], "caa-critical", &["a.test"]),
        ("an unknown tag that does not matter", vec![caa(name, false, "tbs", "x")], "caa-permits", &["a.test"]),
    ] {
        let dns = serve(zone(records.into_iter().chain([address(name, "127.0.0.1")])));
        let run = doctor(&bench, dns.address, words);
        assert!(!evidence(&run, want).is_empty(), "{why}");
    }
}

#[test]
fn caa_records_that_cannot_be_judged() {
    let bench = Bench::with(|ca| ca.behave(acme_testca::Behaviour::CaaIdentitiesNull));
    let dns = serve(zone([caa("a.test.", false, "issue", "x.test"), address("a.test.", "127.0.0.1")]));
    evidence(&doctor(&bench, dns.address, &["a.test"]), "caa-unjudged");

    let records = zone([address("a.test.", "127.0.0.1")]);
    let dns = DnsServer::answering(move |query, over| match query.queries[0].query_type() {
        RecordType::CAA => {
            let mut refusal = reply(query);
            refusal.metadata.response_code = ResponseCode::ServFail;
            vec![refusal.to_vec().unwrap()]
        }
        _ => records.answer(query, over),
    });
    let found = evidence(&doctor(&bench, dns.address, &["a.test"]), "caa-unanswered");
    assert!(found.contains("SERVFAIL"), "{found}");
}

#[test]
fn a_silent_resolver_does_not_hold_everything_up() {
    let bench = Bench::start();
    let dns = DnsServer::start(Script { silent: true, ..Script::answers(Vec::new()) });
    let begun = std::time::Instant::now();
    evidence(&doctor(&bench, dns.address, &["a.test"]), "dns-unanswered");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
