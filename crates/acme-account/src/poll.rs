//! When to look again (RFC 8555 §7.5.1).

use std::time::{Duration, SystemTime};

use acme_proto::Order;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::{Event, Response};

/// The first pause where the CA names none; each further one is twice as long.
const FLOOR: Duration = Duration::from_millis(50);

/// The longest pause where the CA names none.
const CEILING: Duration = Duration::from_secs(10);

/// So long after the deadline may still be read why the order failed.
const TO_EXPLAIN: Duration = CEILING;

/// What to do after a look that showed no outcome yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Wait, then look again.
    Wait(Duration),
    /// Waiting as long as asked would go past the deadline.
    GiveUp,
}

/// The next step after `looks` looks without an outcome (the first pause comes after none), when the CA asked for
/// `retry_after` and `left` is left of the time allowed.
///
/// The CA's wish counts as it is, up to the day that [`acme_proto::pause`] clamps it to; without one, and where it is for
/// less than 50 ms, the pauses are 50 ms, 100 ms, … up to 10 s.
pub(crate) fn next(looks: u32, retry_after: Option<Duration>, left: Duration) -> Next {
    let own = FLOOR.saturating_mul(1 << looks.min(16)).min(CEILING);
    match retry_after {
        _ if left.is_zero() => Next::GiveUp,
        Some(asked) if asked > left => Next::GiveUp,
        Some(asked) if asked >= FLOOR => Next::Wait(asked),
        // A wish for next to nothing, answer after answer, must not make us hammer at the CA.
        _ => Next::Wait(own.min(left)),
    }
}

/// A deadline, and the pauses up to it.
pub(crate) struct Wait {
    started: SystemTime,
    total: Duration,
    looks: u32,
    retry_after: Option<Duration>,
    unknown: Option<String>,
}

impl Account {
    /// Starts the clock on a wait for an order: at most `total`, and not beyond its end (RFC 8555 §7.1.3). An end that has
    /// passed by our clock does not count: the clock may be wrong, and the CA tells.
    pub(crate) fn wait(&self, order: &Order, total: Duration) -> Wait {
        let now = self.clock.now();
        let left = order.expires.as_ref().and_then(|expires| expires.time().duration_since(now).ok());
        let total = left.map_or(total, |left| left.min(total));
        Wait { started: now, total, looks: 0, retry_after: None, unknown: None }
    }

    /// Waits as long as the last answer asks for, then reads the resource.
    pub(crate) fn look_again(&self, wait: &mut Wait, url: &str, operation: Operation) -> Result<Response, Error> {
        self.pause(wait, url, operation)?;
        let response = self.patiently(wait, |account| account.read(url, operation))?;
        wait.note(response.retry_after());
        Ok(response)
    }

    /// Does what changes nothing again, within the deadline, while the server is out of order. In the end what it said
    /// last says more than that time ran out.
    pub(crate) fn patiently<T>(&self, wait: &mut Wait, read: impl Fn(&Self) -> Result<T, Error>) -> Result<T, Error> {
        loop {
            match read(self) {
                Err(error) if may_pass(&error) => {
                    wait.note(error.retry_after());
                    if self.pause(wait, error.url(), error.operation()).is_err() {
                        return Err(error);
                    }
                }
                outcome => return outcome,
            }
        }
    }

    fn pause(&self, wait: &Wait, url: &str, operation: Operation) -> Result<(), Error> {
        let left = wait.left(self.clock.now());
        match next(wait.looks, wait.retry_after, left) {
            Next::Wait(pause) => {
                self.observer.event(&Event::Waiting { url, pause, asked: wait.retry_after.is_some() });
                self.clock.sleep(pause);
                Ok(())
            }
            Next::GiveUp => Err(wait.over(left, url, operation)),
        }
    }

    /// Whether there is time for one request more, of those whose number the CA determines.
    pub(crate) fn in_time(&self, wait: &Wait, url: &str, operation: Operation) -> Result<(), Error> {
        let left = wait.left(self.clock.now());
        if left.is_zero() { Err(wait.over(left, url, operation)) } else { Ok(()) }
    }

    /// Whether there is time to read why an order failed.
    pub(crate) fn may_explain(&self, wait: &Wait) -> bool {
        wait.spent(self.clock.now()) < wait.total.saturating_add(TO_EXPLAIN)
    }
}

/// Whether a read that failed may go well soon: the server had trouble of its own, or says when it will answer again. One
/// that got no answer was repeated already.
fn may_pass(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Refused(refusal) => refusal.retry_after.is_some() || refusal.status >= 500,
        ErrorKind::Http { status, retry_after, .. } => retry_after.is_some() || *status >= 500,
        _ => false,
    }
}

impl Wait {
    fn left(&self, now: SystemTime) -> Duration {
        self.total.saturating_sub(self.spent(now))
    }

    fn spent(&self, now: SystemTime) -> Duration {
        now.duration_since(self.started).unwrap_or_default()
    }

    fn over(&self, left: Duration, url: &str, operation: Operation) -> Error {
        let asked = self.retry_after.filter(|asked| *asked > left);
        Error::new(operation, url, ErrorKind::OutOfTime { asked, state: self.unknown.clone() })
    }

    /// Counts a look and keeps what its answer asks for.
    fn note(&mut self, retry_after: Option<Duration>) {
        self.looks += 1;
        self.retry_after = retry_after;
    }

    /// Keeps a state from after our time: in the end it says why there was no outcome.
    pub(crate) fn saw_unknown(&mut self, state: &str) {
        self.unknown = Some(state.to_owned());
    }

    /// Keeps what another answer asks for, when that is longer.
    pub(crate) fn asked(&mut self, retry_after: Option<Duration>) {
        self.retry_after = self.retry_after.max(retry_after);
    }

    /// Starts the pauses anew for another resource, the deadline staying.
    pub(crate) fn restart(&mut self, retry_after: Option<Duration>) {
        self.looks = 0;
        self.retry_after = retry_after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses() {
        let (ms, s) = (Duration::from_millis, Duration::from_secs);
        for (why, looks, retry_after, left, want) in [
            ("tens of milliseconds first", 0, None, s(60), Next::Wait(ms(50))),
            ("then less often", 3, None, s(60), Next::Wait(ms(400))),
            ("never less often than every 10 s", 40, None, s(60), Next::Wait(s(10))),
            ("but not past the deadline", 40, None, s(3), Next::Wait(s(3))),
            ("nothing left", 0, None, s(0), Next::GiveUp),
            ("the CA's wish counts", 9, Some(s(3)), s(60), Next::Wait(s(3))),
            ("a wish for zero is not a busy loop", 0, Some(s(0)), s(60), Next::Wait(ms(50))),
            ("not even the tenth", 9, Some(ms(1)), s(60), Next::Wait(s(10))),
            ("a wish beyond the deadline", 0, Some(s(61)), s(60), Next::GiveUp),
            ("a wish that just fits", 0, Some(s(60)), s(60), Next::Wait(s(60))),
        ] {
            assert_eq!(next(looks, retry_after, left), want, "{why}");
        }
    }
}
