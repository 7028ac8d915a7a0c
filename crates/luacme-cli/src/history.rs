//! Every attempt at a certificate: `history.jsonl`, the memory that keeps us off a CA's limits.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::failure::{Exit, Failure};
use crate::files;

/// The pauses after one failure, two, three, and more in a row: a minute, ten, a hundred, a day.
const BACK_OFF: [Duration; 4] =
    [Duration::from_secs(60), Duration::from_secs(600), Duration::from_secs(6000), Duration::from_secs(86_400)];

/// The attempts at one certificate, oldest first.
pub(crate) struct History {
    path: PathBuf,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Attempt {
    /// When it ended.
    pub(crate) at: Timestamp,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
    /// The CA asks not to try before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) not_before: Option<Timestamp>,
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

/// What the attempts at one certificate amount to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Past {
    pub(crate) last: Option<Attempt>,
    /// How many failed in a row, up to now.
    failures: usize,
}

impl Past {
    /// Whether the last attempt failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.failures > 0
    }

    /// Until when the CA is left alone: as long as it asked for (RFC 8555 §6.6), and longer after each failure in a row. `None`
    /// when that is over. An attempt in the future comes from a clock that was wrong, and counts as made now.
    pub(crate) fn pause_end(&self, now: SystemTime) -> Option<SystemTime> {
        let last = self.last.as_ref()?;
        let back_off = self.failures.checked_sub(1).map(|earlier| BACK_OFF[earlier.min(BACK_OFF.len() - 1)]);
        let end = back_off.map(|pause| time(last.at).min(now) + pause);
        end.max(last.not_before.map(time)).filter(|end| *end > now)
    }
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

    /// What the attempts so far amount to. Lines that were cut short by a crash do not count.
    pub(crate) fn past(&self) -> Result<Past, Failure> {
        let text = self.text()?;
        let mut attempts = text.lines().rev().filter_map(|line| serde_json::from_str::<Attempt>(line).ok());
        let last = attempts.next();
        let failed = |attempt: &Attempt| attempt.outcome == Outcome::Failed;
        let failures = match &last {
            Some(last) if failed(last) => 1 + attempts.take_while(failed).take(BACK_OFF.len()).count(),
            _ => 0,
        };
        Ok(Past { last, failures })
    }

    fn text(&self) -> Result<String, Failure> {
        Ok(files::read(&self.path)?.unwrap_or_default())
    }

    /// The last attempt. A line that was cut short by a crash does not count.
    fn last(&self) -> Result<Option<Attempt>, Failure> {
        Ok(self.text()?.lines().rev().find_map(|line| serde_json::from_str(line).ok()))
    }
}

/// The same moment; before 1970, that.
pub(crate) fn time(timestamp: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::try_from(timestamp.duration_since(Timestamp::UNIX_EPOCH)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_get_longer_with_each_failure() {
        use Outcome::{AwaitsPerson, Failed, Issued};
        let folder = tempfile::tempdir().unwrap();
        let start = Timestamp::from_second(2_000_000_000).unwrap();
        for (why, outcomes, asked, pause) in [
            ("no attempt", &[][..], None, None),
            ("one failure", &[Issued, Failed], None, Some(60)),
            ("two", &[Failed, Failed], None, Some(600)),
            ("three", &[Failed, Issued, Failed, Failed, Failed], None, Some(6000)),
            ("four", &[Failed; 4], None, Some(86_400)),
            ("twenty", &[Failed; 20], None, Some(86_400)),
            ("a success in the end", &[Failed, Failed, Issued], None, None),
            ("a person is no failure", &[Failed, AwaitsPerson], None, None),
            ("the CA asks for more", &[Failed], Some(7200), Some(7200)),
            ("the CA asks for less", &[Failed, Failed], Some(5), Some(600)),
        ] {
            let attempts = outcomes.iter().map(|outcome| Attempt {
                at: start,
                outcome: *outcome,
                detail: String::new(),
                not_before: asked.map(|seconds| start + jiff::SignedDuration::from_secs(seconds)),
            });
            let lines: String = attempts.map(|attempt| serde_json::to_string(&attempt).unwrap() + "\n").collect();
            std::fs::write(folder.path().join("history.jsonl"), lines).unwrap();
            let past = History::in_folder(folder.path()).past().unwrap();
            let at = time(start);
            let found = past.pause_end(at).map(|end| end.duration_since(at).unwrap().as_secs());
            assert_eq!(found, pause, "{why}");
            assert_eq!(past.pause_end(at + Duration::from_secs(pause.unwrap_or(0))), None, "{why}: it ends");
            if let (None, Some(pause)) = (asked, pause) {
                let end = past.pause_end(SystemTime::UNIX_EPOCH).unwrap();
                assert_eq!(end, SystemTime::UNIX_EPOCH + Duration::from_secs(pause), "{why}: the clock was set back");
            }
        }
    }

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
