//! HTTP/1.1 requests read: as much of RFC 9112 as ACME clients use.

use std::io::Read;

/// Octets a request head may have.
const MAX_HEAD: usize = 16 * 1024;
/// Octets a request body may have: as many as Boulder allows.
const MAX_BODY: usize = 50_000;
/// Header lines a request may have.
const MAX_HEADERS: usize = 64;

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The request target.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Whether the client may send another request on the same connection (RFC 9112 §9.3).
    pub(crate) keep_alive: bool,
}

impl Incoming {
    /// The first header of this name, in any case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What a connection gave.
#[derive(Debug)]
pub(crate) enum Next {
    /// A whole request.
    Request(Incoming),
    /// Something that is none: an HTTP status, and why. The connection is of no more use.
    Refused(u16, &'static str),
    /// The end of the connection.
    Closed,
}

/// Reads one request. `buffer` keeps what came after it for the next call.
pub(crate) fn read(stream: &mut impl Read, buffer: &mut Vec<u8>) -> Next {
    loop {
        match parse(buffer) {
            Ok(Some((request, used))) => {
                buffer.drain(..used);
                return Next::Request(request);
            }
            Ok(None) => {}
            Err((status, why)) => return Next::Refused(status, why),
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return Next::Closed,
            Ok(count) => buffer.extend_from_slice(&chunk[..count]),
        }
    }
}

/// The request at the start of `octets` and its length, if all of it is there.
fn parse(octets: &[u8]) -> Result<Option<(Incoming, usize)>, (u16, &'static str)> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut lines);
    let start = match head.parse(octets) {
        Ok(httparse::Status::Complete(start)) => start,
        Ok(httparse::Status::Partial) if octets.len() > MAX_HEAD => return Err((431, "the request head is too large")),
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err((400, "not an HTTP/1.1 request")),
    };
    let text = |value: &[u8]| String::from_utf8_lossy(value).trim().to_string();
    let mut request = Incoming {
        method: head.method.unwrap_or_default().to_string(),
        path: head.path.unwrap_or_default().to_string(),
        headers: head.headers.iter().map(|line| (line.name.to_string(), text(line.value))).collect(),
        body: Vec::new(),
        keep_alive: head.version == Some(1),
    };
    request.keep_alive &= !request.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let end = start + body_length(&request)?;
    let Some(body) = octets.get(start..end) else { return Ok(None) };
    request.body = body.to_vec();
    Ok(Some((request, end)))
}

fn body_length(request: &Incoming) -> Result<usize, (u16, &'static str)> {
    if request.header("Transfer-Encoding").is_some() {
        return Err((411, "send a Content-Length: this CA does not read chunked bodies"));
    }
    match request.header("Content-Length").map(str::parse) {
        None => Ok(0),
        Some(Err(_)) => Err((400, "Content-Length is not a number")),
        Some(Ok(length)) if length > MAX_BODY => Err((413, "the request body is too large")),
        Some(Ok(length)) => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// Gives one octet at a time, as a slow network would.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    #[test]
    fn requests_follow_each_other_on_one_connection() {
        let wire = b"POST /a HTTP/1.1\r\ncontent-length: 3\r\n\r\nabcHEAD /b HTTP/1.1\r\nConnection: close\r\n\r\n";
        let mut stream = Slow(wire);
        let mut buffer = Vec::new();
        let Next::Request(first) = read(&mut stream, &mut buffer) else { panic!("no first request") };
        assert_eq!((&*first.path, &*first.body, first.keep_alive), ("/a", &b"abc"[..], true));
        let Next::Request(second) = read(&mut stream, &mut buffer) else { panic!("no second request") };
        assert_eq!((&*second.method, second.keep_alive), ("HEAD", false));
        assert!(matches!(read(&mut stream, &mut buffer), Next::Closed));
    }

    #[test]
    fn bad_requests_are_refused() {
        let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(MAX_HEAD));
        for (why, wire, want) in [
            ("not HTTP", "hello\r\n\r\n", 400),
            ("a length that is none", "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
            ("a length beyond the limit", "POST / HTTP/1.1\r\nContent-Length: 50001\r\n\r\n", 413),
            ("chunked", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
            ("an endless head", &long, 431),
        ] {
            let found = read(&mut wire.as_bytes(), &mut Vec::new());
            assert!(matches!(found, Next::Refused(status, _) if status == want), "{why}: {found:?}");
        }
    }
}
