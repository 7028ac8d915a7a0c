//! The seam to whoever watches: progress, logs, traces.

use std::time::Duration;

use acme_proto::{AuthorizationStatus, ChallengeType, Identifier, OrderStatus};

use crate::{Message, Operation};

/// Is told what happens. It must return soon: the work waits for it.
///
/// No logger is chosen here. Every [`Event::Request`] is ended by the [`Event::Response`] or [`Event::Unanswered`] of the
/// same `exchange`, also among threads that share an account, so that spans come about like this:
///
/// ```
/// use std::{collections::HashMap, sync::Mutex};
/// use acme_account::{Event, Observer};
/// use tracing::{Span, debug, field::Empty, info_span};
///
/// #[derive(Default)]
/// struct Spans(Mutex<HashMap<u64, Span>>);
///
/// impl Observer for Spans {
///     fn event(&self, event: &Event<'_>) {
///         let Ok(mut open) = self.0.lock() else { return };
///         match event {
///             Event::Request { exchange, operation, method, url, message } => {
///                 let span = info_span!("exchange", ?operation, method, url, status = Empty, error = Empty);
///                 span.in_scope(|| debug!(%message, "request")); // without its secrets
///                 open.insert(*exchange, span);
///             }
///             Event::Response { exchange, status, message, .. } => {
///                 if let Some(span) = open.remove(exchange) {
///                     span.record("status", status);
///                     span.in_scope(|| debug!(%message, "response"));
///                 }
///             }
///             Event::Unanswered { exchange, why, .. } => {
///                 if let Some(span) = open.remove(exchange) {
///                     span.record("error", why);
///                 }
///             }
///             other => debug!(?other),
///         }
///     }
/// }
/// ```
///
/// Spans around several exchanges belong around the calls that lead to them: `register`, `authorize`, `issue`.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: &Event<'_>) {}
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A request goes out. [`Response`](Self::Response) or [`Unanswered`](Self::Unanswered) ends the exchange.
    Request {
        /// Counts the exchanges of an account.
        exchange: u64,
        /// What it is for.
        operation: Operation,
        /// `GET`, `HEAD` or `POST`.
        method: &'a str,
        /// Where to.
        url: &'a str,
        /// Its headers and its body.
        message: Message<'a>,
    },
    /// Its answer came.
    Response {
        /// The exchange of the request.
        exchange: u64,
        /// Where from.
        url: &'a str,
        /// The HTTP status.
        status: u16,
        /// Its headers and its body.
        message: Message<'a>,
    },
    /// No answer came, or none that can be read.
    Unanswered {
        /// The exchange of the request.
        exchange: u64,
        /// Where from.
        url: &'a str,
        /// What the transport says.
        why: &'a str,
    },
    /// The CA refused a nonce; the request is signed again with a new one.
    NonceRefused {
        /// The attempts so far.
        attempts: u32,
    },
    /// The account is known to the CA.
    Registered {
        /// Its URL.
        url: &'a str,
        /// Whether it was made just now.
        created: bool,
    },
    /// An order stands.
    Order {
        /// Its URL.
        url: &'a str,
        /// Its state.
        status: &'a OrderStatus,
    },
    /// An authorization was looked at.
    Authorization {
        /// What it is for, with a leading `*.` for a wildcard.
        identifier: &'a Identifier,
        /// Its state.
        status: &'a AuthorizationStatus,
    },
    /// The answer to a challenge is in its place.
    Presented {
        /// What it is for.
        identifier: &'a Identifier,
        /// The type of the challenge.
        kind: &'a ChallengeType,
    },
    /// Of the answer that is in its place a person should know something.
    Remark {
        /// What it is for.
        identifier: &'a Identifier,
        /// What the solver says.
        what: &'a str,
    },
    /// The answer cannot be seen from here; the CA is told all the same.
    Unseen {
        /// What it is for.
        identifier: &'a Identifier,
        /// The type of the challenge.
        kind: &'a ChallengeType,
        /// Why it cannot be seen.
        why: &'a str,
    },
    /// The CA is told to look.
    Answered {
        /// What it is for.
        identifier: &'a Identifier,
        /// The type of the challenge.
        kind: &'a ChallengeType,
    },
    /// Nothing to do but wait.
    Waiting {
        /// Before the next look at this URL.
        url: &'a str,
        /// How long.
        pause: Duration,
        /// Whether the CA asked for it (`Retry-After`); else it is our own choice.
        asked: bool,
    },
    /// No answer came to an order, so that nobody knows whether it stands.
    OrderUnanswered {
        /// What came in its place.
        why: &'a str,
        /// The order that the CA lists for the same names; without one the order is placed again.
        found: Option<&'a str>,
    },
    /// The CA refused an order that said which certificate it replaces; it is placed again without that.
    ReplacesRefused {
        /// What the CA said.
        why: &'a str,
    },
    /// The request for the certificate goes out.
    Finalizing {
        /// The order.
        url: &'a str,
    },
    /// The certificate is downloaded.
    Downloaded {
        /// Where from.
        url: &'a str,
    },
    /// The answer to a challenge could not be taken away.
    CleanUpFailed {
        /// What it is for.
        identifier: &'a Identifier,
        /// What the solver says.
        why: &'a str,
    },
}
