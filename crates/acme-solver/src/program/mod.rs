//! Programs of other people, run without a shell between, bounded in time and output.

mod error;
mod interruption;
mod output;
mod process;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use output::Output;
use process::{Ending, Limits};

pub use error::ProgramError;
pub use interruption::Interruption;
pub use output::{OutputLine, Stream};

/// A program may take this long, unless another time is set: some wait until their provider has published a record.
const TIMEOUT: Duration = Duration::from_secs(300);

/// Where programs are when there is no `PATH`.
const USUAL_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Gets every line that a program writes, while it runs.
pub type Sink = Arc<dyn Fn(&OutputLine<'_>) + Send + Sync>;

/// A program, and what holds for every run of it: a path, or a bare name that is looked for in `PATH`.
///
/// It runs in a process group of its own. When its time is up, it and all it has started are asked to end (SIGTERM), and 2
/// seconds later made to (SIGKILL). What it has started and left behind at its own end goes on.
#[derive(Clone)]
pub struct Program {
    path: PathBuf,
    timeout: Duration,
    sink: Sink,
    interruption: Interruption,
    withheld: Vec<&'static str>,
}

/// One run of a program. It inherits the environment, except for what is said here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// The arguments.
    pub args: Vec<OsString>,
    /// Variables beside the inherited ones, or in their place.
    pub variables: Vec<(String, OsString)>,
    /// Variables that are not inherited: only we may set them.
    pub own: &'static [&'static str],
    /// What it gets on its standard input.
    pub input: Vec<u8>,
}

impl Program {
    /// This program. It may take 300 seconds if nothing else is said.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            timeout: TIMEOUT,
            sink: Arc::new(|_| ()),
            interruption: Interruption::default(),
            withheld: Vec::new(),
        }
    }

    /// How long one run may take.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
    }

    /// Gets every line that it writes, while it runs: at most 1 MiB of each run.
    pub fn set_sink(&mut self, sink: Sink) {
        self.sink = sink;
    }

    /// Ends with the other programs that this interrupts.
    pub fn set_interruption(&mut self, interruption: &Interruption) {
        self.interruption = interruption.clone();
    }

    /// Does not hand on this variable: a secret of somebody else's.
    pub fn withhold(&mut self, variable: &'static str) {
        self.withheld.push(variable);
    }

    /// Refuses to begin what an interruption would only have to undo.
    pub(crate) fn check_interruption(&self) -> Result<(), ProgramError> {
        match self.interruption.count() {
            0 => Ok(()),
            _ => Err(ProgramError::Interrupted { output: Vec::new() }),
        }
    }

    /// Another program under the same conditions.
    pub(crate) fn sibling(&self, path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// The path or name it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The program file: this very path, or for a bare name the first of that name in `PATH`.
    ///
    /// # Errors
    /// When there is none that can be run.
    pub fn locate(&self) -> Result<PathBuf, ProgramError> {
        if self.path.as_os_str().as_encoded_bytes().contains(&b'/') {
            return executable(&self.path).map(|()| self.path.clone());
        }
        let folders = env::var_os("PATH").unwrap_or_else(|| USUAL_PATH.into());
        let found = env::split_paths(&folders).map(|folder| folder.join(&self.path));
        found.into_iter().find(|path| executable(path).is_ok()).ok_or(ProgramError::Missing)
    }

    /// Runs it to its end; what it wrote to its standard output, as far as it is kept.
    ///
    /// # Errors
    /// When it cannot be started, ends in any other way than with exit status 0, or takes too long.
    pub fn run(&self, call: &Call) -> Result<Vec<u8>, ProgramError> {
        let mut command = Command::new(self.locate()?);
        command.args(&call.args);
        for name in call.own.iter().chain(&self.withheld) {
            command.env_remove(name);
        }
        command.envs(call.variables.iter().map(|(name, value)| (name, value)));
        let mut output = Output::new(&self.path, &*self.sink);
        let running = self.interruption.running();
        let limits = Limits { timeout: self.timeout, running };
        let ending = process::run(&mut command, call.input.clone(), &limits, &mut output)
            .map_err(|why| ProgramError::NotStarted(why.to_string()))?;
        let (stdout, output) = output.finish();
        match ending {
            Ending::Code(0) => Ok(stdout),
            Ending::Code(status) => Err(ProgramError::Failed { status, output }),
            Ending::Signal(signal) => Err(ProgramError::Killed { signal, output }),
            Ending::Interrupted => Err(ProgramError::Interrupted { output }),
            Ending::Late => Err(ProgramError::TimedOut { after: self.timeout, output }),
        }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program").field("path", &self.path).field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

fn executable(path: &Path) -> Result<(), ProgramError> {
    match fs::metadata(path) {
        Err(why) if why.kind() == std::io::ErrorKind::NotFound => Err(ProgramError::Missing),
        Err(why) => Err(ProgramError::NotStarted(why.to_string())),
        Ok(found) if !found.is_file() => Err(ProgramError::NotAFile),
        Ok(found) if found.permissions().mode() & 0o111 == 0 => Err(ProgramError::NotExecutable),
        Ok(_) => Ok(()),
    }
}
