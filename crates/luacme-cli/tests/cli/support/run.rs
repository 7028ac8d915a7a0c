//! A run of the binary that is over.

use std::process::{Command, Stdio};

use serde_json::Value;

/// How a run ended and what it printed.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        self.exits(0)
    }

    /// Standard output holds this.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in\n{}", self.stdout);
        self
    }

    /// Standard error holds this, and standard output nothing.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in\n{}", self.stderr);
        assert_eq!(self.stdout, "", "results on standard output although it failed");
        self
    }

    /// The value of the line `NAME: …` of a failure.
    #[track_caller]
    pub(crate) fn part(&self, name: &str) -> &str {
        let start = format!("{name}:");
        let line = self.stderr.lines().find_map(|line| line.trim_start().strip_prefix(&start));
        line.unwrap_or_else(|| panic!("no {name:?} in\n{}", self.stderr)).trim()
    }

    /// The lines of standard output, each of which must be a JSON object with an `event`.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        let event = |line: &str| -> Value {
            let object: Value = serde_json::from_str(line).unwrap_or_else(|why| panic!("{why}: {line}"));
            assert!(object["event"].is_string(), "{line}");
            object
        };
        self.stdout.lines().map(event).collect()
    }

    /// The last event.
    #[track_caller]
    pub(crate) fn last(&self) -> Value {
        self.events().pop().expect("an event")
    }
}
