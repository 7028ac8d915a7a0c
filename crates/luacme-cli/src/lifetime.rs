//! When a certificate is to end, as people write it, and when it is due.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use acme_x509::validity;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// When a certificate is to end.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) enum ValidUntil {
    /// At this time, once.
    At(Timestamp),
    /// So long after it is asked for, each time.
    After(Length),
}

/// A length of time with the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Length {
    text: String,
    time: SignedDuration,
}

impl ValidUntil {
    /// The end of a certificate that is asked for at `now`.
    pub(crate) fn end(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::At(end) => Some(*end),
            Self::After(length) => now.checked_add(length.time).ok(),
        }
    }

    /// Whether it is for one certificate and not for those after it.
    pub(crate) fn holds_once(&self) -> bool {
        matches!(self, Self::At(_))
    }
}

impl FromStr for ValidUntil {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let date = text.parse::<Date>().ok().filter(|_| text.len() == 10);
        let midnight = date.and_then(|date| TimeZone::UTC.to_timestamp(date.into()).ok());
        if let Some(end) = midnight.or_else(|| text.parse().ok()) {
            return Ok(Self::At(end));
        }
        let span: Option<Span> = text.parse().ok();
        let length = span.and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
        match length {
            Some(length) if length.is_positive() => Ok(Self::After(Length { text: text.to_owned(), time: length })),
            _ => Err("give a date like 2027-01-31, or a length like 90d or 12h".to_owned()),
        }
    }
}

impl fmt::Display for ValidUntil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(end) => end.fmt(f),
            Self::After(length) => f.write_str(&length.text),
        }
    }
}

impl TryFrom<String> for ValidUntil {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ValidUntil> for String {
    fn from(end: ValidUntil) -> Self {
        end.to_string()
    }
}

/// When a certificate is due: when fewer than `days` are left, but never within the first third of its life, or else it would be
/// renewed for ever.
pub(crate) fn due_at(days: Option<u32>, not_before: SystemTime, not_after: SystemTime) -> SystemTime {
    let Some(days) = days else { return validity::due_at(not_before, not_after) };
    let life = not_after.duration_since(not_before).unwrap_or_default();
    not_after - Duration::from_secs(u64::from(days) * 86_400).min(life * 2 / 3)
}

/// It is later than this: 2025-01-01. Computers without a battery begin in 1970.
const SOME_TIME_AGO: Duration = Duration::from_secs(1_735_689_600);

/// Refuses a clock that stands long before our time: no certificate could be told good from expired.
pub(crate) fn check_clock(now: SystemTime) -> Result<(), Failure> {
    match now.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) if since >= SOME_TIME_AGO => Ok(()),
        _ => {
            let shown = Timestamp::try_from(now).map_or("a time long ago".to_owned(), |now| format!("{now:.0}"));
            Err(Failure::new(
                format!("the clock of this computer is wrong: it says {shown}"),
                "set it (`timedatectl set-ntp true`), then run the same command again",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_never_set() {
        for (why, seconds, good) in
            [("in 1970", 0, false), ("in 2024", 1_710_000_000, false), ("in 2026", 1_795_000_000, true)]
        {
            let outcome = check_clock(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
            assert_eq!(outcome.is_ok(), good, "{why}");
        }
        let before = check_clock(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).unwrap_err();
        assert!(before.what.contains("the clock") && before.todo.contains("set it"), "{}", before.what);
    }

    #[test]
    fn ends_are_dates_or_lengths() {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        for (why, text, want) in [
            ("a date is its first moment", "2027-01-31", Some("2027-01-31T00:00:00Z")),
            ("a time", "2027-01-31T12:30:00Z", Some("2027-01-31T12:30:00Z")),
            ("days", "90d", Some("2027-02-22T12:00:00Z")),
            ("hours", "36h", Some("2026-11-26T00:00:00Z")),
            ("weeks", "1w", Some("2026-12-01T12:00:00Z")),
            ("as ISO 8601 writes it", "P1D", Some("2026-11-25T12:00:00Z")),
            ("months have no fixed length", "1mo", None),
            ("no time at all", "0d", None),
            ("backwards", "-1d", None),
            ("a number alone", "90", None),
            ("nothing", "", None),
        ] {
            let end = text.parse::<ValidUntil>().ok().and_then(|until| until.end(now));
            assert_eq!(end.map(|end| end.to_string()).as_deref(), want, "{why}: {text}");
        }
        assert!("2027-01-31".parse::<ValidUntil>().unwrap().holds_once());
        assert!(!"90d".parse::<ValidUntil>().unwrap().holds_once());
    }

    #[test]
    fn days_left_decide_but_never_for_ever() {
        let day = Duration::from_secs(86_400);
        let start = SystemTime::UNIX_EPOCH;
        for (why, life, days, due_on) in [
            ("as it is said", 90, Some(20), 70),
            ("without a word, a third", 90, None, 60),
            ("more than its life, as with short-lived ones", 6, Some(30), 2),
            ("at the last moment", 90, Some(0), 90),
        ] {
            assert_eq!(due_at(days, start, start + day * life), start + day * due_on, "{why}");
        }
    }
}
