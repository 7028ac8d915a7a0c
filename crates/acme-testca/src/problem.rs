//! Problem documents (RFC 8555 §6.7, RFC 9457).

use serde_json::{Value, json};

use crate::response::Response;

/// The error types this CA uses (RFC 8555 §6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorType {
    AccountDoesNotExist,
    AlreadyReplaced,
    AlreadyRevoked,
    BadCsr,
    BadNonce,
    BadPublicKey,
    BadRevocationReason,
    BadSignatureAlgorithm,
    Compound,
    /// Unregistered: what Boulder once said for `AlreadyReplaced`.
    Conflict,
    Connection,
    Dns,
    ExternalAccountRequired,
    IncorrectResponse,
    InvalidContact,
    InvalidProfile,
    Malformed,
    OrderNotReady,
    RateLimited,
    RejectedIdentifier,
    ServerInternal,
    Unauthorized,
    UnsupportedContact,
    UnsupportedIdentifier,
    UserActionRequired,
}

impl ErrorType {
    /// The end of the type's URN, and the HTTP status that goes with it unless told otherwise.
    fn name_and_status(self) -> (&'static str, u16) {
        match self {
            Self::AccountDoesNotExist => ("accountDoesNotExist", 400),
            Self::AlreadyReplaced => ("alreadyReplaced", 409),
            Self::AlreadyRevoked => ("alreadyRevoked", 400),
            Self::BadCsr => ("badCSR", 400),
            Self::BadNonce => ("badNonce", 400),
            Self::BadPublicKey => ("badPublicKey", 400),
            Self::BadRevocationReason => ("badRevocationReason", 400),
            Self::BadSignatureAlgorithm => ("badSignatureAlgorithm", 400),
            Self::Compound => ("compound", 400),
            Self::Conflict => ("conflict", 409),
            Self::Connection => ("connection", 400),
            Self::Dns => ("dns", 400),
            Self::ExternalAccountRequired => ("externalAccountRequired", 403),
            Self::IncorrectResponse => ("incorrectResponse", 403),
            Self::InvalidContact => ("invalidContact", 400),
            Self::InvalidProfile => ("invalidProfile", 400),
            Self::Malformed => ("malformed", 400),
            Self::OrderNotReady => ("orderNotReady", 403),
            Self::RateLimited => ("rateLimited", 429),
            Self::RejectedIdentifier => ("rejectedIdentifier", 400),
            Self::ServerInternal => ("serverInternal", 500),
            Self::Unauthorized => ("unauthorized", 403),
            Self::UnsupportedContact => ("unsupportedContact", 400),
            Self::UnsupportedIdentifier => ("unsupportedIdentifier", 400),
            Self::UserActionRequired => ("userActionRequired", 403),
        }
    }
}

/// A refusal: the problem document, and the clause that the client broke, if it broke one.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    kind: ErrorType,
    status: u16,
    detail: String,
    members: Vec<(&'static str, Value)>,
    headers: Vec<(&'static str, String)>,
    /// Seconds, for `Retry-After`.
    pause: Option<u64>,
    typed: bool,
    clause: Option<&'static str>,
}

impl Problem {
    pub(crate) fn new(kind: ErrorType, detail: impl Into<String>) -> Self {
        let (_, status) = kind.name_and_status();
        let (members, headers) = (Vec::new(), Vec::new());
        Self { kind, status, detail: detail.into(), members, headers, pause: None, typed: true, clause: None }
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Malformed, detail)
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(ErrorType::Unauthorized, detail)
    }

    /// Nothing of the kind is at this URL.
    pub(crate) fn not_found() -> Self {
        Self::malformed("nothing is at this URL").status(404)
    }

    /// Several refusals as one: `kind` is theirs when there is one only (RFC 8555 §6.7.1).
    pub(crate) fn compound(parts: Vec<(Value, Self)>) -> Self {
        let mut kinds: Vec<_> = parts.iter().map(|(_, part)| part.kind).collect();
        kinds.dedup();
        let kind = if let [kind] = kinds[..] { kind } else { ErrorType::Compound };
        let detail: Vec<_> = parts.iter().map(|(_, part)| part.detail.as_str()).collect();
        let mut whole = Self::new(kind, detail.join("; "));
        whole.clause = parts.iter().find_map(|(_, part)| part.clause);
        let subproblems = parts.into_iter().map(|(identifier, part)| part.with("identifier", identifier).to_json());
        whole.with("subproblems", subproblems.collect())
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Marks the refusal as the client's breach of `clause`.
    pub(crate) fn breaking(mut self, clause: &'static str) -> Self {
        self.clause = Some(clause);
        self
    }

    pub(crate) fn with(mut self, member: &'static str, value: Value) -> Self {
        self.members.push((member, value));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a `Retry-After` of so many seconds.
    pub(crate) fn pause(mut self, seconds: u64) -> Self {
        self.pause = Some(seconds);
        self
    }

    /// Without a type, as servers do whose refusals are accidents.
    pub(crate) fn untyped(mut self) -> Self {
        self.typed = false;
        self
    }

    pub(crate) fn clause(&self) -> Option<&'static str> {
        self.clause
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// The document, as it also stands in a challenge or an order.
    pub(crate) fn to_json(&self) -> Value {
        let (name, _) = self.kind.name_and_status();
        let mut document = json!({
            "type": format!("urn:ietf:params:acme:error:{name}"),
            "detail": self.detail,
            "status": self.status,
        });
        if !self.typed
            && let Some(members) = document.as_object_mut()
        {
            members.remove("type");
        }
        for (member, value) in &self.members {
            document[*member] = value.clone();
        }
        document
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = Response::json(self.status, self.to_json()).content_type("application/problem+json");
        response.pause = self.pause;
        self.headers.into_iter().fold(response, |response, (name, value)| response.header(name, value))
    }
}
