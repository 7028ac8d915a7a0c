//! What can go wrong between an account and its CA.

use std::fmt;
use std::time::Duration;

use acme_jose::SignError;
use acme_proto::{ChallengeType, Identifier, Problem, ProblemType};
use thiserror::Error;

use crate::operation::Operation;
use crate::{SolverError, TransportError};

/// Something went wrong: during which operation, at which URL, and what.
#[derive(Debug)]
pub struct Error {
    operation: Operation,
    url: String,
    kind: Box<ErrorKind>,
}

/// What went wrong.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There was no response.
    #[error(transparent)]
    Transport(TransportError),
    /// The CA refused, and said why (RFC 8555 §6.7).
    #[error("the CA said: {0}")]
    Refused(Refusal),
    /// The server answered with an error that is no problem document: a gateway in between, perhaps.
    #[error("the server answered {status} without saying why ({}): {excerpt}", media_type(content_type))]
    Http {
        /// The HTTP status.
        status: u16,
        /// The media type of the body, empty when none is given.
        content_type: String,
        /// The start of the body.
        excerpt: String,
        /// How long the server asks us to wait, at most a day.
        retry_after: Option<Duration>,
    },
    /// The CA answered with success, but the answer cannot be used.
    #[error("the CA's answer cannot be used: {why}{}{excerpt}", if excerpt.is_empty() { "" } else { ": " })]
    Unusable {
        /// What is wrong with it.
        why: String,
        /// The start of the body, empty when that does not help.
        excerpt: String,
    },
    /// The URL is not an https one (RFC 8555 §6.1).
    #[error("the URL does not start with https://, and ACME goes over HTTPS only (RFC 8555 §6.1)")]
    Insecure,
    /// The message must not be sent as it is.
    #[error("it was not sent: {why}")]
    NotSent {
        /// What is wrong with it.
        why: String,
    },
    /// The account URL is not known, and so nothing can be signed in its name (RFC 8555 §6.2).
    #[error("the account URL is not known yet: register first, or find the account by its key")]
    NotRegistered,
    /// The directory does not list the resource.
    #[error("this CA does not offer {0:?}")]
    NotOffered(String),
    /// Every nonce was refused.
    #[error("the CA refused {attempts} nonces in a row, each of which it had just given out")]
    NonceRefused {
        /// The attempts made.
        attempts: u32,
    },
    /// The key did not sign.
    #[error(transparent)]
    Sign(SignError),
    /// The CA has terms of service, and nobody has agreed to them.
    #[error("nobody has agreed to the CA's terms of service yet: {terms}")]
    TermsNotAgreed {
        /// The URL of the terms.
        terms: String,
    },
    /// The CA said that the key is changed, and then that it does not know the new one.
    #[error("the CA took the new key and does not know it: ask with both keys which of them counts (RFC 8555 §7.3.5)")]
    KeyUnsettled,
    /// No challenge that the CA offers for an identifier can be met.
    #[error(
        "the CA offers {} for {identifier}, and none of them can be met with what is configured{}",
        list(offered),
        configured(possible)
    )]
    NoChallenge {
        /// The identifier, with a leading `*.` for a wildcard.
        identifier: Identifier,
        /// What the CA offers.
        offered: Vec<ChallengeType>,
        /// What the solver can meet.
        possible: Vec<ChallengeType>,
    },
    /// The solver could not do its part.
    #[error("{identifier} ({kind}): {error}")]
    Solver {
        /// What the challenge is for, with a leading `*.` for a wildcard.
        identifier: Identifier,
        /// The type of the challenge.
        kind: ChallengeType,
        /// What the solver says.
        #[source]
        error: SolverError,
    },
    /// Control of some identifiers was not proven. The order is lost: place a new one.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    NotAuthorized(Vec<Failure>),
    /// The order came to nothing.
    #[error("the order is {status}{}", .problem.as_ref().map(|problem| format!("; the CA said: {problem}")).unwrap_or_default())]
    OrderLost {
        /// The state of the order.
        status: String,
        /// What the CA says in the order.
        problem: Option<Problem>,
    },
    /// The CA shows other identifiers or authorizations than before, which makes the order invalid (RFC 8555 §7.1.3).
    #[error("the CA changed the {what} of the order, so nothing may come of it: place a new one (RFC 8555 §7.1.3)")]
    OrderChanged {
        /// Which of the two.
        what: &'static str,
    },
    /// The time allowed ran out while the CA was still at work. Going on later is possible.
    #[error(
        "the CA was still at work when the time allowed ran out{}{}",
        state.as_ref().map(|state| format!("; it shows a state that is unknown here: {state:?}")).unwrap_or_default(),
        asked.map(|asked| format!(" (it asks to be asked again in {} s)", asked.as_secs())).unwrap_or_default()
    )]
    OutOfTime {
        /// How long the CA asks us to wait, when that is longer than the time left.
        asked: Option<Duration>,
        /// The state that the CA shows, when it is one that no specification known here has.
        state: Option<String>,
    },
}

/// A CA's refusal.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Refusal {
    /// The HTTP status. It decides nothing: the problem's type does.
    pub status: u16,
    /// The media type of the answer, without parameters; empty if there was none. Some CAs send problems under another than RFC 9457's.
    pub content_type: String,
    /// What the CA says.
    pub problem: Problem,
    /// How long it asks us to wait, at most a day.
    pub retry_after: Option<Duration>,
    /// A page about it (`Link`, relation `help`).
    pub help: Option<String>,
    /// The terms to agree to (`Link`, relation `terms-of-service`).
    pub terms: Option<String>,
    /// What it points to: with 409 to a key change, the account that has the key (RFC 8555 §7.3.5).
    pub location: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.problem)?;
        let pages = [&self.problem.instance, &self.help, &self.terms];
        pages.into_iter().flatten().try_for_each(|url| write!(f, "; see {url}"))
    }
}

/// An authorization that was not given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failure {
    /// What it was for, with a leading `*.` for a wildcard.
    pub identifier: Identifier,
    /// The challenge that was answered, if one was.
    pub kind: Option<ChallengeType>,
    /// The state the authorization ended in.
    pub status: String,
    /// What the CA says.
    pub problem: Option<Problem>,
}

impl Failure {
    pub(crate) fn new(
        identifier: Identifier,
        kind: Option<ChallengeType>,
        status: impl fmt::Display,
        problem: Option<Problem>,
    ) -> Self {
        Self { identifier, kind, status: status.to_string(), problem }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} could not be validated", self.identifier)?;
        if let Some(kind) = &self.kind {
            write!(f, " ({kind})")?;
        }
        match &self.problem {
            Some(problem) => write!(f, "; the CA said: {problem}"),
            None => write!(f, "; its authorization is {}", self.status),
        }
    }
}

impl Error {
    pub(crate) fn new(operation: Operation, url: impl Into<String>, kind: ErrorKind) -> Self {
        Self { operation, url: url.into(), kind: Box::new(kind) }
    }

    pub(crate) fn not_sent(operation: Operation, url: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::new(operation, url, ErrorKind::NotSent { why: why.to_string() })
    }

    /// What was being done.
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Where it was being done.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What went wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// The CA's refusal, when there is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match &*self.kind {
            ErrorKind::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Whether the CA refused with a problem of this type.
    pub fn is_problem(&self, kind: &ProblemType) -> bool {
        self.refusal().is_some_and(|refusal| refusal.problem.kind == *kind)
    }

    /// Whether a limit of the CA is reached: trying again before [`retry_after`](Self::retry_after) makes it worse.
    pub fn is_rate_limited(&self) -> bool {
        match &*self.kind {
            ErrorKind::Refused(refusal) => refusal.problem.kind == ProblemType::RateLimited || refusal.status == 429,
            // A load balancer's limit is no problem document (RFC 8555 §6.6 is not for it).
            ErrorKind::Http { status, retry_after, .. } => *status == 429 || (*status == 503 && retry_after.is_some()),
            _ => false,
        }
    }

    /// Whether the same may succeed later without anybody changing anything.
    pub fn is_transient(&self) -> bool {
        match &*self.kind {
            ErrorKind::Transport(error) => error.is_transient(),
            ErrorKind::Refused(refusal) => {
                self.is_rate_limited() || refusal.problem.kind == ProblemType::ServerInternal
            }
            ErrorKind::Http { status, .. } => self.is_rate_limited() || *status >= 500,
            ErrorKind::OutOfTime { .. } => true,
            _ => false,
        }
    }

    pub(crate) fn is_out_of_time(&self) -> bool {
        matches!(*self.kind, ErrorKind::OutOfTime { .. })
    }

    /// How long the CA asks us to wait, at most a day.
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.kind {
            ErrorKind::Refused(refusal) => refusal.retry_after,
            ErrorKind::Http { retry_after, .. } => *retry_after,
            ErrorKind::OutOfTime { asked, .. } => *asked,
            _ => None,
        }
    }

    /// Whether the request may have been carried out although no answer came.
    pub fn may_have_been_carried_out(&self) -> bool {
        // Whatever was to follow these was not sent.
        if matches!(self.operation, Operation::Directory | Operation::NewNonce) {
            return false;
        }
        match &*self.kind {
            ErrorKind::Transport(error) => error.may_have_been_sent(),
            ErrorKind::Http { status, .. } => *status >= 500,
            ErrorKind::KeyUnsettled => true,
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.operation, self.url, self.kind)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // Each kind's text holds the text of what it wraps: the chain goes on below that.
        match &*self.kind {
            ErrorKind::Solver { error, .. } => error.source(),
            kind => kind.source(),
        }
    }
}

fn media_type(text: &str) -> &str {
    if text.is_empty() { "of no content type" } else { text }
}

pub(crate) fn list(kinds: &[ChallengeType]) -> String {
    match kinds {
        [] => "no challenge".to_owned(),
        kinds => kinds.iter().map(ChallengeType::as_str).collect::<Vec<_>>().join(", "),
    }
}

fn configured(kinds: &[ChallengeType]) -> String {
    if kinds.is_empty() { String::new() } else { format!(" ({})", list(kinds)) }
}
