//! The seam to proofs of control: who puts the answer to a challenge where the CA looks for it.

use acme_proto::{ChallengeType, Identifier, KeyAuthorization, Token};
use thiserror::Error;

/// One challenge to meet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// What control is proven of, without a leading `*.`.
    pub identifier: Identifier,
    /// Whether the order names the wildcard of the identifier.
    pub wildcard: bool,
    /// The way to prove it.
    pub kind: ChallengeType,
    /// The token of the challenge.
    pub token: Token,
    /// The answer to it.
    pub key_authorization: KeyAuthorization,
}

impl Task {
    /// What a person would have to do. Empty for a type that is not known here.
    pub fn describe(&self) -> String {
        self.kind.describe(&self.identifier, &self.token, &self.key_authorization).unwrap_or_default()
    }
}

/// Meets challenges, in three moments: every task of an order is presented, then every one is verified, then the CA is
/// told (RFC 8555 §8.2); when the CA has decided, or something failed, every one is cleaned up.
pub trait Solver: Send + Sync {
    /// The challenge types it can meet for an identifier, the preferred one first. None: not for this identifier.
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType>;

    /// Puts the answer in its place, beside what is there already. Presenting the same task again changes nothing.
    ///
    /// # Errors
    /// When the answer cannot be put there. Nothing of this task is left behind then.
    fn present(&self, task: &Task) -> Result<(), SolverError>;

    /// Looks whether the answer can be seen, before the CA is told.
    ///
    /// # Errors
    /// When something else is seen in its place, or nothing where it should be.
    fn verify(&self, task: &Task) -> Result<Readiness, SolverError>;

    /// Takes the answer away again, and nothing else. Without an answer in place it does nothing.
    ///
    /// # Errors
    /// When the answer may still be there.
    fn clean_up(&self, task: &Task) -> Result<(), SolverError>;
}

/// What a look before the CA is told has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The answer is there.
    Ready,
    /// It cannot be seen from here, for the reason given; the CA may see more.
    Unseen(String),
    /// A person must act first; what was seen so far.
    AwaitsPerson(String),
}

/// Why a solver could not do its part.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct SolverError {
    message: String,
    advice: String,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SolverError {
    /// What happened, and what to do about it.
    pub fn new(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { message: message.into(), advice: advice.into(), source: None }
    }

    /// The same, keeping the error below it.
    pub fn with_source(
        message: impl Into<String>,
        advice: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { message: message.into(), advice: advice.into(), source: Some(source.into()) }
    }

    /// What to do about it.
    pub fn advice(&self) -> &str {
        &self.advice
    }
}
