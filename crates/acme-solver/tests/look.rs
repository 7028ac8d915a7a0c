//! A look at one address, as a CA would take it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use acme_solver::Look;
use acme_solver::http01::look;

/// Answers one request with this text.
fn answering(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(answer.as_bytes()).unwrap();
    });
    address
}

#[test]
fn what_stands_there_is_told_apart() {
    for (why, answer, want) in [
        ("the answer", "HTTP/1.1 200 OK\r\n\r\nt.k", "Right"),
        ("another text", "HTTP/1.1 200 OK\r\n\r\nx", "Wrong"),
        ("nothing", "HTTP/1.1 404 x\r\n\r\n", "Wrong"),
        ("a redirect", "HTTP/1.1 302 x\r\nLocation: https://a.test/\r\n\r\n", "Redirect(\"https://a.test/\")"),
        ("no HTTP", "220 mail ESMTP\r\n", "Silent"),
    ] {
        let found = look("http://a.test/x", "t.k", answering(answer), Duration::from_secs(10));
        assert!(format!("{found:?}").starts_with(want), "{why}: {found:?}");
    }
}

#[test]
fn nobody_there_is_no_wrong_answer() {
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let found = look("http://a.test/x", "t.k", nobody, Duration::from_secs(10));
    assert!(matches!(&found, Look::Silent(why) if why.kind() == std::io::ErrorKind::ConnectionRefused), "{found:?}");
}
