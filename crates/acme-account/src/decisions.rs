//! Waiting until the CA has decided about the names of an order (RFC 8555 §7.1.6, §7.5.1).

use std::collections::VecDeque;

use acme_proto::{AuthorizationStatus, Challenge, ChallengeStatus, OrderStatus};

use crate::account::Account;
use crate::authorize::{Chosen, failure};
use crate::error::{Error, Failure};
use crate::operation::Operation;
use crate::order::{PlacedAuthorization, PlacedOrder};
use crate::poll::Wait;

impl Account {
    /// Waits until the CA has decided. The order alone tells when all went well, in one look whatever the number of names;
    /// while it is pending the undecided authorizations are looked at too, one at a time in turn, since some CAs show a failure
    /// only there.
    pub(crate) fn await_decisions(
        &self,
        placed: &PlacedOrder,
        chosen: &[Chosen],
        mut wait: Wait,
    ) -> Result<PlacedOrder, Error> {
        let mut undecided: VecDeque<&Chosen> = chosen.iter().collect();
        loop {
            let seen = match self.look_at_order(placed, &mut wait) {
                Err(late) if late.is_out_of_time() => return Err(self.late(late, placed, undecided, &wait)),
                outcome => outcome?,
            };
            match seen.order.status {
                OrderStatus::Pending => {}
                OrderStatus::Invalid | OrderStatus::Canceled => {
                    return Err(self.not_authorized(&seen, self.failures(&undecided, &wait), &wait));
                }
                _ => return Ok(seen),
            }
            while let Some(first) = undecided.front() {
                match self.decision(first, &mut wait)? {
                    Decision::Valid => _ = undecided.pop_front(),
                    Decision::Failed => {
                        return Err(self.not_authorized(&seen, self.failures(&undecided, &wait), &wait));
                    }
                    Decision::Open => {
                        undecided.rotate_left(1);
                        break;
                    }
                }
            }
            if undecided.is_empty() {
                return Ok(seen);
            }
        }
    }

    /// The error when time ran out: a failure that was not seen yet says more.
    fn late(&self, late: Error, placed: &PlacedOrder, mut undecided: VecDeque<&Chosen>, wait: &Wait) -> Error {
        // That one was looked at just now.
        undecided.pop_back();
        match self.failures(&undecided, wait) {
            failures if failures.is_empty() => late,
            failures => self.not_authorized(placed, failures, wait),
        }
    }

    fn decision(&self, chosen: &Chosen, wait: &mut Wait) -> Result<Decision, Error> {
        let url = &chosen.authorization_url;
        let response = self.patiently(wait, |account| account.read(url, Operation::Authorization))?;
        let found = self.placed_authorization(url, &response, Operation::Authorization)?;
        if let AuthorizationStatus::Other(state) = &found.authorization.status {
            wait.saw_unknown(state);
        }
        let decision = Decision::of(&found, chosen);
        // Some CAs ask for a pause even when there is nothing more to wait for.
        if decision == Decision::Open {
            wait.asked(response.retry_after());
        }
        Ok(decision)
    }

    /// Every identifier that failed, as far as the CA still tells in the time there is.
    fn failures(&self, chosen: &VecDeque<&Chosen>, wait: &Wait) -> Vec<Failure> {
        let failed = |one: &&Chosen| {
            let found = self.authorization(&one.authorization_url).ok()?;
            (Decision::of(&found, one) == Decision::Failed).then(|| failure(&found, Some(&one.task().kind)))
        };
        chosen.iter().take_while(|_| self.may_explain(wait)).filter_map(failed).collect()
    }
}

/// What a CA thinks of an authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Valid,
    Failed,
    Open,
}

impl Decision {
    fn of(found: &PlacedAuthorization, chosen: &Chosen) -> Self {
        match found.authorization.status {
            AuthorizationStatus::Valid => Self::Valid,
            AuthorizationStatus::Pending if !given_up(found, &chosen.challenge) => Self::Open,
            // A state from after our time: look again until the deadline.
            AuthorizationStatus::Other(_) => Self::Open,
            _ => Self::Failed,
        }
    }
}

/// A challenge that is `invalid`, or shows an error and is not worked on any more, will stay so: some CAs leave all else
/// at `pending`. While it is `processing` the CA tries again (RFC 8555 §8.2).
fn given_up(found: &PlacedAuthorization, answered: &Challenge) -> bool {
    found.authorization.challenges.iter().any(|challenge| {
        let tries_again = challenge.status == ChallengeStatus::Processing;
        let failed = challenge.status == ChallengeStatus::Invalid || challenge.error.is_some();
        challenge.url == answered.url && failed && !tries_again
    })
}
