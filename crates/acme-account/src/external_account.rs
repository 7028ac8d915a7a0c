//! Binding an account to one the CA knows already (RFC 8555 §7.3.4).

use acme_jose::{InnerJws, MacAlgorithm, MacKey, Payload, Signer};

use crate::error::{Error, ErrorKind};
use crate::operation::Operation;

/// What a CA hands to those who have an account there: the name of a key, and the key.
#[derive(Debug)]
pub struct ExternalAccount {
    key_id: String,
    key: MacKey,
    algorithm: MacAlgorithm,
}

impl ExternalAccount {
    /// The name of the key, just as the CA gave it, and the key. HS256 is used, which every CA takes.
    pub fn new(key_id: impl Into<String>, key: MacKey) -> Self {
        Self { key_id: key_id.into(), key, algorithm: MacAlgorithm::default() }
    }

    /// Another MAC algorithm.
    #[must_use]
    pub fn with_algorithm(self, algorithm: MacAlgorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// The account key's public half under the MAC, for newAccount at `url`.
    pub(crate) fn sign(&self, account_key: &dyn Signer, url: &str) -> Result<InnerJws, Error> {
        let refuse = |kind| Error::new(Operation::NewAccount, url, kind);
        let payload = Payload::json(&account_key.public_key())
            .map_err(|error| refuse(ErrorKind::NotSent { why: error.to_string() }))?;
        self.key.sign(self.algorithm, &self.key_id, url, &payload).map_err(|error| refuse(ErrorKind::Sign(error)))
    }
}
