//! Points in time as ACME writes them (RFC 8555 §7.1.3, RFC 3339).

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

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
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let time = text
            .parse::<jiff::Timestamp>()
            .and_then(SystemTime::try_from)
            .map_err(|error| format!("{text:?} is not an RFC 3339 time: {error}"))?;
        Ok(Self { text, time })
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = String;

    /// Whole seconds, UTC.
    fn try_from(time: SystemTime) -> Result<Self, String> {
        jiff::Timestamp::try_from(time)
            .and_then(|stamp| jiff::Timestamp::from_second(stamp.as_second()))
            .map_err(|error| error.to_string())
            .and_then(|stamp| Self::try_from(stamp.to_string()))
    }
}

impl From<Timestamp> for String {
    fn from(stamp: Timestamp) -> Self {
        stamp.text
    }
}
