//! When to ask for renewal information again, and when to renew (RFC 9773 §4.2 and §4.3): what is remembered between
//! runs.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::{RenewalInfo, RenewalWindow, Timestamp};

/// The shortest time between two questions, whatever the CA asks for (RFC 9773 §4.3.2): a minute.
pub const MIN_POLL: Duration = Duration::from_secs(60);

/// The longest time between two questions, whatever the CA asks for (RFC 9773 §4.3.2): a day.
pub const MAX_POLL: Duration = Duration::from_secs(86_400);

/// The time to the next question after a long-term error, unless one chooses otherwise (RFC 9773 §4.3.3): six hours.
pub const LONG_TERM_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// More temporary errors than this in a row are a long-term error (RFC 9773 §4.3.3).
const MAX_TEMPORARY: u32 = 5;

/// What is remembered about the renewal of one certificate. Save it between runs, and begin a new one for each certificate.
///
/// Without a CA that gives renewal information it says nothing: acme-x509's `due_at` does then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RenewalSchedule {
    #[serde(skip_serializing_if = "Option::is_none")]
    window: Option<RenewalWindow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    moment: Option<Timestamp>,
    #[serde(rename = "explanationURL", skip_serializing_if = "Option::is_none")]
    explanation_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_poll: Option<Timestamp>,
    failures: u32,
    replaced: bool,
}

/// Why there was no renewal information (RFC 9773 §4.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PollFailure {
    /// A timeout, or a 5xx: it may pass.
    Temporary,
    /// Anything else: no address, no connection, another status, an answer that cannot be used.
    LongTerm,
}

impl RenewalSchedule {
    /// Whether to ask the CA now. The first time, at once (RFC 9773 §4.3); never when the certificate has ended at
    /// `not_after` or was replaced.
    pub fn is_poll_due(&self, now: SystemTime, not_after: SystemTime) -> bool {
        now < not_after && !self.replaced && self.next_poll(now) <= now
    }

    /// When to ask the CA next, were the certificate still in use. A time more than a day from `now` comes from a clock
    /// that was wrong: then it is `now`.
    pub fn next_poll(&self, now: SystemTime) -> SystemTime {
        let planned = self.next_poll.as_ref().map(Timestamp::time);
        planned.filter(|planned| *planned <= now + MAX_POLL).unwrap_or(now)
    }

    /// Takes in an answer. The moment to renew stays the same while the window does; else `random` chooses it.
    ///
    /// `retry_after` is when the CA wants to be asked again: within a minute to a day it is kept to. Without it, the
    /// answer counts, but the next question waits for `long_term_pause` (RFC 9773 §4.3.3).
    pub fn answered(
        &mut self,
        info: &RenewalInfo,
        retry_after: Option<Duration>,
        now: SystemTime,
        random: u64,
        long_term_pause: Duration,
    ) {
        if self.window.as_ref() != Some(&info.suggested_window) {
            self.moment = Timestamp::try_from(info.suggested_window.moment(random)).ok();
            self.window = Some(info.suggested_window.clone());
        }
        self.explanation_url.clone_from(&info.explanation_url);
        self.failures = 0;
        self.ask_again_in(retry_after.unwrap_or(long_term_pause), now);
    }

    /// Takes in that there was no answer. What was known stays known. After temporary errors the time to the next
    /// question doubles, from a minute on; after the fifth in a row, and after long-term ones, it is `long_term_pause`.
    pub fn failed(&mut self, failure: PollFailure, now: SystemTime, long_term_pause: Duration) {
        self.failures = self.failures.saturating_add(1);
        let pause = match failure {
            PollFailure::Temporary if self.failures <= MAX_TEMPORARY => MIN_POLL * (1 << (self.failures - 1)),
            PollFailure::Temporary | PollFailure::LongTerm => long_term_pause,
        };
        self.ask_again_in(pause, now);
    }

    fn ask_again_in(&mut self, pause: Duration, now: SystemTime) {
        self.next_poll = Timestamp::try_from(now + pause.clamp(MIN_POLL, MAX_POLL)).ok();
    }

    /// Notes that the certificate has a successor: the CA is not asked any more (RFC 9773 §4.3).
    pub fn set_replaced(&mut self) {
        self.replaced = true;
    }

    /// Whether to renew now: the chosen moment has come, or will before the next run at `next_wake_up`
    /// (RFC 9773 §4.2). `None` when the CA never said anything of use.
    ///
    /// It knows nothing of failed orders: their back-off comes first.
    pub fn is_due(&self, now: SystemTime, next_wake_up: Option<SystemTime>) -> Option<bool> {
        let moment = self.renew_at()?;
        Some(moment <= now || next_wake_up.is_some_and(|next| moment < next))
    }

    /// The chosen moment.
    pub fn renew_at(&self) -> Option<SystemTime> {
        self.moment.as_ref().map(Timestamp::time)
    }

    /// The window it was chosen from.
    pub fn window(&self) -> Option<&RenewalWindow> {
        self.window.as_ref()
    }

    /// The CA's page about why, to be shown to people (RFC 9773 §4.2).
    pub fn explanation_url(&self) -> Option<&str> {
        self.explanation_url.as_deref()
    }

    /// How many questions in a row had no answer.
    pub fn failures(&self) -> u32 {
        self.failures
    }
}
