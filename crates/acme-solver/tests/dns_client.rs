//! Questions to name servers that answer well, badly, or without end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod dns_server;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use acme_solver::dns::{Client, Code, Data, DnsError, Outcome, RecordType};
use dns_server::zone::{Records, address, server, start};
use dns_server::{DnsServer, Over, Script, alias, reply, txt};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::CAA;
use hickory_proto::rr::{Name, RData, Record};

const NAME: &str = "_acme-challenge.a.test.";

fn client(server: &DnsServer) -> Client {
    Client::new([server.address])
}

fn caa(name: &str) -> Record {
    Record::from_rdata(Name::from_ascii(name).unwrap(), 1, RData::CAA(CAA::new_issue(true, None, vec![])))
}

#[test]
fn records_missing_records_and_missing_names_are_told_apart() {
    let records = Records::new([
        start("a.test."),
        server("a.test.", "NS1.a.test."),
        address("ns1.a.test.", "192.0.2.1"),
        address("ns1.a.test.", "2001:db8::1"),
        alias("w.a.test.", "ns1.a.test."),
        alias("n.a.test.", "no.a.test."),
        txt(NAME, &["v"]),
        caa("a.test."),
    ]);
    let server = DnsServer::answering(move |query, over| records.answer(query, over));
    let soa = Data::Soa { primary: "ns1.a.test.".to_owned(), serial: 7 };
    let issue = Data::Caa { critical: true, tag: "issue".to_owned(), value: ";".to_owned() };
    use {Outcome as O, RecordType as T};
    for (name, kind, outcome, data, aliases) in [
        ("a.test", T::Soa, O::Records, vec![soa], &[][..]),
        ("a.test", T::Ns, O::Records, vec![Data::Ns("ns1.a.test.".to_owned())], &[]),
        ("ns1.a.test", T::A, O::Records, vec![Data::A([192, 0, 2, 1].into())], &[]),
        ("ns1.a.test", T::Aaaa, O::Records, vec![Data::Aaaa("2001:db8::1".parse().unwrap())], &[]),
        ("w.a.test", T::A, O::Records, vec![Data::A([192, 0, 2, 1].into())], &["ns1.a.test."]),
        ("w.a.test", T::Cname, O::Records, vec![Data::Cname("ns1.a.test.".to_owned())], &[]),
        ("w.a.test", T::Txt, O::NoData, vec![], &["ns1.a.test."]),
        ("n.a.test", T::Txt, O::NxDomain, vec![], &["no.a.test."]),
        (NAME, T::Txt, O::Records, vec![Data::Txt("v".to_owned())], &[]),
        ("a.test", T::Caa, O::Records, vec![issue], &[]),
        ("a.test", T::Txt, O::NoData, vec![], &[]),
        ("b.a.test", T::Txt, O::NxDomain, vec![], &[]),
    ] {
        let answer = client(&server).ask(name, kind).unwrap();
        let found = (answer.outcome, answer.data, answer.server, answer.authoritative);
        assert_eq!(found, (outcome, data, server.address, true), "{name} {kind:?}");
        assert_eq!(answer.aliases, aliases, "{name} {kind:?}");
        let zone = (outcome != Outcome::Records).then_some("a.test.");
        assert_eq!(answer.zone.as_deref(), zone, "{name} {kind:?}");
    }
}

#[test]
fn refusals_tell_who_and_why() {
    for (code, want) in [
        (ResponseCode::FormErr, Code::FormErr),
        (ResponseCode::ServFail, Code::ServFail),
        (ResponseCode::NotImp, Code::NotImp),
        (ResponseCode::Refused, Code::Refused),
        (ResponseCode::NotAuth, Code::NotAuth),
        (ResponseCode::NotZone, Code::NotZone),
        (ResponseCode::YXDomain, Code::Other(6)),
    ] {
        for bare in [false, true] {
            let server = DnsServer::answering(move |query, _| {
                let mut refusal = reply(query);
                refusal.metadata.response_code = code;
                if bare {
                    refusal.queries.clear();
                }
                vec![refusal.to_vec().unwrap()]
            });
            let error = client(&server).ask(NAME, RecordType::Txt).unwrap_err();
            assert!(
                matches!(error, DnsError::Refused { server: who, code } if who == server.address && code == want),
                "{error}, question left out: {bare}"
            );
        }
    }
}

#[test]
fn questions_are_hard_to_guess_and_leave_room_for_the_answer() {
    let server = DnsServer::start(Script::answers(vec![]));
    for (question, recursion) in
        [(client(&server), true), (client(&server).without_recursion(), false), (client(&server).over_tcp(), true)]
    {
        question.ask(NAME, RecordType::Txt).unwrap();
        let (_, message) = server.messages().pop().unwrap();
        assert_eq!((message.metadata.recursion_desired, message.edns.unwrap().max_payload()), (recursion, 1232));
    }
    assert_eq!(server.asked(), [Over::Udp, Over::Udp, Over::Tcp]);
    for _ in 0..8 {
        client(&server).ask(NAME, RecordType::Txt).unwrap();
    }
    let mut ids: Vec<_> = server.messages().iter().map(|(_, message)| message.metadata.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert!(ids.len() > 8, "ids repeat: {ids:?}");
}

/// How the one question with a second to live ends.
fn fails(address: SocketAddr, tcp: bool) -> (ErrorKind, String) {
    let client = Client::new([address]).timeout(Duration::from_secs(1));
    let started = Instant::now();
    let error = if tcp { client.over_tcp() } else { client }.ask(NAME, RecordType::Txt).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    match error {
        DnsError::NoAnswer { server, source } if server == address => (source.kind(), source.to_string()),
        other => panic!("{other}"),
    }
}

#[test]
fn an_endless_stream_of_wrong_answers_ends_with_the_time() {
    let server = DnsServer::answering(|query, over| {
        let mut other = reply(query);
        other.metadata.id ^= 1;
        let other = other.to_vec().unwrap();
        match over {
            Over::Udp => vec![other; 5_000],
            Over::Tcp => vec![other],
        }
    });
    let (kind, text) = fails(server.address, false);
    assert!(kind == ErrorKind::TimedOut && text.contains("messages came that are no answers"), "{text}");
    assert_eq!(fails(server.address, true).0, ErrorKind::InvalidData);
}

#[test]
fn answers_over_tcp_that_do_not_end_are_given_up() {
    for (why, octets, want) in [
        ("nothing", &[][..], ErrorKind::UnexpectedEof),
        ("half a length", &[0], ErrorKind::UnexpectedEof),
        ("less than announced", &[0xff, 0xff, 1, 2, 3], ErrorKind::UnexpectedEof),
        ("no message", &[0, 3, 1, 2, 3], ErrorKind::InvalidData),
        ("an empty one", &[0, 0], ErrorKind::InvalidData),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let octets = octets.to_vec();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut length = [0; 2];
                stream.read_exact(&mut length).unwrap();
                stream.read_exact(&mut vec![0; usize::from(u16::from_be_bytes(length))]).unwrap();
                stream.write_all(&octets).ok();
            }
        });
        let (kind, text) = fails(address, true);
        assert!(kind == want, "{why}: {kind:?} {text}");
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    assert_eq!(fails(silent.local_addr().unwrap(), true).0, ErrorKind::TimedOut);
}
