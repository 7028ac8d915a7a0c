//! A tiny TLS server on loopback that answers as it is told and remembers what it was asked.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What happens after a request was read.
#[derive(Clone)]
pub(crate) enum Reply {
    /// These octets, and the connection stays.
    Send(String),
    /// These octets, and the connection is closed.
    Last(String),
    /// The connection is closed without a word.
    Close,
    /// Nothing, until the client goes away.
    Silence,
    /// These octets, and then zeros without end.
    Endless(String),
}

/// A 200 with a body.
pub(crate) fn ok(body: &str) -> Reply {
    Reply::Send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) root_name: String,
    /// The root that signed its certificate.
    pub(crate) root_pem: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    octets_sent: AtomicUsize,
}

impl Server {
    /// A server whose certificate is for `localhost`, with the same reply to every request.
    pub(crate) fn start(reply: Reply) -> Self {
        Self::with(move |_| reply.clone())
    }

    /// One whose reply depends on the head of the request.
    pub(crate) fn with(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let root_name = format!("root of {address}");
        let (root_pem, issuer) = root(&root_name);
        let config = certificate("localhost", &issuer);
        let seen = Arc::new(Seen::default());
        let (shared, answer) = (Arc::clone(&seen), Arc::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (config, seen, answer) = (Arc::clone(&config), Arc::clone(&shared), Arc::clone(&answer));
                std::thread::spawn(move || serve(stream, config, &seen, &*answer));
            }
        });
        Self { address, root_name, root_pem, seen }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// Head and body of every request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    /// How much of an endless body it got rid of.
    pub(crate) fn octets_sent(&self) -> usize {
        self.seen.octets_sent.load(Ordering::SeqCst)
    }
}

/// A root of some name, as PEM and ready to sign.
pub(crate) fn root(name: &str) -> (String, Issuer<'static, KeyPair>) {
    let mut root = CertificateParams::default();
    root.distinguished_name.push(DnType::CommonName, name);
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    (root.self_signed(&key).unwrap().pem(), Issuer::new(root, key))
}

/// The configuration of a server with a certificate for a name.
fn certificate(name: &str, root: &Issuer<'static, KeyPair>) -> Arc<ServerConfig> {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new([name.to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))
        .unwrap();
    Arc::new(config)
}

fn serve(stream: TcpStream, config: Arc<ServerConfig>, seen: &Seen, answer: &dyn Fn(&str) -> Reply) {
    let mut tls = StreamOwned::new(ServerConnection::new(config).unwrap(), stream);
    while let Some(request) = read_request(&mut tls) {
        seen.requests.lock().unwrap().push(request.clone());
        match answer(&request) {
            Reply::Send(text) => tls.write_all(text.as_bytes()).unwrap(),
            Reply::Last(text) => return tls.write_all(text.as_bytes()).unwrap(),
            Reply::Close => return,
            Reply::Silence => _ = tls.read(&mut [0]),
            Reply::Endless(text) => {
                let mut chunk = text.into_bytes();
                while tls.write_all(&chunk).is_ok() {
                    seen.octets_sent.fetch_add(chunk.len(), Ordering::SeqCst);
                    chunk = vec![0; 16 * 1024];
                }
                return;
            }
        }
    }
}

/// One request, head and body; `None` when the client is gone.
pub(crate) fn read_request(stream: &mut impl Read) -> Option<String> {
    let mut request = String::new();
    while !request.ends_with("\r\n\r\n") {
        request.push(char::from(read_octet(stream)?));
    }
    let length = header(&request, "content-length").map_or(0, |length| length.parse().unwrap());
    for _ in 0..length {
        request.push(char::from(read_octet(stream)?));
    }
    Some(request)
}

fn read_octet(stream: &mut impl Read) -> Option<u8> {
    let mut octet = [0];
    stream.read_exact(&mut octet).ok()?;
    Some(octet[0])
}

/// The value of a header of a request.
pub(crate) fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
