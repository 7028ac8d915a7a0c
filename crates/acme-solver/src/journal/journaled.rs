//! A solver whose answers stand in a journal while they are in place.

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
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    outstanding: Vec<Task>,
    stopped: bool,
}

impl<'a> Journaled<'a> {
    /// With a note that tells a later run how to make a solver that can take the answers away.
    pub fn new(solver: &'a dyn Solver, journal: &'a Journal, note: impl Into<String>) -> Self {
        Self { solver, journal, note: note.into(), state: Mutex::default() }
    }

    /// Takes away all that is in place just now, once, and lets nothing be put in place any more. For a thread that is told
    /// of Ctrl-C, while another may be in the midst of an order: a solver that is presenting comes to its end first. What
    /// could not be taken away is returned, and stays in the journal.
    pub fn clean_up_now(&self) -> Vec<(Task, SolverError)> {
        let mut state = self.state();
        state.stopped = true;
        let tasks = state.outstanding.clone();
        let results = self.clean_up_in(&mut state, &tasks);
        tasks.into_iter().zip(results).filter_map(|(task, result)| Some((task, result.err()?))).collect()
    }

    fn clean_up_in(&self, state: &mut State, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        if tasks.is_empty() {
            return Vec::new();
        }
        let results = self.solver.clean_up(tasks);
        self.gone(state, tasks.iter().zip(&results).filter(|(_, result)| result.is_ok()).map(|(task, _)| task));
        results
    }

    fn gone<'t>(&self, state: &mut State, tasks: impl Iterator<Item = &'t Task>) {
        let tasks: Vec<_> = tasks.collect();
        state.outstanding.retain(|task| !tasks.contains(&task));
        self.journal.remove(tasks);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Solver for Journaled<'_> {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        self.solver.challenge_types(identifier, wildcard)
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let mut state = self.state();
        if state.stopped {
            return tasks.iter().map(|_| Err(interrupted())).collect();
        }
        if let Err(why) = self.journal.add(&self.note, tasks) {
            let advice = "nothing was put in place; make the folder writable, or name another";
            return tasks.iter().map(|_| Err(SolverError::new(why.to_string(), advice))).collect();
        }
        let new = tasks.iter().filter(|task| TaskRecord::new(task).is_some() && !state.outstanding.contains(task));
        let new: Vec<_> = new.cloned().collect();
        state.outstanding.extend(new);
        let results = self.solver.present(tasks);
        self.gone(&mut state, tasks.iter().zip(&results).filter(|(_, result)| result.is_err()).map(|(task, _)| task));
        results
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        self.solver.verify(tasks)
    }

    fn rejected(&self, task: &Task, why: &str) -> bool {
        self.solver.rejected(task, why)
    }

    /// Passes over what [`clean_up_now`](Journaled::clean_up_now) has taken away already.
    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let mut state = self.state();
        let is_due = |task: &Task| TaskRecord::new(task).is_none() || state.outstanding.contains(task);
        let due: Vec<bool> = tasks.iter().map(is_due).collect();
        let left: Vec<_> = tasks.iter().zip(&due).filter(|(_, due)| **due).map(|(task, _)| task.clone()).collect();
        let mut results = self.clean_up_in(&mut state, &left).into_iter();
        due.into_iter().map(|due| if due { results.next().unwrap_or_else(|| Err(silent())) } else { Ok(()) }).collect()
    }
}

fn interrupted() -> SolverError {
    SolverError::new("interrupted, and what was in place was taken away", "run the same command again")
}
