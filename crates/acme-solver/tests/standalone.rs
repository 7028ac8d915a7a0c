//! The listener of its own: what it answers, when it is there, and who can disturb it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};

use acme_account::Readiness;
use acme_proto::ChallengeType;
use acme_solver::http01::Standalone;
use common::{One as _, get, http_task, raw, task};

const PREFIX: &str = "/.well-known/acme-challenge/";

fn standalone() -> Standalone {
    Standalone::new(["127.0.0.1:0".parse().unwrap()])
}

fn address(solver: &Standalone) -> SocketAddr {
    solver.listening()[0]
}

#[test]
fn the_body_is_exactly_the_key_authorization() {
    let solver = standalone();
    let tasks = [http_task("one"), http_task("two")];
    for task in &tasks {
        solver.present_one(task).unwrap();
    }
    for task in &tasks {
        let text = task.key_authorization.as_ref().unwrap().as_str();
        let (head, body) = get(address(&solver), &format!("{PREFIX}{}", task.token.as_ref().unwrap()));
        assert_eq!(body, text, "H-02");
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        for header in
            ["Content-Type: application/octet-stream", "Connection: close", &format!("Content-Length: {}", text.len())]
        {
            assert!(head.lines().any(|line| line == header), "{header}: {head}");
        }
        let head_only =
            raw(address(&solver), &format!("HEAD {PREFIX}{} HTTP/1.1\r\n\r\n", task.token.as_ref().unwrap()));
        assert_eq!(head_only, format!("{head}\r\n\r\n"), "H-03: HEAD is GET without the body");
        assert_eq!(solver.verify_one(task).unwrap(), Readiness::Ready);
    }
}

#[test]
fn nothing_else_is_answered() {
    let solver = standalone();
    solver.present_one(&http_task("one")).unwrap();
    let found = |method: &str, path: &str, host: &str| {
        let answer = raw(address(&solver), &format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        assert!(!answer.contains("<script>"), "H-04: nothing of the request comes back: {answer}");
        answer.split(' ').nth(1).unwrap().parse::<u16>().unwrap()
    };
    for (why, method, path, want) in [
        ("the very path", "GET", "/.well-known/acme-challenge/one", 200),
        ("an unknown token", "GET", "/.well-known/acme-challenge/three", 404),
        ("no token", "GET", "/.well-known/acme-challenge/", 404),
        ("the folder", "GET", "/.well-known/acme-challenge", 404),
        ("the root", "GET", "/", 404),
        ("a slash behind", "GET", "/.well-known/acme-challenge/one/", 404),
        ("a doubled slash", "GET", "//.well-known/acme-challenge/one", 404),
        ("dots", "GET", "/.well-known/acme-challenge/../acme-challenge/one", 404),
        ("encoded", "GET", "/.well-known/acme-challenge/%6fne", 404),
        ("another case", "GET", "/.well-known/acme-challenge/ONE", 404),
        ("a query", "GET", "/.well-known/acme-challenge/one?x", 404),
        ("markup", "GET", "/.well-known/acme-challenge/<script>", 404),
        ("HEAD of an unknown token", "HEAD", "/.well-known/acme-challenge/three", 404),
        ("another method", "POST", "/.well-known/acme-challenge/one", 405),
        ("yet another", "DELETE", "/", 405),
    ] {
        assert_eq!(found(method, path, "a.test"), want, "{why}");
    }
    for host in ["b.test", "A.TEST:80", "[2001:db8::1]", "192.0.2.1"] {
        assert_eq!(found("GET", "/.well-known/acme-challenge/one", host), 200, "H-05, H-10: any host, such as {host}");
    }
}

#[test]
fn what_is_not_http_or_too_long_is_refused() {
    let solver = standalone();
    solver.present_one(&http_task("one")).unwrap();
    for (why, request, want) in [
        ("not HTTP", "\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), "HTTP/1.1 400 "),
        // Exactly as long as is read, so that the connection is not reset over octets that nobody read.
        ("a head without end", format!("GET /{}", "x".repeat(8 * 1024 - 5)), "HTTP/1.1 431 "),
        ("headers without end", format!("GET / HTTP/1.1\r\n{}\r\n", "a:b\r\n".repeat(101)), "HTTP/1.1 400 "),
    ] {
        let answer = raw(address(&solver), &request);
        assert!(answer.starts_with(want), "{why}: {answer}");
    }
}

#[test]
fn a_slow_client_does_not_hold_up_another() {
    let solver = standalone();
    let task = http_task("one");
    solver.present_one(&task).unwrap();
    let slow: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(address(&solver)).unwrap();
            stream.write_all(b"GET /.well-").unwrap();
            stream
        })
        .collect();
    assert_eq!(get(address(&solver), &format!("{PREFIX}one")).1, task.key_authorization.as_ref().unwrap().as_str());
    drop(slow);
}

#[test]
fn it_listens_from_the_first_task_to_the_last() {
    let solver = standalone();
    let (one, two) = (http_task("one"), http_task("two"));
    assert!(solver.listening().is_empty(), "not before it is needed");
    assert!(solver.verify_one(&one).is_err(), "nor can anything be verified then");
    solver.present_one(&one).unwrap();
    solver.present_one(&one).unwrap();
    solver.present_one(&two).unwrap();
    let address = address(&solver);
    solver.clean_up_one(&one).unwrap();
    assert!(get(address, &format!("{PREFIX}one")).0.contains(" 404 "), "H-11");
    assert_eq!(get(address, &format!("{PREFIX}two")).1, two.key_authorization.as_ref().unwrap().as_str());
    assert!(solver.verify_one(&one).is_err(), "what was cleaned up is gone");
    solver.clean_up_one(&one).unwrap();
    solver.clean_up_one(&two).unwrap();
    solver.clean_up_one(&two).unwrap();
    assert!(TcpStream::connect(address).is_err(), "the port is free again");
    solver.present_one(&two).unwrap();
    assert_eq!(solver.verify_one(&two).unwrap(), Readiness::Ready, "it can start again");
}

#[test]
fn dropping_it_frees_the_port_even_with_clients_connected() {
    let solver = standalone();
    solver.present_one(&http_task("one")).unwrap();
    let address = address(&solver);
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(b"GET /").unwrap();
    drop(solver);
    TcpListener::bind(address).unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_port_that_is_taken_is_named_with_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    let free = "127.0.0.1:0".parse().unwrap();
    for (why, addresses) in [("alone", vec![taken]), ("beside a free one", vec![free, taken])] {
        let solver = Standalone::new(addresses);
        let error = solver.present_one(&http_task("one")).unwrap_err();
        assert!(error.to_string().contains(&taken.to_string()), "{why}: {error}");
        assert!(error.advice().contains("--webroot") && error.advice().contains("--http-addr"), "{why}: {error:?}");
        assert!(solver.listening().is_empty(), "{why}: nothing is left behind");
    }
    drop(other);
    Standalone::new([taken]).present_one(&http_task("one")).unwrap();
}

#[test]
fn an_address_of_another_computer_is_refused_unless_there_is_one_of_this() {
    let foreign = "192.0.2.1:0".parse().unwrap();
    let error = Standalone::new([foreign]).present_one(&http_task("one")).unwrap_err();
    assert!(error.to_string().contains("192.0.2.1:0") && error.advice().contains("of this computer"), "{error}");
    let both = Standalone::new([foreign, "127.0.0.1:0".parse().unwrap()]);
    both.present_one(&http_task("one")).unwrap();
    assert_eq!(both.listening().len(), 1);
}

#[test]
fn both_families_can_have_the_same_port() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("both_families_can_have_the_same_port: skipped, this computer has no IPv6");
        return;
    }
    let task = http_task("one");
    // A port that is free on IPv4 may be taken on IPv6.
    let both = |_| {
        let port = TcpListener::bind(("0.0.0.0", 0)).unwrap().local_addr().unwrap().port();
        let solver = Standalone::new([SocketAddr::from(([0, 0, 0, 0], port)), (Ipv6Addr::UNSPECIFIED, port).into()]);
        solver.present_one(&task).is_ok().then_some((solver, port))
    };
    let (solver, port) = (0..10).find_map(both).unwrap();
    assert_eq!(solver.listening().len(), 2);
    for address in [SocketAddr::from(([127, 0, 0, 1], port)), (Ipv6Addr::LOCALHOST, port).into()] {
        assert_eq!(
            get(address, &format!("{PREFIX}one")).1,
            task.key_authorization.as_ref().unwrap().as_str(),
            "{address}"
        );
    }
    assert_eq!(solver.verify_one(&task).unwrap(), Readiness::Ready);
}

#[test]
fn only_http_01_is_taken_on() {
    let solver = standalone();
    let error = solver.present_one(&task("a.test", ChallengeType::Dns01, "one")).unwrap_err();
    assert!(error.to_string().contains("dns-01"), "{error}");
    assert!(solver.listening().is_empty());
}

#[test]
fn a_connection_gets_one_answer_and_is_closed() {
    let solver = standalone();
    solver.present_one(&http_task("one")).unwrap();
    let mut stream = TcpStream::connect(address(&solver)).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
}
