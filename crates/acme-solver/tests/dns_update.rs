//! Dynamic updates to a server that answers well, badly, or not at all.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod dns_server;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acme_proto::TxtRecord;
use acme_solver::TxtStore as _;
use acme_solver::dns::{Client, Code, DnsError, Rfc2136, TsigKey, UpdateError, Updater, Zones};
use dns_server::update::{KEY, SECRET, outcome, signed, signed_later, unsigned};
use dns_server::zone::{Records, address, start};
use dns_server::{DnsServer, Over, Script, alias};
use hickory_proto::op::{Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::tsig::TsigError;
use hickory_proto::rr::{DNSClass, RecordType};

const NAME: &str = "_acme-challenge.a.test";

fn key() -> TsigKey {
    TsigKey::parse(KEY).unwrap()
}

/// Accepts everything.
fn accepting() -> DnsServer {
    DnsServer::answering(|update, _| vec![signed(&outcome(update, ResponseCode::NoError), update, SECRET)])
}

fn updater(server: &DnsServer) -> Updater {
    Updater::new([server.address]).key(key()).timeout(Duration::from_secs(1))
}

fn records(count: usize, length: usize) -> Vec<TxtRecord> {
    (0..count).map(|n| TxtRecord::new(&format!("_acme-challenge.n{n}.a.test"), "v".repeat(length))).collect()
}

/// The changes of an update as text.
fn changes(update: &Message) -> Vec<String> {
    let show = |record: &hickory_proto::rr::Record| {
        format!("{} {} {} {}", record.name, record.ttl, record.dns_class, record.data)
    };
    update.authorities.iter().map(show).collect()
}

#[test]
fn an_update_names_the_zone_and_exactly_these_records() {
    let server = accepting();
    let both = [TxtRecord::new(NAME, "v"), TxtRecord::new(NAME, "w")];
    let add = |updater: Updater| updater.add("a.test", &both);
    let remove = |updater: Updater| updater.remove("A.test.", &both);
    let cases: [(&dyn Fn(Updater) -> _, _, _); 3] = [
        (&add, updater(&server), Some(60)),
        (&add, updater(&server).ttl(7), Some(7)),
        (&remove, updater(&server), None),
    ];
    for (change, updater, ttl) in cases {
        let result: Vec<Result<(), UpdateError>> = change(updater);
        assert!(result.len() == 2 && result.iter().all(Result::is_ok), "{result:?}");
        let (_, update) = server.messages().pop().unwrap();
        let zone = &update.queries[0];
        assert_eq!((update.metadata.op_code, zone.query_type()), (OpCode::Update, RecordType::SOA));
        assert_eq!(zone.name().to_ascii().to_lowercase(), "a.test.");
        let (class, ttl) = ttl.map_or((DNSClass::NONE, 0), |ttl| (DNSClass::IN, ttl));
        assert_eq!(changes(&update), ["v", "w"].map(|value| format!("{NAME}. {ttl} {class} {value}")));
        assert!(update.answers.is_empty(), "no prerequisites");
    }
}

#[test]
fn a_long_value_is_written_in_strings_of_255_octets() {
    let server = accepting();
    updater(&server).add("a.test", &records(1, 600)).remove(0).unwrap();
    let (over, update) = server.messages().pop().unwrap();
    let hickory_proto::rr::RData::TXT(txt) = &update.authorities[0].data else { panic!("{update}") };
    let lengths: Vec<_> = txt.txt_data.iter().map(|string| string.len()).collect();
    assert_eq!((over, lengths), (Over::Tcp, vec![255, 255, 90]));
}

#[test]
fn a_batch_is_one_message_unless_it_does_not_fit() {
    for (why, count, length, want) in [
        ("two fit into a packet", 2, 43, &[(Over::Udp, 2)][..]),
        ("a hundred", 100, 43, &[(Over::Tcp, 100)]),
        ("a thousand", 1000, 43, &[(Over::Tcp, 700), (Over::Tcp, 300)]),
        ("long ones", 3, 30_000, &[(Over::Tcp, 2), (Over::Tcp, 1)]),
        ("none", 0, 0, &[]),
    ] {
        let server = accepting();
        let results = updater(&server).add("a.test", &records(count, length));
        assert!(results.len() == count && results.iter().all(Result::is_ok), "{why}: {results:?}");
        let sent: Vec<_> = server.messages().iter().map(|(over, update)| (*over, update.authorities.len())).collect();
        let sum: usize = sent.iter().map(|(_, count)| count).sum();
        assert_eq!((sent.len(), sum), (want.len(), count), "{why}: {sent:?}");
        assert_eq!(sent.first().map(|(over, _)| over), want.first().map(|(over, _)| over), "{why}");
    }
}

#[test]
fn answers_are_judged_by_signature_and_code() {
    type Answer = fn(&Message) -> Vec<u8>;
    type Is = fn(&Result<(), UpdateError>) -> bool;
    use UpdateError as E;
    let cases: [(&str, Answer, Is); 13] = [
        ("signed", |u| signed(&outcome(u, ResponseCode::NoError), u, SECRET), |r| r.is_ok()),
        (
            "not signed",
            |u| outcome(u, ResponseCode::NoError).to_vec().unwrap(),
            |r| matches!(r, Err(E::Forged { key, .. }) if key == "acme.key."),
        ),
        (
            "signed by another",
            |u| signed(&outcome(u, ResponseCode::NoError), u, b"wrong"),
            |r| matches!(r, Err(E::Forged { .. })),
        ),
        (
            "signed an hour later",
            |u| signed_later(&outcome(u, ResponseCode::NoError), u, SECRET, 3600),
            |r| matches!(r, Err(E::Forged { .. })),
        ),
        (
            "a refusal signed by another",
            |u| signed(&outcome(u, ResponseCode::Refused), u, b"wrong"),
            |r| matches!(r, Err(E::Forged { .. })),
        ),
        (
            "a refusal",
            |u| signed(&outcome(u, ResponseCode::Refused), u, SECRET),
            |r| matches!(r, Err(E::Refused { key: Some(_), zone, .. }) if zone == "a.test."),
        ),
        (
            "a refusal that nobody signs",
            |u| outcome(u, ResponseCode::Refused).to_vec().unwrap(),
            |r| matches!(r, Err(E::Refused { .. })),
        ),
        (
            "another zone",
            |u| signed(&outcome(u, ResponseCode::NotAuth), u, SECRET),
            |r| matches!(r, Err(E::NotAuth { .. })),
        ),
        (
            "outside the zone",
            |u| signed(&outcome(u, ResponseCode::NotZone), u, SECRET),
            |r| matches!(r, Err(E::NotZone { .. })),
        ),
        (
            "trouble",
            |u| signed(&outcome(u, ResponseCode::ServFail), u, SECRET),
            |r| matches!(r, Err(E::Other { code: Code::ServFail, .. })),
        ),
        (
            "an odd code",
            |u| signed(&outcome(u, ResponseCode::NXDomain), u, SECRET),
            |r| matches!(r, Err(E::Other { code: Code::Other(3), .. })),
        ),
        (
            "an unknown key",
            |u| unsigned(&outcome(u, ResponseCode::NotAuth), u, TsigError::BadKey),
            |r| matches!(r, Err(E::BadKey { .. })),
        ),
        (
            "another secret",
            |u| unsigned(&outcome(u, ResponseCode::NotAuth), u, TsigError::BadSig),
            |r| matches!(r, Err(E::BadSignature { .. })),
        ),
    ];
    for (why, answer, is) in cases {
        let server = DnsServer::answering(move |update, _| vec![answer(update)]);
        let result = updater(&server).add("a.test", &records(1, 1)).remove(0);
        assert!(is(&result), "{why}: {result:?}");
        assert_eq!(server.asked().len(), 1, "{why}: an answer is final");
        if let Err(error) = result {
            assert!(error.to_string().contains(&server.address.to_string()) && !error.advice().is_empty(), "{error}");
        }
    }
}

#[test]
fn without_a_key_nothing_is_signed() {
    let server = DnsServer::answering(|update, _| vec![outcome(update, ResponseCode::NoError).to_vec().unwrap()]);
    Updater::new([server.address]).add("a.test", &records(1, 1)).remove(0).unwrap();
    assert!(server.messages()[0].1.additionals.is_empty());
}

#[test]
fn lost_and_short_answers_are_asked_for_again() {
    let lossy = AtomicUsize::new(0);
    let lossy = DnsServer::answering(move |update, _| match lossy.fetch_add(1, Ordering::Relaxed) {
        0 => vec![],
        _ => vec![signed(&outcome(update, ResponseCode::NoError), update, SECRET)],
    });
    let short = DnsServer::answering(|update, over| {
        let mut answer = outcome(update, ResponseCode::NoError);
        answer.metadata.truncation = over == Over::Udp;
        vec![signed(&answer, update, SECRET)]
    });
    for (server, want) in [(&lossy, [Over::Udp, Over::Udp]), (&short, [Over::Udp, Over::Tcp])] {
        updater(server).add("a.test", &records(1, 1)).remove(0).unwrap();
        assert_eq!(server.asked(), want);
    }
    let dead = Updater::new([]).add("a.test", &records(1, 1)).remove(0);
    assert!(matches!(dead, Err(UpdateError::Dns(DnsError::NoResolver))), "{dead:?}");
}

/// Two zones, of which one holds what the other's alias names.
fn resolver() -> DnsServer {
    let records = Records::new([
        start("a.test."),
        start("b.test."),
        alias("_acme-challenge.x.a.test.", "x.b.test."),
        alias("_acme-challenge.loop.a.test.", "_acme-challenge.loop.a.test."),
        address("ns1.b.test.", "127.0.0.1"),
    ]);
    DnsServer::answering(move |query, over| records.answer(query, over))
}

#[test]
fn each_zone_gets_one_update_wherever_the_names_lead() {
    let (server, resolver) = (accepting(), resolver());
    let store = Rfc2136::new(updater(&server)).zones(Zones::new(Client::new([resolver.address])));
    let names = [NAME, NAME, "_acme-challenge.x.a.test", "_acme-challenge.loop.a.test", "_acme-challenge.b.test"];
    let records: Vec<_> = names.iter().zip(1..).map(|(name, n)| TxtRecord::new(name, format!("v{n}"))).collect();
    let results = store.add(&records);
    let failed: Vec<_> = results.iter().map(|result| result.as_ref().err().map(ToString::to_string)).collect();
    assert!(failed[3].as_ref().is_some_and(|why| why.contains("lead nowhere")), "{failed:?}");
    assert_eq!(failed.iter().flatten().count(), 1, "{failed:?}");
    let sent: Vec<_> = server.messages().iter().map(|(_, update)| changes(update)).collect();
    let at_a = ["_acme-challenge.a.test. 60 IN v1", "_acme-challenge.a.test. 60 IN v2"];
    let at_b = ["x.b.test. 60 IN v3", "_acme-challenge.b.test. 60 IN v5"];
    assert_eq!(sent, [at_a, at_b]);
    assert_eq!(resolver.asked().len(), 5, "every name once, and the alias's target");
}

#[test]
fn silent_resolvers_are_asked_for_one_name_only() {
    let silent = DnsServer::start(Script { silent: true, ..Script::answers(vec![]) });
    let client = Client::new([silent.address]).timeout(Duration::from_millis(200));
    let results = Rfc2136::new(Updater::new([])).zones(Zones::new(client)).add(&records(20, 1));
    assert!(results.len() == 20 && results.iter().all(Result::is_err), "{results:?}");
    assert_eq!(silent.asked().len(), 2, "two tries");
}

#[test]
fn the_primary_server_of_the_zone_is_found() {
    let (server, resolver) = (accepting(), resolver());
    let zones = Zones::new(Client::new([resolver.address])).port(server.address.port());
    let store = Rfc2136::new(Updater::new([]).key(key())).zones(zones);
    store.add(&[TxtRecord::new("_acme-challenge.b.test", "v")]).remove(0).unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_zone_that_is_named_is_not_looked_for() {
    let server = accepting();
    let store = Rfc2136::new(updater(&server)).zone("a.test").zones(Zones::new(Client::new([])));
    store.remove(&records(1, 1)).remove(0).unwrap();
    assert_eq!(server.messages()[0].1.queries[0].name().to_ascii(), "a.test.");
}

#[test]
fn a_record_that_may_be_there_after_an_error_is_removed() {
    let server = DnsServer::answering(|update, _| match update.authorities[0].dns_class {
        DNSClass::IN => vec![outcome(update, ResponseCode::NoError).to_vec().unwrap()],
        _ => vec![signed(&outcome(update, ResponseCode::NoError), update, SECRET)],
    });
    let store = Rfc2136::new(updater(&server)).zone("a.test");
    let error = store.add(&records(1, 1)).remove(0).unwrap_err();
    assert!(error.to_string().contains("_acme-challenge.n0.a.test by dynamic update"), "{error}");
    let classes: Vec<_> = server.messages().iter().map(|(_, update)| update.authorities[0].dns_class).collect();
    assert_eq!(classes, [DNSClass::IN, DNSClass::NONE]);
}
