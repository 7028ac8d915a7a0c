//! A tiny ACME client: rustls and acme-jose by hand, so that it can also do what no client should.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part of it")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use acme_jose::{Header, Jws, KeyId, KeyType, Payload, PrivateKey, Signer as _};
use acme_testca::{Builder, Setting, TestCa};
use acme_x509::{Csr, Name};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

pub const JOSE: (&str, &str) = ("Content-Type", "application/jose+json");
pub const AGENT: (&str, &str) = ("User-Agent", "test/1");
/// Looks at a resource that is being worked on: far more than the work takes.
const LOOKS: usize = 20_000;

pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The URLs of the links of this relation.
    pub fn links(&self, rel: &str) -> Vec<String> {
        let links = self.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Link"));
        let end = format!(">;rel=\"{rel}\"");
        links.filter_map(|(_, link)| link.strip_prefix('<')?.strip_suffix(&end).map(str::to_string)).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn location(&self) -> String {
        self.header("Location").expect("a Location").to_string()
    }

    /// The end of the problem's type.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("Content-Type"), Some("application/problem+json"), "{:?}", self.json());
        let kind = self.json()["type"].as_str().expect("a problem with a type").to_string();
        kind.strip_prefix("urn:ietf:params:acme:error:").expect("a type of ACME").to_string()
    }
}

/// One TLS connection to a CA.
pub struct Connection(StreamOwned<ClientConnection, TcpStream>);

impl Connection {
    pub fn open(root_pem: &str, url: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(root_pem.as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let address: SocketAddr = authority(url).parse().unwrap();
        let connection = ClientConnection::new(Arc::new(config), ServerName::from(address.ip())).unwrap();
        Self(StreamOwned::new(connection, TcpStream::connect(address).unwrap()))
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        self.try_send(method, path, headers, body).expect("an answer")
    }

    /// `None` when the CA closes the connection in place of a whole answer.
    pub fn try_send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: testca\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        self.0.write_all(&[head.as_bytes(), b"\r\n", body].concat()).unwrap();
        self.0.flush().unwrap();
        read_answer(&mut self.0, method == "HEAD")
    }

    /// Does the TLS handshake now, and not with the first request.
    pub fn handshake(&mut self) -> std::io::Result<()> {
        self.0.conn.complete_io(&mut self.0.sock).map(drop)
    }

    /// Whether the other side has closed it.
    pub fn is_closed(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0) | Err(_))
    }
}

fn read_answer(stream: &mut impl Read, head_only: bool) -> Option<Answer> {
    let mut octets = Vec::new();
    loop {
        let mut lines = [httparse::EMPTY_HEADER; 32];
        let mut head = httparse::Response::new(&mut lines);
        if let httparse::Status::Complete(start) = head.parse(&octets).unwrap() {
            let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
            let headers = head.headers.iter().map(|line| (line.name.to_string(), text(line.value))).collect();
            let mut answer = Answer { status: head.code.unwrap(), headers, body: octets[start..].to_vec() };
            let length = answer.header("Content-Length").map_or(0, |length| length.parse().unwrap());
            if !head_only && answer.body.len() < length {
                let have = answer.body.len();
                answer.body.resize(length, 0);
                stream.read_exact(&mut answer.body[have..]).ok()?;
            }
            return Some(answer);
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).ok().filter(|count| *count > 0)?;
        octets.extend_from_slice(&chunk[..count]);
    }
}

fn authority(url: &str) -> &str {
    url.strip_prefix("https://").unwrap().split('/').next().unwrap()
}

pub fn path(url: &str) -> &str {
    &url["https://".len() + authority(url).len()..]
}

/// A client with an account key, and an account once it has [`register`](Self::register)ed.
pub struct Client {
    pub connection: Connection,
    pub directory: Value,
    pub key: PrivateKey,
    pub kid: Option<String>,
}

impl Client {
    pub fn new(ca: &TestCa) -> Self {
        Self::with_key(ca, PrivateKey::generate(KeyType::P256).unwrap())
    }

    pub fn with_key(ca: &TestCa, key: PrivateKey) -> Self {
        let mut connection = Connection::open(ca.root_pem(), &ca.directory_url());
        let directory = connection.send("GET", path(&ca.directory_url()), &[AGENT], b"").json();
        Self { connection, directory, key, kid: None }
    }

    pub fn registered(ca: &TestCa) -> Self {
        let mut client = Self::new(ca);
        assert_eq!(client.register().status, 201);
        client
    }

    pub fn url(&self, resource: &str) -> String {
        self.directory[resource].as_str().unwrap_or_else(|| panic!("{resource} in the directory")).to_string()
    }

    pub fn nonce(&mut self) -> String {
        let url = self.url("newNonce");
        let answer = self.connection.send("HEAD", path(&url), &[AGENT], b"");
        answer.header("Replay-Nonce").expect("a nonce").to_string()
    }

    /// The body of a signed POST.
    pub fn sign(&self, url: &str, nonce: &str, payload: &Payload) -> String {
        let key = self.kid.as_deref().map_or(KeyId::Jwk, KeyId::Kid);
        Jws::sign(&self.key, &Header { key, nonce, url }, payload).unwrap().to_json()
    }

    pub fn send_body(&mut self, url: &str, body: &str) -> Answer {
        self.connection.send("POST", path(url), &[AGENT, JOSE], body.as_bytes())
    }

    /// Opens a new connection to the same CA.
    pub fn reconnect(&mut self, ca: &TestCa) {
        self.connection = Connection::open(ca.root_pem(), &ca.directory_url());
    }

    /// A signed POST that may get no answer.
    pub fn try_post(&mut self, url: &str, payload: &Payload) -> Option<Answer> {
        let nonce = self.nonce();
        let body = self.sign(url, &nonce, payload);
        self.connection.try_send("POST", path(url), &[AGENT, JOSE], body.as_bytes())
    }

    pub fn get(&mut self, url: &str) -> Answer {
        self.connection.send("GET", path(url), &[AGENT], b"")
    }

    pub fn post_payload(&mut self, url: &str, payload: &Payload) -> Answer {
        let nonce = self.nonce();
        let body = self.sign(url, &nonce, payload);
        self.send_body(url, &body)
    }

    pub fn post(&mut self, url: &str, payload: Value) -> Answer {
        self.post_payload(url, &Payload::json(&payload).unwrap())
    }

    /// POST-as-GET (RFC 8555 §6.3).
    pub fn read(&mut self, url: &str) -> Answer {
        self.post_payload(url, &Payload::Empty)
    }

    pub fn register(&mut self) -> Answer {
        let url = self.url("newAccount");
        let answer = self.post(&url, json!({ "termsOfServiceAgreed": true, "contact": ["mailto:a@example.com"] }));
        self.kid = answer.header("Location").map(str::to_string);
        answer
    }

    /// A new order for DNS names: its URL, and the order.
    pub fn order(&mut self, names: &[&str]) -> (String, Value) {
        let identifiers: Vec<_> = names.iter().map(|name| json!({ "type": "dns", "value": name })).collect();
        let url = self.url("newOrder");
        let answer = self.post(&url, json!({ "identifiers": identifiers }));
        assert_eq!(answer.status, 201, "{:?}", answer.json());
        (answer.location(), answer.json())
    }

    /// The challenge of this kind in an authorization.
    pub fn challenge(&mut self, authorization: &Value, kind: &str) -> Value {
        let authorization = self.read(authorization.as_str().unwrap()).json();
        let challenges = authorization["challenges"].as_array().unwrap().clone();
        challenges
            .into_iter()
            .find(|challenge| challenge["type"] == kind)
            .unwrap_or_else(|| panic!("no {kind} challenge"))
    }

    pub fn key_authorization(&self, challenge: &Value) -> String {
        format!("{}.{}", challenge["token"].as_str().unwrap(), self.key.public_key().thumbprint())
    }

    /// Reads `url` until its status is another than these.
    pub fn wait(&mut self, url: &str, while_in: &[&str]) -> Value {
        for _ in 0..LOOKS {
            let object = self.read(url).json();
            if !while_in.contains(&object["status"].as_str().unwrap()) {
                return object;
            }
        }
        panic!("{url} stays in {while_in:?}");
    }

    /// Publishes and answers the http-01 challenges of an order, and waits for it to leave `pending`.
    pub fn prove(&mut self, responder: &Responder, order_url: &str) -> Value {
        let order = self.read(order_url).json();
        for authorization in order["authorizations"].as_array().unwrap() {
            let challenge = self.challenge(authorization, "http-01");
            responder.publish(&challenge, &self.key_authorization(&challenge));
            let answer = self.post(challenge["url"].as_str().unwrap(), json!({}));
            assert_eq!(answer.status, 200);
        }
        self.wait(order_url, &["pending"])
    }

    /// Finalizes an order and waits for the certificate's URL.
    pub fn finalize(&mut self, order_url: &str, key: &PrivateKey, names: &[&str]) -> String {
        let finalize = self.read(order_url).json()["finalize"].as_str().unwrap().to_string();
        let answer = self.post(&finalize, csr(key, names));
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("processing")), "{:?}", answer.json());
        let order = self.wait(order_url, &["processing"]);
        order["certificate"].as_str().unwrap_or_else(|| panic!("{order}")).to_string()
    }

    /// A whole order.
    pub fn obtain(&mut self, responder: &Responder, key: &PrivateKey, names: &[&str]) -> String {
        let (order_url, _) = self.order(names);
        assert_eq!(self.prove(responder, &order_url)["status"], "ready");
        let certificate = self.finalize(&order_url, key, names);
        String::from_utf8(self.read(&certificate).body).unwrap()
    }
}

/// A CA that behaves as told, a web server, and a client with an account.
pub struct World {
    pub client: Client,
    pub ca: TestCa,
    pub responder: Responder,
}

pub fn world(settings: &[Setting]) -> World {
    world_of(TestCa::builder(), settings)
}

pub fn world_of(builder: Builder, settings: &[Setting]) -> World {
    let responder = Responder::start();
    let builder = settings.iter().fold(builder, |builder, setting| builder.behave(*setting));
    let ca = builder.http01_addr(responder.address).start().unwrap();
    World { client: Client::registered(&ca), ca, responder }
}

impl World {
    /// newOrder, whatever comes of it.
    pub fn new_order(&mut self, members: Value) -> Answer {
        let url = self.client.url("newOrder");
        self.client.post(&url, members)
    }

    /// The URL of an order that is ready.
    pub fn ready(&mut self, names: &[&str]) -> String {
        let (url, _) = self.client.order(names);
        assert_eq!(self.client.prove(&self.responder, &url)["status"], "ready");
        url
    }

    /// The finalize URL of an order that is ready, and a payload for it.
    pub fn finalizable(&mut self, names: &[&str]) -> (String, String, Value) {
        let url = self.ready(names);
        let finalize = self.client.read(&url).json()["finalize"].as_str().unwrap().to_string();
        (url, finalize, csr(&PrivateKey::generate(KeyType::P256).unwrap(), names))
    }

    /// The URL of a new certificate.
    pub fn certificate(&mut self, names: &[&str]) -> String {
        let url = self.ready(names);
        self.client.finalize(&url, &PrivateKey::generate(KeyType::P256).unwrap(), names)
    }

    /// A new chain.
    pub fn chain(&mut self, names: &[&str]) -> String {
        let url = self.certificate(names);
        String::from_utf8(self.client.read(&url).body).unwrap()
    }

    /// A new authorization: its URL and its http-01 challenge, published.
    pub fn challenge(&mut self, name: &str) -> (String, Value) {
        let (_, order) = self.client.order(&[name]);
        let challenge = self.client.challenge(&order["authorizations"][0], "http-01");
        self.responder.publish(&challenge, &self.client.key_authorization(&challenge));
        (order["authorizations"][0].as_str().unwrap().to_string(), challenge)
    }
}

/// Identifiers of DNS names, as newOrder has them.
pub fn dns(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "type": "dns", "value": name })).collect()
}

pub fn csr(key: &PrivateKey, names: &[&str]) -> Value {
    let names: Vec<_> = names.iter().map(|name| Name::parse(name)).collect();
    json!({ "csr": Csr::new(key, &names).unwrap().to_base64url() })
}

type Files = Arc<Mutex<HashMap<String, String>>>;

/// A web server that has what was published, and notes which hosts were asked for.
pub struct Responder {
    pub address: SocketAddr,
    files: Files,
    pub hosts: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Responder {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (files, hosts) = (Files::default(), Arc::new(Mutex::new(Vec::new())));
        let (served, noted) = (Arc::clone(&files), Arc::clone(&hosts));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if !answer(stream.unwrap(), &served, &noted) {
                    return;
                }
            }
        });
        Self { address, files, hosts, thread: Some(thread) }
    }

    pub fn publish(&self, challenge: &Value, body: &str) {
        let path = format!("/.well-known/acme-challenge/{}", challenge["token"].as_str().unwrap());
        self.files.lock().unwrap().insert(path, body.to_string());
    }
}

/// Answers one request; false when there was none, which is how the responder is stopped.
fn answer(mut stream: TcpStream, files: &Files, hosts: &Mutex<Vec<String>>) -> bool {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).unwrap() {
            0 => return false,
            count => request.extend_from_slice(&chunk[..count]),
        }
    }
    let request = String::from_utf8(request).unwrap();
    let host = request.lines().find_map(|line| line.strip_prefix("Host: ")).unwrap();
    hosts.lock().unwrap().push(host.to_string());
    let path = request.split(' ').nth(1).unwrap();
    let answer = match files.lock().unwrap().get(path) {
        Some(body) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
        None => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_string(),
    };
    stream.write_all(answer.as_bytes()).unwrap();
    true
}

impl Drop for Responder {
    fn drop(&mut self) {
        drop(TcpStream::connect(self.address));
        let _ = self.thread.take().unwrap().join();
    }
}
