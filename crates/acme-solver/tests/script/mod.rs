//! Little programs in a folder of their own, which tell how they were called.
#![allow(dead_code)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Notes a call: arguments, variables of `PREFIX`, input.
const NOTE: &str = r#"
{
  for word; do printf 'arg %s\n' "$word"; done
  env | grep "^$PREFIX" | LC_ALL=C sort
  sed 's/^/in /'
  echo --end--
} >> "$0.log"
"#;

/// A folder of programs.
pub(crate) struct Scripts(TempDir);

impl Scripts {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A shell script. Another process writes it: while this one had it open for writing, it could not be started
    /// whenever another test starts a process at that moment.
    pub(crate) fn script(&self, name: &str, body: &str) -> PathBuf {
        let path = self.file(name, &format!("#!/bin/sh\n{body}"));
        assert!(Command::new("chmod").arg("755").arg(&path).status().unwrap().success());
        path
    }

    /// A shell script that first notes how it is called.
    pub(crate) fn noting(&self, name: &str, prefix: &str, body: &str) -> PathBuf {
        self.script(name, &format!("PREFIX={prefix}{NOTE}{body}"))
    }

    /// A file that nobody may execute.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        let mut cat =
            Command::new("sh").args(["-c", "cat > \"$1\"", "sh"]).arg(&path).stdin(Stdio::piped()).spawn().unwrap();
        cat.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(cat.wait().unwrap().success());
        path
    }
}

/// What a script has noted, call by call; it is forgotten afterwards.
pub(crate) fn calls(script: &Path) -> Vec<String> {
    let log = PathBuf::from(format!("{}.log", script.display()));
    let text = fs::read_to_string(&log).unwrap_or_default();
    fs::remove_file(&log).ok();
    text.split_terminator("--end--\n").map(str::to_owned).collect()
}

/// A call as it is noted.
pub(crate) fn call(args: &[&str], variables: &[(&str, &str)], input: &str) -> String {
    let args = args.iter().map(|arg| format!("arg {arg}\n"));
    let mut variables: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
    variables.sort();
    let input = input.lines().map(|line| format!("in {line}\n"));
    args.chain(variables).chain(input).collect()
}
