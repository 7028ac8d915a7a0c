//! The certificates that are to be shown, one for each name.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use acme_account::{SolverError, Task};
use acme_jose::{KeyType, PrivateKey};
use acme_proto::{Identifier, TlsAlpn01};
use acme_x509::{Name, challenge_certificate};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{ACME_TLS_1, proof};

/// Certificates by the name in the handshake.
#[derive(Debug, Default)]
pub(super) struct Answers(RwLock<HashMap<String, Answer>>);

#[derive(Debug)]
struct Answer {
    proof: TlsAlpn01,
    certificate: Arc<CertifiedKey>,
}

impl Answers {
    /// Makes the certificate for a task, unless it is there.
    pub(super) fn insert(&self, task: &Task) -> Result<(), SolverError> {
        let proof = proof(task)?;
        if self.certificate(proof).is_err() {
            let certificate = Arc::new(certified_key(proof).map_err(|why| {
                SolverError::with_source(
                    format!("no certificate can be made to prove {}: {why}", task.identifier),
                    "choose another challenge type",
                    why,
                )
            })?);
            let mut answers = self.0.write().unwrap_or_else(PoisonError::into_inner);
            answers.insert(proof.server_name.clone(), Answer { proof: proof.clone(), certificate });
        }
        Ok(())
    }

    /// Takes it away; another one for the same name stays.
    pub(super) fn remove(&self, task: &Task) -> Result<(), SolverError> {
        let proof = proof(task)?;
        self.0.write().unwrap_or_else(PoisonError::into_inner).retain(|_, answer| answer.proof != *proof);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The certificate that is shown for a proof.
    pub(super) fn certificate(&self, proof: &TlsAlpn01) -> Result<CertificateDer<'static>, SolverError> {
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(&proof.server_name).filter(|answer| answer.proof == *proof);
        answer.and_then(|answer| answer.certificate.cert.first().cloned()).ok_or_else(|| {
            SolverError::new(format!("there is no answer for {}", proof.identifier), "let it be presented first")
        })
    }
}

/// Whether it is a CA that asks: it offers `acme-tls/1` and nothing else (RFC 8737 §3). To a client that offers more, the
/// server might end up speaking something else behind such a certificate.
pub(super) fn is_challenge(hello: &ClientHello<'_>) -> bool {
    hello.alpn().is_some_and(|mut offered| offered.next() == Some(ACME_TLS_1) && offered.next().is_none())
}

impl ResolvesServerCert for Answers {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        if !is_challenge(&hello) {
            return None;
        }
        let name = hello.server_name()?.trim_end_matches('.').to_ascii_lowercase();
        let answers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        answers.get(&name).map(|answer| Arc::clone(&answer.certificate))
    }
}

fn certified_key(proof: &TlsAlpn01) -> Result<CertifiedKey, Box<dyn std::error::Error + Send + Sync>> {
    let name = match &proof.identifier {
        Identifier::Ip(address) => Name::Ip(*address),
        other => Name::parse(&other.value()),
    };
    let key = PrivateKey::generate(KeyType::P256)?;
    let certificate = challenge_certificate(&key, &name, &proof.sha256, SystemTime::now())?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.to_pkcs8_der()?.as_slice())).clone_key();
    // `CertifiedKey::from_der` would read the certificate, and fail at its critical extension.
    let key = rustls::crypto::ring::sign::any_ecdsa_type(&key)?;
    Ok(CertifiedKey::new(vec![certificate.into()], key))
}
