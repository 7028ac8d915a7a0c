//! tls-alpn-01: a certificate shown in a TLS handshake on port 443 (RFC 8737, for addresses RFC 8738 §6).

mod answers;
mod handshake;
mod look;
mod resolver;
mod standalone;

use acme_account::{SolverError, Task};
use acme_proto::{ChallengeType, Identifier, Proof, TlsAlpn01};

pub use resolver::ChallengeResolver;
pub use standalone::Standalone;

/// The protocol that a CA offers, and no other beside it (RFC 8737 §6.2).
pub const ACME_TLS_1: &[u8] = b"acme-tls/1";

/// tls-alpn-01 proves names and addresses (RFC 8738 §4), but no wildcards.
fn challenge_types(identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
    match identifier {
        Identifier::Dns(_) | Identifier::Ip(_) if !wildcard => vec![ChallengeType::TlsAlpn01],
        _ => Vec::new(),
    }
}

fn proof(task: &Task) -> Result<&TlsAlpn01, SolverError> {
    match &task.proof {
        Proof::TlsAlpn01(proof) => Ok(proof),
        _ => Err(SolverError::new(
            format!("{} of {} cannot be met in a TLS handshake", task.kind, task.identifier),
            "choose a solver that offers this challenge type",
        )),
    }
}
