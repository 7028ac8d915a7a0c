//! Revoking certificates (RFC 8555 §7.6).

use acme_jose::Signer;
use acme_proto::{Resource, RevocationReason, RevokeCert};

use crate::account::Account;
use crate::error::Error;
use crate::operation::Operation;
use crate::request::KeyUse;

impl Account {
    /// Revokes a certificate, given in DER, by the right of this account: one that ordered it, or that may act for all its
    /// names.
    ///
    /// # Errors
    /// What the CA refuses; a refusal of type `alreadyRevoked` may count as success.
    pub fn revoke(&self, certificate_der: &[u8], reason: RevocationReason) -> Result<(), Error> {
        self.revoke_as(KeyUse::Account, certificate_der, reason)
    }

    /// Revokes a certificate by the right of its own key. No account is needed.
    ///
    /// # Errors
    /// As [`revoke`](Self::revoke).
    pub fn revoke_with_certificate_key(
        &self,
        certificate_key: &dyn Signer,
        certificate_der: &[u8],
        reason: RevocationReason,
    ) -> Result<(), Error> {
        self.revoke_as(KeyUse::Other(certificate_key), certificate_der, reason)
    }

    /// The answer to success has no body worth reading.
    fn revoke_as(&self, key: KeyUse<'_>, certificate_der: &[u8], reason: RevocationReason) -> Result<(), Error> {
        let operation = Operation::RevokeCert;
        let url = self.resource(Resource::RevokeCert.name(), operation)?;
        let payload = self.payload(&RevokeCert::new(certificate_der, reason), operation, &url)?;
        self.post(&url, key, &payload, operation)?.success(operation).map(drop)
    }
}
