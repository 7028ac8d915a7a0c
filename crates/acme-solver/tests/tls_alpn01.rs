//! tls-alpn-01: who gets which certificate, and that nothing else is served.
#![cfg(feature = "tls-alpn-01")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::io::{Read as _, Write as _};
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use acme_account::{Readiness, Solver, Task};
use acme_jose::{KeyType, PrivateKey};
use acme_proto::{ChallengeType, Identifier, Proof};
use acme_solver::tls_alpn01::{ACME_TLS_1, ChallengeResolver, Standalone};
use acme_x509::{Certificate, Name, challenge_certificate};
use common::{One as _, http_task, task};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConfig, ServerConnection,
    SignatureScheme, SupportedProtocolVersion,
};

/// Takes every certificate.
#[derive(Debug)]
struct Gullible;

impl ServerCertVerifier for Gullible {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

fn client(name: &str, alpn: &[&[u8]], versions: &[&'static SupportedProtocolVersion]) -> ClientConnection {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap().dangerous();
    let mut config = builder.with_custom_certificate_verifier(Arc::new(Gullible)).with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    ClientConnection::new(Arc::new(config), ServerName::try_from(name.to_owned()).unwrap()).unwrap()
}

/// The certificate a server shows, and the protocol it chooses; or why the handshake fails.
fn shake(address: SocketAddr, mut client: ClientConnection) -> Result<(Vec<u8>, Option<Vec<u8>>), Error> {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    while client.is_handshaking() {
        client
            .complete_io(&mut stream)
            .map_err(|why| why.downcast::<Error>().unwrap_or_else(|why| panic!("no alert, but {why}")))?;
    }
    let certificate = client.peer_certificates().unwrap()[0].to_vec();
    Ok((certificate, client.alpn_protocol().map(<[u8]>::to_vec)))
}

fn shake_as_ca(address: SocketAddr, name: &str) -> Result<(Vec<u8>, Option<Vec<u8>>), Error> {
    shake(address, client(name, &[ACME_TLS_1], rustls::ALL_VERSIONS))
}

fn names(der: &[u8]) -> Vec<Name> {
    Certificate::from_der(der).unwrap().names().unwrap()
}

fn tls_task(name: &str) -> Task {
    task(name, ChallengeType::TlsAlpn01, "one")
}

fn holds(der: &[u8], task: &Task) -> bool {
    let Proof::TlsAlpn01(proof) = &task.proof else { panic!("another proof") };
    der.windows(32).any(|window| window == proof.sha256)
}

fn standalone() -> Standalone {
    Standalone::new(["127.0.0.1:0".parse().unwrap()])
}

#[test]
fn each_name_has_its_certificate() {
    let solver = standalone();
    let tasks = ["a.test", "b.test", "192.0.2.1", "2001:db8::1"].map(tls_task);
    assert!(solver.present(&tasks).iter().all(Result::is_ok));
    let address = solver.listening()[0];
    for (sni, task) in [
        ("a.test", &tasks[0]),
        ("A.Test", &tasks[0]),
        ("b.test", &tasks[1]),
        ("1.2.0.192.in-addr.arpa", &tasks[2]),
        ("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", &tasks[3]),
    ] {
        let (certificate, protocol) = shake_as_ca(address, sni).unwrap();
        assert_eq!(protocol.as_deref(), Some(ACME_TLS_1), "P-05: {sni}");
        assert_eq!(names(&certificate), [Name::parse(&task.identifier.to_string())], "P-09: {sni}");
        assert!(holds(&certificate, task), "P-03: {sni}");
        assert_eq!(solver.verify_one(task).unwrap(), Readiness::Ready, "{sni}");
    }
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert!(shake(address, client("a.test", &[ACME_TLS_1], &[version])).is_ok(), "P-07: {version:?}");
    }
}

#[test]
fn nobody_but_a_ca_gets_a_handshake() {
    let solver = standalone();
    solver.present_one(&tls_task("a.test")).unwrap();
    let address = solver.listening()[0];
    for (why, name, alpn) in [
        ("another name", "b.test", &[ACME_TLS_1][..]),
        ("below the name", "www.a.test", &[ACME_TLS_1]),
        ("no name, but an address", "127.0.0.1", &[ACME_TLS_1]),
        ("no ALPN", "a.test", &[]),
        ("another protocol", "a.test", &[b"h2"]),
        ("both protocols", "a.test", &[b"h2", ACME_TLS_1]),
        ("both, the other way round", "a.test", &[ACME_TLS_1, b"h2"]),
    ] {
        let outcome = shake(address, client(name, alpn, rustls::ALL_VERSIONS));
        assert_eq!(outcome.unwrap_err(), Error::AlertReceived(AlertDescription::AccessDenied), "P-05: {why}");
    }
}

#[test]
fn nothing_but_the_handshake_is_served() {
    let solver = standalone();
    solver.present_one(&tls_task("a.test")).unwrap();
    let mut stream = TcpStream::connect(solver.listening()[0]).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut client = client("a.test", &[ACME_TLS_1], rustls::ALL_VERSIONS);
    while client.is_handshaking() {
        client.complete_io(&mut stream).unwrap();
    }
    _ = client.writer().write_all(b"GET / HTTP/1.1\r\n\r\n");
    _ = client.complete_io(&mut stream);
    let mut answer = Vec::new();
    let ended = rustls::Stream::new(&mut client, &mut stream).read_to_end(&mut answer);
    assert!(answer.is_empty(), "P-06: {answer:?} {ended:?}");
    for garbage in ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01"] {
        let mut stream = TcpStream::connect(solver.listening()[0]).unwrap();
        stream.write_all(garbage.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        _ = stream.read_to_end(&mut answer);
        assert!(answer.len() <= 7, "an alert at most: {answer:?}");
    }
}

#[test]
fn it_listens_from_the_first_task_to_the_last() {
    let solver = standalone();
    let tasks = ["a.test", "b.test"].map(tls_task);
    assert!(solver.listening().is_empty() && solver.verify_one(&tasks[0]).is_err());
    assert!(solver.present_one(&http_task("one")).unwrap_err().to_string().contains("http-01"));
    assert!(solver.listening().is_empty(), "not for another type");
    for task in [&tasks[0], &tasks[1], &tasks[0]] {
        solver.present_one(task).unwrap();
    }
    let address = solver.listening()[0];
    let first = shake_as_ca(address, "a.test").unwrap();
    solver.present_one(&tasks[0]).unwrap();
    assert_eq!(shake_as_ca(address, "a.test").unwrap(), first, "presenting again changes nothing");
    solver.clean_up_one(&tasks[0]).unwrap();
    assert!(shake_as_ca(address, "a.test").is_err() && shake_as_ca(address, "b.test").is_ok());
    assert!(solver.verify_one(&tasks[0]).is_err(), "what was cleaned up is gone");
    solver.clean_up_one(&tasks[1]).unwrap();
    solver.clean_up_one(&tasks[1]).unwrap();
    assert!(TcpStream::connect(address).is_err(), "the port is free again");
}

#[test]
fn a_later_order_for_the_same_name_keeps_its_answer() {
    let solver = standalone();
    let (one, two) = (tls_task("a.test"), task("a.test", ChallengeType::TlsAlpn01, "two"));
    solver.present_one(&one).unwrap();
    solver.present_one(&two).unwrap();
    solver.clean_up_one(&one).unwrap();
    let (certificate, _) = shake_as_ca(solver.listening()[0], "a.test").unwrap();
    assert!(holds(&certificate, &two));
}

#[test]
fn both_families_are_served_and_a_taken_port_is_named() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let error = Standalone::new([other.local_addr().unwrap()]).present_one(&tls_task("a.test")).unwrap_err();
    assert!(error.advice().contains("another program") && error.advice().contains("acme-tls/1"), "{}", error.advice());
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("both_families_are_served_and_a_taken_port_is_named: half skipped, this computer has no IPv6");
        return;
    }
    let solver = Standalone::new(["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()]);
    solver.present_one(&tls_task("a.test")).unwrap();
    for address in solver.listening() {
        assert!(shake_as_ca(address, "a.test").is_ok(), "{address}");
    }
    assert_eq!(solver.listening().len(), 2);
}

#[test]
fn silent_clients_do_not_keep_the_ca_waiting() {
    let solver = standalone();
    solver.present_one(&tls_task("a.test")).unwrap();
    let address = solver.listening()[0];
    let slow: Vec<_> = (0..1000)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(b"\x16\x03\x01\x02\x00\x01").unwrap();
            stream
        })
        .collect();
    let started = Instant::now();
    shake_as_ca(address, "a.test").unwrap();
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    drop(slow);
}

/// An application's own certificate, for any name.
#[derive(Debug)]
struct Own(Arc<CertifiedKey>);

impl Own {
    fn new() -> Self {
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let name = Name::parse("own.test");
        let certificate = challenge_certificate(&key, &name, &[0; 32], std::time::SystemTime::now()).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.to_pkcs8_der().unwrap().to_vec());
        let key = ring::sign::any_ecdsa_type(&key.into()).unwrap();
        Self(Arc::new(CertifiedKey::new(vec![certificate.into()], key)))
    }
}

impl ResolvesServerCert for Own {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

/// An application that speaks HTTP and does handshakes with CAs.
fn application(resolver: Arc<dyn ResolvesServerCert>, listener: TcpListener) {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let mut config = builder.with_cert_resolver(resolver);
    config.alpn_protocols = vec![b"http/1.1".to_vec(), ACME_TLS_1.to_vec()];
    let config = Arc::new(config);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut server = ServerConnection::new(Arc::clone(&config)).unwrap();
            while server.is_handshaking() && server.complete_io(&mut stream).is_ok() {}
        }
    });
}

#[test]
fn an_application_keeps_its_own_handshakes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let resolver = Arc::new(ChallengeResolver::new(Arc::new(Own::new())).check_at(address));
    application(Arc::clone(&resolver) as _, listener);
    let own = [Name::parse("own.test")];
    let task = tls_task("a.test");
    assert!(resolver.verify_one(&task).is_err(), "before it is presented");
    resolver.present_one(&task).unwrap();
    assert_eq!(resolver.verify_one(&task).unwrap(), Readiness::Ready);
    for (why, name, alpn, want) in [
        ("a CA", "a.test", &[ACME_TLS_1][..], Some(&[Name::parse("a.test")])),
        ("a CA with another name", "b.test", &[ACME_TLS_1], None),
        ("a browser", "a.test", &[b"h2", b"http/1.1"], Some(&own)),
        ("an old client", "a.test", &[], Some(&own)),
        ("P-12: whoever offers both", "a.test", &[ACME_TLS_1, b"http/1.1"], Some(&own)),
    ] {
        let shown = shake(address, client(name, alpn, rustls::ALL_VERSIONS)).ok();
        assert_eq!(
            shown.map(|(certificate, _)| names(&certificate)).as_deref(),
            want.map(<[Name; 1]>::as_slice),
            "{why}"
        );
    }
    resolver.clean_up_one(&task).unwrap();
    assert!(shake_as_ca(address, "a.test").is_err());
}

#[test]
fn an_application_that_does_not_ask_the_resolver_is_noticed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    application(Arc::new(Own::new()), listener);
    let resolver = ChallengeResolver::new(Arc::new(Own::new())).check_at(address);
    let task = tls_task("a.test");
    resolver.present_one(&task).unwrap();
    let error = resolver.verify_one(&task).unwrap_err();
    assert!(
        error.to_string().contains("another certificate") && error.advice().contains("ChallengeResolver"),
        "{error}"
    );
    let resolver = ChallengeResolver::new(Arc::new(Own::new())).check_at(common::dead_address());
    resolver.present_one(&task).unwrap();
    assert!(matches!(resolver.verify_one(&task), Ok(Readiness::Unseen(_))));
}

#[test]
fn wildcards_are_not_offered() {
    let solver = standalone();
    for (why, identifier, wildcard, want) in [
        ("a name", "a.test", false, 1),
        ("P-11: a wildcard", "a.test", true, 0),
        ("I-02: an address", "192.0.2.1", false, 1),
    ] {
        let identifier = Identifier::parse(identifier).unwrap();
        assert_eq!(solver.challenge_types(&identifier, wildcard).len(), want, "{why}");
    }
}
