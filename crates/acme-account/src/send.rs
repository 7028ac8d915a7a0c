//! One request over the transport: HTTPS only, redirects for plain GET only (RFC 8555 §6.1).

use http::Method;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::{Event, Response, TransportError, TransportErrorKind};

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
        self.observer.event(&Event::Request { method: request.method().as_str(), url });
        let response = self.transport.send(request, self.limits).map_err(transport)?;
        let response = Response::new(url, response, self.clock.now());
        self.observer.event(&Event::Response { url, status: response.status() });
        Ok(response)
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
