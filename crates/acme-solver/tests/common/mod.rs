//! What the tests of all solvers share: tasks, and a client that hides nothing.
#![allow(dead_code)]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::slice;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_proto::{ChallengeType, Identifier, Meta, Prover};

pub(crate) fn task(name: &str, kind: ChallengeType, token: &str) -> Task {
    from_challenge(name, &format!(r#"{{"type": "{kind}", "url": "https://ca.test/c", "token": "{token}"}}"#))
}

/// dns-persist-01 has no token.
pub(crate) fn persist_task(name: &str) -> Task {
    let challenge = r#"{"type": "dns-persist-01", "url": "https://ca.test/c", "issuer-domain-names": ["ca.test"]}"#;
    from_challenge(name, challenge)
}

fn from_challenge(name: &str, challenge: &str) -> Task {
    let challenge = serde_json::from_str(challenge).unwrap();
    let thumbprint = PrivateKey::generate(KeyType::P256).unwrap().public_key().thumbprint();
    let prover = Prover { account_url: "https://ca.test/a", thumbprint: &thumbprint, meta: &Meta::default() };
    Task::new(&challenge, &Identifier::parse(name).unwrap(), false, &prover).unwrap()
}

/// One task at a time.
pub(crate) trait One: Solver {
    fn present_one(&self, task: &Task) -> Result<(), SolverError> {
        self.present(slice::from_ref(task)).remove(0)
    }

    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        self.verify(slice::from_ref(task)).remove(0)
    }

    fn clean_up_one(&self, task: &Task) -> Result<(), SolverError> {
        self.clean_up(slice::from_ref(task)).remove(0)
    }
}

impl<S: Solver> One for S {}

pub(crate) fn http_task(token: &str) -> Task {
    task("a.test", ChallengeType::Http01, token)
}

/// What comes back for these octets, to the end.
pub(crate) fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Head and body of the answer to a GET.
pub(crate) fn get(address: SocketAddr, path: &str) -> (String, String) {
    let answer = raw(address, &format!("GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

/// A web server that gives every client the same answer, and tells what the last one asked.
pub(crate) fn serve_always(answer: String) -> (SocketAddr, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, asking) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut octet = [0];
                if stream.read_exact(&mut octet).is_err() {
                    break;
                }
                request.push(octet[0]);
            }
            asked.send(String::from_utf8(request).unwrap()).ok();
            stream.write_all(answer.as_bytes()).ok();
        }
    });
    (address, asking)
}

pub(crate) fn answer(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// An address where nobody listens.
pub(crate) fn dead_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
