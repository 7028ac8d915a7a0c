//! Tasks in writing, for whoever has to clean up after a process that is gone.

use std::fmt;

use acme_jose::{Base64UrlError, Thumbprint};
use acme_proto::{ChallengeType, Identifier, IdentifierError, Meta, ProofError, Prover};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Task;

/// What a [`Task`] was made of. It is made anew from this, through all the checks that what a CA sends goes through.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct TaskRecord {
    identifier: Identifier,
    wildcard: bool,
    #[serde(rename = "type")]
    kind: String,
    token: String,
    thumbprint: String,
    account_url: String,
}

/// Without what makes up the key authorization.
impl fmt::Debug for TaskRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TaskRecord({} for {} [redacted])", self.kind, self.identifier)
    }
}

impl TaskRecord {
    /// The record of a task of type http-01, dns-01, dns-account-01 or tls-alpn-01. Of the others nothing is to be cleaned
    /// up: what dns-persist-01 publishes stays.
    pub fn new(task: &Task) -> Option<Self> {
        use ChallengeType::{Dns01, DnsAccount01, Http01, TlsAlpn01};
        if !matches!(task.kind, Http01 | Dns01 | DnsAccount01 | TlsAlpn01) {
            return None;
        }
        let (_, thumbprint) = task.key_authorization.as_ref()?.as_str().rsplit_once('.')?;
        Some(Self {
            identifier: task.identifier.clone(),
            wildcard: task.wildcard,
            kind: task.kind.as_str().to_owned(),
            token: task.token.as_ref()?.as_str().to_owned(),
            thumbprint: thumbprint.to_owned(),
            account_url: task.account_url.clone(),
        })
    }

    /// The task.
    ///
    /// # Errors
    /// When the record was changed into one that no task has.
    pub fn task(&self) -> Result<Task, TaskRecordError> {
        let challenge = serde_json::json!({ "type": self.kind, "url": "", "token": self.token });
        let challenge = serde_json::from_value(challenge).map_err(|_| TaskRecordError::Kind(self.kind.clone()))?;
        let identifier = Identifier::parse(&self.identifier.value())?;
        let thumbprint = Thumbprint::parse(&self.thumbprint)?;
        let prover = Prover { account_url: &self.account_url, thumbprint: &thumbprint, meta: &Meta::default() };
        Ok(Task::new(&challenge, &identifier, self.wildcard, &prover)?)
    }
}

/// Why a record is none of a task.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskRecordError {
    /// Not a challenge.
    #[error("{0:?} is not a type of challenge")]
    Kind(String),
    /// Not a name or an address.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// Not the thumbprint of a key.
    #[error("the thumbprint is {0}")]
    Thumbprint(#[from] Base64UrlError),
    /// No proof can be made of it.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn task(kind: &str, name: &str, wildcard: bool) -> Task {
        let challenge = json!({
            "type": kind, "url": "https://ca.test/c", "token": "a-0_", "issuer-domain-names": ["ca.test"],
            "from": "acme@ca.test",
        });
        let thumbprint = Thumbprint::parse(&"A".repeat(43)).unwrap();
        let prover = Prover { account_url: "https://ca.test/a/1", thumbprint: &thumbprint, meta: &Meta::default() };
        let challenge = serde_json::from_value(challenge).unwrap();
        Task::new(&challenge, &Identifier::parse(name).unwrap(), wildcard, &prover).unwrap()
    }

    #[test]
    fn a_task_comes_back_as_it_was() {
        for (why, task) in [
            ("a file", task("http-01", "a.test", false)),
            ("of an IPv6 address", task("http-01", "2001:db8::1", false)),
            ("a record", task("dns-01", "a.test", false)),
            ("of a wildcard", task("dns-01", "a.test", true)),
            ("at the account's own label", task("dns-account-01", "a.test", true)),
            ("a handshake", task("tls-alpn-01", "192.0.2.1", false)),
        ] {
            let text = serde_json::to_string(&TaskRecord::new(&task).unwrap()).unwrap();
            let record: TaskRecord = serde_json::from_str(&text).unwrap();
            assert_eq!(record.task().unwrap(), task, "{why}: {text}");
        }
    }

    #[test]
    fn what_stays_has_no_record() {
        for kind in ["dns-persist-01", "device-attest-01"] {
            assert!(TaskRecord::new(&task(kind, "a.test", false)).is_none(), "{kind}");
        }
    }

    #[test]
    fn nothing_unchecked_gets_in() {
        let good = serde_json::to_value(TaskRecord::new(&task("dns-01", "a.test", false)).unwrap()).unwrap();
        for (why, member, value) in [
            ("a path as token", "token", json!("../../etc/passwd")),
            ("no token", "token", json!("")),
            ("a path as name", "identifier", json!({ "type": "dns", "value": "../a" })),
            ("a line break in a name", "identifier", json!({ "type": "dns", "value": "a.test\nb" })),
            ("an address through DNS", "identifier", json!({ "type": "ip", "value": "192.0.2.1" })),
            ("no thumbprint", "thumbprint", json!("x/..")),
            ("half a thumbprint", "thumbprint", json!("AAAA")),
            ("another type", "type", json!("dns-02")),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            let record: TaskRecord = serde_json::from_value::<Value>(bad).and_then(serde_json::from_value).unwrap();
            assert!(record.task().is_err(), "{why}");
        }
    }
}
