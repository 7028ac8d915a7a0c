//! tls-alpn-01 beside an application that has port 443 already.

use std::net::SocketAddr;
use std::sync::Arc;

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::answers::{Answers, is_challenge};
use super::look::look;
use super::{challenge_types, proof};
use crate::sight::Sight;

/// Answers the handshakes of CAs in an application's own rustls server, and leaves all others to the application.
///
/// ```
/// # fn example(certificates: std::sync::Arc<dyn rustls::server::ResolvesServerCert>) -> Result<(), rustls::Error> {
/// use std::sync::Arc;
/// use acme_solver::tls_alpn01::{ACME_TLS_1, ChallengeResolver};
///
/// let resolver = Arc::new(ChallengeResolver::new(certificates));
/// let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
///     .with_safe_default_protocol_versions()?
///     .with_no_client_auth()
///     .with_cert_resolver(resolver.clone());
/// config.alpn_protocols = vec![b"http/1.1".to_vec(), ACME_TLS_1.to_vec()];
/// // `resolver` is the solver for Account::authorize.
/// # Ok(()) }
/// ```
///
/// The application offers [`ACME_TLS_1`](super::ACME_TLS_1) last, and closes a connection with this `alpn_protocol()` as
/// soon as the handshake is done (RFC 8737 §4).
#[derive(Debug)]
pub struct ChallengeResolver {
    certificates: Arc<dyn ResolvesServerCert>,
    answers: Answers,
    check_at: Option<SocketAddr>,
}

impl ChallengeResolver {
    /// Beside the certificates of the application.
    pub fn new(certificates: Arc<dyn ResolvesServerCert>) -> Self {
        Self { certificates, answers: Answers::default(), check_at: None }
    }

    /// Looks whether the application, listening at this address, gives the answer; otherwise that is left to the CA.
    pub fn check_at(mut self, address: SocketAddr) -> Self {
        self.check_at = Some(address);
        self
    }

    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        let proof = proof(task)?;
        let certificate = self.answers.certificate(proof)?;
        let Some(address) = self.check_at else {
            return Ok(Readiness::Unseen("nobody said where the application listens".to_owned()));
        };
        match look(address, proof, &certificate) {
            Sight::Right => Ok(Readiness::Ready),
            Sight::Unclear(why) => Ok(Readiness::Unseen(why)),
            Sight::Wrong(why) => Err(SolverError::new(
                format!("the application at {address} does not answer for {}: {why}", task.identifier),
                "have it take its certificates from the ChallengeResolver, with acme-tls/1 among its ALPN protocols",
            )),
        }
    }
}

impl ResolvesServerCert for ChallengeResolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if is_challenge(&hello) { self.answers.resolve(hello) } else { self.certificates.resolve(hello) }
    }
}

impl Solver for ChallengeResolver {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        challenge_types(identifier, wildcard)
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.answers.insert(task)).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|task| self.verify_one(task)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.answers.remove(task)).collect()
    }
}
