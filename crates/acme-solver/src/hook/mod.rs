//! Proofs by a program of the user's, called as the client calls its hooks that it was written for.

mod announcement;
mod call;
mod luacme;
mod style;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use acme_account::{Clock, Readiness, Solver, SolverError, SystemClock, Task};
use acme_proto::{ChallengeType, Identifier, Proof};

use crate::dns::Propagation;
use crate::dns_solver;
use crate::program::{Call, Interruption, OutputLine, Program, ProgramError};
use crate::sight::{self, Sight};
use call::{Moment, host, invalid_challenge};

pub use announcement::{Announcement, CertificateFiles};
pub use style::{Style, StyleError};

/// Leaves challenges to a program. No shell stands between: it gets its arguments as they are.
///
/// It runs in a process group of its own, with the environment of this process and the variables of its [`Style`].
pub struct Hook {
    style: Style,
    program: Program,
    clean_up: Option<PathBuf>,
    types: Option<Vec<ChallengeType>>,
    chained: bool,
    variables: Vec<(String, OsString)>,
    propagation: Propagation,
    clock: Arc<dyn Clock>,
    http_address: Option<SocketAddr>,
    past: Mutex<Past>,
}

/// What has happened so far. In another process than that of the presentation there is none, and clean-up does without.
#[derive(Default)]
struct Past {
    declined: Vec<Task>,
    rejected: Vec<Task>,
    /// What certbot's clean-up gets: the variables of the presentation, and its output.
    presented: Vec<(Task, Vec<(String, OsString)>)>,
}

impl Hook {
    /// This program: a path, or a bare name that is looked for in `PATH`.
    pub fn new(program: impl Into<PathBuf>, style: Style) -> Self {
        Self {
            style,
            program: Program::new(program),
            clean_up: None,
            types: None,
            chained: false,
            variables: Vec::new(),
            propagation: Propagation::default(),
            clock: Arc::new(SystemClock),
            http_address: None,
            past: Mutex::default(),
        }
    }

    /// The program that cleans up, for the style certbot. Without it nothing is cleaned up, as there.
    pub fn clean_up_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.clean_up = Some(program.into());
        self
    }

    /// The challenge types that the program is called for, the preferred one first; else those that its style
    /// [offers](Style::offered).
    pub fn offering(mut self, types: impl IntoIterator<Item = ChallengeType>) -> Self {
        self.types = Some(types.into_iter().collect());
        self
    }

    /// Calls a program of the style dehydrated once for all tasks (`HOOK_CHAIN=yes`). Others are not affected.
    pub fn chained(mut self) -> Self {
        self.chained = self.style == Style::Dehydrated;
        self
    }

    /// How long one call may take: 300 seconds if nothing is said. After that the program and all it has started are asked
    /// to end (SIGTERM), and 2 seconds later made to (SIGKILL).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.program.set_timeout(timeout);
        self
    }

    /// Gets every line that the program writes, while it runs: at most 1 MiB of each call. Else only errors show the last
    /// ones.
    pub fn output(mut self, sink: impl Fn(&OutputLine<'_>) + Send + Sync + 'static) -> Self {
        self.program.set_sink(Arc::new(sink));
        self
    }

    /// One more variable for the program, such as `UACME_CONFDIR` and `UACME_VERBOSE`, of which only the caller knows.
    pub fn variable(mut self, name: impl Into<String>, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Ends the program when this is interrupted, and calls it only to clean up from then on.
    pub fn interruption(mut self, interruption: &Interruption) -> Self {
        self.program.set_interruption(interruption);
        self
    }

    /// Does not hand on this variable of the environment: a secret of another way.
    pub fn withhold(mut self, variable: &'static str) -> Self {
        self.program.withhold(variable);
        self
    }

    /// Looks this way whether the name servers show the records.
    pub fn propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = propagation;
        self
    }

    /// Waits for them by this clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Looks for http-01 at this address rather than on port 80 of the name.
    pub fn check_http_at(mut self, address: SocketAddr) -> Self {
        self.http_address = Some(address);
        self
    }

    /// Whether the programs are there and executable, so that a mistake shows before an order is placed.
    ///
    /// # Errors
    /// When one is not.
    pub fn check(&self) -> Result<(), SolverError> {
        let programs = [Some(self.program.clone()), self.clean_up.as_ref().map(|path| self.program.sibling(path))];
        programs.into_iter().flatten().try_for_each(|program| match program.locate() {
            Ok(_) => Ok(()),
            Err(why) => Err(SolverError::with_source(
                format!("the hook {} cannot be used: {why}", program.path().display()),
                why.advice(program.path()),
                why,
            )),
        })
    }

    fn past(&self) -> MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those tasks together that one call is for; one result for each task.
    fn in_calls(
        &self,
        tasks: &[Task],
        mut act: impl FnMut(Range<usize>) -> Result<(), SolverError>,
    ) -> Vec<Result<(), SolverError>> {
        let each = if self.chained { tasks.len().max(1) } else { 1 };
        let mut results = Vec::new();
        for first in (0..tasks.len()).step_by(each) {
            results.push(act(first..first + each));
            let failed = results[first].is_err();
            let other = || if failed { Err(left_out(&tasks[first])) } else { Ok(()) };
            results.extend((1..each).map(|_| other()));
        }
        results
    }

    fn present_together(&self, tasks: &[Task], which: Range<usize>) -> Result<(), SolverError> {
        let call = self.style.call(Moment::Present, tasks, which.clone())?;
        let task = &tasks[which.start];
        let interrupted = |why| self.error(&self.program, Moment::Present, task, why);
        self.program.check_interruption().map_err(interrupted)?;
        match self.run(&self.program, &call) {
            Ok(stdout) => {
                self.past().presented(task, call.variables, stdout);
                Ok(())
            }
            Err(ProgramError::Failed { status, .. }) if self.style.declines(status) => {
                self.past().declined.push(task.clone());
                Err(self.declined(task, status))
            }
            Err(why) => {
                if why.has_run() && !stays(task) {
                    // It may have come halfway, and the error to tell is the one that is known.
                    self.clean_up_together(tasks, which, Moment::CleanUpRejected).ok();
                }
                Err(self.error(&self.program, Moment::Present, task, why))
            }
        }
    }

    fn clean_up_together(&self, tasks: &[Task], which: Range<usize>, moment: Moment) -> Result<(), SolverError> {
        let mut call = self.style.call(moment, tasks, which.clone())?;
        let task = &tasks[which.start];
        let mut program = self.program.clone();
        if self.style == Style::Certbot {
            let Some(path) = &self.clean_up else { return Ok(()) };
            program = program.sibling(path);
            call.variables = self.past().variables_of(task).unwrap_or_else(|| with_output(call.variables, Vec::new()));
        }
        self.run(&program, &call).map(drop).map_err(|why| self.error(&program, moment, task, why))
    }

    fn run(&self, program: &Program, call: &Call) -> Result<Vec<u8>, ProgramError> {
        let variables = self.variables.iter().chain(&call.variables).cloned().collect();
        program.run(&Call { variables, ..call.clone() })
    }

    fn error(&self, program: &Program, moment: Moment, task: &Task, why: ProgramError) -> SolverError {
        let (path, verb, style) = (program.path(), self.style.verb(moment), self.style);
        let message = format!(
            "the hook {} (style {style}, {verb}) failed for {} with {}: {why}",
            path.display(),
            task.identifier,
            task.kind
        );
        SolverError::with_source(message, why.advice(path), why)
    }

    fn declined(&self, task: &Task, status: i32) -> SolverError {
        let path = self.program.path().display();
        SolverError::declined(
            format!(
                "the hook {path} (style {}) declines {} for {}: exit status {status}",
                self.style, task.kind, task.identifier
            ),
            format!("see to it that {path} knows one of the challenge types that the CA offers, or name another way"),
        )
    }
}

impl Past {
    fn presented(&mut self, task: &Task, variables: Vec<(String, OsString)>, stdout: Vec<u8>) {
        self.declined.retain(|other| other != task);
        self.presented.retain(|(other, _)| other != task);
        self.presented.push((task.clone(), with_output(variables, stdout)));
    }

    fn variables_of(&self, task: &Task) -> Option<Vec<(String, OsString)>> {
        let found = self.presented.iter().find(|(other, _)| other == task);
        found.map(|(_, variables)| variables.clone())
    }
}

impl Solver for Hook {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        let Ok(name) = host(identifier) else { return Vec::new() };
        let ordered = if wildcard { Identifier::Dns(format!("*.{name}")) } else { identifier.clone() };
        let offered = self.types.as_deref().unwrap_or(self.style.offered());
        offered.iter().filter(|kind| kind.check_identifier(&ordered).is_ok()).cloned().collect()
    }

    /// One call after the other. After one that failed there are no more: the order is lost already.
    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let mut failed = None;
        self.in_calls(tasks, |which| {
            if let Some(earlier) = failed {
                return Err(left_out(earlier));
            }
            let task = &tasks[which.start];
            let outcome = self.present_together(tasks, which);
            failed = outcome.as_ref().is_err_and(|error| !error.is_declined()).then_some(task);
            outcome
        })
    }

    /// Looks at the records all together, since they are on their way at the same time.
    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        let in_dns = |task: &Task| task.proof.txt_record().is_some();
        let records: Vec<_> = tasks.iter().filter(|task| in_dns(task)).cloned().collect();
        let mut shown = dns_solver::look(&records, &self.propagation, &*self.clock).into_iter();
        let mut look = |task| if in_dns(task) { shown.next() } else { Some(self.look_for(task)) };
        tasks.iter().filter_map(&mut look).collect()
    }

    /// The style uacme learns of it at clean-up, the style dehydrated at once. The others have no word for it.
    fn rejected(&self, task: &Task, why: &str) -> bool {
        self.past().rejected.push(task.clone());
        if self.style == Style::Dehydrated {
            // Hooks need not know this word, so what becomes of the call does not matter.
            invalid_challenge(task, why).ok().and_then(|call| self.run(&self.program, &call).ok());
        }
        false
    }

    /// What was declined was never there.
    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let leave_alone = |task: &Task| stays(task) || self.past().declined.contains(task);
        let (staying, leaving): (Vec<_>, Vec<_>) = tasks.iter().cloned().partition(leave_alone);
        let mut results = self
            .in_calls(&leaving, |which| {
                let rejected = self.past().rejected.contains(&leaving[which.start]);
                let moment = if rejected { Moment::CleanUpRejected } else { Moment::CleanUp };
                self.clean_up_together(&leaving, which, moment)
            })
            .into_iter();
        tasks
            .iter()
            .map(|task| if staying.contains(task) { Ok(()) } else { results.next().unwrap_or(Ok(())) })
            .collect()
    }
}

impl Hook {
    fn look_for(&self, task: &Task) -> Result<Readiness, SolverError> {
        match sight::http01(task, self.http_address) {
            Sight::Right => Ok(Readiness::Ready),
            Sight::Unclear(why) => Ok(Readiness::Unseen(why)),
            Sight::Wrong(why) => Err(SolverError::new(
                why,
                format!(
                    "see what {} does for http-01; if it is written for another challenge type, say so",
                    self.program.path().display()
                ),
            )),
        }
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").field("style", &self.style).field("program", &self.program).finish_non_exhaustive()
    }
}

/// dns-persist-01 records stay (draft-ietf-acme-dns-persist), also when the one that is there could not be put there again.
fn stays(task: &Task) -> bool {
    matches!(task.proof, Proof::DnsPersist01(_))
}

/// A task that shares the fate of another.
fn left_out(failed: &Task) -> SolverError {
    SolverError::new(
        format!("the hook has already failed for {}", failed.identifier),
        format!("see the error of {}", failed.identifier),
    )
}

/// Without the white space around it, as certbot hands it on, and without what no variable can hold.
fn with_output(mut variables: Vec<(String, OsString)>, stdout: Vec<u8>) -> Vec<(String, OsString)> {
    let mut output = stdout.trim_ascii().to_vec();
    output.retain(|octet| *octet != 0);
    variables.push(("CERTBOT_AUTH_OUTPUT".to_owned(), OsString::from_vec(output)));
    variables
}
