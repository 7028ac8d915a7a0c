//! A solver that only notes what it is asked to do.

use std::sync::Arc;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};

use super::Ca;

/// What goes wrong at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mishap {
    PresentFails,
    /// http-01, and no other type.
    Declines,
    PresentPanics,
    VerifyFails,
    VerifyPanics,
    Unseen,
    AwaitsPerson,
    CleanUpFails,
}

pub(crate) struct FakeSolver {
    ca: Arc<Ca>,
    kinds: Vec<ChallengeType>,
    mishap: Option<(&'static str, Mishap)>,
}

impl FakeSolver {
    pub(crate) fn new(ca: &Arc<Ca>, kinds: &[ChallengeType]) -> Self {
        Self { ca: ca.clone(), kinds: kinds.to_vec(), mishap: None }
    }

    pub(crate) fn http(ca: &Arc<Ca>) -> Self {
        Self::new(ca, &[ChallengeType::Http01])
    }

    pub(crate) fn with(self, name: &'static str, mishap: Mishap) -> Self {
        Self { mishap: Some((name, mishap)), ..self }
    }

    fn mishap(&self, task: &Task) -> Option<Mishap> {
        self.mishap.filter(|(name, _)| task.identifier.value() == *name).map(|(_, mishap)| mishap)
    }

    fn note(&self, what: &str, task: &Task) {
        let mark = if task.wildcard { "*." } else { "" };
        self.ca.note(format!("{what} {mark}{} {}", task.identifier, task.kind));
    }
}

impl Solver for FakeSolver {
    fn challenge_types(&self, _: &Identifier, _: bool) -> Vec<ChallengeType> {
        self.kinds.clone()
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.present_one(task)).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|task| self.verify_one(task)).collect()
    }

    fn rejected(&self, task: &Task, why: &str) -> bool {
        self.ca.note(format!("rejected {} {}: {why}", task.identifier, task.kind));
        false
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.clean_up_one(task)).collect()
    }
}

impl FakeSolver {
    fn present_one(&self, task: &Task) -> Result<(), SolverError> {
        self.note("present", task);
        match self.mishap(task) {
            Some(Mishap::PresentFails) => Err(SolverError::new("the port is taken", "free it")),
            Some(Mishap::Declines) if task.kind == ChallengeType::Http01 => {
                Err(SolverError::declined("not mine", "choose another"))
            }
            Some(Mishap::PresentPanics) => panic!("as asked"),
            _ => Ok(()),
        }
    }

    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        self.note("verify", task);
        match self.mishap(task) {
            Some(Mishap::VerifyFails) => Err(SolverError::with_source(
                "something else is there",
                "remove it",
                std::io::Error::other("the cause below"),
            )),
            Some(Mishap::VerifyPanics) => panic!("as asked"),
            Some(Mishap::Unseen) => Ok(Readiness::Unseen("a firewall".into())),
            Some(Mishap::AwaitsPerson) => Ok(Readiness::AwaitsPerson("nothing yet".into())),
            _ => Ok(Readiness::Ready),
        }
    }

    fn clean_up_one(&self, task: &Task) -> Result<(), SolverError> {
        self.note("clean-up", task);
        match self.mishap(task) {
            Some(Mishap::CleanUpFails) => Err(SolverError::new("the file stays", "remove it")),
            _ => Ok(()),
        }
    }
}
