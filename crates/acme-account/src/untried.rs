//! Falling back to another challenge type. A failed challenge takes its authorization and its order along, so the next
//! type needs a new order (RFC 8555 §7.1.6).

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use acme_proto::{ChallengeType, Identifier};

use crate::error::{Error, ErrorKind};
use crate::{Readiness, Solver, SolverError, Task};

/// A solver, without the ways that have failed already.
///
/// ```no_run
/// # use acme_account::*; use acme_proto::NewOrder; use std::time::Duration;
/// # fn example(account: &Account, order: &NewOrder, solver: &dyn Solver, wait: Duration) -> Result<(), Error> {
/// let solver = Untried::new(solver);
/// let placed = loop {
///     let placed = account.new_order(order)?;
///     match account.authorize(&placed, &solver, wait) {
///         Err(error) if solver.exclude(&error) => continue,
///         outcome => break outcome.map(|_| placed)?,
///     }
/// };
/// # Ok(())
/// # }
/// ```
pub struct Untried<'a> {
    solver: &'a dyn Solver,
    failed: Mutex<Vec<Way>>,
    /// Ways that failed, and of which the solver has another.
    again: Mutex<Vec<Way>>,
}

type Way = (Identifier, ChallengeType);

fn lock(ways: &Mutex<Vec<Way>>) -> MutexGuard<'_, Vec<Way>> {
    ways.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Untried<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untried(failed: {:?})", self.failed)
    }
}

impl<'a> Untried<'a> {
    /// All ways of a solver: none has failed yet.
    pub fn new(solver: &'a dyn Solver) -> Self {
        Self { solver, failed: Mutex::default(), again: Mutex::default() }
    }

    /// Leaves out the ways that failed with this error. Whether every identifier that failed has another way left, so that
    /// a new order is worth it.
    pub fn exclude(&self, error: &Error) -> bool {
        let ErrorKind::NotAuthorized(failures) = error.kind() else { return false };
        let again = std::mem::take(&mut *lock(&self.again));
        let ways = failures.iter().filter_map(|failure| Some((failure.identifier.clone(), failure.kind.clone()?)));
        lock(&self.failed).extend(ways.filter(|way| !again.contains(way)));
        failures.iter().all(|failure| {
            let (base, wildcard) = (failure.identifier.base(), failure.identifier.is_wildcard());
            failure.kind.is_some() && !self.challenge_types(&base, wildcard).is_empty()
        })
    }
}

impl Solver for Untried<'_> {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        let failed = lock(&self.failed);
        let has_failed = |kind: &ChallengeType| {
            failed.iter().any(|(name, way)| way == kind && name.base() == *identifier && name.is_wildcard() == wildcard)
        };
        let mut kinds = self.solver.challenge_types(identifier, wildcard);
        kinds.retain(|kind| !has_failed(kind));
        kinds
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.solver.present(tasks)
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        self.solver.verify(tasks)
    }

    fn rejected(&self, task: &Task, why: &str) -> bool {
        let again = self.solver.rejected(task, why);
        if again {
            lock(&self.again).push((task.ordered_identifier(), task.kind.clone()));
        }
        again
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.solver.clean_up(tasks)
    }
}
