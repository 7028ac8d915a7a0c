//! What reaches a server, what comes back, and what every failure is called.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod server;

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use acme_account::{Limits, Transport, TransportError, TransportErrorKind};
use acme_transport::{BuildError, HttpsTransport, HttpsTransportBuilder, Proxy, Roots, RootsError};
use http::{Method, Request, Response};
use server::{Reply, Server, header, ok, read_request};

fn builder(root_pem: &str) -> HttpsTransportBuilder {
    HttpsTransport::builder().roots(Roots::None).proxy(Proxy::Direct).add_root_pem(root_pem).unwrap()
}

fn transport(server: &Server) -> HttpsTransport {
    builder(&server.root_pem).build().unwrap()
}

fn request(method: Method, url: &str, body: &str) -> Request<Vec<u8>> {
    Request::builder().method(method).uri(url).body(body.as_bytes().to_vec()).unwrap()
}

fn get(transport: &HttpsTransport, url: &str) -> Result<Response<Vec<u8>>, TransportError> {
    transport.send(request(Method::GET, url, ""), Limits::default())
}

fn failure(result: Result<Response<Vec<u8>>, TransportError>, kind: TransportErrorKind, message: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn a_request_reaches_the_server_and_its_answer_comes_back() {
    let server = Server::start(Reply::Send(
        "HTTP/1.1 201 Created\r\nrEPLAY-nONCE: abc\r\nLink: <a>\r\nlink: <b>\r\nContent-Length: 2\r\n\r\nhi".to_owned(),
    ));
    let response =
        transport(&server).send(request(Method::POST, &server.url("/x?y=z"), "body"), Limits::default()).unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (201, &b"hi"[..]));
    assert_eq!(response.headers()["replay-nonce"], "abc", "names are case-insensitive (RFC 9110 §5.1)");
    assert_eq!(response.headers().get_all("Link").iter().collect::<Vec<_>>(), ["<a>", "<b>"]);
    let seen = server.requests().remove(0);
    assert!(seen.starts_with("POST /x?y=z HTTP/1.1\r\n") && seen.ends_with("\r\n\r\nbody"), "{seen}");
}

#[test]
fn every_method_says_who_asks_and_nothing_it_should_not() {
    let server = Server::start(Reply::Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned()));
    let named = builder(&server.root_pem).user_agent("luacme/0.1.0").accept_language("de").build().unwrap();
    let version = env!("CARGO_PKG_VERSION");
    for (transport, agent, language) in [
        (named, format!("luacme/0.1.0 acme-transport/{version} ureq/3"), "de"),
        (transport(&server), format!("acme-transport/{version} ureq/3"), "en"),
    ] {
        for (method, body, length) in [
            (Method::GET, "", None),
            (Method::HEAD, "", None),
            (Method::POST, "{}", Some("2")),
            (Method::POST, "", Some("0")),
        ] {
            transport.send(request(method.clone(), &server.url("/"), body), Limits::default()).unwrap();
            let seen = server.requests().pop().unwrap();
            assert!(seen.starts_with(method.as_str()), "{seen}");
            assert_eq!(header(&seen, "user-agent"), Some(agent.as_str()), "T-03, T-04: {seen}");
            assert_eq!(header(&seen, "accept-language"), Some(language), "T-05: {seen}");
            assert_eq!(header(&seen, "content-length"), length, "{seen}");
            for absent in ["replay-nonce", "cookie", "accept-encoding", "transfer-encoding", "expect"] {
                assert_eq!(header(&seen, absent), None, "{absent}: {seen}");
            }
        }
    }
}

#[test]
fn the_answer_to_head_has_headers_but_no_body() {
    let server = Server::start(Reply::Send(
        "HTTP/1.1 204 No Content\r\nReplay-Nonce: abc\r\nContent-Length: 5\r\n\r\n".to_owned(),
    ));
    let transport = transport(&server);
    for _ in 0..2 {
        let response = transport.send(request(Method::HEAD, &server.url("/nonce"), ""), Limits::default()).unwrap();
        assert_eq!(response.headers()["replay-nonce"], "abc");
        assert!(response.body().is_empty());
    }
}

#[test]
fn every_status_is_an_answer_and_no_redirect_is_followed() {
    let server = Server::with(|request| {
        let status = request.split(['/', ' ']).nth(2).unwrap();
        Reply::Send(format!("HTTP/1.1 {status} X\r\nLocation: /200\r\nContent-Length: 2\r\n\r\n{{}}"))
    });
    let transport = transport(&server);
    for status in [301, 302, 303, 307, 308, 400, 403, 404, 429, 500, 503] {
        for (method, body) in [(Method::GET, ""), (Method::POST, "{}")] {
            let response =
                transport.send(request(method, &server.url(&format!("/{status}")), body), Limits::default()).unwrap();
            assert_eq!((response.status().as_u16(), response.body().as_slice()), (status, &b"{}"[..]));
        }
    }
    assert!(server.requests().iter().all(|request| !request.contains("/200 ")), "nobody asked for the target");
}

#[test]
fn one_connection_serves_many_requests() {
    let server = Server::start(ok("{}"));
    let transport = transport(&server);
    for method in [Method::GET, Method::POST, Method::GET] {
        transport.send(request(method, &server.url("/"), ""), Limits::default()).unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[test]
fn a_request_is_sent_once_even_when_the_connection_breaks() {
    for (why, earlier) in [("on a new connection", 0), ("on a connection kept from earlier", 1)] {
        let server = Server::with(|request| if request.starts_with("POST /dies") { Reply::Close } else { ok("{}") });
        let transport = transport(&server);
        for _ in 0..earlier {
            get(&transport, &server.url("/")).unwrap();
        }
        let result = transport.send(request(Method::POST, &server.url("/dies"), "{}"), Limits::default());
        let error = result.unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Broken, "{why}: {error}");
        assert!(error.may_have_been_sent(), "{why}: {error}");
        // A resent request would stand before this one.
        get(&transport, &server.url("/after")).unwrap();
        let lines: Vec<_> = server.requests().iter().map(|r| r.lines().next().unwrap().to_owned()).collect();
        assert_eq!(lines[earlier..], ["POST /dies HTTP/1.1", "GET /after HTTP/1.1"], "{why}");
    }
}

#[test]
fn an_answer_that_is_cut_off_is_none() {
    let limits = Limits { total: Duration::from_millis(300), ..Limits::default() };
    for (why, start) in [
        ("in the head", "HTTP/1.1 200 OK\r\nContent-Le"),
        ("in the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfive."),
        ("in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nfive."),
        ("between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfive.\r\n"),
    ] {
        for (reply, kind) in [
            (Reply::Send(start.to_owned()), TransportErrorKind::Timeout),
            (Reply::Last(start.to_owned()), TransportErrorKind::Broken),
        ] {
            let server = Server::start(reply);
            let error = transport(&server).send(request(Method::GET, &server.url("/"), ""), limits).unwrap_err();
            assert_eq!(error.kind(), kind, "{why}: {error}");
        }
    }
}

#[test]
fn an_answer_is_no_larger_than_allowed() {
    let limits = Limits { body: 64 * 1024, ..Limits::default() };
    let exactly = "x".repeat(limits.body);
    let server = Server::with(move |request| match request.split(['/', ' ']).nth(2).unwrap() {
        "exactly" => ok(&exactly),
        "more" => ok(&format!("{exactly}y")),
        "announced" => Reply::Endless("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n".to_owned()),
        _ => Reply::Endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned()),
    });
    let transport = transport(&server);
    let send = |path| transport.send(request(Method::GET, &server.url(path), ""), limits);
    assert_eq!(send("/exactly").unwrap().body().len(), limits.body);
    for path in ["/more", "/announced", "/endless"] {
        failure(send(path), TransportErrorKind::TooLarge, "65536");
    }
    // What the sockets buffer comes on top of what was read.
    assert!(server.octets_sent() < 64 << 20, "{} octets were taken", server.octets_sent());
}

#[test]
fn a_head_without_end_is_cut_off() {
    let server = Server::start(Reply::Endless("HTTP/1.1 200 OK\r\nX: ".to_owned() + &"x".repeat(1 << 20)));
    failure(get(&transport(&server), &server.url("/")), TransportErrorKind::TooLarge, "header");
}

#[test]
fn only_a_trusted_certificate_for_the_very_host_is_accepted() {
    let server = Server::start(ok("{}"));
    let stranger = Server::start(ok("{}"));
    let by_address = format!("https://{}/", server.address);
    for (why, root, url, message) in [
        ("another root", &stranger.root_pem, server.url("/"), "add its root certificate"),
        ("a root of that name", &server::root(&server.root_name).0, server.url("/"), "add its root certificate"),
        ("another name", &server.root_pem, by_address, "its certificate is not for 127.0.0.1"),
    ] {
        let error = get(&builder(root).build().unwrap(), &url).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::Tls, "{why}: {error}");
        assert!(error.to_string().contains(message), "{why}: {error}");
        assert!(!error.may_have_been_sent(), "{why}");
    }
    assert!(server.requests().is_empty(), "nothing was sent: {:?}", server.requests());
    let both = builder(&stranger.root_pem).add_root_pem(&server.root_pem).unwrap().build().unwrap();
    assert_eq!(get(&both, &server.url("/")).unwrap().status(), 200, "roots add up");
}

#[test]
fn failures_before_the_request_is_sent_are_told_apart() {
    let server = Server::start(ok("{}"));
    let transport = transport(&server);
    let dead = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let deaf = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let plain_address = plain.local_addr().unwrap();
    std::thread::spawn(move || {
        plain.incoming().flatten().for_each(|mut stream| _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    });
    let limits = Limits { connect: Duration::from_millis(300), total: Duration::from_secs(20), ..Limits::default() };
    for (why, url, kind, message) in [
        ("plain HTTP", "http://localhost/".to_owned(), TransportErrorKind::Url, "https"),
        ("no scheme", "/directory".to_owned(), TransportErrorKind::Url, "https"),
        (
            "no such host",
            "https://no-such-host.invalid/".to_owned(),
            TransportErrorKind::Resolve,
            "no-such-host.invalid",
        ),
        ("nobody listens", format!("https://{dead}/"), TransportErrorKind::Connect, "refused"),
        (
            "it listens, but says nothing",
            format!("https://{}/", deaf.local_addr().unwrap()),
            TransportErrorKind::Connect,
            "in time",
        ),
        ("it does not speak TLS", format!("https://{plain_address}/"), TransportErrorKind::Tls, "does not speak TLS"),
    ] {
        let started = Instant::now();
        let error = transport.send(request(Method::GET, &url, ""), limits).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(10), "{why}: {:?}", started.elapsed());
        assert_eq!(error.kind(), kind, "{why}: {error}");
        assert!(error.to_string().contains(message), "{why}: {error}");
        assert!(!error.may_have_been_sent(), "{why}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_given_up_on() {
    let server = Server::start(Reply::Silence);
    let limits = Limits { total: Duration::from_millis(300), ..Limits::default() };
    let result = transport(&server).send(request(Method::POST, &server.url("/"), "{}"), limits);
    failure(result, TransportErrorKind::Timeout, "localhost:");
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_proxy_passes_tls_through() {
    let server = Server::start(ok("{}"));
    let target = server.address;
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("http://{}", proxy.local_addr().unwrap());
    let asked = std::thread::spawn(move || {
        let mut client = proxy.accept().unwrap().0;
        let asked = read_request(&mut client).unwrap();
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        let mut upstream = std::net::TcpStream::connect(target).unwrap();
        let (mut back, mut forth) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
        std::io::copy(&mut client, &mut upstream).ok();
        asked
    });
    let transport = builder(&server.root_pem).proxy(Proxy::Url(url)).build().unwrap();
    assert_eq!(get(&transport, &server.url("/secret")).unwrap().body(), b"{}");
    drop(transport);
    let asked = asked.join().unwrap();
    assert!(asked.starts_with(&format!("CONNECT localhost:{} ", target.port())), "{asked}");
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let server = Server::start(ok("{}"));
    let none = HttpsTransport::builder().roots(Roots::None).build();
    assert!(matches!(none, Err(BuildError::Roots(RootsError::Nothing(None)))), "{none:?}");
    let agent = builder(&server.root_pem).user_agent("two\nlines").build();
    assert!(matches!(agent, Err(BuildError::Header(_))), "{agent:?}");
    let proxy = builder(&server.root_pem).proxy(Proxy::Url("gopher://x".to_owned())).build();
    assert!(matches!(proxy, Err(BuildError::Proxy(_))), "{proxy:?}");
}
