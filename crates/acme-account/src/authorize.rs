//! Proving control of what an order names (RFC 8555 §7.5, §8).

use std::collections::VecDeque;
use std::time::Duration;

use acme_proto::{
    AuthorizationStatus, Challenge, ChallengeStatus, ChallengeType, OrderStatus, Proof, ProofError, Prover,
};

use crate::account::Account;
use crate::error::{Error, ErrorKind, Failure, list};
use crate::operation::Operation;
use crate::order::{PlacedAuthorization, PlacedOrder};
use crate::poll::Wait;
use crate::presented::{Presented, silent};
use crate::{Event, Readiness, Response, Solver, SolverError, Task};

/// How far proving control came.
#[derive(Debug)]
#[must_use]
#[allow(clippy::large_enum_variant, reason = "there is one at a time, and it is taken apart at once")]
pub enum Authorized {
    /// Everything is proven; the order as it was seen last.
    All(PlacedOrder),
    /// A person must act first; what, and what was seen so far. Call again afterwards.
    AwaitsPerson(Vec<(Task, String)>),
}

/// A challenge that was chosen for an authorization, and those that could take its place.
pub(crate) struct Chosen {
    pub(crate) authorization_url: String,
    pub(crate) challenge: Challenge,
    task: Task,
    others: VecDeque<(Challenge, Task)>,
    offered: Vec<ChallengeType>,
}

impl Chosen {
    pub(crate) fn task(&self) -> &Task {
        &self.task
    }

    /// Takes the next challenge in the place of this one; whether there was another.
    pub(crate) fn take_next(&mut self) -> bool {
        let next = self.others.pop_front();
        next.map(|(challenge, task)| (self.challenge, self.task) = (challenge, task)).is_some()
    }

    /// The error of a solver that declined the last challenge it could meet.
    pub(crate) fn declined(&self, error: SolverError) -> Error {
        let message = format!("{error}; the CA offers {}", list(&self.offered));
        let advice = error.advice().to_owned();
        self.solver_error(SolverError::declined(message, advice))
    }

    pub(crate) fn solver_error(&self, error: SolverError) -> Error {
        let identifier = self.task.ordered_identifier();
        let kind = ErrorKind::Solver { identifier, kind: self.task.kind.clone(), error };
        Error::new(Operation::Challenge, &self.authorization_url, kind)
    }
}

impl Account {
    /// Proves control of all identifiers of an order that lack it: presents every answer, verifies every one, then tells
    /// the CA, waits for it to decide (at most `wait` in all), and cleans up, whatever happens.
    ///
    /// Once `wait` is over no other authorization is read and no other challenge answered; only why the order failed is
    /// read for up to 10 s more. A request that is out by then takes what [`Limits`](crate::Limits) allow it.
    ///
    /// The CA is asked after the pause it names, else after 50 ms, 100 ms and so on up to 10 s.
    ///
    /// # Errors
    /// [`ErrorKind::NoChallenge`] and [`ErrorKind::Solver`] before the CA is told anything;
    /// [`ErrorKind::NotAuthorized`] when it decides against us; [`ErrorKind::OutOfTime`].
    pub fn authorize(&self, placed: &PlacedOrder, solver: &dyn Solver, wait: Duration) -> Result<Authorized, Error> {
        // Past that stage its authorizations may have ended since.
        if matches!(placed.order.status, OrderStatus::Ready | OrderStatus::Processing | OrderStatus::Valid) {
            return Ok(Authorized::All(placed.clone()));
        }
        let mut wait = self.wait(&placed.order, wait);
        let mut chosen = self.choose_challenges(placed, solver, &mut wait)?;
        let mut presented = Presented::new(solver, &*self.observer);
        presented.add(&mut chosen)?;
        let awaiting = self.verify(&chosen, solver)?;
        if !awaiting.is_empty() {
            return Ok(Authorized::AwaitsPerson(awaiting));
        }
        if chosen.is_empty() {
            return Ok(Authorized::All(placed.clone()));
        }
        wait.restart(None);
        let unanswered = self.answer_all(&chosen, &mut wait)?;
        let decided = self.await_decisions(placed, &chosen, wait);
        decided.inspect_err(|error| tell_rejected(error, &chosen, solver)).map(Authorized::All).map_err(|late| {
            match unanswered {
                // Perhaps the CA was never told: that says more than that it did not decide.
                Some(error) if late.is_out_of_time() => error,
                _ => late,
            }
        })
    }

    /// One challenge for each authorization that is still pending.
    fn choose_challenges(
        &self,
        placed: &PlacedOrder,
        solver: &dyn Solver,
        wait: &mut Wait,
    ) -> Result<Vec<Chosen>, Error> {
        let mut chosen = Vec::new();
        let mut failures = Vec::new();
        for url in &placed.order.authorizations {
            self.in_time(wait, url, Operation::Authorization)?;
            let response = self.patiently(wait, |account| account.read(url, Operation::Authorization))?;
            let found = self.placed_authorization(url, &response, Operation::Authorization)?;
            match found.authorization.status {
                AuthorizationStatus::Valid => {}
                // A state from after our time may be one of work.
                AuthorizationStatus::Pending | AuthorizationStatus::Other(_) => {
                    chosen.push(self.choose_challenge(found, solver)?);
                }
                _ => failures.push(failure(&found, None)),
            }
        }
        if failures.is_empty() { Ok(chosen) } else { Err(self.not_authorized(placed, failures, wait)) }
    }

    /// The first type the solver likes of those that the CA offers; but one that was answered goes first, since a second
    /// answer would come on top of it.
    fn choose_challenge(&self, found: PlacedAuthorization, solver: &dyn Solver) -> Result<Chosen, Error> {
        let PlacedAuthorization { url, authorization } = found;
        let possible = solver.challenge_types(&authorization.identifier, authorization.wildcard);
        let mut usable: Vec<_> = possible.iter().filter_map(|kind| authorization.challenge(kind)).collect();
        usable.sort_by_key(|challenge| match challenge.status {
            ChallengeStatus::Processing | ChallengeStatus::Valid => 0,
            ChallengeStatus::Invalid => 2,
            _ => 1,
        });
        let directory = self.directory()?;
        let prover = Prover {
            account_url: &self.url().unwrap_or_default(),
            thumbprint: &self.key().public_key().thumbprint(),
            meta: &directory.meta,
        };
        let mut others = VecDeque::new();
        let mut malformed = None;
        for challenge in usable {
            match Task::new(challenge, &authorization.identifier, authorization.wildcard, &prover) {
                Ok(task) => others.push_back((challenge.clone(), task)),
                Err(ProofError::UnknownType(_) | ProofError::NotForIdentifier { .. }) => {}
                Err(error) => malformed = malformed.or(Some(error)),
            }
        }
        let offered = authorization.challenges.iter().map(|challenge| challenge.kind.clone()).collect();
        match (others.pop_front(), malformed) {
            (Some((challenge, task)), _) => {
                return Ok(Chosen { authorization_url: url, challenge, task, others, offered });
            }
            (None, Some(error)) => return Err(unusable(&url, error.to_string())),
            (None, None) => {}
        }
        let kind = ErrorKind::NoChallenge { identifier: authorization.ordered_identifier(), offered, possible };
        Err(Error::new(Operation::Challenge, url, kind))
    }

    /// Looks at every answer; gives those that a person must see to first.
    fn verify(&self, chosen: &[Chosen], solver: &dyn Solver) -> Result<Vec<(Task, String)>, Error> {
        // The CA was told of the others in an earlier run already: its look counts, not ours.
        let untold: Vec<_> = chosen.iter().filter(|one| one.challenge.status == ChallengeStatus::Pending).collect();
        let tasks: Vec<_> = untold.iter().map(|one| one.task.clone()).collect();
        let mut seen = solver.verify(&tasks).into_iter();
        let mut awaiting = Vec::new();
        for one in untold {
            let task = &one.task;
            match seen.next().unwrap_or_else(|| Err(silent())).map_err(|error| one.solver_error(error))? {
                Readiness::Ready => {
                    self.observer.event(&Event::Presented { identifier: &task.identifier, kind: &task.kind });
                }
                Readiness::Remarkable(what) => {
                    self.observer.event(&Event::Presented { identifier: &task.identifier, kind: &task.kind });
                    self.observer.event(&Event::Remark { identifier: &task.identifier, what: &what });
                }
                Readiness::Unseen(why) => {
                    self.observer.event(&Event::Unseen { identifier: &task.identifier, kind: &task.kind, why: &why });
                }
                Readiness::AwaitsPerson(seen) => {
                    awaiting.push((task.clone(), seen));
                    continue;
                }
            }
            if let Proof::DnsPersist01(record) = &task.proof {
                let what = format!(
                    "the TXT record {} stays, and lets this account prove control of the name until you remove it",
                    record.name
                );
                self.observer.event(&Event::Remark { identifier: &task.identifier, what: &what });
            }
        }
        Ok(awaiting)
    }

    /// Tells the CA all that it was not told in an earlier run. An answer to this that gets lost is no failure: the order
    /// tells what became of it, and telling twice is refused by some CAs. Nor is a 400: a challenge may be under validation
    /// from an earlier run and still say `pending` (Boulder), or have been decided within the request (serles).
    fn answer_all(&self, chosen: &[Chosen], wait: &mut Wait) -> Result<Option<Error>, Error> {
        let mut unanswered = None;
        for Chosen { challenge, task, .. } in chosen {
            if challenge.status != ChallengeStatus::Pending {
                continue;
            }
            self.in_time(wait, &challenge.url, Operation::Challenge)?;
            match self.tell(challenge) {
                Err(error) if error.may_have_been_carried_out() || is_bad_request(&error) => unanswered = Some(error),
                outcome => wait.asked(undecided_pause(&outcome?)),
            }
            self.observer.event(&Event::Answered { identifier: &task.identifier, kind: &task.kind });
        }
        Ok(unanswered)
    }

    /// The order failed: because of these identifiers, or for a reason of its own.
    pub(crate) fn not_authorized(&self, placed: &PlacedOrder, failures: Vec<Failure>, wait: &Wait) -> Error {
        match failures.is_empty() {
            true => self.lost(placed, wait),
            false => Error::new(Operation::Authorization, &placed.url, ErrorKind::NotAuthorized(failures)),
        }
    }
}

/// Lets the solver know which of its answers the CA found wanting.
fn tell_rejected(error: &Error, chosen: &[Chosen], solver: &dyn Solver) {
    let ErrorKind::NotAuthorized(failures) = error.kind() else { return };
    for Chosen { task, .. } in chosen {
        let identifier = task.ordered_identifier();
        if let Some(failure) = failures.iter().find(|failure| failure.identifier == identifier) {
            solver.rejected(task, &failure.to_string());
        }
    }
}

pub(crate) fn failure(found: &PlacedAuthorization, kind: Option<&ChallengeType>) -> Failure {
    let authorization = &found.authorization;
    Failure::new(
        authorization.ordered_identifier(),
        kind.cloned(),
        &authorization.status,
        authorization.error().cloned(),
    )
}

/// The pause that the answer to a challenge asks for, unless the challenge is decided (RFC 8555 §8.2).
fn undecided_pause(response: &Response) -> Option<Duration> {
    let challenge = response.json::<Challenge>(Operation::Challenge);
    let decided = |challenge: Challenge| matches!(challenge.status, ChallengeStatus::Valid | ChallengeStatus::Invalid);
    if challenge.is_ok_and(decided) { None } else { response.retry_after() }
}

fn is_bad_request(error: &Error) -> bool {
    error.refusal().is_some_and(|refusal| refusal.status == 400)
}

fn unusable(url: &str, why: String) -> Error {
    Error::new(Operation::Authorization, url, ErrorKind::Unusable { why, excerpt: String::new() })
}
