//! TXT look-ups against a name server that answers as it is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
mod dns_server;

use std::time::{Duration, Instant};

use acme_solver::dns::{self, Code, DnsError};
use common::dead_address;
use dns_server::{DnsServer, Over, Script, alias, txt};
use hickory_proto::op::ResponseCode;

const NAME: &str = "_acme-challenge.a.test.";
const TIME: Duration = Duration::from_secs(10);

#[test]
fn the_values_of_the_name_and_its_aliases_are_found() {
    for (why, records, want) in [
        ("none", vec![], &[][..]),
        ("one", vec![txt(NAME, &["v"])], &["v"]),
        ("two", vec![txt(NAME, &["v"]), txt(NAME, &["w"])], &["v", "w"]),
        ("strings are joined", vec![txt(NAME, &["v", "w"])], &["vw"]),
        ("any case", vec![txt("_ACME-Challenge.A.test.", &["v"])], &["v"]),
        ("another name", vec![txt("a.test.", &["v"])], &[]),
        ("an alias", vec![alias(NAME, "b.test."), txt("b.test.", &["v"])], &["v"]),
        (
            "two, in any order",
            vec![txt("c.test.", &["v"]), alias("b.test.", "c.test."), alias(NAME, "b.test.")],
            &["v"],
        ),
        ("an alias to nothing", vec![alias(NAME, "b.test.")], &[]),
        ("an alias of itself", vec![alias(NAME, NAME)], &[]),
        ("a circle", vec![alias(NAME, "b.test."), alias("b.test.", NAME)], &[]),
    ] {
        let server = DnsServer::start(Script::answers(records));
        assert_eq!(dns::txt(NAME, &[server.address], TIME).unwrap(), want, "{why}");
        assert_eq!(server.asked(), [Over::Udp], "{why}");
    }
}

#[test]
fn a_name_that_does_not_exist_has_no_values() {
    let server = DnsServer::start(Script { code: ResponseCode::NXDomain, ..Script::answers(vec![]) });
    assert!(dns::txt(NAME, &[server.address], TIME).unwrap().is_empty());
}

#[test]
fn a_name_needs_no_dot_at_its_end() {
    let server = DnsServer::start(Script::answers(vec![txt(NAME, &["v"])]));
    assert_eq!(dns::txt(NAME.trim_end_matches('.'), &[server.address], TIME).unwrap(), ["v"]);
}

#[test]
fn a_truncated_answer_is_asked_for_again_over_tcp() {
    let long = "x".repeat(255);
    let records: Vec<_> = (0..20).map(|_| txt(NAME, &[&long, &long])).collect();
    let server = DnsServer::start(Script { truncate: true, ..Script::answers(records) });
    let values = dns::txt(NAME, &[server.address], TIME).unwrap();
    assert_eq!((values.len(), values[0].len()), (20, 510));
    assert_eq!(server.asked(), [Over::Udp, Over::Tcp]);
}

#[test]
fn forged_answers_are_passed_over() {
    let server = DnsServer::start(Script { forge: true, ..Script::answers(vec![txt(NAME, &["v"])]) });
    assert_eq!(dns::txt(NAME, &[server.address], TIME).unwrap(), ["v"]);
    assert_eq!(server.asked(), [Over::Udp], "and do not make it ask again");
}

#[test]
fn the_next_resolver_is_asked_when_one_fails() {
    let refusing = DnsServer::start(Script { code: ResponseCode::Refused, ..Script::answers(vec![]) });
    let good = DnsServer::start(Script::answers(vec![txt(NAME, &["v"])]));
    let resolvers = [dead_address(), refusing.address, good.address];
    assert_eq!(dns::txt(NAME, &resolvers, TIME).unwrap(), ["v"]);
}

#[test]
fn failures_are_named_and_bounded() {
    let refusing = DnsServer::start(Script { code: ResponseCode::ServFail, ..Script::answers(vec![]) });
    let error = dns::txt(NAME, &[refusing.address], TIME).unwrap_err();
    assert!(
        matches!(&error, DnsError::Refused { server, code: Code::ServFail } if *server == refusing.address),
        "{error}"
    );
    assert!(matches!(dns::txt(NAME, &[], TIME), Err(DnsError::NoResolver)));
    assert!(matches!(dns::txt("a..test", &[refusing.address], TIME), Err(DnsError::Name(_))));
    let silent = DnsServer::start(Script { silent: true, ..Script::answers(vec![]) });
    let started = Instant::now();
    let error = dns::txt(NAME, &[silent.address], Duration::from_millis(300)).unwrap_err();
    assert!(
        matches!(&error, DnsError::NoAnswer { source, .. } if source.kind() == std::io::ErrorKind::TimedOut),
        "{error}"
    );
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    assert_eq!(silent.asked(), [Over::Udp, Over::Udp], "a lost packet costs a second try");
}
