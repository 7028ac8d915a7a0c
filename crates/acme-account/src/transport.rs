//! The seam to HTTP: one request, one response, nothing in between.

use std::time::Duration;

use thiserror::Error;

/// What carries requests to a CA: [`http`] in, [`http`] out, so that any HTTP client fits.
///
/// An implementation verifies the server's certificate and host name (RFC 8555 §6.1), sends a `User-Agent` with every
/// request (§6.1), and keeps out of the way otherwise: it follows no redirect and sends nothing twice, since a
/// signed request names its URL (§6.4) and its nonce counts once (§6.5).
pub trait Transport: Send + Sync {
    /// Sends one request and reads the whole response. A 4xx or 5xx is `Ok`.
    ///
    /// # Errors
    /// When there is no response, or one larger than `limits.body`.
    fn send(&self, request: http::Request<Vec<u8>>, limits: Limits) -> Result<http::Response<Vec<u8>>, TransportError>;
}

/// How much one request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands, TLS included. At most `total`.
    pub connect: Duration,
    /// Until the response is read to its end.
    pub total: Duration,
    /// The octets of a response body.
    pub body: usize,
}

impl Default for Limits {
    /// 10 seconds to connect, 60 in all, a body of 1 MiB: far more than any ACME message has.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), total: Duration::from_secs(60), body: 1 << 20 }
    }
}

/// Why there is no response.
#[derive(Debug, Error)]
#[error("{kind}: {message}")]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kept a response from coming.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The URL cannot be used.
    #[error("the URL cannot be used")]
    Url,
    /// The host name has no address.
    #[error("the host name cannot be resolved")]
    Resolve,
    /// No connection to the host: refused, unreachable or too slow.
    #[error("cannot connect")]
    Connect,
    /// The server's certificate is not trusted, or the TLS handshake failed.
    #[error("no trusted TLS connection")]
    Tls,
    /// Time ran out after the connection stood. The request may have been carried out.
    #[error("no answer in time")]
    Timeout,
    /// The connection broke. The request may have been carried out.
    #[error("the connection broke")]
    Broken,
    /// The response is larger than allowed.
    #[error("the answer is too large")]
    TooLarge,
}

impl TransportError {
    /// An error of a kind, with what the HTTP client said.
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The same, keeping the error below it.
    pub fn with_source(
        kind: TransportErrorKind,
        message: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { kind, message: message.into(), source: Some(source.into()) }
    }

    /// What kept the response from coming.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether the same may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        !matches!(self.kind, TransportErrorKind::Url | TransportErrorKind::Tls | TransportErrorKind::TooLarge)
    }

    /// Whether the server may have received the request and carried it out.
    pub fn may_have_been_sent(&self) -> bool {
        use TransportErrorKind::{Broken, Timeout, TooLarge};
        matches!(self.kind, Broken | Timeout | TooLarge)
    }
}
