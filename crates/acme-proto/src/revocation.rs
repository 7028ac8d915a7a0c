//! Revocation (RFC 8555 §7.6).

use std::fmt;

use serde::Serialize;
use thiserror::Error;

/// What revokeCert is sent (RFC 8555 §7.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RevokeCert {
    certificate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<u8>,
}

impl RevokeCert {
    /// The message for a certificate in DER. A reason that says nothing is not sent (RFC 5280 §5.3.1).
    pub fn new(certificate_der: &[u8], reason: RevocationReason) -> Self {
        let reason = Some(reason.code()).filter(|code| *code != 0);
        Self { certificate: acme_jose::base64url::encode(certificate_der), reason }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal;)*) => {
        /// Why a certificate is revoked (RFC 5280 §5.3.1). CAs accept some of these from subscribers, often 0, 1, 4 and 5.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RevocationReason {
            $($(#[$doc])* $variant,)*
        }

        impl RevocationReason {
            /// Every reason, by its number.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The number on the wire.
            pub fn code(self) -> u8 {
                match self {
                    $(Self::$variant => $code,)*
                }
            }

            /// The name RFC 5280 gives it.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

reasons! {
    /// None is given.
    #[default]
    Unspecified = 0, "unspecified";
    /// The private key is in other hands.
    KeyCompromise = 1, "keyCompromise";
    /// The CA's key is in other hands.
    CaCompromise = 2, "cACompromise";
    /// What the certificate says of its holder has changed.
    AffiliationChanged = 3, "affiliationChanged";
    /// There is a newer one.
    Superseded = 4, "superseded";
    /// The holder no longer uses the name.
    CessationOfOperation = 5, "cessationOfOperation";
    /// For a while only.
    CertificateHold = 6, "certificateHold";
    /// No longer held.
    RemoveFromCrl = 8, "removeFromCRL";
    /// The holder may no longer use it.
    PrivilegeWithdrawn = 9, "privilegeWithdrawn";
    /// The attribute authority's key is in other hands.
    AaCompromise = 10, "aACompromise";
}

impl RevocationReason {
    /// The reason of a number, or of a name in any case.
    ///
    /// # Errors
    /// When there is no such reason; 7 is not in use (RFC 5280 §5.3.1).
    pub fn parse(text: &str) -> Result<Self, RevocationReasonError> {
        let named = |reason: &&Self| reason.name().eq_ignore_ascii_case(text) || reason.code().to_string() == text;
        Self::ALL.iter().find(named).copied().ok_or_else(|| RevocationReasonError(text.chars().take(40).collect()))
    }
}

impl TryFrom<u8> for RevocationReason {
    type Error = RevocationReasonError;

    fn try_from(code: u8) -> Result<Self, RevocationReasonError> {
        Self::parse(&code.to_string())
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not a reason for a revocation.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is not a reason for a revocation; give a number, 0 to 6 or 8 to 10, or a name such as keyCompromise")]
pub struct RevocationReasonError(String);
