//! Answers that are in place, and that do not stay there (RFC 8555 §8.3, §8.4).

use crate::authorize::Chosen;
use crate::error::Error;
use crate::{Event, Observer, Solver, SolverError, Task};

/// Answers that are in place: taken away when this goes out of scope, by return, error or panic.
pub(crate) struct Presented<'a> {
    solver: &'a dyn Solver,
    observer: &'a dyn Observer,
    tasks: Vec<Task>,
}

impl<'a> Presented<'a> {
    pub(crate) fn new(solver: &'a dyn Solver, observer: &'a dyn Observer) -> Self {
        Self { solver, observer, tasks: Vec::new() }
    }

    /// Puts the answers of these in place; one that the solver declines gives way to the next possible for its identifier.
    pub(crate) fn add(&mut self, chosen: &mut [Chosen]) -> Result<(), Error> {
        let mut missing: Vec<&mut Chosen> = chosen.iter_mut().collect();
        while !missing.is_empty() {
            let tasks: Vec<Task> = missing.iter().map(|one| one.task().clone()).collect();
            // Before they are in place: a solver that panics may have got halfway.
            self.tasks.extend_from_slice(&tasks);
            let mut results = self.solver.present(&tasks).into_iter();
            let mut failed = None;
            missing.retain_mut(|one| match results.next().unwrap_or_else(|| Err(silent())) {
                Ok(()) => false,
                Err(error) => {
                    self.tasks.retain(|task| task != one.task());
                    let declined = error.is_declined() && failed.is_none();
                    if !(declined && one.take_next()) {
                        let tell = |error| if declined { one.declined(error) } else { one.solver_error(error) };
                        failed.get_or_insert_with(|| tell(error));
                    }
                    true
                }
            });
            if let Some(error) = failed {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// A solver that gives too few results has done nothing that could be relied on.
pub(crate) fn silent() -> SolverError {
    SolverError::new("the solver does not say what became of it", "report this to whoever wrote the solver")
}

impl Drop for Presented<'_> {
    fn drop(&mut self) {
        if self.tasks.is_empty() {
            return;
        }
        for (task, result) in self.tasks.iter().zip(self.solver.clean_up(&self.tasks)) {
            if let Err(error) = result {
                let why = error.to_string();
                self.observer.event(&Event::CleanUpFailed { identifier: &task.identifier, why: &why });
            }
        }
    }
}
