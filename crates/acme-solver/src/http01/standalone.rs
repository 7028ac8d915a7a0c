//! http-01 by a listener of our own.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};

use super::server::{Server, Tokens};
use super::{answer, challenge_types};
use crate::sight::{self, Sight};

/// Answers http-01 from a listener that is there only while a challenge is: it starts with the first and stops with the
/// last, or when it is dropped.
#[derive(Debug)]
pub struct Standalone {
    addresses: Vec<SocketAddr>,
    tokens: Arc<Tokens>,
    servers: Mutex<Vec<Server>>,
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
        Self { addresses: addresses.into_iter().collect(), tokens: Arc::default(), servers: Mutex::default() }
    }

    /// Where it listens just now.
    pub fn listening(&self) -> Vec<SocketAddr> {
        self.servers().iter().map(Server::address).collect()
    }

    fn servers(&self) -> MutexGuard<'_, Vec<Server>> {
        self.servers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> Result<Vec<Server>, SolverError> {
        let mut servers = Vec::new();
        let mut missing = None;
        for address in &self.addresses {
            match Server::start(*address, Arc::clone(&self.tokens)) {
                Ok(server) => servers.push(server),
                Err(why) if is_missing(&why) => missing = Some(cannot_listen(*address, why)),
                Err(why) => return Err(cannot_listen(*address, why)),
            }
        }
        match missing {
            Some(why) if servers.is_empty() => Err(why),
            _ => Ok(servers),
        }
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
        let mut servers = self.servers();
        if servers.is_empty() {
            *servers = self.start()?;
        }
        self.tokens.insert(token.as_str(), body.as_str());
        Ok(())
    }

    /// Asks itself, over the network as far as that goes: whether port 80 of the name leads here only the CA can see.
    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        let addresses: Vec<_> = self.servers().iter().map(Server::local_address).collect();
        if addresses.is_empty() {
            return Err(SolverError::new("nothing listens for http-01", "give an address to listen on"));
        }
        for address in addresses {
            match sight::http01(task, Some(address)) {
                Sight::Right => {}
                Sight::Wrong(why) | Sight::Unclear(why) => {
                    return Err(SolverError::new(
                        format!("the listener at {address} does not answer as it should: {why}"),
                        "look for a firewall or a proxy on this computer that stands between",
                    ));
                }
            }
        }
        Ok(Readiness::Ready)
    }

    fn clean_up_one(&self, task: &Task) -> Result<(), SolverError> {
        let (token, _) = answer(task)?;
        let mut servers = self.servers();
        self.tokens.remove(token.as_str());
        if self.tokens.is_empty() {
            servers.clear();
        }
        Ok(())
    }
}

/// Whether this computer has no such kind of address.
fn is_missing(why: &io::Error) -> bool {
    /// EAFNOSUPPORT of Linux, macOS and the BSDs, which `io::ErrorKind` has no name for.
    const NO_SUCH_FAMILY: [i32; 2] = [97, 47];
    why.kind() == io::ErrorKind::AddrNotAvailable
        || why.raw_os_error().is_some_and(|code| cfg!(unix) && NO_SUCH_FAMILY.contains(&code))
}

fn cannot_listen(address: SocketAddr, why: io::Error) -> SolverError {
    let advice = match why.kind() {
        io::ErrorKind::AddrInUse => {
            "another program listens there: let it serve the challenge with --webroot, stop it for a moment, or have it pass \
             /.well-known/acme-challenge/ on to an address given with --http-addr"
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 need root: run as root, grant CAP_NET_BIND_SERVICE, or have port 80 redirected to an address given \
             with --http-addr"
        }
        io::ErrorKind::AddrNotAvailable => {
            "give an address of this computer with --http-addr, or 0.0.0.0 for all of them"
        }
        _ => "give another address with --http-addr",
    };
    SolverError::with_source(format!("cannot listen on {address}: {why}"), advice, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_advice() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, OutOfMemory, PermissionDenied};
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 80));
        for (kind, advice) in [
            (AddrInUse, "--webroot"),
            (PermissionDenied, "root"),
            (AddrNotAvailable, "of this computer"),
            (OutOfMemory, "another address"),
        ] {
            let error = cannot_listen(address, kind.into());
            assert!(error.advice().contains(advice), "{kind:?}: {}", error.advice());
            assert!(error.to_string().contains("0.0.0.0:80"), "{kind:?}: {error}");
        }
    }
}
