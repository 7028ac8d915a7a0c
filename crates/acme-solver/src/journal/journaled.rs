//! A solver whose answers stand in a journal while they are in place.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use acme_account::{Readiness, Solver, SolverError, Task, TaskRecord};
use acme_proto::{ChallengeType, Identifier};

use super::Journal;
use crate::silent;

/// Notes what a solver is about to put in place before it does, and that it is gone once it is.
pub struct Journaled<'a> {
    solver: &'a dyn Solver,
    journal: &'a Journal,
    note: String,
    /// Held while the solver presents or cleans up: neither must happen in the midst of the other.
    outstanding: Mutex<Vec<Task>>,
    /// Set before the solver comes to its end: whatever follows finds it.
    stopped: AtomicBool,
}

impl<'a> Journaled<'a> {
    /// With a note that tells a later run how to make a solver that can take the answers away.
    pub fn new(solver: &'a dyn Solver, journal: &'a Journal, note: impl Into<String>) -> Self {
        Self { solver, journal, note: note.into(), outstanding: Mutex::default(), stopped: AtomicBool::new(false) }
    }

    /// Takes away all that is in place just now, once, and lets nothing be put in place or be shown to the CA any more. For a thread that is told
    /// of Ctrl-C, while another may be in the midst of an order: a solver that is presenting comes to its end first. What
    /// could not be taken away is returned, and stays in the journal.
    pub fn clean_up_now(&self) -> Vec<(Task, SolverError)> {
        self.stopped.store(true, Ordering::SeqCst);
        let mut outstanding = self.outstanding();
        let tasks = outstanding.clone();
        let results = self.clean_up_in(&mut outstanding, &tasks);
        self.journal.close_if_done();
        tasks.into_iter().zip(results).filter_map(|(task, result)| Some((task, result.err()?))).collect()
    }

    fn clean_up_in(&self, outstanding: &mut Vec<Task>, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        if tasks.is_empty() {
            return Vec::new();
        }
        let results = self.solver.clean_up(tasks);
        self.gone(outstanding, tasks.iter().zip(&results).filter(|(_, result)| result.is_ok()).map(|(task, _)| task));
        results
    }

    fn gone<'t>(&self, outstanding: &mut Vec<Task>, tasks: impl Iterator<Item = &'t Task>) {
        let tasks: Vec<_> = tasks.collect();
        outstanding.retain(|task| !tasks.contains(&task));
        self.journal.remove(tasks);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    fn outstanding(&self) -> MutexGuard<'_, Vec<Task>> {
        self.outstanding.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Solver for Journaled<'_> {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        self.solver.challenge_types(identifier, wildcard)
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let mut outstanding = self.outstanding();
        if self.is_stopped() {
            return tasks.iter().map(|_| Err(interrupted())).collect();
        }
        if let Err(why) = self.journal.add(&self.note, tasks) {
            let advice = "nothing was put in place; make the folder writable, or name another";
            return tasks.iter().map(|_| Err(SolverError::new(why.to_string(), advice))).collect();
        }
        let new = tasks.iter().filter(|task| TaskRecord::new(task).is_some() && !outstanding.contains(task));
        let new: Vec<_> = new.cloned().collect();
        outstanding.extend(new);
        let results = self.solver.present(tasks);
        self.gone(
            &mut outstanding,
            tasks.iter().zip(&results).filter(|(_, result)| result.is_err()).map(|(task, _)| task),
        );
        results
    }

    /// Fails once [`clean_up_now`](Journaled::clean_up_now) was called: a CA must not look for what is taken away.
    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        let results = if self.is_stopped() { Vec::new() } else { self.solver.verify(tasks) };
        match self.is_stopped() {
            true => tasks.iter().map(|_| Err(interrupted())).collect(),
            false => results,
        }
    }

    fn rejected(&self, task: &Task, why: &str) -> bool {
        self.solver.rejected(task, why)
    }

    /// Passes over what [`clean_up_now`](Journaled::clean_up_now) has taken away already.
    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let mut outstanding = self.outstanding();
        let is_due = |task: &Task| TaskRecord::new(task).is_none() || outstanding.contains(task);
        let due: Vec<bool> = tasks.iter().map(is_due).collect();
        let left: Vec<_> = tasks.iter().zip(&due).filter(|(_, due)| **due).map(|(task, _)| task.clone()).collect();
        let mut results = self.clean_up_in(&mut outstanding, &left).into_iter();
        due.into_iter().map(|due| if due { results.next().unwrap_or_else(|| Err(silent())) } else { Ok(()) }).collect()
    }
}

fn interrupted() -> SolverError {
    SolverError::new("interrupted, and what was in place was taken away", "run the same command again")
}
