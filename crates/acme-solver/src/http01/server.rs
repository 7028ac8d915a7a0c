//! A web server for one purpose: it knows some tokens and nothing else.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use super::PREFIX;
use crate::listener::{Conversation, Stream};

/// A request head is at most this many octets.
const MAX_HEAD: usize = 8 * 1024;

/// Key authorizations by token.
#[derive(Debug, Default)]
pub(super) struct Tokens(RwLock<HashMap<String, String>>);

impl Tokens {
    pub(super) fn insert(&self, token: &str, key_authorization: &str) {
        let mut tokens = self.0.write().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(token.to_owned(), key_authorization.to_owned());
    }

    pub(super) fn remove(&self, token: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(token);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The key authorization for a path; the path must be the very one (RFC 8555 §8.3).
    fn at(&self, path: &str) -> Option<String> {
        let tokens = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tokens.get(path.strip_prefix(PREFIX)?).cloned()
    }
}

/// One request and its answer.
pub(super) struct Exchange {
    tokens: Arc<Tokens>,
    head: Vec<u8>,
    /// What is left of it to send.
    answer: Vec<u8>,
}

impl Exchange {
    pub(super) fn new(tokens: Arc<Tokens>) -> Self {
        Self { tokens, head: Vec::new(), answer: Vec::new() }
    }

    /// The answer, once the head of the request is whole.
    fn answer(&self) -> Option<Vec<u8>> {
        let mut headers = [httparse::EMPTY_HEADER; 100];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&self.head) {
            Ok(httparse::Status::Complete(_)) => {
                Some(respond(request.method.unwrap_or_default(), request.path.unwrap_or_default(), &self.tokens))
            }
            Ok(httparse::Status::Partial) if self.head.len() < MAX_HEAD => None,
            Ok(httparse::Status::Partial) => Some(refusal("431 Request Header Fields Too Large", "")),
            Err(_) => Some(refusal("400 Bad Request", "")),
        }
    }
}

impl Conversation for Exchange {
    fn go_on(&mut self, stream: &mut dyn Stream) -> io::Result<()> {
        while self.answer.is_empty() {
            let mut buffer = [0; 1024];
            let room = (MAX_HEAD - self.head.len()).min(buffer.len());
            match stream.read(&mut buffer[..room])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.head.extend_from_slice(&buffer[..count]),
            }
            self.answer = self.answer().unwrap_or_default();
        }
        while !self.answer.is_empty() {
            let count = stream.write(&self.answer)?;
            self.answer.drain(..count);
        }
        Ok(())
    }
}

fn respond(method: &str, path: &str, tokens: &Tokens) -> Vec<u8> {
    match (method, tokens.at(path)) {
        ("GET", Some(text)) => found(text.len(), &text),
        ("HEAD", Some(text)) => found(text.len(), ""),
        ("GET" | "HEAD", None) => refusal("404 Not Found", ""),
        _ => refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n"),
    }
}

fn found(length: usize, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {length}\r\nConnection: \
         close\r\n\r\n{body}"
    )
    .into_bytes()
}

fn refusal(status: &str, header: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
}
