//! A CA that registers accounts and then says that it had enough (RFC 8555 §6.6).

use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// It checks nothing of what it is sent: what it says is all that counts.
pub(crate) struct LimitingCa {
    address: SocketAddr,
    pub(crate) root_pem: String,
    requests: Arc<AtomicUsize>,
}

impl LimitingCa {
    /// One that answers newOrder with this head and body.
    pub(crate) fn start(new_order: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (root_pem, config) = identity();
        let requests = Arc::new(AtomicUsize::new(0));
        let (counter, new_order) = (Arc::clone(&requests), new_order.to_owned());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &config, address, &counter, &new_order);
            }
        });
        Self { address, root_pem, requests }
    }

    pub(crate) fn directory_url(&self) -> String {
        format!("https://{}/dir", self.address)
    }

    /// How many requests came so far.
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

fn identity() -> (String, Arc<ServerConfig>) {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().self_signed(&key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap();
    (certificate.pem(), Arc::new(config))
}

/// Answers the requests of one connection until the client goes away.
fn serve(stream: TcpStream, config: &Arc<ServerConfig>, address: SocketAddr, requests: &AtomicUsize, new_order: &str) {
    let mut tls = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), stream);
    while let Some(path) = read_request(&mut tls) {
        requests.fetch_add(1, Ordering::SeqCst);
        let (head, body) = match path.as_str() {
            "/dir" => ("200 OK\r\nContent-Type: application/json", directory(address)),
            "/account" => (
                "201 Created\r\nContent-Type: application/json\r\nLocation: https://limiting.invalid/account/1",
                r#"{"status":"valid"}"#.into(),
            ),
            "/order" => new_order.split_once("\r\n\r\n").map(|(head, body)| (head, body.to_owned())).unwrap(),
            _ => ("200 OK", String::new()),
        };
        let length = body.len();
        let answer = format!("HTTP/1.1 {head}\r\nReplay-Nonce: once\r\nContent-Length: {length}\r\n\r\n{body}");
        if tls.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn directory(address: SocketAddr) -> String {
    let member = |name: &str, path: &str| format!(r#""{name}":"https://{address}{path}""#);
    let members = [("newNonce", "/nonce"), ("newAccount", "/account"), ("newOrder", "/order")];
    format!("{{{}}}", members.map(|(name, path)| member(name, path)).join(","))
}

/// Reads one request, head and body; gives its path.
fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(read_octet(stream)?);
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.lines().find_map(|line| line.strip_prefix("content-length:"));
    for _ in 0..length.map_or(0, |length| length.trim().parse().unwrap()) {
        read_octet(stream)?;
    }
    head.split(' ').nth(1).map(str::to_owned)
}

fn read_octet(stream: &mut impl Read) -> Option<char> {
    let mut octet = [0];
    stream.read_exact(&mut octet).ok()?;
    Some(octet[0].into())
}
