//! http-01 by a listener of our own.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};

use super::server::{Exchange, Tokens};
use super::{answer, challenge_types};
use crate::listeners::{self, Listeners, Wording};
use crate::sight::{self, Sight};

const WORDING: Wording = Wording {
    kind: "http-01",
    option: "--http-addr",
    port: 80,
    instead: "let it serve the challenge with --webroot, stop it for a moment, or have it pass \
              /.well-known/acme-challenge/ on to an address given with --http-addr",
};

/// Answers http-01 from a listener that is there only while a challenge is: it starts with the first and stops with the
/// last, or when it is dropped.
#[derive(Debug)]
pub struct Standalone {
    tokens: Arc<Tokens>,
    listeners: Listeners,
}

impl Default for Standalone {
    /// On port 80 of every address, where CAs look.
    fn default() -> Self {
        Self::new([(Ipv4Addr::UNSPECIFIED, 80).into(), (Ipv6Addr::UNSPECIFIED, 80).into()])
    }
}

impl Standalone {
    /// On these addresses, to which port 80 of the names must lead. Of several, those of a kind that this computer does not
    /// have (IPv6, mostly) are passed over.
    pub fn new(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self { tokens: Arc::default(), listeners: Listeners::new(addresses, WORDING) }
    }

    /// Where it listens just now.
    pub fn listening(&self) -> Vec<SocketAddr> {
        self.listeners.addresses()
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

impl Standalone {
    fn present_one(&self, task: &Task) -> Result<(), SolverError> {
        let (token, body) = answer(task)?;
        let tokens = Arc::clone(&self.tokens);
        self.listeners.start(Arc::new(move || Ok(Box::new(Exchange::new(Arc::clone(&tokens))))), || {
            self.tokens.insert(token.as_str(), body.as_str());
            Ok(())
        })
    }

    /// Asks itself, over the network as far as that goes: whether port 80 of the name leads here only the CA can see.
    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        for address in self.listeners.local_addresses()? {
            match sight::http01(task, Some(address)) {
                Sight::Right => {}
                Sight::Wrong(why) | Sight::Unclear(why) => {
                    return Err(listeners::silent(address, &why));
                }
            }
        }
        Ok(Readiness::Ready)
    }

    fn clean_up_one(&self, task: &Task) -> Result<(), SolverError> {
        let (token, _) = answer(task)?;
        self.listeners.stop_if(|| {
            self.tokens.remove(token.as_str());
            Ok(self.tokens.is_empty())
        })
    }
}
