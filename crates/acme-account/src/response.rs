//! A CA's answer, with what its headers mean.

use std::time::{Duration, SystemTime};

use acme_proto::{Link, Nonce, Problem, ProblemType, pause};
use serde::de::DeserializeOwned;

use crate::error::{Error, ErrorKind, Refusal};
use crate::operation::Operation;

/// How much of a body an error shows, in characters.
const EXCERPT: usize = 300;

/// An answer: where it came from, its HTTP status, headers and body.
#[derive(Clone)]
pub struct Response {
    url: String,
    inner: http::Response<Vec<u8>>,
    received: SystemTime,
}

impl Response {
    pub(crate) fn new(url: &str, inner: http::Response<Vec<u8>>, received: SystemTime) -> Self {
        Self { url: url.to_owned(), inner, received }
    }

    /// The URL that was asked.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.inner.status().as_u16()
    }

    /// Whether the HTTP status says success.
    pub(crate) fn is_success(&self) -> bool {
        self.inner.status().is_success()
    }

    /// The headers.
    pub fn headers(&self) -> &http::HeaderMap {
        self.inner.headers()
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.inner.body()
    }

    /// The first header of a name, when it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)?.to_str().ok()
    }

    /// The `Location`, made absolute (RFC 9110 §10.2.2).
    pub fn location(&self) -> Option<String> {
        self.header("location").filter(|location| !location.is_empty()).and_then(|location| self.absolute(location))
    }

    /// The targets of the links with a relation, made absolute (RFC 8288 §3.2), in their order.
    pub fn links(&self, relation: &str) -> Vec<String> {
        let values = self.headers().get_all("link").iter().filter_map(|value| value.to_str().ok());
        let links = values.flat_map(Link::parse_all).filter(|link| link.has(relation));
        links.filter_map(|link| self.absolute(&link.target)).collect()
    }

    /// How long the CA asks us to wait, at most a day.
    pub fn retry_after(&self) -> Option<Duration> {
        pause(self.header("retry-after")?, self.received)
    }

    /// The nonce that came along, unless it is malformed (RFC 8555 §6.5.1).
    pub fn nonce(&self) -> Option<Nonce> {
        self.header("replay-nonce").and_then(|text| Nonce::parse(text).ok())
    }

    /// The media type of the body, in lower case and without parameters.
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The problem document, when the body is one.
    pub fn problem(&self) -> Option<Problem> {
        let problem = Problem::from_json(self.body())?;
        match self.media_type().as_str() {
            "application/problem+json" => Some(problem),
            // Whatever stands between us and the CA speaks JSON too.
            "application/json" | "" => says_something(&problem).then_some(problem),
            _ => None,
        }
    }

    /// The answer itself when the HTTP status says success, else an error with all that the CA said.
    pub(crate) fn success(self, operation: Operation) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        if let (true, Some(target)) = (self.inner.status().is_redirection(), self.location()) {
            let why = format!("a {} to {target}, which only a plain GET follows (RFC 8555 §6.4)", self.inner.status());
            return Err(Error::new(operation, &self.url, ErrorKind::Unusable { why, excerpt: String::new() }));
        }
        let (status, retry_after) = (self.status(), self.retry_after());
        let kind = match self.problem() {
            Some(problem) => ErrorKind::Refused(Refusal {
                status,
                content_type: self.media_type(),
                problem,
                retry_after,
                help: self.links("help").into_iter().next(),
                terms: self.links("terms-of-service").into_iter().next(),
                location: self.location(),
            }),
            None => ErrorKind::Http { status, content_type: self.media_type(), excerpt: self.excerpt(), retry_after },
        };
        Err(Error::new(operation, &self.url, kind))
    }

    /// The body as an object of ACME's.
    pub(crate) fn json<T: DeserializeOwned>(&self, operation: Operation) -> Result<T, Error> {
        serde_json::from_slice(self.body()).map_err(|error| self.unusable(operation, error.to_string()))
    }

    /// An error about an answer that looks like success but is not usable.
    pub(crate) fn unusable(&self, operation: Operation, why: impl Into<String>) -> Error {
        Error::new(operation, &self.url, ErrorKind::Unusable { why: why.into(), excerpt: self.excerpt() })
    }

    fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(self.body());
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        match text.chars().count() {
            0 => "(no body)".to_owned(),
            1..=EXCERPT => text,
            _ => text.chars().take(EXCERPT).chain("…".chars()).collect(),
        }
    }

    /// A reference made absolute; one that is absolute already stays byte for byte as it is (RFC 8555 §6.4.1).
    fn absolute(&self, reference: &str) -> Option<String> {
        match url::Url::parse(reference) {
            Ok(_) => Some(reference.to_owned()),
            Err(_) => Some(url::Url::parse(&self.url).ok()?.join(reference).ok()?.into()),
        }
    }
}

/// Without its headers and its body, which may hold contacts.
impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Response({} from {}, {} octets)", self.status(), self.url, self.body().len())
    }
}

fn says_something(problem: &Problem) -> bool {
    problem.kind != ProblemType::default() || problem.title.is_some() || problem.detail.is_some()
}
