//! Renewal information (RFC 9773): fetched without a signature.

use std::time::Duration;

use acme_proto::{PollFailure, RenewalInfo, Resource, renewal_info_url};

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::{Response, TransportErrorKind};

/// What a CA suggests, and when it wants to be asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RenewalAnswer {
    /// The suggestion.
    pub info: RenewalInfo,
    /// How long to wait before asking again, at most a day.
    pub retry_after: Option<Duration>,
}

impl Account {
    /// When the CA suggests that a certificate be renewed. `certificate_id` is acme-x509's `certificate_id` of it.
    ///
    /// # Errors
    /// [`ErrorKind::NotOffered`] where the CA gives no renewal information; an answer that cannot be used, such as a
    /// window that ends before it starts. [`Error::poll_failure`] tells when to ask again.
    pub fn renewal_info(&self, certificate_id: &str) -> Result<RenewalAnswer, Error> {
        let operation = Operation::RenewalInfo;
        let base = self.resource(Resource::RenewalInfo.name(), operation)?;
        let response: Response = self.get(&renewal_info_url(&base, certificate_id), operation)?.success(operation)?;
        let info =
            RenewalInfo::from_json(response.body()).map_err(|error| response.unusable(operation, error.to_string()))?;
        Ok(RenewalAnswer { info, retry_after: response.retry_after() })
    }
}

impl Error {
    /// What this failure means for the next question about renewal (RFC 9773 §4.3.3).
    pub fn poll_failure(&self) -> PollFailure {
        let temporary = match self.kind() {
            ErrorKind::Transport(error) => {
                matches!(error.kind(), TransportErrorKind::Timeout | TransportErrorKind::Broken)
            }
            ErrorKind::Http { status, .. } => *status >= 500,
            ErrorKind::Refused(refusal) => refusal.status >= 500,
            _ => false,
        };
        if temporary { PollFailure::Temporary } else { PollFailure::LongTerm }
    }
}
