//! Validation: http-01 is really fetched (RFC 8555 §8.3), TXT records are looked up in a table.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use acme_jose::Thumbprint;

use crate::behaviour::Behaviour;
use crate::ca::Ca;
use crate::dns_proof;
use crate::identifier::Identifier;
use crate::problem::{ErrorType, Problem};

/// How long a fetch may take, first to last octet.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Octets of an answer that are read.
const MAX_ANSWER: usize = 16 * 1024;

/// A challenge to validate.
pub(crate) struct Task {
    pub(crate) kind: &'static str,
    /// Without `*.`.
    pub(crate) identifier: Identifier,
    pub(crate) wildcard: bool,
    pub(crate) token: String,
    /// Of the account's key at the time of the answer.
    pub(crate) thumbprint: Thumbprint,
    pub(crate) account_url: String,
}

impl Task {
    /// RFC 8555 §8.1
    pub(crate) fn key_authorization(&self) -> String {
        format!("{}.{}", self.token, self.thumbprint)
    }
}

/// Validates a challenge. The problem says why it is invalid.
pub(crate) fn validate(ca: &Ca, task: &Task) -> Result<(), Problem> {
    match task.kind {
        "http-01" => http01(ca, task),
        "dns-01" => dns_proof::dns01(ca, task),
        "dns-account-01" => dns_proof::dns_account01(ca, task),
        "dns-persist-01" => dns_proof::dns_persist01(ca, task),
        other => Err(Problem::unauthorized(format!("this CA does not validate {other} yet: answer http-01"))),
    }
}

/// Fetches the token, where the CA is so from four places at once: all must see the same.
fn http01(ca: &Ca, task: &Task) -> Result<(), Problem> {
    let places = if ca.lock().has(Behaviour::FetchFourTimes) { 4 } else { 1 };
    thread::scope(|scope| {
        let fetches: Vec<_> = (0..places).map(|_| scope.spawn(|| fetch_and_compare(ca, task))).collect();
        let panicked = |_| Err(Problem::new(ErrorType::ServerInternal, "the validation panicked"));
        fetches.into_iter().try_for_each(|fetch| fetch.join().unwrap_or_else(panicked))
    })
}

fn fetch_and_compare(ca: &Ca, task: &Task) -> Result<(), Problem> {
    let url = format!("http://{}/.well-known/acme-challenge/{}", task.identifier.host(), task.token);
    let answer = fetch(ca, task)
        .map_err(|why| Problem::new(ErrorType::Connection, format!("fetching {url} at {}: {why}", ca.http01_addr)))?;
    let body = ok_body(&answer)
        .map_err(|why| Problem::new(ErrorType::IncorrectResponse, format!("invalid response from {url}: {why}")))?;
    // Only white space at the end is forgiven (RFC 8555 §8.3).
    let found = body.trim_ascii_end();
    let expected = task.key_authorization();
    if found == expected.as_bytes() {
        return Ok(());
    }
    let found: String = String::from_utf8_lossy(found).chars().take(100).collect();
    let detail = format!("{url} answered {found:?}, expected {expected:?}");
    Err(Problem::new(ErrorType::IncorrectResponse, detail))
}

/// The whole answer to the GET of a token.
fn fetch(ca: &Ca, task: &Task) -> Result<Vec<u8>, String> {
    let deadline = Instant::now() + TIMEOUT;
    let text = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect_timeout(&ca.http01_addr, TIMEOUT).map_err(text)?;
    let _watched = ca.workers.watch(&stream).ok_or("the CA is shutting down")?;
    stream.set_write_timeout(Some(TIMEOUT)).map_err(text)?;
    let request = format!(
        "GET /.well-known/acme-challenge/{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: acme-testca\r\nAccept: */*\r\n\
         Connection: close\r\n\r\n",
        task.token,
        task.identifier.host()
    );
    stream.write_all(request.as_bytes()).map_err(text)?;
    let mut answer = Vec::new();
    while !is_whole(&answer) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() || answer.len() > MAX_ANSWER {
            return Err("the answer is too slow or too long".to_string());
        }
        stream.set_read_timeout(Some(left)).map_err(text)?;
        let mut chunk = [0; 1024];
        match stream.read(&mut chunk).map_err(text)? {
            0 => break,
            count => answer.extend_from_slice(&chunk[..count]),
        }
    }
    Ok(answer)
}

/// Whether all that Content-Length promised is there. Without one, the end of the connection is the end.
fn is_whole(answer: &[u8]) -> bool {
    let mut lines = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut lines);
    let Ok(httparse::Status::Complete(start)) = head.parse(answer) else { return false };
    content_length(head.headers).is_some_and(|length| answer.len() - start >= length)
}

/// The body of a 200.
fn ok_body(answer: &[u8]) -> Result<&[u8], String> {
    let mut lines = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut lines);
    let Ok(httparse::Status::Complete(start)) = head.parse(answer) else {
        return Err("not a whole HTTP response".to_string());
    };
    match head.code {
        Some(200) => {}
        Some(code @ 300..400) => return Err(format!("a redirect ({code}), which this CA does not follow")),
        code => return Err(format!("status {}", code.unwrap_or_default())),
    }
    let body = &answer[start..];
    match content_length(head.headers) {
        Some(length) => body.get(..length).ok_or_else(|| "the body is shorter than its Content-Length".to_string()),
        None if head.headers.iter().any(|line| line.name.eq_ignore_ascii_case("Transfer-Encoding")) => {
            Err("a chunked body, which this CA does not read".to_string())
        }
        None => Ok(body),
    }
}

fn content_length(lines: &[httparse::Header<'_>]) -> Option<usize> {
    let line = lines.iter().find(|line| line.name.eq_ignore_ascii_case("Content-Length"))?;
    str::from_utf8(line.value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_as_http_says() {
        for (why, answer, want) in [
            ("plain", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", Ok("ab")),
            ("more than promised", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", Ok("a")),
            ("to the end of the connection", "HTTP/1.0 200 OK\r\n\r\nab", Ok("ab")),
            ("cut off", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", Err("shorter")),
            ("missing", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", Err("404")),
            ("moved", "HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n", Err("redirect")),
            ("chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", Err("chunked")),
            ("not HTTP", "hello", Err("not a whole HTTP response")),
        ] {
            match (ok_body(answer.as_bytes()), want) {
                (Ok(found), Ok(body)) => assert_eq!(found, body.as_bytes(), "{why}"),
                (Err(found), Err(part)) => assert!(found.contains(part), "{why}: {found}"),
                (found, _) => panic!("{why}: {found:?}"),
            }
        }
    }
}
