//! http-01: a text on port 80 of the name (RFC 8555 §8.3).

mod look;
mod server;
mod standalone;
mod stateless;
mod webroot;

use acme_account::{SolverError, Task};
use acme_proto::{ChallengeType, Identifier, KeyAuthorization, Proof, Token};

pub use look::look;
pub use standalone::Standalone;
pub use stateless::{Stateless, WebServer};
pub use webroot::Webroot;

/// Where CAs look, the token following (RFC 8555 §8.3).
const PREFIX: &str = "/.well-known/acme-challenge/";

/// http-01 proves names and addresses (RFC 8738 §4), but no wildcards.
fn challenge_types(identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
    match identifier {
        Identifier::Dns(_) | Identifier::Ip(_) if !wildcard => vec![ChallengeType::Http01],
        _ => Vec::new(),
    }
}

/// The token, and what is to be found there.
fn answer(task: &Task) -> Result<(&Token, &KeyAuthorization), SolverError> {
    match (&task.proof, &task.token) {
        (Proof::Http01 { body, .. }, Some(token)) => Ok((token, body)),
        _ => Err(SolverError::new(
            format!("{} of {} cannot be met over http", task.kind, task.identifier),
            "choose a solver that offers this challenge type",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_but_no_wildcards() {
        for (why, identifier, wildcard, want) in [
            ("a name", Identifier::Dns("a.test".to_owned()), false, 1),
            ("a wildcard (H-08)", Identifier::Dns("a.test".to_owned()), true, 0),
            ("an address (I-02)", Identifier::Ip([192, 0, 2, 1].into()), false, 1),
            ("another", Identifier::Other { kind: "x".to_owned(), value: "y".to_owned() }, false, 0),
        ] {
            assert_eq!(challenge_types(&identifier, wildcard).len(), want, "{why}");
        }
    }
}
