//! Starting a CA.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, SystemTime};

use crate::TestCa;
use crate::behaviour::Behaviour;
use crate::binding::ExternalKey;
use crate::breach::{Breach, Listener};
use crate::ca::Ca;
use crate::clock::Clock;
use crate::issue::{IssueError, Issuer};
use crate::policy::SHORT_LIVED;
use crate::random::Random;
use crate::routes::Routes;
use crate::server::{self, Identity};
use crate::setting::{Setting, Settings};
use crate::state::State;
use crate::workers::Workers;

/// Intermediates that a CA has whose issuer cannot be foretold.
const RANDOM_ISSUERS: usize = 3;

/// A CA to be started; from [`TestCa::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    http01_addr: SocketAddr,
    listen: SocketAddr,
    seed: Option<u64>,
    clock: Clock,
    settings: Settings,
    profiles: Vec<(String, String)>,
    external_keys: HashMap<String, ExternalKey>,
    listener: Listener,
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self {
            http01_addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 80)),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            seed: None,
            clock: Clock::default(),
            settings: Settings::default(),
            profiles: Vec::new(),
            external_keys: HashMap::new(),
            listener: Listener::default(),
        }
    }

    /// Where http-01 is fetched, for every name. No name is ever looked up. Default: `127.0.0.1:80`.
    pub fn http01_addr(mut self, address: SocketAddr) -> Self {
        self.http01_addr = address;
        self
    }

    /// Where the CA listens. Default: a free port of `127.0.0.1`.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Makes paths, tokens, nonces, refusals and shuffling the same at every start. Default: another seed each time.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Where the CA reads the time. A client that does not really sleep, but sets its own clock forward, gives it to
    /// the CA as well: else the CA sees it come back too early. Default: the system's clock.
    pub fn clock(mut self, read: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Clock::new(read);
        self
    }

    /// Has the CA behave so.
    pub fn behave(mut self, setting: impl Into<Setting>) -> Self {
        self.settings.set(setting.into());
        self
    }

    /// [`Behaviour::NonceRejection`].
    pub fn nonce_rejection(self, percent: u8) -> Self {
        self.behave(Behaviour::NonceRejection.with(percent.into()))
    }

    /// [`Behaviour::AuthorizationReuse`].
    pub fn authz_reuse(self, percent: u8) -> Self {
        self.behave(Behaviour::AuthorizationReuse.with(percent.into()))
    }

    /// [`Behaviour::RetryAfter`], in whole seconds.
    pub fn retry_after(self, pause: Duration) -> Self {
        self.behave(Behaviour::RetryAfter.with(pause.as_secs()))
    }

    /// Whether the directory names terms of service and newAccount insists on their being agreed to (RFC 8555 §7.3).
    /// Default: true.
    pub fn terms(self, on: bool) -> Self {
        self.behave(Behaviour::NoTerms.with((!on).into()))
    }

    /// Adds a certificate profile; the first is chosen when an order names none. The certificates of one called
    /// `shortlived` live for 160 hours. Default: none, or `classic` and `shortlived` where a behaviour needs some.
    pub fn profile(mut self, name: &str, description: &str) -> Self {
        self.profiles.push((name.to_string(), description.to_string()));
        self
    }

    /// Adds a key for external account binding (RFC 8555 §7.3.4). A CA with such keys needs one for each new account.
    pub fn external_account(mut self, kid: &str, key: &[u8]) -> Self {
        self.external_keys.insert(kid.to_string(), ExternalKey { octets: key.to_vec(), used: false });
        self
    }

    /// Tells of each breach of protocol as it happens. What is told may not call the CA.
    pub fn on_breach(mut self, listener: impl Fn(&Breach) + Send + Sync + 'static) -> Self {
        self.listener = Listener::new(listener);
        self
    }

    /// Starts the CA.
    ///
    /// # Errors
    /// When the port cannot be bound, no thread started, or the CA's own certificates cannot be made.
    pub fn start(self) -> Result<TestCa, StartError> {
        let identity = Identity::new(self.listen.ip()).map_err(StartError::Certificate)?;
        let issuer = self.issuer().map_err(StartError::Certificate)?;
        let listener = TcpListener::bind(self.listen)?;
        let address = listener.local_addr()?;
        let (profiles, mut random) = (self.profiles(), Random::new(self.seed));
        let bare = self.settings.number(Behaviour::DirectoryNoPath).is_some();
        let ca = Arc::new(Ca {
            http01_addr: self.http01_addr,
            routes: Routes::new(format!("https://{address}"), bare, &mut random),
            issuer,
            profiles,
            odd_member: random.text::<6>(),
            workers: Workers::default(),
            connections: AtomicUsize::new(0),
            state: Mutex::new(State::new(random, self.clock, self.settings, self.external_keys, self.listener)),
            settled: Condvar::new(),
        });
        let (shared, config) = (Arc::clone(&ca), identity.config);
        let accept = move || server::accept(&shared, &listener, &config);
        let acceptor = thread::Builder::new().name("acme-testca accept".into()).spawn(accept)?;
        Ok(TestCa { ca, address, root_pem: identity.root_pem, acceptor: Some(acceptor) })
    }

    fn issuer(&self) -> Result<Issuer, IssueError> {
        let alternates = self.settings.number(Behaviour::AlternateChains).unwrap_or(0);
        let random = self.settings.number(Behaviour::RandomIssuer).is_some();
        let intermediates = if random { RANDOM_ISSUERS } else { 1 };
        Issuer::new("acme-testca", usize::try_from(alternates)?, intermediates, self.clock.now())
    }

    fn profiles(&self) -> Vec<(String, String)> {
        let needed = [
            Behaviour::IpNeedsProfile,
            Behaviour::ProfileRandom,
            Behaviour::ProfileUnauthorized,
            Behaviour::ProfileMalformed,
            Behaviour::ProfileGone,
        ];
        let needed = needed.into_iter().any(|behaviour| self.settings.number(behaviour).is_some());
        if !self.profiles.is_empty() || !needed {
            return self.profiles.clone();
        }
        [("classic", "https://testca.invalid/profiles#classic"), (SHORT_LIVED, "lives for 160 hours")]
            .map(|(name, text)| (name.to_string(), text.to_string()))
            .into()
    }
}

/// Why a CA could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No port or thread was to be had.
    #[error("cannot start the test CA: {0}")]
    Io(#[from] io::Error),
    /// Its own keys or certificates could not be made.
    #[error("cannot make the test CA's own certificates: {0}")]
    Certificate(#[source] IssueError),
}
