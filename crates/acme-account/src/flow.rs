//! From an order to a certificate: prove control, finalize, download (RFC 8555 §7.1.6, §7.4).

use std::time::Duration;

use acme_proto::{
    AuthorizationStatus, Challenge, ChallengeStatus, ChallengeType, Identifier, OrderStatus, ProblemType,
};

use crate::account::Account;
use crate::error::{Error, ErrorKind, Failure, Operation};
use crate::order::{PlacedAuthorization, PlacedOrder};
use crate::poll::Wait;
use crate::{Event, Readiness, Solver, SolverError, Task};

/// What an order needs next, seen from its state alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Prove control of its identifiers.
    Authorize,
    /// Send the request for the certificate.
    Finalize,
    /// Wait: the CA is at work.
    Wait,
    /// Download the certificate.
    Download,
    /// Place a new order: nothing will come of this one.
    Abandon,
}

impl Step {
    /// The step for a state (RFC 8555 §7.1.6). It is also where to go on after an interruption.
    pub fn for_status(status: &OrderStatus) -> Self {
        match status {
            OrderStatus::Pending => Self::Authorize,
            OrderStatus::Ready => Self::Finalize,
            OrderStatus::Valid => Self::Download,
            OrderStatus::Invalid | OrderStatus::Canceled => Self::Abandon,
            // A state from after our time: look again until the deadline.
            OrderStatus::Processing | OrderStatus::Other(_) | _ => Self::Wait,
        }
    }
}

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

/// A challenge that was chosen for an authorization.
struct Chosen {
    authorization_url: String,
    challenge: Challenge,
    task: Task,
}

impl Chosen {
    fn solver_error(&self, error: SolverError) -> Error {
        let identifier = match (&self.task.identifier, self.task.wildcard) {
            (Identifier::Dns(name), true) => Identifier::Dns(format!("*.{name}")),
            (other, _) => other.clone(),
        };
        let kind = ErrorKind::Solver { identifier, kind: self.task.kind.clone(), error };
        Error::new(Operation::Challenge, &self.authorization_url, kind)
    }
}

impl Account {
    /// Proves control of all identifiers of an order that lack it: presents every answer, verifies every one, then tells
    /// the CA, waits for it to decide (at most `wait` in all), and cleans up, whatever happens.
    ///
    /// # Errors
    /// [`ErrorKind::NoChallenge`] and [`ErrorKind::Solver`] before the CA is told anything;
    /// [`ErrorKind::NotAuthorized`] when it decides against us; [`ErrorKind::OutOfTime`].
    pub fn authorize(&self, placed: &PlacedOrder, solver: &dyn Solver, wait: Duration) -> Result<Authorized, Error> {
        let chosen = self.choose_challenges(placed, solver)?;
        let mut presented = Presented { solver, account: self, tasks: Vec::new() };
        for one in &chosen {
            presented.add(one)?;
        }
        let awaiting = self.verify(&chosen, solver)?;
        if !awaiting.is_empty() {
            return Ok(Authorized::AwaitsPerson(awaiting));
        }
        for chosen in &chosen {
            self.answer(chosen)?;
        }
        match chosen.is_empty() {
            true => Ok(Authorized::All(placed.clone())),
            false => self.await_decisions(placed, &chosen, wait).map(Authorized::All),
        }
    }

    /// One challenge for each authorization that is still pending.
    fn choose_challenges(&self, placed: &PlacedOrder, solver: &dyn Solver) -> Result<Vec<Chosen>, Error> {
        let mut chosen = Vec::new();
        let mut failures = Vec::new();
        for url in &placed.order.authorizations {
            let found = self.authorization(url)?;
            match found.authorization.status {
                AuthorizationStatus::Valid => {}
                AuthorizationStatus::Pending => chosen.push(self.choose_challenge(found, solver)?),
                _ => failures.push(failure(&found, None)),
            }
        }
        if failures.is_empty() { Ok(chosen) } else { Err(not_authorized(placed, failures)) }
    }

    /// The first type the solver likes that the CA offers with a token we can use.
    fn choose_challenge(&self, found: PlacedAuthorization, solver: &dyn Solver) -> Result<Chosen, Error> {
        let PlacedAuthorization { url, authorization } = found;
        let possible = solver.challenge_types(&authorization.identifier, authorization.wildcard);
        for kind in &possible {
            let Some(challenge) = authorization.challenge(kind) else { continue };
            let token = challenge.token().map_err(|error| unusable(&url, error.to_string()))?;
            let Some(token) = token else { continue };
            let task = Task {
                identifier: authorization.identifier.clone(),
                wildcard: authorization.wildcard,
                kind: kind.clone(),
                key_authorization: self.key_authorization(&token),
                token,
            };
            return Ok(Chosen { authorization_url: url, challenge: challenge.clone(), task });
        }
        let kind = ErrorKind::NoChallenge {
            identifier: authorization.ordered_identifier(),
            offered: authorization.challenges.iter().map(|challenge| challenge.kind.clone()).collect(),
            possible,
        };
        Err(Error::new(Operation::Challenge, url, kind))
    }

    /// Looks at every answer; gives those that a person must see to first.
    fn verify(&self, chosen: &[Chosen], solver: &dyn Solver) -> Result<Vec<(Task, String)>, Error> {
        let mut awaiting = Vec::new();
        for one in chosen {
            // The CA was told in an earlier run already: its look counts, not ours.
            if one.challenge.status != ChallengeStatus::Pending {
                continue;
            }
            let task = &one.task;
            match solver.verify(task).map_err(|error| one.solver_error(error))? {
                Readiness::Ready => {}
                Readiness::Unseen(why) => {
                    self.observer.event(&Event::Unseen { identifier: &task.identifier, kind: &task.kind, why: &why });
                }
                Readiness::AwaitsPerson(seen) => awaiting.push((task.clone(), seen)),
            }
        }
        Ok(awaiting)
    }

    /// Tells the CA, unless it was told in an earlier run.
    fn answer(&self, chosen: &Chosen) -> Result<(), Error> {
        let Chosen { challenge, task, .. } = chosen;
        if challenge.status != ChallengeStatus::Pending {
            return Ok(());
        }
        self.respond(challenge)?;
        self.observer.event(&Event::Answered { identifier: &task.identifier, kind: &task.kind });
        Ok(())
    }

    /// Gives up an order that will not be completed: deactivates its pending authorizations, which count against limits
    /// of some CAs (RFC 8555 §7.5.2). Goes on after a refusal, and tells the first.
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn abandon(&self, placed: &PlacedOrder) -> Result<(), Error> {
        let mut first = Ok(());
        for url in &placed.order.authorizations {
            let outcome = self.authorization(url).and_then(|found| match found.authorization.status {
                AuthorizationStatus::Pending => self.deactivate_authorization(url).map(drop),
                _ => Ok(()),
            });
            first = first.and(outcome);
        }
        first
    }

    /// Waits until the CA has decided. The order alone tells when all went well, in one look whatever the number of names;
    /// while it is pending the first undecided authorization is looked at too, since some CAs show a failure only there.
    fn await_decisions(&self, placed: &PlacedOrder, chosen: &[Chosen], total: Duration) -> Result<PlacedOrder, Error> {
        let mut wait = self.wait(total);
        let mut undecided = chosen;
        loop {
            let seen = self.look_at_order(&placed.url, &mut wait)?;
            match seen.order.status {
                OrderStatus::Pending => {}
                OrderStatus::Invalid | OrderStatus::Canceled => {
                    return Err(not_authorized(&seen, self.failures(chosen)?));
                }
                _ => return Ok(seen),
            }
            while let [first, rest @ ..] = undecided {
                match self.decision(first, &mut wait)? {
                    Decision::Valid => undecided = rest,
                    Decision::Failed => return Err(not_authorized(&seen, self.failures(chosen)?)),
                    Decision::Open => break,
                }
            }
            if undecided.is_empty() {
                return Ok(seen);
            }
        }
    }

    fn decision(&self, chosen: &Chosen, wait: &mut Wait) -> Result<Decision, Error> {
        let response = self.read(&chosen.authorization_url, Operation::Authorization)?;
        wait.asked(response.retry_after());
        let found = self.placed_authorization(&chosen.authorization_url, &response)?;
        Ok(Decision::of(&found, chosen))
    }

    /// Every identifier that failed.
    fn failures(&self, chosen: &[Chosen]) -> Result<Vec<Failure>, Error> {
        let mut failures = Vec::new();
        for one in chosen {
            let found = self.authorization(&one.authorization_url)?;
            if Decision::of(&found, one) == Decision::Failed {
                failures.push(failure(&found, Some(&one.task.kind)));
            }
        }
        Ok(failures)
    }

    /// From an order whose identifiers are all proven to the certificate chain, as PEM: waits until it is ready,
    /// finalizes once, waits again (at most `total` in all) and downloads.
    ///
    /// It takes the order as it stands, so it also goes on with one that was finalized in an earlier run.
    ///
    /// # Errors
    /// [`ErrorKind::OrderLost`] when nothing will come of the order; [`ErrorKind::OutOfTime`], after which the same call can
    /// go on; what the CA refuses.
    pub fn issue(&self, placed: PlacedOrder, csr_der: &[u8], total: Duration) -> Result<String, Error> {
        let mut wait = self.wait(total);
        let mut placed = placed;
        wait.restart(placed.retry_after);
        loop {
            placed = match Step::for_status(&placed.order.status) {
                Step::Download => return self.download(placed.certificate_url()?),
                Step::Abandon => return Err(lost(&placed)),
                Step::Finalize => self.finalize_or_read(placed, csr_der, &mut wait)?,
                // Pending although every authorization is valid: the CA's own records lag.
                Step::Authorize | Step::Wait => self.look_at_order(&placed.url, &mut wait)?,
            };
        }
    }

    /// Finalizes; when the outcome is unknown, or the CA says the order is not ready after all, the order itself tells.
    fn finalize_or_read(&self, placed: PlacedOrder, csr_der: &[u8], wait: &mut Wait) -> Result<PlacedOrder, Error> {
        match self.finalize(&placed, csr_der) {
            Ok(finalized) => {
                wait.restart(finalized.retry_after);
                Ok(finalized)
            }
            Err(error) if error.may_have_been_carried_out() || error.is_problem(&ProblemType::OrderNotReady) => {
                self.look_at_order(&placed.url, wait)
            }
            Err(error) => Err(error),
        }
    }

    fn look_at_order(&self, url: &str, wait: &mut Wait) -> Result<PlacedOrder, Error> {
        let response = self.look_again(wait, url, Operation::Order)?;
        self.placed(url.to_owned(), &response, Operation::Order)
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

/// A challenge that shows an error and is not worked on any more will stay so: some CAs leave all at `pending`. While
/// it is `processing` the CA tries again (RFC 8555 §8.2).
fn given_up(found: &PlacedAuthorization, answered: &Challenge) -> bool {
    found.authorization.challenges.iter().any(|challenge| {
        challenge.url == answered.url && challenge.error.is_some() && challenge.status != ChallengeStatus::Processing
    })
}

fn failure(found: &PlacedAuthorization, kind: Option<&ChallengeType>) -> Failure {
    let authorization = &found.authorization;
    Failure::new(
        authorization.ordered_identifier(),
        kind.cloned(),
        &authorization.status,
        authorization.error().cloned(),
    )
}

/// The order failed: because of these identifiers, or for a reason of its own.
fn not_authorized(placed: &PlacedOrder, failures: Vec<Failure>) -> Error {
    match failures.is_empty() {
        true => lost(placed),
        false => Error::new(Operation::Authorization, &placed.url, ErrorKind::NotAuthorized(failures)),
    }
}

fn lost(placed: &PlacedOrder) -> Error {
    let kind = ErrorKind::OrderLost { status: placed.order.status.to_string(), problem: placed.order.error.clone() };
    Error::new(Operation::Order, &placed.url, kind)
}

fn unusable(url: &str, why: String) -> Error {
    Error::new(Operation::Order, url, ErrorKind::Unusable { why, excerpt: String::new() })
}

/// Answers that are in place: taken away when this goes out of scope, by return, error or panic (RFC 8555 §8.3, §8.4).
struct Presented<'a> {
    solver: &'a dyn Solver,
    account: &'a Account,
    tasks: Vec<Task>,
}

impl Presented<'_> {
    fn add(&mut self, chosen: &Chosen) -> Result<(), Error> {
        let task = &chosen.task;
        self.solver.present(task).map_err(|error| chosen.solver_error(error))?;
        self.tasks.push(task.clone());
        self.account.observer.event(&Event::Presented { identifier: &task.identifier, kind: &task.kind });
        Ok(())
    }
}

impl Drop for Presented<'_> {
    fn drop(&mut self) {
        for task in &self.tasks {
            if let Err(error) = self.solver.clean_up(task) {
                let why = error.to_string();
                self.account.observer.event(&Event::CleanUpFailed { identifier: &task.identifier, why: &why });
            }
        }
    }
}
