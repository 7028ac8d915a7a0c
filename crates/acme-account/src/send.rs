//! One request over the transport: HTTPS only, redirects for plain GET only (RFC 8555 §6.1).

use std::sync::atomic::Ordering;

use http::Method;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::{Event, Message, Response, TransportError, TransportErrorKind};

/// As many redirects may be followed.
const MAX_REDIRECTS: usize = 5;

/// As often may a request that changes nothing be sent when no answer comes.
const MAX_ATTEMPTS: u32 = 3;

impl Account {
    /// A plain GET, also of what it redirects to.
    pub(crate) fn get(&self, url: &str, operation: Operation) -> Result<Response, Error> {
        let mut url = url.to_owned();
        for _ in 0..=MAX_REDIRECTS {
            let request = || http::Request::builder().method(Method::GET);
            let response = until_answered(operation, || self.send(request(), &url, Vec::new(), operation))?;
            match (response.status(), response.location()) {
                (301 | 302 | 303 | 307 | 308, Some(target)) => url = target,
                _ => return Ok(response),
            }
        }
        let kind = ErrorKind::Unusable { why: format!("more than {MAX_REDIRECTS} redirects"), excerpt: url.clone() };
        Err(Error::new(operation, url, kind))
    }

    /// One request, one response, over HTTPS.
    pub(crate) fn send(
        &self,
        request: http::request::Builder,
        url: &str,
        body: Vec<u8>,
        operation: Operation,
    ) -> Result<Response, Error> {
        check_https(url, operation)?;
        let transport = |error| Error::new(operation, url, ErrorKind::Transport(error));
        let request = request
            .uri(url)
            .body(body)
            .map_err(|error| transport(TransportError::new(TransportErrorKind::Url, error.to_string())))?;
        let response = self.observed(request, url, operation).map_err(transport)?;
        Ok(Response::new(url, response, self.clock.now()))
    }

    fn observed(
        &self,
        request: http::Request<Vec<u8>>,
        url: &str,
        operation: Operation,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let exchange = self.exchanges.fetch_add(1, Ordering::Relaxed);
        let message = Message::new(request.headers(), request.body());
        let method = request.method().as_str();
        self.observer.event(&Event::Request { exchange, operation, method, url, message });
        let outcome = self.transport.send(request, self.limits);
        match &outcome {
            Ok(response) => {
                let message = Message::new(response.headers(), response.body());
                self.observer.event(&Event::Response { exchange, url, status: response.status().as_u16(), message });
            }
            Err(error) => self.observer.event(&Event::Unanswered { exchange, url, why: &error.to_string() }),
        }
        outcome
    }
}

/// Refuses what does not go over HTTPS, wherever the URL came from (RFC 8555 §6.1).
pub(crate) fn check_https(url: &str, operation: Operation) -> Result<(), Error> {
    match url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")) {
        true => Ok(()),
        false => Err(Error::new(operation, url, ErrorKind::Insecure)),
    }
}

/// Does what changes nothing again when it got no answer, which happens when a server closes an idle connection.
pub(crate) fn until_answered(
    operation: Operation,
    attempt: impl Fn() -> Result<Response, Error>,
) -> Result<Response, Error> {
    let mut attempts = 1;
    loop {
        match attempt() {
            Err(error) if is_unanswered(&error, operation) && attempts < MAX_ATTEMPTS => attempts += 1,
            outcome => return outcome,
        }
    }
}

/// Not so when asking for a nonce got no answer: that was repeated already.
fn is_unanswered(error: &Error, operation: Operation) -> bool {
    let ErrorKind::Transport(cause) = error.kind() else { return false };
    error.operation() == operation && matches!(cause.kind(), TransportErrorKind::Timeout | TransportErrorKind::Broken)
}
