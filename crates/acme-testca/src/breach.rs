//! What a client did that the protocol forbids.

use std::fmt;

/// A breach of the protocol by the client. The CA has also refused the request; this is for the test to see.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// The clause that was broken, as `RFC 8555 §6.5`.
    pub clause: &'static str,
    /// What was found, and on which request.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.clause, self.what)
    }
}
