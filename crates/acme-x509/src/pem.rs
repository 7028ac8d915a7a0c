//! PEM, read strictly (RFC 7468 §3, RFC 8555 §9.1).

use std::str;

use base64ct::{Base64, Encoding as _};

/// A line from outside is shown up to this many characters.
const EXCERPT: usize = 40;

/// Why a text is not the PEM that was expected. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemError {
    /// No block at all.
    #[error("there is no {0} block")]
    Empty(&'static str),
    /// More blocks than are accepted.
    #[error("there are more than {0} blocks")]
    TooMany(usize),
    /// A block with another label. It may be a private key that somebody wants to have installed (RFC 8555 §11.4).
    #[error("line {line}: only {expected} blocks are accepted, found {found:?}")]
    Label {
        /// The line.
        line: usize,
        /// What there is, shortened.
        found: String,
        /// The label that was expected.
        expected: &'static str,
    },
    /// A line that is neither in a block nor empty.
    #[error("line {line}: only PEM blocks and empty lines are accepted, found {found:?}")]
    Text {
        /// The line.
        line: usize,
        /// What there is, shortened.
        found: String,
    },
    /// A block without an end.
    #[error("the block that begins at line {0} has no end: is the text truncated?")]
    Unfinished(usize),
    /// A block that is not base64.
    #[error("the block that begins at line {0} is not base64")]
    Base64(usize),
}

/// The octets of the first block and of those behind it, all of which have this label.
///
/// Lines end with LF or CRLF. Between the blocks there may be empty lines (RFC 8555 erratum 5983) and nothing else.
pub(crate) fn blocks(text: &[u8], label: &'static str, most: usize) -> Result<(Vec<u8>, Vec<Vec<u8>>), PemError> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(lines(text));
    while let Some((start, line)) = lines.next() {
        if line.is_empty() {
            continue;
        }
        if line != begin.as_bytes() {
            return Err(stray(start, line, label));
        }
        if blocks.len() == most {
            return Err(PemError::TooMany(most));
        }
        let body = body(lines.by_ref().map(|(_, line)| line), end.as_bytes()).ok_or(PemError::Unfinished(start))?;
        blocks.push(decode(&body).ok_or(PemError::Base64(start))?);
    }
    let mut blocks = blocks.into_iter();
    let first = blocks.next().ok_or(PemError::Empty(label))?;
    Ok((first, blocks.collect()))
}

/// A block, with lines of 64 characters that end with LF.
pub(crate) fn encode(label: &str, der: &[u8]) -> String {
    let base64 = Base64::encode_string(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in base64.as_bytes().chunks(64) {
        text.extend(line.iter().map(|octet| char::from(*octet)));
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|octet| *octet == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// The lines up to `end`, joined. `None` when it does not come.
fn body<'a>(lines: impl Iterator<Item = &'a [u8]>, end: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    for line in lines {
        if line == end {
            return Some(body);
        }
        // An empty line, or the start of another block, is not base64: both are kept, so that decoding fails.
        body.extend_from_slice(if line.is_empty() { b" " } else { line });
    }
    None
}

fn decode(body: &[u8]) -> Option<Vec<u8>> {
    Base64::decode_vec(str::from_utf8(body).ok()?).ok()
}

fn stray(line: usize, found: &[u8], expected: &'static str) -> PemError {
    let boundary = found.starts_with(b"-----BEGIN");
    let found = String::from_utf8_lossy(found).chars().take(EXCERPT).collect();
    if boundary { PemError::Label { line, found, expected } } else { PemError::Text { line, found } }
}
