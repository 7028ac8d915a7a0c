//! Why a program did not do what it was called for.

use std::path::Path;
use std::time::Duration;

use thiserror::Error;

/// Of the output of a program, so many lines are part of a message.
const QUOTED: usize = 3;

/// Why a program did not do what it was called for.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProgramError {
    /// The path leads nowhere, or no program of that name is in `PATH`.
    #[error("there is no such program")]
    Missing,
    /// The path leads to a folder or a device.
    #[error("it is not a file")]
    NotAFile,
    /// The file is there, but its mode does not allow to run it.
    #[error("it is not executable")]
    NotExecutable,
    /// The operating system does not run it.
    #[error("it cannot be started: {0}")]
    NotStarted(String),
    /// It ended with an exit status other than 0.
    #[error("it ended with exit status {status}{}", quoted(.output))]
    Failed {
        /// The exit status.
        status: i32,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// A signal ended it.
    #[error("it was ended by signal {signal}{}", quoted(.output))]
    Killed {
        /// The number of the signal.
        signal: i32,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// It took too long; it and what it had started was stopped.
    #[error("it was still running after {} seconds and was stopped{}", .after.as_secs_f32(), quoted(.output))]
    TimedOut {
        /// The time it had.
        after: Duration,
        /// The last lines it wrote.
        output: Vec<String>,
    },
    /// Its [`Interruption`](super::Interruption) came; it and what it had started was stopped, or it was not started.
    #[error("it was interrupted{}", quoted(.output))]
    Interrupted {
        /// The last lines it wrote.
        output: Vec<String>,
    },
}

impl ProgramError {
    /// The last lines that the program wrote, standard output and standard error together; control characters are escaped.
    pub fn output(&self) -> &[String] {
        match self {
            Self::Failed { output, .. }
            | Self::Killed { output, .. }
            | Self::TimedOut { output, .. }
            | Self::Interrupted { output } => output,
            _ => &[],
        }
    }

    /// Whether the program ran, so that it may have done part of its work.
    pub(crate) fn has_run(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Killed { .. } | Self::TimedOut { .. } | Self::Interrupted { .. })
    }

    pub(crate) fn advice(&self, program: &Path) -> String {
        let program = program.display();
        match self {
            Self::Missing | Self::NotAFile => {
                format!("give the path of a program in place of {program}, such as ./hook.sh or /etc/acme/hook.sh")
            }
            Self::NotExecutable => format!("make it executable: chmod +x {program}"),
            Self::NotStarted(_) => {
                format!(
                    "a script needs a first line such as #!/bin/sh that names an interpreter; see that of {program}"
                )
            }
            Self::Failed { .. } | Self::Killed { .. } => {
                format!("mend what {program} complains about")
            }
            Self::Interrupted { .. } => "run the same command again".to_owned(),
            Self::TimedOut { .. } => format!("find out what {program} waits for, or allow it more time"),
        }
    }
}

fn quoted(output: &[String]) -> String {
    match &output[output.len().saturating_sub(QUOTED)..] {
        [] => String::new(),
        last => format!("; its last output was: {}", last.join(" / ")),
    }
}
