//! Points in time as ACME writes them (RFC 8555 §7.1.3, RFC 3339).

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A time in RFC 3339 form, any offset, with or without a fraction. It is written back as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp {
    text: String,
    time: SystemTime,
}

impl Timestamp {
    /// The point in time.
    pub fn time(&self) -> SystemTime {
        self.time
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl TryFrom<String> for Timestamp {
    type Error = TimestampError;

    fn try_from(text: String) -> Result<Self, TimestampError> {
        match text.parse::<jiff::Timestamp>().and_then(SystemTime::try_from) {
            Ok(time) => Ok(Self { text, time }),
            Err(_) => Err(TimestampError(text.chars().take(TimestampError::SHOWN).collect())),
        }
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = TimestampError;

    /// Whole seconds, UTC.
    fn try_from(time: SystemTime) -> Result<Self, TimestampError> {
        jiff::Timestamp::try_from(time)
            .and_then(|stamp| jiff::Timestamp::from_second(stamp.as_second()))
            .map_err(|_| TimestampError(format!("{time:?}")))
            .and_then(|stamp| Self::try_from(stamp.to_string()))
    }
}

/// Not a time, or one outside of the years -9999 to 9999.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not a time as RFC 3339 writes it, such as 2026-11-24T02:40:00Z")]
pub struct TimestampError(String);

impl TimestampError {
    /// How much of the text is repeated, in characters.
    const SHOWN: usize = 80;
}

impl From<Timestamp> for String {
    fn from(stamp: Timestamp) -> Self {
        stamp.text
    }
}
