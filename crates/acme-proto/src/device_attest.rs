//! device-attest-01: a statement of a device about its key (draft-ietf-acme-device-attest). As data: no attestation is
//! made or checked here.

use acme_jose::base64url;
use serde::Serialize;

/// What the challenge is sent (draft-ietf-acme-device-attest §5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttestationResponse {
    #[serde(rename = "attObj")]
    object: String,
}

impl AttestationResponse {
    /// The message for a WebAuthn attestation object in CBOR, made over the challenge's
    /// [`KeyAuthorization`](crate::KeyAuthorization).
    pub fn new(attestation_object: &[u8]) -> Self {
        Self { object: base64url::encode(attestation_object) }
    }
}
