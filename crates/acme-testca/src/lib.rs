#![doc = include_str!("../README.md")]

mod account;
mod authorization;
mod behaviour;
mod breach;
mod builder;
mod ca;
mod certificate;
mod envelope;
mod http;
mod identifier;
mod issue;
mod log;
mod order;
mod problem;
mod random;
mod routes;
mod server;
mod state;
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

pub use behaviour::Behaviour;
pub use breach::Breach;
pub use builder::{Builder, StartError};
pub use log::Request;
pub use routes::Resource;

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
        &self.ca.issuer.root_pem
    }

    /// Every request answered so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.ca.lock().requests.clone()
    }

    /// Every breach of the protocol seen so far, in order. A client is right when there are none.
    pub fn breaches(&self) -> Vec<Breach> {
        self.ca.lock().breaches.clone()
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
