//! A journal on disk of the answers that are in place, so that a run that is killed leaves nothing behind for good.
//!
//! Each run has a file of its own, locked while its process lives: nobody takes away the answers of somebody else at work.

mod journaled;
mod log;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use acme_account::{Solver, SolverError, Task, TaskRecord};
use thiserror::Error;

pub use journaled::Journaled;
use log::{Entry, Log};

/// A folder with the journals of this run and of others.
///
/// ```no_run
/// # use acme_account::{Solver, SolverError}; use acme_solver::{http01::Webroot, journal::{Journal, Journaled}};
/// let journal = Journal::new("/var/lib/luacme/journal");
/// // The note tells the next run how to make the solver that can take the answers away.
/// let make = |root: &str| -> Result<Box<dyn Solver>, SolverError> { Ok(Box::new(Webroot::new(root))) };
/// for left in journal.left_behind()? {
///     for error in left.clean_up(make) {
///         eprintln!("{error}: {}", error.advice());
///     }
/// }
/// let webroot = Webroot::new("/var/www/html");
/// let solver = Journaled::new(&webroot, &journal, "/var/www/html");
/// # Ok::<(), acme_solver::journal::JournalError>(())
/// ```
pub struct Journal {
    folder: PathBuf,
    /// Made when there is something to note.
    run: Mutex<Option<Log>>,
}

impl Journal {
    /// In this folder, which is made when it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), run: Mutex::default() }
    }

    /// What runs that were killed have left in place. A run that is at work is left alone.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub fn left_behind(&self) -> Result<Vec<LeftBehind>, JournalError> {
        let dead = Log::dead(&self.folder)?;
        Ok(dead.into_iter().map(LeftBehind).filter(LeftBehind::is_something).collect())
    }

    /// Notes tasks that are about to be presented.
    fn add(&self, note: &str, tasks: &[Task]) -> Result<(), JournalError> {
        let entry = |task| Entry { task, note: note.to_owned() };
        let entries: Vec<_> = tasks.iter().filter_map(TaskRecord::new).map(entry).collect();
        if entries.is_empty() {
            return Ok(());
        }
        let mut run = self.run();
        match &mut *run {
            Some(log) => log.add(&entries),
            none => none.insert(Log::create(&self.folder)?).add(&entries),
        }
    }

    fn remove<'a>(&self, tasks: impl IntoIterator<Item = &'a Task>) {
        let tasks: Vec<_> = tasks.into_iter().filter_map(TaskRecord::new).collect();
        if let Some(log) = &mut *self.run() {
            log.remove(&tasks);
        }
    }

    /// Removes the file of this run if nothing is outstanding, for a process that ends without being unwound.
    fn close_if_done(&self) {
        self.run().take_if(|log| log.is_done());
    }

    fn run(&self) -> MutexGuard<'_, Option<Log>> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one run that was killed has left in place. As long as this lives nobody else cleans up after that run.
pub struct LeftBehind(Log);

impl LeftBehind {
    fn is_something(&self) -> bool {
        !self.0.outstanding().is_empty() || !self.0.unreadable().is_empty()
    }

    /// Takes it away, by the solvers that `solver` makes of the notes; what cannot be taken away stays in the journal. The
    /// failures.
    pub fn clean_up(mut self, solver: impl Fn(&str) -> Result<Box<dyn Solver>, SolverError>) -> Vec<SolverError> {
        let path = self.0.path().to_owned();
        let mut failures: Vec<_> = self.0.unreadable().iter().map(|line| unreadable(&path, *line)).collect();
        let mut rest = self.0.outstanding().to_vec();
        while let Some(Entry { note, .. }) = rest.first() {
            let note = note.clone();
            let (same, others) = rest.into_iter().partition(|entry| entry.note == note);
            rest = others;
            failures.extend(self.clean_up_with(&solver(&note), &same));
        }
        failures
    }

    fn clean_up_with(&mut self, solver: &Result<Box<dyn Solver>, SolverError>, entries: &[Entry]) -> Vec<SolverError> {
        let solver = match solver {
            Ok(solver) => solver,
            Err(why) => return vec![still_there(self.0.path(), "what a killed run left", why)],
        };
        let mut failures = Vec::new();
        let mut tasks = Vec::new();
        for Entry { task: record, .. } in entries {
            match record.task() {
                Ok(task) => tasks.push((record, task)),
                Err(why) => failures.push(SolverError::new(
                    format!("{} holds what is no challenge: {why}", self.0.path().display()),
                    "remove by hand what it names, then the file",
                )),
            }
        }
        let (records, tasks): (Vec<_>, Vec<_>) = tasks.into_iter().unzip();
        for ((record, task), result) in records.into_iter().zip(&tasks).zip(solver.clean_up(&tasks)) {
            match result {
                Ok(()) => self.0.remove(std::slice::from_ref(record)),
                Err(why) => failures.push(still_there(
                    self.0.path(),
                    &format!("the answer to {} of {}", task.kind, task.ordered_identifier()),
                    &why,
                )),
            }
        }
        failures
    }
}

fn still_there(path: &Path, what: &str, why: &SolverError) -> SolverError {
    let message = format!("{what} may still be in place ({}): {why}", path.display());
    SolverError::new(message, format!("{}; the next run tries again", why.advice()))
}

fn unreadable(path: &Path, line: usize) -> SolverError {
    SolverError::new(
        format!("line {line} of {} cannot be read", path.display()),
        "remove by hand what it names, then the file",
    )
}

/// Why a journal could not be kept or read.
#[derive(Debug, Error)]
#[error("cannot {doing} {}: {source}", path.display())]
pub struct JournalError {
    doing: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl JournalError {
    fn new(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self { doing, path: path.to_owned(), source }
    }
}
