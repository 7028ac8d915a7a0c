//! A key in another process: everything works through a [`Signer`] that sees the public key and signatures only.
//!
//! This program is its own agent: started with `AGENT` as its argument, it makes a key that never leaves it and
//! answers two questions, line by line, in hex:
//! `public` gives the SubjectPublicKeyInfo, `sign MESSAGE` gives an ECDSA signature as DER, as agents and HSMs do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;

use acme_jose::{
    Algorithm, Header, Jwk, Jws, KeyId, KeyType, ParsedKeyId, Payload, PrivateKey, SignError, Signer,
    ecdsa_der_to_fixed, ecdsa_fixed_to_der,
};

const AGENT: &str = "--be-the-agent";

fn main() {
    if std::env::args().any(|argument| argument == AGENT) {
        return be_the_agent();
    }
    signs_everything_a_client_sends();
    verifies_under_its_own_key_only();
    says_why_it_cannot_sign();
    println!("outside_signer: 3 passed");
}

fn be_the_agent() {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let answer = match line.split_once(' ') {
            None => key.public_key().to_spki_der().unwrap(),
            Some((_, message)) => ecdsa_fixed_to_der(key.algorithm(), &key.sign(&unhex(message)).unwrap()).unwrap(),
        };
        println!("{}", hex(&answer));
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The client's side of the agent.
struct Agent {
    process: Mutex<Process>,
    public_key: Jwk,
}

struct Process {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Process {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(AGENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (questions, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, questions, answers }
    }

    fn ask(&mut self, question: &str) -> std::io::Result<Vec<u8>> {
        writeln!(self.questions, "{question}")?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer)? {
            0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(unhex(answer.trim())),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Agent {
    fn start() -> Self {
        let mut process = Process::start();
        let public_key = Jwk::from_spki_der(&process.ask("public").unwrap()).unwrap();
        Self { process: Mutex::new(process), public_key }
    }
}

impl Signer for Agent {
    fn algorithm(&self) -> Algorithm {
        self.public_key.algorithm()
    }

    fn public_key(&self) -> Jwk {
        self.public_key.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let answer = self.process.lock().unwrap().ask(&format!("sign {}", hex(message)));
        let der = answer.map_err(|error| SignError::with_source("the agent does not answer", error))?;
        ecdsa_der_to_fixed(self.algorithm(), &der)
    }
}

fn header(key: KeyId<'_>) -> Header<'_> {
    Header { key, nonce: "oFvnlFP1wIhRlYS2jTaXbA", url: "https://ca.example/new-account" }
}

fn signs_everything_a_client_sends() {
    let agent = Agent::start();
    let inner = Jws::sign_inner(&agent, "https://ca.example/key-change", &Payload::EmptyObject).unwrap().received();
    for jws in [
        Jws::sign(&agent, &header(KeyId::Jwk), &Payload::EmptyObject).unwrap(),
        Jws::sign(&agent, &header(KeyId::Kid("https://ca.example/acct/1")), &Payload::Empty).unwrap(),
        Jws::sign(&agent, &header(KeyId::Jwk), &Payload::json(&inner).unwrap()).unwrap(),
        inner,
    ] {
        assert_eq!(Jws::from_json(jws.to_json().as_bytes()).unwrap().verify(&agent.public_key()), Ok(()));
    }
    // Some of these have a short R or S, which DER shortens and the fixed form must pad again.
    for message in 0..300_u32 {
        let signature = agent.sign(&message.to_be_bytes()).unwrap();
        assert_eq!(agent.public_key().verify(Algorithm::Es256, &message.to_be_bytes(), &signature), Ok(()));
    }
}

fn verifies_under_its_own_key_only() {
    let (one, other) = (Agent::start(), Agent::start());
    let jws = Jws::sign(&one, &header(KeyId::Jwk), &Payload::Empty).unwrap();
    assert_eq!(jws.header().unwrap().key, ParsedKeyId::Jwk(one.public_key()));
    assert!(jws.verify(&other.public_key()).is_err());
}

fn says_why_it_cannot_sign() {
    let agent = Agent::start();
    {
        let mut process = agent.process.lock().unwrap();
        process.child.kill().unwrap();
        process.child.wait().unwrap();
    }
    let error = Jws::sign(&agent, &header(KeyId::Jwk), &Payload::Empty).unwrap_err();
    assert_eq!(error.to_string(), "cannot sign: the agent does not answer");
    assert!(std::error::Error::source(&error).is_some_and(|source| source.is::<std::io::Error>()));
}
