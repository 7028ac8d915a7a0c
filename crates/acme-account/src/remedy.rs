//! What helps against an error: who must do what before the same is tried again.

use std::time::Duration;

use acme_proto::ProblemType;

use crate::Refusal;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;

/// What helps against an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Other input: names, keys, contacts, the way of proving control, the URL of the CA. The same again fails again.
    FixInput,
    /// Nothing but time: do not try again before this has passed. `None` when the CA does not say how long; then back off,
    /// to once a day in the end.
    Wait(Option<Duration>),
    /// The same again, soon: the state is read first where that matters.
    TryAgain,
    /// A person: agree to terms, prove something elsewhere, open a page of the CA, tell the CA that it is at fault.
    Person,
}

impl Error {
    /// What helps against this error.
    pub fn remedy(&self) -> Remedy {
        match self.kind() {
            _ if self.is_rate_limited() => Remedy::Wait(self.retry_after()),
            ErrorKind::Refused(refusal) => after_refusal(refusal),
            ErrorKind::Http { status, retry_after, .. } if *status >= 500 => Remedy::Wait(*retry_after),
            ErrorKind::OutOfTime { asked, .. } => Remedy::Wait(*asked),
            ErrorKind::NonceRefused { .. } => Remedy::Wait(None),
            ErrorKind::Transport(error) if error.is_transient() => Remedy::TryAgain,
            ErrorKind::OrderLost { problem, .. } => problem.as_ref().map_or(Remedy::TryAgain, |it| after(&it.kind)),
            ErrorKind::OrderChanged { .. } | ErrorKind::KeyUnsettled => Remedy::TryAgain,
            ErrorKind::TermsNotAgreed { .. } => Remedy::Person,
            // What answers so at the URL of a directory is no CA.
            ErrorKind::Unusable { .. } if self.operation() != Operation::Directory => Remedy::Person,
            ErrorKind::Unusable { .. }
            | ErrorKind::Http { .. }
            | ErrorKind::Transport(_)
            | ErrorKind::Insecure
            | ErrorKind::NotSent { .. }
            | ErrorKind::NotRegistered
            | ErrorKind::NotOffered(_)
            | ErrorKind::Sign(_)
            | ErrorKind::NoChallenge { .. }
            | ErrorKind::Solver { .. }
            | ErrorKind::NotAuthorized(_) => Remedy::FixInput,
        }
    }
}

fn after_refusal(refusal: &Refusal) -> Remedy {
    match after(&refusal.problem.kind) {
        Remedy::Wait(_) => Remedy::Wait(refusal.retry_after),
        Remedy::FixInput if refusal.status >= 500 => Remedy::Wait(refusal.retry_after),
        remedy => remedy,
    }
}

/// What helps against a problem of this type, wherever the CA tells it.
fn after(problem: &ProblemType) -> Remedy {
    match problem {
        ProblemType::UserActionRequired | ProblemType::ExternalAccountRequired => Remedy::Person,
        ProblemType::ServerInternal | ProblemType::RateLimited => Remedy::Wait(None),
        ProblemType::BadNonce | ProblemType::OrderNotReady | ProblemType::AlreadyReplaced => Remedy::TryAgain,
        _ => Remedy::FixInput,
    }
}
