//! Falling back to another challenge type. A failed challenge takes its authorization and its order along, so the next
//! type needs a new order (RFC 8555 §7.1.6).

use std::fmt;
use std::sync::{Mutex, PoisonError};

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
    failed: Mutex<Vec<(Identifier, ChallengeType)>>,
}

impl fmt::Debug for Untried<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Untried(failed: {:?})", self.failed)
    }
}

impl<'a> Untried<'a> {
    /// All ways of a solver: none has failed yet.
    pub fn new(solver: &'a dyn Solver) -> Self {
        Self { solver, failed: Mutex::default() }
    }

    /// Leaves out the ways that failed with this error. Whether every identifier that failed has another way left, so that
    /// a new order is worth it.
    pub fn exclude(&self, error: &Error) -> bool {
        let ErrorKind::NotAuthorized(failures) = error.kind() else { return false };
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let ways = failures.iter().filter_map(|failure| Some((failure.identifier.clone(), failure.kind.clone()?)));
        failed.extend(ways);
        drop(failed);
        failures.iter().all(|failure| {
            let (base, wildcard) = (failure.identifier.base(), failure.identifier.is_wildcard());
            failure.kind.is_some() && !self.challenge_types(&base, wildcard).is_empty()
        })
    }
}

impl Solver for Untried<'_> {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
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

    fn rejected(&self, task: &Task, why: &str) {
        self.solver.rejected(task, why);
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.solver.clean_up(tasks)
    }
}
