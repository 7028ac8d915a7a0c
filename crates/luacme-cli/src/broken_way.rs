//! A way to prove control that cannot be used any more: what it may have left is not forgotten.

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};

use crate::failure::Failure;

/// Stands in the place of a way that cannot be made again, so that the others can clean up.
pub(crate) struct BrokenWay(pub(crate) Failure);

impl BrokenWay {
    fn refuse<T>(&self, tasks: &[Task]) -> Vec<Result<T, SolverError>> {
        tasks.iter().map(|_| Err(SolverError::new(&self.0.what, &self.0.todo))).collect()
    }
}

impl Solver for BrokenWay {
    /// Whatever it may have left.
    fn challenge_types(&self, _: &Identifier, _: bool) -> Vec<ChallengeType> {
        use ChallengeType::{Dns01, DnsAccount01, Http01, TlsAlpn01};
        vec![Http01, Dns01, TlsAlpn01, DnsAccount01]
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.refuse(tasks)
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        self.refuse(tasks)
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.refuse(tasks)
    }
}
