//! Leaving a case out because this Pebble cannot play it; never silently.

use std::{error::Error, fmt};

/// What a Pebble has not, found out by asking it. As the error of a case it means "skipped".
#[derive(Debug)]
pub(crate) struct Lacks(String);

impl fmt::Display for Lacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this Pebble, like 2.4.0, has no {}", self.0)
    }
}

impl Error for Lacks {}

/// Skips the case unless the feature is there.
pub(crate) fn needs(there: bool, feature: &str) -> anyhow::Result<()> {
    match there {
        true => Ok(()),
        false => Err(Lacks(feature.to_owned()).into()),
    }
}
