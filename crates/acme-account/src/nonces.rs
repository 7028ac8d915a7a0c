//! Nonces at hand (RFC 8555 §6.5).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use acme_proto::Nonce;

/// More are not kept: the oldest go first.
const CAPACITY: usize = 64;

/// Older ones are not used: CAs forget them, and a refused one costs a request.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// A bounded stack of nonces of one CA, the freshest used first. Threads share it; none is given out twice.
#[derive(Debug, Default)]
pub struct Nonces(Mutex<VecDeque<(Nonce, SystemTime)>>);

impl Nonces {
    /// Puts a nonce on top.
    pub(crate) fn push(&self, nonce: Nonce, now: SystemTime) {
        let mut stack = self.lock();
        if stack.len() == CAPACITY {
            stack.pop_front();
        }
        stack.push_back((nonce, now));
    }

    /// Takes the freshest nonce. When that one is too old, so are all below it.
    pub(crate) fn take(&self, now: SystemTime) -> Option<Nonce> {
        let mut stack = self.lock();
        let (nonce, since) = stack.pop_back()?;
        if now.duration_since(since).is_ok_and(|age| age > MAX_AGE) {
            stack.clear();
            return None;
        }
        Some(nonce)
    }

    /// How many are at hand.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether none is at hand.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(Nonce, SystemTime)>> {
        // A thread that panicked holding the lock cannot have left the stack half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(n: usize) -> Nonce {
        Nonce::parse(&format!("nonce-{n}")).unwrap()
    }

    #[test]
    fn the_freshest_is_used_first_and_the_oldest_dropped_first() {
        let (nonces, now) = (Nonces::default(), SystemTime::UNIX_EPOCH);
        for n in 0..CAPACITY + 3 {
            nonces.push(nonce(n), now);
        }
        assert_eq!(nonces.len(), CAPACITY);
        let taken: Vec<_> = std::iter::from_fn(|| nonces.take(now)).collect();
        let expected: Vec<_> = (3..CAPACITY + 3).rev().map(nonce).collect();
        assert_eq!(taken, expected);
    }

    #[test]
    fn old_ones_are_not_used() {
        let (nonces, start) = (Nonces::default(), SystemTime::UNIX_EPOCH);
        nonces.push(nonce(1), start);
        nonces.push(nonce(2), start);
        assert_eq!(nonces.take(start + MAX_AGE), Some(nonce(2)), "just young enough");
        assert_eq!(nonces.take(start + MAX_AGE + Duration::from_secs(1)), None);
        assert!(nonces.is_empty(), "those below are older still");
    }
}
