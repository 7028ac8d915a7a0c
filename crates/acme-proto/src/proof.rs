//! What must be published to meet a challenge, one view for each kind (RFC 8555 §8).

use acme_jose::Thumbprint;
use thiserror::Error;

use crate::{
    Challenge, ChallengeType, EmailReply00, Identifier, KeyAuthorization, Meta, PersistChallenge, PersistError,
    PersistTerms, TlsAlpn01, Token, TokenError, TxtRecord, dns_account_label, http01_url,
};

/// Who proves control, and to which CA.
#[derive(Clone, Copy, Debug)]
pub struct Prover<'a> {
    /// The account's URL, exactly as newAccount gave it.
    pub account_url: &'a str,
    /// The thumbprint of the account's current key.
    pub thumbprint: &'a Thumbprint,
    /// What the CA's directory says.
    pub meta: &'a Meta,
}

/// What must be in place before a challenge is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// A text on the web server of the name (RFC 8555 §8.3).
    Http01 {
        /// Where it is looked for.
        url: String,
        /// The body, byte for byte.
        body: KeyAuthorization,
    },
    /// A TXT record (RFC 8555 §8.4).
    Dns01(TxtRecord),
    /// A certificate shown in a TLS handshake (RFC 8737).
    TlsAlpn01(TlsAlpn01),
    /// A TXT record below a label of the account's own (draft-ietf-acme-dns-account-label).
    DnsAccount01(TxtRecord),
    /// A TXT record that stays (draft-ietf-acme-dns-persist): do not take it away after validation.
    DnsPersist01(TxtRecord),
    /// An answer by mail (RFC 8823).
    EmailReply00(EmailReply00),
    /// A device's statement over this text (draft-ietf-acme-device-attest).
    DeviceAttest01(KeyAuthorization),
}

impl Challenge {
    /// What must be published to meet this challenge. `identifier` is as the order names it: with its `*.`
    /// ([`Authorization::ordered_identifier`](crate::Authorization::ordered_identifier)).
    ///
    /// For dns-persist-01 this is the plainest record; [`PersistChallenge`] makes others.
    ///
    /// # Errors
    /// When the kind is not known here, cannot prove control of such an identifier, or the challenge is malformed. None
    /// of these mends itself: take another challenge.
    pub fn proof(&self, identifier: &Identifier, prover: &Prover<'_>) -> Result<Proof, ProofError> {
        self.kind.check_identifier(identifier)?;
        let authorize = || Ok::<_, ProofError>(KeyAuthorization::new(&self.required_token()?, prover.thumbprint));
        Ok(match &self.kind {
            ChallengeType::Http01 => {
                Proof::Http01 { url: http01_url(identifier, &self.required_token()?), body: authorize()? }
            }
            ChallengeType::Dns01 => Proof::Dns01(dns01(identifier, &authorize()?)?),
            ChallengeType::TlsAlpn01 => Proof::TlsAlpn01(TlsAlpn01::new(identifier, authorize()?)),
            ChallengeType::DnsAccount01 => {
                let prefix = format!("{}._acme-challenge", dns_account_label(prover.account_url));
                Proof::DnsAccount01(TxtRecord::below(&prefix, identifier, authorize()?.dns_txt())?)
            }
            ChallengeType::DnsPersist01 => {
                let persist = PersistChallenge::read(self, prover.meta)?;
                Proof::DnsPersist01(persist.record(identifier, prover, &PersistTerms::default())?)
            }
            ChallengeType::EmailReply00 => Proof::EmailReply00(EmailReply00::read(self)?),
            ChallengeType::DeviceAttest01 => Proof::DeviceAttest01(authorize()?),
            ChallengeType::Other(_) => return Err(ProofError::UnknownType(self.kind.clone())),
        })
    }

    /// The token of a kind that must have one.
    pub(crate) fn required_token(&self) -> Result<Token, ProofError> {
        self.token()?.ok_or_else(|| ProofError::NoToken(self.kind.clone()))
    }
}

fn dns01(identifier: &Identifier, key_authorization: &KeyAuthorization) -> Result<TxtRecord, ProofError> {
    TxtRecord::below("_acme-challenge", identifier, key_authorization.dns_txt())
}

impl Proof {
    /// The TXT record, of a kind that asks for one.
    pub fn txt_record(&self) -> Option<&TxtRecord> {
        match self {
            Self::Dns01(record) | Self::DnsAccount01(record) | Self::DnsPersist01(record) => Some(record),
            _ => None,
        }
    }

    /// What a person must do.
    pub fn describe(&self) -> String {
        match self {
            Self::Http01 { url, body } => format!(
                "serve this text at {url}:\n\n    {}\n\nover plain HTTP on port 80, and nothing else in the body",
                body.as_str()
            ),
            Self::Dns01(record) | Self::DnsAccount01(record) => format!(
                "add this TXT record, beside those that are there:\n\n    {}\n\nand wait until all name servers of the \
                 zone show it",
                record.zone_line(300)
            ),
            Self::DnsPersist01(record) => format!(
                "add this TXT record, beside those that are there, and leave it there: later orders use it again\n\n    \
                 {}\n\nand wait until all name servers of the zone show it",
                record.zone_line(3600)
            ),
            Self::TlsAlpn01(handshake) => handshake.describe(),
            Self::EmailReply00(mail) => mail.describe(),
            Self::DeviceAttest01(text) => {
                format!("have the device attest its key over this text:\n\n    {}", text.as_str())
            }
        }
    }
}

impl ChallengeType {
    /// What a person must do to meet a challenge of this type, for the types that need no more than a token.
    /// [`Proof::describe`] tells it for the others.
    pub fn describe(
        &self,
        identifier: &Identifier,
        token: &Token,
        key_authorization: &KeyAuthorization,
    ) -> Option<String> {
        let ka = key_authorization.clone();
        let proof = match self {
            Self::Http01 => Proof::Http01 { url: http01_url(identifier, token), body: ka },
            Self::Dns01 => Proof::Dns01(dns01(identifier, key_authorization).ok()?),
            Self::TlsAlpn01 => Proof::TlsAlpn01(TlsAlpn01::new(identifier, ka)),
            Self::DeviceAttest01 => Proof::DeviceAttest01(ka),
            Self::DnsAccount01 | Self::DnsPersist01 | Self::EmailReply00 | Self::Other(_) => return None,
        };
        Some(proof.describe())
    }

    /// Whether this type can prove control of an identifier, as the order names it.
    ///
    /// # Errors
    /// [`ProofError::NotForIdentifier`], which says why not.
    pub fn check_identifier(&self, identifier: &Identifier) -> Result<(), ProofError> {
        match self.obstacle(identifier) {
            None => Ok(()),
            Some(why) => Err(ProofError::NotForIdentifier { kind: self.clone(), identifier: identifier.clone(), why }),
        }
    }

    fn obstacle(&self, identifier: &Identifier) -> Option<&'static str> {
        let over_the_wire = matches!(self, Self::Http01 | Self::TlsAlpn01);
        let over_dns = matches!(self, Self::Dns01 | Self::DnsAccount01 | Self::DnsPersist01);
        match identifier {
            Identifier::Dns(_) if over_the_wire && identifier.is_wildcard() => {
                Some("a wildcard can only be proven through DNS")
            }
            Identifier::Dns(name) if over_dns && is_onion(name) => {
                Some(".onion names are not in the DNS (RFC 9799 §3)")
            }
            Identifier::Ip(_) if over_dns => Some("addresses are not proven through DNS (RFC 8738 §7)"),
            Identifier::Other { .. } if over_the_wire || over_dns => Some("it is neither a domain name nor an address"),
            Identifier::Dns(_) | Identifier::Ip(_) if *self == Self::EmailReply00 => Some("it is not a mail address"),
            _ => None,
        }
    }
}

fn is_onion(name: &str) -> bool {
    name.rsplit('.').find(|label| !label.is_empty()).is_some_and(|label| label.eq_ignore_ascii_case("onion"))
}

/// Why a challenge cannot be met.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// A type that is not known here.
    #[error("the challenge type {0} is not known here; choose another that the CA offers")]
    UnknownType(ChallengeType),
    /// The type cannot prove control of such an identifier.
    #[error("{kind} cannot prove control of {identifier}: {why}; choose another challenge type")]
    NotForIdentifier {
        /// The type.
        kind: ChallengeType,
        /// The identifier.
        identifier: Identifier,
        /// Why not.
        why: &'static str,
    },
    /// What the authorization is for has not the form of a domain name.
    #[error("the CA wants {0} to be proven through DNS, which is not a domain name; it is not used")]
    NotADomainName(Identifier),
    /// No room for the label in front.
    #[error("{name} has {length} characters, and a domain name has 253 at most; choose another challenge type")]
    NameTooLong {
        /// The name of the record.
        name: String,
        /// Its length.
        length: usize,
    },
    /// The token is missing.
    #[error("the CA sent a challenge of type {0} without a token")]
    NoToken(ChallengeType),
    /// The token is not one.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The `from` of email-reply-00 is not an address.
    #[error("the CA says its mail comes from {0:?}, which is not a mail address; it is not used (RFC 8823 §3)")]
    Sender(String),
    /// A challenge of type dns-persist-01 that cannot be met.
    #[error(transparent)]
    Persist(#[from] PersistError),
}
