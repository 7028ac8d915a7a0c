//! Requests, signed and not: the layer that knows nonces (RFC 8555 §6).

use acme_jose::{Header, Jws, KeyId, Payload, Signer};
use acme_proto::{Nonce, ProblemType, Resource};
use http::Method;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::send::{check_https, until_answered};
use crate::{Event, Response};

/// As many nonces may be refused for one request: enough for a CA that refuses nine in ten.
const MAX_NONCE_ATTEMPTS: u32 = 64;

/// Which name of the key goes into the header (RFC 8555 §6.2).
#[derive(Clone, Copy)]
pub(crate) enum KeyUse<'a> {
    /// `jwk`: for newAccount, where the CA does not know the key yet.
    Embedded,
    /// `kid`: for all that an account does.
    Account,
    /// `kid` once the account URL is known, else `jwk`: when a caller chose the resource. The key of a certificate signs so
    /// to revoke it (RFC 8555 §7.6).
    Known,
    /// `jwk`, and another key than the account's: that of a certificate, or of an account that is looked for.
    Other(&'a dyn Signer),
}

impl Account {
    /// One signed request: lua-acme's `step`. The resource is a name in the directory or a URL; the answer counts
    /// only if its HTTP status says success.
    ///
    /// # Errors
    /// When the directory does not list the resource, no answer comes, or the CA refuses.
    pub fn step(&self, resource_or_url: &str, payload: &Payload) -> Result<Response, Error> {
        let url = match resource_or_url.contains("://") {
            true => resource_or_url.to_owned(),
            false => self.resource(resource_or_url, Operation::Step)?,
        };
        self.signed_request(&url, payload)?.success(Operation::Step)
    }

    /// One signed request to a URL, with the answer whatever its HTTP status. Refused nonces are seen to.
    ///
    /// # Errors
    /// When the URL is not an https one, no answer comes, the key does not sign, or nonce after nonce is refused.
    pub fn signed_request(&self, url: &str, payload: &Payload) -> Result<Response, Error> {
        // Before anything is asked, the directory included.
        check_https(url, Operation::Step)?;
        let key = if self.directory()?.new_account == url { KeyUse::Embedded } else { KeyUse::Known };
        self.post(url, key, payload, Operation::Step)
    }

    /// One plain GET, with the answer whatever its HTTP status. Redirects are followed from https to https.
    ///
    /// # Errors
    /// When no answer comes, or it is a redirect that must not be followed.
    pub fn unsigned_request(&self, url: &str) -> Result<Response, Error> {
        self.get(url, Operation::Step)
    }

    pub(crate) fn payload(
        &self,
        message: &impl serde::Serialize,
        operation: Operation,
        url: &str,
    ) -> Result<Payload, Error> {
        Payload::json(message).map_err(|error| Error::not_sent(operation, url, error))
    }

    /// POST-as-GET (RFC 8555 §6.3). Reading changes nothing, so when no answer comes it is asked again, under a new nonce.
    pub(crate) fn read(&self, url: &str, operation: Operation) -> Result<Response, Error> {
        until_answered(operation, || self.post(url, KeyUse::Account, &Payload::Empty, operation))?.success(operation)
    }

    /// Signs and sends, again with the nonce of the refusal while nonces are refused (RFC 8555 §6.5).
    pub(crate) fn post(
        &self,
        url: &str,
        key: KeyUse<'_>,
        payload: &Payload,
        operation: Operation,
    ) -> Result<Response, Error> {
        check_https(url, operation)?;
        let kid = self.kid(key, url, operation)?;
        let own = self.key();
        let signer = if let KeyUse::Other(other) = key { other } else { &*own };
        let key = kid.as_deref().map_or(KeyId::Jwk, KeyId::Kid);
        let mut nonce = self.fresh_nonce()?;
        for attempts in 1..=MAX_NONCE_ATTEMPTS {
            let response = self.post_once(signer, &Header { key, nonce: nonce.as_str(), url }, payload, operation)?;
            if !is_nonce_refused(&response) {
                self.keep_nonce(&response);
                return Ok(response);
            }
            self.observer.event(&Event::NonceRefused { attempts });
            // Another one at hand may be as old as the one refused: that of the refusal counts (RFC 8555 §6.5).
            nonce = match response.nonce() {
                Some(next) => next,
                None => self.new_nonce()?,
            };
        }
        Err(Error::new(operation, url, ErrorKind::NonceRefused { attempts: MAX_NONCE_ATTEMPTS }))
    }

    /// The `kid`, for requests that have one.
    fn kid(&self, key: KeyUse<'_>, url: &str, operation: Operation) -> Result<Option<String>, Error> {
        match (key, self.url()) {
            (KeyUse::Embedded | KeyUse::Other(_), _) => Ok(None),
            (KeyUse::Account, None) => Err(Error::new(operation, url, ErrorKind::NotRegistered)),
            (KeyUse::Account | KeyUse::Known, known) => Ok(known),
        }
    }

    fn post_once(
        &self,
        signer: &dyn Signer,
        header: &Header<'_>,
        payload: &Payload,
        operation: Operation,
    ) -> Result<Response, Error> {
        let url = header.url;
        let jws =
            Jws::sign(signer, header, payload).map_err(|error| Error::new(operation, url, ErrorKind::Sign(error)))?;
        let request = http::Request::builder().header("content-type", "application/jose+json");
        let request = match operation {
            Operation::Certificate => request.header("accept", "application/pem-certificate-chain"),
            _ => request,
        };
        self.send(request.method(Method::POST), url, jws.to_json().into_bytes(), operation)
    }

    /// Keeps the nonce that came along for a later request.
    pub(crate) fn keep_nonce(&self, response: &Response) {
        if let Some(nonce) = response.nonce() {
            self.nonces.push(nonce, self.clock.now());
        }
    }

    /// A nonce at hand, or one asked for.
    fn fresh_nonce(&self) -> Result<Nonce, Error> {
        // It may bring one.
        self.directory()?;
        match self.nonces.take(self.clock.now()) {
            Some(nonce) => Ok(nonce),
            None => self.new_nonce(),
        }
    }

    /// Asks for a nonce; any 2xx will do (RFC 8555 §7.2).
    fn new_nonce(&self) -> Result<Nonce, Error> {
        let operation = Operation::NewNonce;
        let url = self.resource(Resource::NewNonce.name(), operation)?;
        let request = || http::Request::builder().method(Method::HEAD).header("cache-control", "no-store");
        let response = until_answered(operation, || self.send(request(), &url, Vec::new(), operation))?;
        let response = response.success(operation)?;
        response.nonce().ok_or_else(|| response.unusable(operation, "it holds no usable Replay-Nonce"))
    }
}

/// The type of the problem tells, neither the status nor the text (RFC 8555 §6.7).
fn is_nonce_refused(response: &Response) -> bool {
    !response.is_success() && response.problem().is_some_and(|problem| problem.kind == ProblemType::BadNonce)
}
