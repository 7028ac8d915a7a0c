//! Problem documents (RFC 7807, RFC 8555 §6.7).

use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{Identifier, lenient};

/// What a CA says when something went wrong. Every member may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Problem {
    /// The kind of problem.
    #[serde(rename = "type", deserialize_with = "lenient::or_default")]
    pub kind: ProblemType,
    /// A short summary.
    #[serde(deserialize_with = "lenient::optional")]
    pub title: Option<String>,
    /// What happened, for people.
    #[serde(deserialize_with = "lenient::optional")]
    pub detail: Option<String>,
    /// The HTTP status that came with it.
    #[serde(deserialize_with = "lenient::optional")]
    pub status: Option<u16>,
    /// A page about this occurrence: where to agree to new terms, for one (RFC 8555 §7.3.3).
    #[serde(deserialize_with = "lenient::optional")]
    pub instance: Option<String>,
    /// One problem for each identifier that has one (RFC 8555 §6.7.1).
    #[serde(deserialize_with = "lenient::readable")]
    pub subproblems: Vec<Subproblem>,
    /// The algorithms a CA accepts, with `badSignatureAlgorithm` (RFC 8555 §6.2).
    #[serde(deserialize_with = "lenient::or_default")]
    pub algorithms: Vec<String>,
    // Only what has named members is a problem document: without this a list would pass too.
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// The problem of one identifier (RFC 8555 §6.7.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Subproblem {
    /// The kind of problem; it need not be that of the whole.
    #[serde(rename = "type", deserialize_with = "lenient::or_default")]
    pub kind: ProblemType,
    /// What happened, for people.
    #[serde(deserialize_with = "lenient::optional")]
    pub detail: Option<String>,
    /// The identifier it is about.
    #[serde(deserialize_with = "lenient::optional")]
    pub identifier: Option<Identifier>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Subproblem {
    /// A member that is not known here.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }
}

impl Problem {
    /// Reads a problem document. `None` when the body is not a JSON object.
    pub fn from_json(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    /// A member that is not known here.
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.others.get(name)
    }
}

/// Of the subproblems so many are shown.
const MAX_SHOWN: usize = 20;

impl fmt::Display for Problem {
    /// `detail (type)`, then each subproblem, of many the first 20.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.detail.as_deref().or(self.title.as_deref()).unwrap_or("no detail given");
        write!(f, "{text} ({})", self.kind.short())?;
        for sub in self.subproblems.iter().take(MAX_SHOWN) {
            f.write_str("; ")?;
            if let Some(identifier) = &sub.identifier {
                write!(f, "{identifier}: ")?;
            }
            write!(f, "{} ({})", sub.detail.as_deref().unwrap_or("no detail given"), sub.kind.short())?;
        }
        match self.subproblems.len() {
            0..=MAX_SHOWN => Ok(()),
            many => write!(f, "; and {} more", many - MAX_SHOWN),
        }
    }
}

/// The start of the error types that RFC 8555 and its kin register (§9.6).
const URN: &str = "urn:ietf:params:acme:error:";

macro_rules! problem_types {
    ($($(#[$doc:meta])* $variant:ident = $wire:literal,)*) => {
        /// The kind of a problem (RFC 8555 §6.7). One that is not known here is kept as it is.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[serde(from = "String")]
        #[non_exhaustive]
        pub enum ProblemType {
            $($(#[$doc])* $variant,)*
            /// Any other URI, or text that is not one.
            Other(String),
        }

        impl ProblemType {
            /// The word behind the URN, or the whole text of an unknown type.
            pub fn short(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(text) => text,
                }
            }

            fn from_short(word: &str) -> Option<Self> {
                match word {
                    $($wire => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

problem_types! {
    /// The account is not known.
    AccountDoesNotExist = "accountDoesNotExist",
    /// The certificate is revoked already.
    AlreadyRevoked = "alreadyRevoked",
    /// The certificate named by `replaces` has a successor already (RFC 9773 §7.4).
    AlreadyReplaced = "alreadyReplaced",
    /// An auto-renewing order was cancelled (RFC 8739 §6).
    AutoRenewalCanceled = "autoRenewalCanceled",
    /// An auto-renewing order has ended (RFC 8739 §6).
    AutoRenewalExpired = "autoRenewalExpired",
    /// An order that is not `valid` cannot be cancelled (RFC 8739 §6).
    AutoRenewalCancellationInvalid = "autoRenewalCancellationInvalid",
    /// A certificate of an auto-renewing order cannot be revoked (RFC 8739 §6).
    AutoRenewalRevocationNotSupported = "autoRenewalRevocationNotSupported",
    /// An attestation statement is refused (draft-ietf-acme-device-attest).
    BadAttestationStatement = "badAttestationStatement",
    /// The request for a certificate is refused.
    BadCsr = "badCSR",
    /// The nonce is not one of the CA's, or was used before.
    BadNonce = "badNonce",
    /// The public key is refused.
    BadPublicKey = "badPublicKey",
    /// The reason for a revocation is refused.
    BadRevocationReason = "badRevocationReason",
    /// The signature algorithm is refused; `algorithms` lists the good ones.
    BadSignatureAlgorithm = "badSignatureAlgorithm",
    /// A CAA record forbids it.
    Caa = "caa",
    /// Several: see the subproblems.
    Compound = "compound",
    /// An old form of `alreadyReplaced`, not registered.
    Conflict = "conflict",
    /// The CA could not connect to the host.
    Connection = "connection",
    /// A DNS query failed.
    Dns = "dns",
    /// An account needs an external account binding.
    ExternalAccountRequired = "externalAccountRequired",
    /// The answer to the challenge was not the expected one.
    IncorrectResponse = "incorrectResponse",
    /// A contact is not usable.
    InvalidContact = "invalidContact",
    /// The profile is not offered (draft-ietf-acme-profiles).
    InvalidProfile = "invalidProfile",
    /// The request is malformed.
    Malformed = "malformed",
    /// CAA records must come with finalize (RFC 9799 §7.2).
    OnionCaaRequired = "onionCAARequired",
    /// The order is not in the state `ready`.
    OrderNotReady = "orderNotReady",
    /// A rate limit is reached.
    RateLimited = "rateLimited",
    /// The CA does not issue for this identifier.
    RejectedIdentifier = "rejectedIdentifier",
    /// An error inside the CA.
    ServerInternal = "serverInternal",
    /// A TLS handshake failed during validation.
    Tls = "tls",
    /// The client lacks authority.
    Unauthorized = "unauthorized",
    /// The delegation is not known (RFC 9115 §5).
    UnknownDelegation = "unknownDelegation",
    /// The scheme of a contact is not supported.
    UnsupportedContact = "unsupportedContact",
    /// The type of an identifier is not supported.
    UnsupportedIdentifier = "unsupportedIdentifier",
    /// A person must do something: see `instance`.
    UserActionRequired = "userActionRequired",
}

impl Default for ProblemType {
    /// What a missing `type` means (RFC 7807 §3.1).
    fn default() -> Self {
        Self::Other("about:blank".to_owned())
    }
}

impl From<String> for ProblemType {
    fn from(uri: String) -> Self {
        uri.strip_prefix(URN).and_then(Self::from_short).unwrap_or(Self::Other(uri))
    }
}

impl fmt::Display for ProblemType {
    /// The whole URI.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other(uri) => f.write_str(uri),
            known => write!(f, "{URN}{}", known.short()),
        }
    }
}
