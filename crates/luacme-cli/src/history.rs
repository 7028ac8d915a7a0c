//! Every attempt at a certificate: `history.jsonl`, the memory that keeps us off a CA's limits.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::{Exit, Failure};
use crate::files;

/// The attempts at one certificate, oldest first.
pub(crate) struct History {
    path: PathBuf,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Attempt {
    /// When it ended.
    at: Timestamp,
    /// How it ended.
    outcome: Outcome,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    detail: String,
    /// The CA asks not to try before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    /// With a certificate.
    Issued,
    /// A person must act.
    AwaitsPerson,
    /// Without a certificate.
    Failed,
}

impl History {
    /// The history in a certificate's folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("history.jsonl") }
    }

    /// Adds an attempt that ended now.
    pub(crate) fn add(&self, outcome: Outcome, detail: &str, not_before: Option<Timestamp>) -> Result<(), Failure> {
        let attempt = Attempt { at: Timestamp::now(), outcome, detail: detail.to_owned(), not_before };
        let failed = |error: std::io::Error| Failure::file("write", &self.path, error);
        let line = serde_json::to_string(&attempt).map_err(|error| failed(error.into()))?;
        // A line that a crash cut short must not swallow this one.
        let start = match self.text()? {
            text if text.is_empty() || text.ends_with('\n') => "",
            _ => "\n",
        };
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path).map_err(failed)?;
        file.write_all(format!("{start}{line}\n").as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
    }

    /// Refuses when the CA asked in the last attempt not to be asked again yet (RFC 8555 §6.6).
    pub(crate) fn check_pause(&self, name: &str, now: Timestamp) -> Result<(), Failure> {
        match self.last()? {
            Some(Attempt { not_before: Some(until), detail, .. }) if until > now => Err(Failure {
                exit: Exit::TryLater,
                said: Some(detail).filter(|detail| !detail.is_empty()),
                not_before: Some(until),
                ..Failure::new(
                    format!("the CA does not want to be asked for {name} yet"),
                    "run the same command then; --force asks at once, which may make it worse",
                )
            }),
            _ => Ok(()),
        }
    }

    fn text(&self) -> Result<String, Failure> {
        Ok(files::read(&self.path)?.unwrap_or_default())
    }

    /// The last attempt. A line that was cut short by a crash does not count.
    fn last(&self) -> Result<Option<Attempt>, Failure> {
        Ok(self.text()?.lines().rev().find_map(|line| serde_json::from_str(line).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_the_ca_asked_for_is_kept_over_restarts() {
        let folder = tempfile::tempdir().unwrap();
        let history = History::in_folder(folder.path());
        let now = Timestamp::now();
        assert!(history.check_pause("a.test", now).is_ok(), "no attempt yet");

        let until = now + jiff::SignedDuration::from_hours(1);
        history.add(Outcome::Failed, "too many certificates", Some(until)).unwrap();
        let refused = History::in_folder(folder.path()).check_pause("a.test", now).unwrap_err();
        assert_eq!((refused.exit, refused.not_before), (Exit::TryLater, Some(until)));
        assert_eq!(refused.said.as_deref(), Some("too many certificates"));
        let later = now + jiff::SignedDuration::from_hours(2);
        assert!(history.check_pause("a.test", later).is_ok(), "the pause is over");

        std::fs::OpenOptions::new()
            .append(true)
            .open(folder.path().join("history.jsonl"))
            .unwrap()
            .write_all(b"{\"at\":")
            .unwrap();
        assert!(history.check_pause("a.test", now).is_err(), "a line cut short does not hide the one before");

        history.add(Outcome::Issued, "", None).unwrap();
        assert!(history.check_pause("a.test", now).is_ok(), "only the last attempt counts");
    }
}
