//! The CA's clock, and moments as text.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use x509_cert::der::DateTime;

/// Where the CA reads the time. A test whose client does not really sleep gives the CA the client's clock.
#[derive(Clone)]
pub(crate) struct Clock(Arc<dyn Fn() -> SystemTime + Send + Sync>);

impl Clock {
    pub(crate) fn new(read: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    pub(crate) fn now(&self) -> SystemTime {
        (self.0)()
    }

    pub(crate) fn after(&self, duration: Duration) -> SystemTime {
        self.now() + duration
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(SystemTime::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// A moment as RFC 3339 (RFC 8555 §7.1.3), in whole seconds.
pub(crate) fn timestamp(moment: SystemTime) -> String {
    // Only a moment before 1970 or after 9999 has no such form.
    DateTime::from_system_time(moment).map(|moment| moment.to_string()).unwrap_or_default()
}

/// The moment that an RFC 3339 text means, whatever its offset.
pub(crate) fn moment(text: &str) -> Option<SystemTime> {
    text.parse::<jiff::Timestamp>().ok().and_then(|moment| SystemTime::try_from(moment).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_survive_as_text() {
        let moment_of = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (why, text, want) in [
            ("UTC", "2001-09-09T01:46:40Z", Some(1_000_000_000)),
            ("another offset", "2001-09-09T03:46:40+02:00", Some(1_000_000_000)),
            ("no offset", "2001-09-09T01:46:40", None),
            ("a day", "2001-09-09", None),
        ] {
            assert_eq!(moment(text), want.map(moment_of), "{why}");
        }
        assert_eq!(timestamp(moment_of(1_000_000_000)), "2001-09-09T01:46:40Z");
    }
}
