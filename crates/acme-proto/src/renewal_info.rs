//! Renewal information: when a CA would like a certificate to be renewed (RFC 9773 §4).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Timestamp, lenient};

/// Where the renewal information of a certificate is: a plain GET, without a signature (RFC 9773 §4.1).
///
/// `base` is the directory's `renewalInfo`, `certificate_id` what acme-x509's `certificate_id` gives.
pub fn renewal_info_url(base: &str, certificate_id: &str) -> String {
    format!("{}/{certificate_id}", base.trim_end_matches('/'))
}

/// What a CA says about the renewal of a certificate (RFC 9773 §4.2).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct RenewalInfo {
    /// When to renew.
    pub suggested_window: RenewalWindow,
    /// A page for people about why; show it to them.
    #[serde(rename = "explanationURL", default, deserialize_with = "lenient::optional")]
    pub explanation_url: Option<String>,
}

impl RenewalInfo {
    /// Reads renewal information.
    ///
    /// # Errors
    /// When it is not JSON, lacks the window, or the window ends before it begins, which counts as no answer at all
    /// (RFC 9773 §4.2). It is a long-term error of the CA.
    pub fn from_json(body: &[u8]) -> Result<Self, RenewalInfoError> {
        serde_json::from_slice(body).map_err(|error| RenewalInfoError(error.to_string()))
    }
}

/// An answer that is not renewal information.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the CA's renewal information cannot be used: {0}")]
pub struct RenewalInfoError(String);

/// A span of time to renew in: the start belongs to it, the end does not. Two are equal when their times are, however
/// they are written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct RenewalWindow {
    start: Timestamp,
    end: Timestamp,
}

/// The JSON form.
#[derive(Clone, Deserialize, Serialize)]
struct Wire {
    start: Timestamp,
    end: Timestamp,
}

impl RenewalWindow {
    /// The first moment.
    pub fn start(&self) -> SystemTime {
        self.start.time()
    }

    /// The moment after the last.
    pub fn end(&self) -> SystemTime {
        self.end.time()
    }

    /// A moment in the window, on a whole second: each is equally likely when `random` is (RFC 9773 §4.2).
    pub fn moment(&self, random: u64) -> SystemTime {
        let (first, end) = (ceil(self.start()), ceil(self.end()));
        let seconds = u128::from(end.saturating_sub(first));
        let offset = (seconds * u128::from(random)) >> u64::BITS;
        UNIX_EPOCH + Duration::from_secs(first) + Duration::from_secs(u64::try_from(offset).unwrap_or(0))
    }
}

impl PartialEq for RenewalWindow {
    fn eq(&self, other: &Self) -> bool {
        (self.start(), self.end()) == (other.start(), other.end())
    }
}

impl Eq for RenewalWindow {}

/// Whole seconds since 1970, rounded up.
fn ceil(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs() + u64::from(since.subsec_nanos() > 0)
}

impl TryFrom<Wire> for RenewalWindow {
    type Error = String;

    fn try_from(Wire { start, end }: Wire) -> Result<Self, String> {
        match start.time() < end.time() {
            true => Ok(Self { start, end }),
            false => Err(format!("the window ends at {}, before it begins at {}", end.as_str(), start.as_str())),
        }
    }
}

impl From<RenewalWindow> for Wire {
    fn from(RenewalWindow { start, end }: RenewalWindow) -> Self {
        Self { start, end }
    }
}
