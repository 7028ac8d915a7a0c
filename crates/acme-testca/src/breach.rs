//! What a client did that the protocol forbids, or that it could have done without.

use std::fmt;
use std::sync::Arc;

/// A breach of the protocol by the client, or advice: a request that was allowed and of no use. Most breaches are also
/// refused; those that a lenient CA would let pass are let pass, and noted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// The clause that was broken, as `RFC 8555 §6.5`; that of an advice is the one that makes the request needless.
    pub clause: &'static str,
    /// What was found, and on which request.
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.clause, self.what)
    }
}

type Tell = dyn Fn(&Breach) + Send + Sync;

/// Whom to tell of each breach as it happens.
#[derive(Clone, Default)]
pub(crate) struct Listener(Option<Arc<Tell>>);

impl Listener {
    pub(crate) fn new(listener: impl Fn(&Breach) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(listener)))
    }

    pub(crate) fn tell(&self, breach: &Breach) {
        if let Some(listener) = &self.0 {
            listener(breach);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "a listener" } else { "no listener" })
    }
}
