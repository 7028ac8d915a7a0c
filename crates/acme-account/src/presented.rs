//! Answers that are in place, and that do not stay there (RFC 8555 §8.3, §8.4).

use crate::authorize::Chosen;
use crate::error::Error;
use crate::{Event, Observer, Solver, Task};

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

    pub(crate) fn add(&mut self, chosen: &Chosen) -> Result<(), Error> {
        let task = &chosen.task;
        // Before it is in place: a solver that panics may have got halfway.
        self.tasks.push(task.clone());
        if let Err(error) = self.solver.present(task) {
            self.tasks.pop();
            return Err(chosen.solver_error(error));
        }
        Ok(())
    }
}

impl Drop for Presented<'_> {
    fn drop(&mut self) {
        for task in &self.tasks {
            if let Err(error) = self.solver.clean_up(task) {
                let why = error.to_string();
                self.observer.event(&Event::CleanUpFailed { identifier: &task.identifier, why: &why });
            }
        }
    }
}
