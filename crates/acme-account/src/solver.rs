//! The seam to proofs of control: who puts the answer to a challenge where the CA looks for it.

use acme_proto::{Challenge, ChallengeType, Identifier, KeyAuthorization, Proof, ProofError, Prover, Token};
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
    /// The token of the challenge. dns-persist-01 has none.
    pub token: Option<Token>,
    /// The token with the account key's thumbprint, for a challenge with a token.
    pub key_authorization: Option<KeyAuthorization>,
    /// What must be in place.
    pub proof: Proof,
    /// The URL of the account that proves control.
    pub account_url: String,
}

impl Task {
    /// What meets a challenge for an identifier (without `*.`).
    ///
    /// # Errors
    /// When the challenge is malformed, of a type that is not known, or of one that cannot prove control of such an
    /// identifier.
    pub fn new(
        challenge: &Challenge,
        identifier: &Identifier,
        wildcard: bool,
        prover: &Prover<'_>,
    ) -> Result<Self, ProofError> {
        let proof = challenge.proof(&ordered(identifier, wildcard), prover)?;
        let token = challenge.token()?;
        Ok(Self {
            identifier: identifier.clone(),
            wildcard,
            kind: challenge.kind.clone(),
            key_authorization: token.as_ref().map(|token| KeyAuthorization::new(token, prover.thumbprint)),
            token,
            proof,
            account_url: prover.account_url.to_owned(),
        })
    }

    /// The identifier as the order names it: with a leading `*.` for a wildcard.
    pub fn ordered_identifier(&self) -> Identifier {
        ordered(&self.identifier, self.wildcard)
    }

    /// What a person would have to do.
    pub fn describe(&self) -> String {
        self.proof.describe()
    }
}

fn ordered(identifier: &Identifier, wildcard: bool) -> Identifier {
    match identifier {
        Identifier::Dns(name) if wildcard => Identifier::Dns(format!("*.{name}")),
        other => other.clone(),
    }
}

/// Meets challenges, in three moments: every task of an order is presented, then every one is verified, then the CA is
/// told (RFC 8555 §8.2); when the CA has decided, or something failed, every one is cleaned up.
///
/// Each moment gets the tasks together, so that a solver can do in one step what belongs together, and gives one result for
/// each, in the same order. Where each stands alone, that is `tasks.iter().map(…).collect()`.
pub trait Solver: Send + Sync {
    /// The challenge types it can meet for an identifier, the preferred one first. None: not for this identifier.
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType>;

    /// Puts the answers in their places, beside what is there already. Presenting a task again changes nothing.
    ///
    /// Of a task whose result is an error nothing stays in place. An error that [is a decline](SolverError::is_declined)
    /// makes the next challenge type be tried; any other ends the attempt, and what is in place is cleaned up.
    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>>;

    /// Looks whether the answers can be seen, before the CA is told. An error says that something else is seen in the place
    /// of an answer, or nothing where it should be.
    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>>;

    /// Learns that the CA found no proof in a task; clean-up follows. Whether it would meet the same type for the same
    /// identifier in another way next time.
    fn rejected(&self, task: &Task, why: &str) -> bool {
        let _ = (task, why);
        false
    }

    /// Takes the answers away again, and nothing else. Without an answer in place it does nothing. After an error the answer
    /// may still be there.
    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>>;
}

/// What a look before the CA is told has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// The answer is there.
    Ready,
    /// The answer is there, and a person should know something of it.
    Remarkable(String),
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
    declined: bool,
    #[source]
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl SolverError {
    /// What happened, and what to do about it.
    pub fn new(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { message: message.into(), advice: advice.into(), declined: false, source: None }
    }

    /// This task is not for this solver after all: the next challenge type may be tried.
    pub fn declined(message: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { declined: true, ..Self::new(message, advice) }
    }

    /// The same, keeping the error below it.
    pub fn with_source(
        message: impl Into<String>,
        advice: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { message: message.into(), advice: advice.into(), declined: false, source: Some(source.into()) }
    }

    /// Whether another challenge type may be tried.
    pub fn is_declined(&self) -> bool {
        self.declined
    }

    /// What to do about it.
    pub fn advice(&self) -> &str {
        &self.advice
    }
}
