//! The CA as a server: connections, the end of it, and what is random about it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

use acme_testca::{Resource, TestCa};
use client::{AGENT, Client, Connection, path};
use serde_json::json;

#[test]
fn dropping_it_closes_port_and_connections() {
    let ca = TestCa::builder().start().unwrap();
    let address = ca.directory_url()["https://".len()..].split('/').next().unwrap().to_string();
    let mut idle = Connection::open(ca.root_pem(), &ca.directory_url());
    assert_eq!(idle.send("GET", "/dir", &[AGENT], b"").status, 200);
    let mut without_tls = TcpStream::connect(&address).unwrap();
    without_tls.write_all(b"GET /").unwrap();
    drop(ca);
    assert!(idle.is_closed());
    assert!(TcpStream::connect(&address).is_err());
}

#[test]
fn dropping_it_does_not_wait_for_a_validation() {
    // Accepts, and never answers.
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let ca = TestCa::builder().http01_addr(mute.local_addr().unwrap()).start().unwrap();
    let mut client = Client::registered(&ca);
    let (_, order) = client.order(&["a.test"]);
    let challenge = client.challenge(&order["authorizations"][0], "http-01");
    client.post(challenge["url"].as_str().unwrap(), json!({}));
    let (_fetch, _) = mute.accept().unwrap();
    let start = std::time::Instant::now();
    drop(ca);
    assert!(start.elapsed() < std::time::Duration::from_secs(3), "took {:?}", start.elapsed());
}

#[test]
fn connections_and_requests_are_counted() {
    let ca = TestCa::builder().start().unwrap();
    assert_eq!((ca.connections(), ca.requests().len()), (0, 0));
    let mut client = Client::registered(&ca);
    Connection::open(ca.root_pem(), &ca.directory_url()).send("GET", "/nothing", &[AGENT], b"");
    let directory = client.url("newNonce");
    client.connection.send("GET", path(&directory), &[AGENT], b"");
    let log: Vec<_> = ca.requests().iter().map(|request| (request.resource, request.status)).collect();
    assert_eq!(
        log,
        [
            (Resource::Directory, 200),
            (Resource::NewNonce, 200),
            (Resource::NewAccount, 201),
            (Resource::Unknown, 404),
            (Resource::NewNonce, 204),
        ]
    );
    assert_eq!(ca.connections(), 2);
}

#[test]
fn a_connection_is_closed_when_the_client_asks() {
    let ca = TestCa::builder().start().unwrap();
    let mut connection = Connection::open(ca.root_pem(), &ca.directory_url());
    let answer = connection.send("GET", "/dir", &[AGENT, ("Connection", "close")], b"");
    assert_eq!((answer.status, answer.header("Connection")), (200, Some("close")));
    assert!(connection.is_closed());
}

#[test]
fn another_root_is_not_trusted() {
    let (ca, other) = (TestCa::builder().start().unwrap(), TestCa::builder().start().unwrap());
    assert!(Connection::open(ca.root_pem(), &ca.directory_url()).handshake().is_ok());
    let refused = Connection::open(other.root_pem(), &ca.directory_url()).handshake().unwrap_err();
    assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
}

#[test]
fn paths_are_random_unless_seeded() {
    let paths = |seed: Option<u64>| {
        let builder = TestCa::builder();
        let ca = seed.map_or(builder.clone(), |seed| builder.seed(seed)).start().unwrap();
        let client = Client::new(&ca);
        let members = client.directory.as_object().unwrap();
        let mut paths: Vec<_> =
            members.values().filter_map(|url| url.as_str()).map(|url| path(url).to_string()).collect();
        paths.extend(members.keys().cloned());
        paths
    };
    assert_eq!(paths(Some(5)), paths(Some(5)));
    assert_ne!(paths(Some(5)), paths(Some(6)));
    assert_ne!(paths(None), paths(None));
}

#[test]
fn the_directory_has_what_it_should_and_one_member_more() {
    let ca = TestCa::builder().start().unwrap();
    let client = Client::new(&ca);
    let known = ["keyChange", "meta", "newAccount", "newAuthz", "newNonce", "newOrder", "renewalInfo", "revokeCert"];
    let members = client.directory.as_object().unwrap();
    assert!(known.iter().all(|name| members.contains_key(*name)), "{members:?}");
    assert_eq!(members.len(), known.len() + 1);
    assert_eq!(client.directory["meta"]["caaIdentities"], json!(["testca.invalid"]));
}
