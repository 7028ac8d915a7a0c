//! The listeners of a solver that answers itself: there only while there is something to answer.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use acme_account::SolverError;

use crate::listener::{Begin, Listener};

/// What its errors speak of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wording {
    pub(crate) kind: &'static str,
    /// The option that takes an address.
    pub(crate) option: &'static str,
    /// Where CAs look.
    pub(crate) port: u16,
    /// What to do when another program listens there.
    pub(crate) instead: &'static str,
}

#[derive(Debug)]
pub(crate) struct Listeners {
    addresses: Vec<SocketAddr>,
    wording: Wording,
    listening: Mutex<Vec<Listener>>,
}

impl Listeners {
    /// On these addresses, once they are started.
    pub(crate) fn new(addresses: impl IntoIterator<Item = SocketAddr>, wording: Wording) -> Self {
        Self { addresses: addresses.into_iter().collect(), wording, listening: Mutex::default() }
    }

    /// Where they listen just now.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.listening().iter().map(Listener::address).collect()
    }

    /// Where they can be reached from this computer.
    pub(crate) fn local_addresses(&self) -> Result<Vec<SocketAddr>, SolverError> {
        let addresses: Vec<_> = self.listening().iter().map(Listener::local_address).collect();
        if addresses.is_empty() {
            let nothing = format!("nothing listens for {}", self.wording.kind);
            return Err(SolverError::new(nothing, "give an address to listen on"));
        }
        Ok(addresses)
    }

    /// Starts them unless they are there, and does what must not happen in the midst of [`stop_if`](Self::stop_if).
    pub(crate) fn start(
        &self,
        begin: Arc<Begin>,
        then: impl FnOnce() -> Result<(), SolverError>,
    ) -> Result<(), SolverError> {
        let mut listening = self.listening();
        if listening.is_empty() {
            *listening = self.bind(&begin)?;
        }
        then()
    }

    /// Stops them if nothing is left to answer.
    pub(crate) fn stop_if(&self, done: impl FnOnce() -> Result<bool, SolverError>) -> Result<(), SolverError> {
        let mut listening = self.listening();
        if done()? {
            listening.clear();
        }
        Ok(())
    }

    /// Of several addresses, those of a kind that this computer does not have (IPv6, mostly) are passed over.
    fn bind(&self, begin: &Arc<Begin>) -> Result<Vec<Listener>, SolverError> {
        let mut listening = Vec::new();
        let mut missing = None;
        for address in &self.addresses {
            match Listener::start(*address, Arc::clone(begin)) {
                Ok(listener) => listening.push(listener),
                Err(why) if is_missing(&why) => missing = Some(self.wording.cannot_listen(*address, why)),
                Err(why) => return Err(self.wording.cannot_listen(*address, why)),
            }
        }
        match missing {
            Some(why) if listening.is_empty() => Err(why),
            _ => Ok(listening),
        }
    }

    fn listening(&self) -> MutexGuard<'_, Vec<Listener>> {
        self.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listener of ours does not give its answer.
pub(crate) fn silent(address: SocketAddr, why: &str) -> SolverError {
    SolverError::new(
        format!("the listener at {address} does not answer as it should: {why}"),
        "look for a firewall or a proxy on this computer that stands between",
    )
}

/// Whether this computer has no such kind of address.
fn is_missing(why: &io::Error) -> bool {
    /// EAFNOSUPPORT of Linux, macOS and the BSDs, which `io::ErrorKind` has no name for.
    const NO_SUCH_FAMILY: [i32; 2] = [97, 47];
    why.kind() == io::ErrorKind::AddrNotAvailable
        || why.raw_os_error().is_some_and(|code| cfg!(unix) && NO_SUCH_FAMILY.contains(&code))
}

impl Wording {
    fn cannot_listen(&self, address: SocketAddr, why: io::Error) -> SolverError {
        let Self { option, port, instead, .. } = self;
        let advice = match why.kind() {
            io::ErrorKind::AddrInUse => format!("another program listens there: {instead}"),
            io::ErrorKind::PermissionDenied => format!(
                "ports below 1024 need root: run as root, grant CAP_NET_BIND_SERVICE, or have port {port} redirected to an \
                 address given with {option}"
            ),
            io::ErrorKind::AddrNotAvailable => {
                format!("give an address of this computer with {option}, or 0.0.0.0 for all of them")
            }
            _ => format!("give another address with {option}"),
        };
        SolverError::with_source(format!("cannot listen on {address}: {why}"), advice, why)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_advice() {
        use io::ErrorKind::{AddrInUse, AddrNotAvailable, OutOfMemory, PermissionDenied};
        let wording = Wording { kind: "x-01", option: "--x-addr", port: 17, instead: "stop it" };
        for (kind, advice) in [
            (AddrInUse, "stop it"),
            (PermissionDenied, "have port 17"),
            (AddrNotAvailable, "of this computer with --x-addr"),
            (OutOfMemory, "another address with --x-addr"),
        ] {
            let error = wording.cannot_listen(([0, 0, 0, 0], 80).into(), kind.into());
            assert!(error.advice().contains(advice), "{kind:?}: {}", error.advice());
            assert!(error.to_string().contains("0.0.0.0:80"), "{kind:?}: {error}");
        }
    }
}
