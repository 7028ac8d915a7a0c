#![doc = include_str!("../README.md")]

mod account;
mod authorization;
mod behaviour;
mod binding;
mod breach;
mod builder;
mod ca;
mod certificate;
mod chain;
mod challenge;
mod clock;
mod csr;
mod directory;
mod disguise;
mod dns_proof;
mod envelope;
mod http;
mod identifier;
mod issue;
mod key_change;
mod log;
mod manners;
mod nonces;
mod order;
mod orders;
mod policy;
mod problem;
mod random;
mod refusal;
mod renewal;
mod response;
mod routes;
mod server;
mod setting;
mod signing;
mod state;
mod txt;
mod validate;
mod workers;

/// The examples of the workspace's README, so that they compile and run.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct WorkspaceReadme;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::SystemTime;

pub use behaviour::{Amount, Behaviour};
pub use breach::Breach;
pub use builder::{Builder, StartError};
pub use log::Request;
pub use routes::Resource;
pub use setting::{Setting, SettingError};

/// A running CA. Dropping it closes its port and its connections and ends its threads.
pub struct TestCa {
    ca: Arc<ca::Ca>,
    address: SocketAddr,
    root_pem: String,
    acceptor: Option<JoinHandle<()>>,
}

impl TestCa {
    /// A CA with all defaults, to be changed and started.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The URL of the directory (RFC 8555 §7.1.1). All other URLs are random: they are in it.
    pub fn directory_url(&self) -> String {
        self.ca.routes.directory()
    }

    /// The root of the listener's TLS certificate as PEM: what a client must trust to talk to it.
    pub fn root_pem(&self) -> &str {
        &self.root_pem
    }

    /// The root of issued certificates as PEM: what a chain must lead to.
    pub fn issuer_pem(&self) -> &str {
        self.ca.issuer.root_pem()
    }

    /// The roots that alternate chains lead to, as PEM; see [`Behaviour::AlternateChains`].
    pub fn alternate_issuer_pems(&self) -> &[String] {
        self.ca.issuer.alternate_root_pems()
    }

    /// Has the CA behave so from now on. A few behaviours count at the start only; their descriptions say so.
    pub fn behave(&self, setting: impl Into<Setting>) {
        self.ca.lock().settings.set(setting.into());
    }

    /// Has the CA behave so no longer.
    pub fn stop(&self, behaviour: Behaviour) {
        self.ca.lock().settings.unset(behaviour);
    }

    /// Adds a TXT record to those that the CA sees; there is no DNS. Others at the same name stay.
    pub fn set_txt(&self, name: &str, value: &str) {
        self.ca.lock().txt.add(name, value);
    }

    /// Takes a TXT record away again.
    pub fn remove_txt(&self, name: &str, value: &str) {
        self.ca.lock().txt.remove(name, value);
    }

    /// Says when all certificates should be renewed (RFC 9773 §4.2). Before that, a window of 2 % of the lifetime
    /// around two thirds of it.
    pub fn set_renewal_window(&self, start: SystemTime, end: SystemTime) {
        self.ca.lock().renewal_window = Some((start, end));
    }

    /// Forgets all nonces, as a CA does that keeps them in memory and is started again.
    pub fn forget_nonces(&self) {
        self.ca.lock().nonces.forget();
    }

    /// Forgets all accounts, as a test server does that keeps them in memory and is started again.
    pub fn forget_accounts(&self) {
        self.ca.lock().accounts.clear();
    }

    /// Every request answered so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.ca.lock().requests.clone()
    }

    /// Every breach of the protocol seen so far, in order. A client is right when there are none.
    pub fn breaches(&self) -> Vec<Breach> {
        self.ca.lock().breaches.clone()
    }

    /// Requests that were allowed, and that the client could have done without.
    pub fn advice(&self) -> Vec<Breach> {
        self.ca.lock().advice.clone()
    }

    /// How many TLS handshakes were completed so far: one, for a client that keeps its connection.
    pub fn connections(&self) -> usize {
        self.ca.connections.load(Ordering::SeqCst)
    }
}

impl Drop for TestCa {
    fn drop(&mut self) {
        self.ca.workers.begin_stop();
        server::wake(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            // A panic in it was reported when it happened.
            let _ = acceptor.join();
        }
        self.ca.workers.join();
    }
}

impl std::fmt::Debug for TestCa {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TestCa({})", self.directory_url())
    }
}
