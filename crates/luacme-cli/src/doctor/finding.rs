//! One thing that was found.

use serde_json::{Value, json};

use super::code::{Code, Severity};

/// One thing that was found, and where it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    /// The name it is about; none for the computer and the CA.
    pub(crate) name: Option<String>,
    /// What was seen.
    pub(crate) evidence: String,
}

impl Finding {
    pub(crate) fn new(code: Code, evidence: impl Into<String>) -> Self {
        Self { code, name: None, evidence: evidence.into() }
    }

    pub(crate) fn of(name: impl Into<String>, code: Code, evidence: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..Self::new(code, evidence) }
    }

    pub(crate) fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// For programs.
    pub(crate) fn object(&self) -> Value {
        json!({
            "event": "finding", "code": self.code.name(), "severity": self.severity(), "name": self.name,
            "meaning": self.code.meaning(), "evidence": self.evidence, "fix": self.code.fix(),
        })
    }
}
