//! tls-alpn-01 by a listener of our own.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};

use super::answers::Answers;
use super::handshake::{Handshake, config};
use super::look::{look, look_within};
use super::{challenge_types, proof};
use crate::Look;
use crate::listeners::{self, Listeners, Wording};
use crate::sight::Sight;

const WORDING: Wording = Wording {
    kind: "tls-alpn-01",
    option: "--tls-addr",
    port: 443,
    instead: "stop it for a moment, have it pass connections that offer acme-tls/1 on to an address given with \
              --tls-addr, or choose another challenge type",
};

/// Answers tls-alpn-01 from a listener that is there only while a challenge is: it starts with the first and stops with the
/// last, or when it is dropped. It speaks nothing but the handshake.
#[derive(Debug)]
pub struct Standalone {
    answers: Arc<Answers>,
    listeners: Listeners,
}

impl Default for Standalone {
    /// On port 443 of every address, where CAs look.
    fn default() -> Self {
        Self::new([(Ipv4Addr::UNSPECIFIED, 443).into(), (Ipv6Addr::UNSPECIFIED, 443).into()])
    }
}

impl Standalone {
    /// On these addresses, to which port 443 of the names must lead. Of several, those of a kind that this computer does not
    /// have (IPv6, mostly) are passed over.
    pub fn new(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self { answers: Arc::default(), listeners: Listeners::new(addresses, WORDING) }
    }

    /// Where it listens just now.
    pub fn listening(&self) -> Vec<SocketAddr> {
        self.listeners.addresses()
    }

    /// What the host at an address shows to a CA that asks for the name of a task, which was presented here.
    ///
    /// # Errors
    /// When it was not presented.
    pub fn look(&self, task: &Task, address: SocketAddr, timeout: Duration) -> Result<Look, SolverError> {
        let proof = proof(task)?;
        Ok(look_within(timeout, address, proof, &self.answers.certificate(proof)?))
    }

    fn present_one(&self, task: &Task) -> Result<(), SolverError> {
        let failed =
            |why| SolverError::with_source("no TLS listener can be made", "choose another challenge type", why);
        proof(task)?;
        let config = config(Arc::clone(&self.answers) as _).map_err(failed)?;
        self.listeners
            .start(Arc::new(move || Ok(Box::new(Handshake::new(Arc::clone(&config))?))), || self.answers.insert(task))
    }

    /// Asks itself, over the network as far as that goes: whether port 443 of the name leads here only the CA can see.
    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        let proof = proof(task)?;
        let certificate = self.answers.certificate(proof)?;
        for address in self.listeners.local_addresses()? {
            if let Sight::Wrong(why) | Sight::Unclear(why) = look(address, proof, &certificate) {
                return Err(listeners::silent(address, &why));
            }
        }
        Ok(Readiness::Ready)
    }

    fn clean_up_one(&self, task: &Task) -> Result<(), SolverError> {
        self.listeners.stop_if(|| self.answers.remove(task).map(|()| self.answers.is_empty()))
    }
}

impl Solver for Standalone {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        challenge_types(identifier, wildcard)
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.present_one(task)).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|task| self.verify_one(task)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.clean_up_one(task)).collect()
    }
}
