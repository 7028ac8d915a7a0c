//! Starting a CA.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use crate::TestCa;
use crate::behaviour::{Behaviour, Behaviours};
use crate::ca::Ca;
use crate::issue::{IssueError, Issuer};
use crate::random::Random;
use crate::routes::Routes;
use crate::server::{self, Identity};
use crate::state::State;
use crate::workers::Workers;

/// A CA to be started; from [`TestCa::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    http01_addr: SocketAddr,
    seed: Option<u64>,
    behaviours: Behaviours,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let http01_addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 80));
        Self { http01_addr, seed: None, behaviours: Behaviours::default() }
    }

    /// Where http-01 is fetched, for every name. No name is ever looked up. Default: `127.0.0.1:80`.
    pub fn http01_addr(mut self, address: SocketAddr) -> Self {
        self.http01_addr = address;
        self
    }

    /// Makes paths, tokens, nonces, refusals and shuffling the same at every start. Default: another seed each time.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Has the CA behave so.
    pub fn behave(mut self, behaviour: Behaviour) -> Self {
        self.behaviours.set(behaviour);
        self
    }

    /// [`Behaviour::NonceRejection`].
    pub fn nonce_rejection(self, percent: u8) -> Self {
        self.behave(Behaviour::NonceRejection(percent))
    }

    /// [`Behaviour::AuthorizationReuse`].
    pub fn authz_reuse(self, percent: u8) -> Self {
        self.behave(Behaviour::AuthorizationReuse(percent))
    }

    /// [`Behaviour::RetryAfter`].
    pub fn retry_after(self, pause: Duration) -> Self {
        self.behave(Behaviour::RetryAfter(pause))
    }

    /// [`Behaviour::TermsOfService`].
    pub fn terms(self, on: bool) -> Self {
        self.behave(Behaviour::TermsOfService(on))
    }

    /// Starts the CA on a free port of `127.0.0.1`.
    ///
    /// # Errors
    /// When no port can be bound, no thread started, or the CA's own certificates cannot be made.
    pub fn start(self) -> Result<TestCa, StartError> {
        let identity = Identity::new().map_err(StartError::Certificate)?;
        let issuer = Issuer::new("acme-testca").map_err(StartError::Certificate)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let mut random = Random::new(self.seed);
        let ca = Arc::new(Ca {
            behaviours: self.behaviours,
            http01_addr: self.http01_addr,
            routes: Routes::new(format!("https://{address}"), &mut random),
            issuer,
            odd_member: random.text::<6>(),
            workers: Workers::default(),
            connections: AtomicUsize::new(0),
            state: Mutex::new(State::new(random)),
        });
        let (shared, config) = (Arc::clone(&ca), identity.config);
        let accept = move || server::accept(&shared, &listener, &config);
        let acceptor = thread::Builder::new().name("acme-testca accept".into()).spawn(accept)?;
        Ok(TestCa { ca, address, root_pem: identity.root_pem, acceptor: Some(acceptor) })
    }
}

/// Why a CA could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No port or thread was to be had.
    #[error("cannot start the test CA on 127.0.0.1: {0}")]
    Io(#[from] io::Error),
    /// Its own keys or certificates could not be made.
    #[error("cannot make the test CA's own certificates: {0}")]
    Certificate(#[source] IssueError),
}
