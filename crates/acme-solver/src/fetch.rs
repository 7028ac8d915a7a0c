//! A look over plain HTTP, as a CA would take it: one GET, bounded in time and size, no redirect followed.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::deadline::Deadline;

/// One look takes at most this long.
const TOTAL: Duration = Duration::from_secs(10);

/// Of an answer, head and body, no more is read than this many octets. A key authorization has about 90.
const MAX_ANSWER: usize = 32 * 1024;

/// What a server answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    /// Perhaps only its beginning.
    pub(crate) body: Vec<u8>,
}

/// Asks the first of the addresses that can be reached.
pub(crate) fn fetch(addresses: &[SocketAddr], host: &str, path: &str) -> io::Result<Answer> {
    fetch_within(TOTAL, addresses, host, path)
}

/// The same in another time.
pub(crate) fn fetch_within(time: Duration, addresses: &[SocketAddr], host: &str, path: &str) -> io::Result<Answer> {
    let deadline = Deadline::after(time);
    let stream = connect(addresses, deadline)?;
    let agent = concat!("acme-solver/", env!("CARGO_PKG_VERSION"));
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n");
    deadline.write_all(&stream, request.as_bytes())?;
    read(&stream, deadline)
}

fn connect(addresses: &[SocketAddr], deadline: Deadline) -> io::Result<TcpStream> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for (index, address) in addresses.iter().enumerate() {
        let others = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, deadline.left()? / others) {
            Ok(stream) => return Ok(stream),
            Err(why) => last = io::Error::new(why.kind(), format!("{address}: {why}")),
        }
    }
    Err(last)
}

fn read(stream: &TcpStream, deadline: Deadline) -> io::Result<Answer> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = deadline.read(stream, &mut buffer)?;
        answer.extend_from_slice(&buffer[..count]);
        let ended = count == 0 || answer.len() >= MAX_ANSWER;
        if let Some(answer) = parse(&answer, ended)? {
            return Ok(answer);
        }
    }
}

/// The answer in these octets; `None` while more must come. Once it has `ended`, what is there of the body counts.
fn parse(octets: &[u8], ended: bool) -> io::Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut head = httparse::Response::new(&mut headers);
    let malformed = |why: &str| io::Error::new(io::ErrorKind::InvalidData, format!("the answer is not HTTP: {why}"));
    let length = match head.parse(octets).map_err(|why| malformed(&why.to_string()))? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial if ended => return Err(malformed("it ends in its head")),
        httparse::Status::Partial => return Ok(None),
    };
    let header = |name: &str| {
        let found = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(String::from_utf8_lossy(found.value).trim().to_owned())
    };
    let body = &octets[length..];
    let (body, whole) = if header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
        dechunk(body)
    } else {
        let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(usize::MAX);
        (body[..body.len().min(length)].to_vec(), body.len() >= length)
    };
    let status = head.code.unwrap_or_default();
    Ok((whole || ended).then(|| Answer { status, location: header("location"), body }))
}

/// What the chunks hold (RFC 9112 §7.1), and whether the last one is there.
fn dechunk(mut octets: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Ok(httparse::Status::Complete((start, length))) = httparse::parse_chunk_size(octets) {
        let Ok(length @ 1..) = usize::try_from(length) else { return (body, true) };
        let Some(chunk) = start.checked_add(length).and_then(|end| octets.get(start..end)) else { break };
        body.extend_from_slice(chunk);
        octets = &octets[start + length..];
        octets = octets.strip_prefix(b"\r\n").unwrap_or(octets);
    }
    (body, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_whole_when_its_framing_says_so() {
        for (why, text, ended, want) in [
            ("an unfinished head", "HTTP/1.1 200 OK\r\nContent-", false, None),
            ("too little body", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", false, None),
            ("too little body, and it ended", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", true, Some("ab")),
            ("a whole body", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", false, Some("ab")),
            ("more than announced", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", false, Some("ab")),
            ("until the end", "HTTP/1.0 200 OK\r\n\r\nab", true, Some("ab")),
            ("until the end, which is not there", "HTTP/1.0 200 OK\r\n\r\nab", false, None),
            (
                "chunks",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
                false,
                Some("abc"),
            ),
            ("a chunk missing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", false, None),
            (
                "a chunk of absurd size",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\na",
                true,
                Some(""),
            ),
        ] {
            let body = parse(text.as_bytes(), ended).unwrap().map(|answer| answer.body);
            assert_eq!(body.as_deref(), want.map(str::as_bytes), "{why}");
        }
    }

    #[test]
    fn damage_is_an_error_or_another_answer() {
        for text in [
            "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 2\r\n\r\nab",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
        ] {
            for (at, octet, cut) in
                (0..text.len()).flat_map(|at| (0..=255).flat_map(move |octet| [(at, octet, 0), (at, octet, 1)]))
            {
                let mut damaged = text.as_bytes().to_vec();
                damaged.splice(at..at + cut, [octet]);
                for octets in [&damaged[..], &damaged[..at]] {
                    let body = parse(octets, true).ok().flatten().map(|answer| answer.body.len());
                    assert!(body.is_none_or(|length| length <= octets.len()), "{octets:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_http_is_an_error() {
        for (why, text) in [("a greeting", "220 mail ESMTP\r\n"), ("nothing", ""), ("half a head", "HTTP/1.1 200")] {
            assert_eq!(parse(text.as_bytes(), true).unwrap_err().kind(), io::ErrorKind::InvalidData, "{why}");
        }
    }
}
