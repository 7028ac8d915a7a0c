//! What helps against an error: who must do what before the same is tried again.

use std::time::Duration;

use acme_proto::ProblemType;

use crate::error::{Error, ErrorKind};

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
    /// A person: agree to terms, prove something elsewhere, open a page of the CA.
    Person,
}

impl Error {
    /// What helps against this error.
    pub fn remedy(&self) -> Remedy {
        match self.kind() {
            _ if self.is_rate_limited() => Remedy::Wait(self.retry_after()),
            ErrorKind::Refused(refusal) => match refusal.problem.kind {
                ProblemType::UserActionRequired | ProblemType::ExternalAccountRequired => Remedy::Person,
                ProblemType::ServerInternal => Remedy::Wait(refusal.retry_after),
                ProblemType::BadNonce | ProblemType::OrderNotReady | ProblemType::AlreadyReplaced => Remedy::TryAgain,
                _ if refusal.status >= 500 => Remedy::Wait(refusal.retry_after),
                _ => Remedy::FixInput,
            },
            ErrorKind::Http { status, retry_after, .. } if *status >= 500 => Remedy::Wait(*retry_after),
            ErrorKind::OutOfTime { asked, .. } => Remedy::Wait(*asked),
            ErrorKind::Transport(error) if error.is_transient() => Remedy::TryAgain,
            ErrorKind::OrderLost { .. } => Remedy::TryAgain,
            ErrorKind::TermsNotAgreed { .. } => Remedy::Person,
            _ => Remedy::FixInput,
        }
    }
}
