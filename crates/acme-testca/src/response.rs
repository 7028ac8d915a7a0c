//! Responses: made, and written or not (RFC 9112).

use std::io::{self, Write};

use serde_json::Value;

/// A response to be written.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    /// Seconds, for a `Retry-After` that is added at the end.
    pub(crate) pause: Option<u64>,
    pub(crate) fate: Fate,
}

/// What a response says.
#[derive(Debug)]
pub(crate) enum Body {
    Octets(Vec<u8>),
    /// JSON that can still be changed.
    Json(Value),
}

/// What becomes of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Sent,
    /// The connection is closed in its place.
    Lost,
    /// The connection is closed in the midst of the body.
    CutOff {
        /// Within a chunk, or else short of its Content-Length.
        chunked: bool,
    },
    /// Nothing ever comes.
    Hung,
    /// The connection is closed after it, and the response does not say so.
    SentAndClosed,
}

impl Response {
    /// A response without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Octets(Vec::new()), pause: None, fate: Fate::Sent }
    }

    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { body: Body::Json(body), ..Self::empty(status) }.content_type("application/json")
    }

    pub(crate) fn text(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: Body::Octets(body.into()), ..Self::empty(status) }.content_type(content_type)
    }

    /// Names the type of the body, in place of an earlier one.
    pub(crate) fn content_type(mut self, value: &'static str) -> Self {
        self.remove_header("Content-Type");
        self.header("Content-Type", value)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn remove_header(&mut self, name: &str) {
        self.headers.retain(|(known, _)| *known != name);
    }

    /// With a `Retry-After` of so many seconds.
    pub(crate) fn pause(mut self, seconds: u64) -> Self {
        self.pause = Some(seconds);
        self
    }

    /// The `status` of the object it holds, if it holds one.
    pub(crate) fn object_status(&self) -> &str {
        match &self.body {
            Body::Json(object) => object["status"].as_str().unwrap_or_default(),
            Body::Octets(_) => "",
        }
    }

    /// Writes it in one piece; a response to HEAD goes without its body.
    pub(crate) fn write(self, stream: &mut impl Write, head_only: bool, keep_alive: bool) -> io::Result<()> {
        // No reason phrase: it is optional, and no client may depend on one (RFC 9112 §4).
        let mut text = format!("HTTP/1.1 {} \r\n", self.status);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        let mut body = match self.body {
            Body::Octets(octets) => octets,
            Body::Json(value) => value.to_string().into_bytes(),
        };
        let chunked = self.fate == Fate::CutOff { chunked: true };
        if chunked {
            text += "Transfer-Encoding: chunked\r\n";
        } else if self.status != 204 {
            text += &format!("Content-Length: {}\r\n", body.len());
        }
        if !keep_alive && self.fate != Fate::SentAndClosed {
            text += "Connection: close\r\n";
        }
        text += "\r\n";
        if chunked {
            text += &format!("{:x}\r\n", body.len());
        }
        if matches!(self.fate, Fate::CutOff { .. }) {
            body.truncate(body.len() / 2);
        }
        let mut octets = text.into_bytes();
        if !head_only {
            octets.extend_from_slice(&body);
        }
        stream.write_all(&octets)?;
        stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(response: Response, head_only: bool, keep_alive: bool) -> String {
        let mut octets = Vec::new();
        response.write(&mut octets, head_only, keep_alive).unwrap();
        String::from_utf8(octets).unwrap()
    }

    #[test]
    fn no_status_line_has_a_reason() {
        let text = || Response::text(200, "text/plain", "abcd");
        let head = "HTTP/1.1 200 \r\nContent-Type: text/plain\r\n";
        for (why, response, head_only, keep_alive, want) in [
            ("plain", text(), false, true, "Content-Length: 4\r\n\r\nabcd"),
            ("HEAD", text(), true, true, "Content-Length: 4\r\n\r\n"),
            ("the last", text(), false, false, "Content-Length: 4\r\nConnection: close\r\n\r\nabcd"),
            (
                "cut off within a chunk",
                Response { fate: Fate::CutOff { chunked: true }, ..text() },
                false,
                true,
                "Transfer-Encoding: chunked\r\n\r\n4\r\nab",
            ),
            (
                "cut off short of its length",
                Response { fate: Fate::CutOff { chunked: false }, ..text() },
                false,
                true,
                "Content-Length: 4\r\n\r\nab",
            ),
        ] {
            assert_eq!(written(response, head_only, keep_alive), format!("{head}{want}"), "{why}");
        }
        assert_eq!(written(Response::empty(204), false, true), "HTTP/1.1 204 \r\n\r\n");
    }
}
