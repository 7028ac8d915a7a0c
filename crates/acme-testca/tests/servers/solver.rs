//! Solvers of the tests' own.

use std::sync::Arc;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier, Proof};
use acme_testca::TestCa;

/// Puts nothing anywhere: http-01 fails.
pub(crate) struct Idle;

impl Solver for Idle {
    fn challenge_types(&self, _: &Identifier, _: bool) -> Vec<ChallengeType> {
        vec![ChallengeType::Http01]
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|_| Ok(())).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|_| Ok(Readiness::Ready)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|_| Ok(())).collect()
    }
}

/// Leaves the answers of another solver in their places, as a run that ended before its time.
pub(crate) struct Staying<S: Solver>(pub(crate) S);

impl<S: Solver> Solver for Staying<S> {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        self.0.challenge_types(identifier, wildcard)
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.0.present(tasks)
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        self.0.verify(tasks)
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|_| Ok(())).collect()
    }
}

/// Meets dns-01 with records that the CA is shown.
pub(crate) struct Txt(pub(crate) Arc<TestCa>);

impl Txt {
    fn each(&self, tasks: &[Task], change: fn(&TestCa, &str, &str)) -> Vec<Result<(), SolverError>> {
        let one = |task: &Task| match &task.proof {
            Proof::Dns01(record) => {
                change(&self.0, &record.name, &record.value);
                Ok(())
            }
            other => panic!("not asked for: {other:?}"),
        };
        tasks.iter().map(one).collect()
    }
}

impl Solver for Txt {
    fn challenge_types(&self, _: &Identifier, _: bool) -> Vec<ChallengeType> {
        vec![ChallengeType::Dns01]
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.each(tasks, TestCa::set_txt)
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|_| Ok(Readiness::Ready)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        self.each(tasks, TestCa::remove_txt)
    }
}
