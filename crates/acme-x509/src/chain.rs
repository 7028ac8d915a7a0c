//! The certificate chain a CA answers with: `application/pem-certificate-chain` (RFC 8555 §9.1).

use std::collections::BTreeSet;
use std::iter;

use acme_jose::Jwk;

use crate::certificate::LABEL;
use crate::{Certificate, CertificateError, Name, PemError, pem};

/// A certificate for the names that were ordered, and behind it those of its issuers, perhaps without the root.
///
/// Nothing is expected of the issuers, neither who nor how many they are, up to [`MAX_CERTIFICATES`](Self::MAX_CERTIFICATES).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    leaf: Certificate,
    issuers: Vec<Certificate>,
}

impl Chain {
    /// Chains of more certificates are refused. Those of public CAs have four at most.
    pub const MAX_CERTIFICATES: usize = 10;
    /// Longer texts are refused, in octets.
    pub const MAX_LEN: usize = 256 * 1024;

    /// Reads a chain: `CERTIFICATE` blocks, empty lines between them, and nothing else.
    ///
    /// # Errors
    /// When there is any other block, which might be a key that we must not install (RFC 8555 §11.4), when there is
    /// text around the blocks, or when a block is not a certificate.
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self, ChainError> {
        let text = text.as_ref();
        if text.len() > Self::MAX_LEN {
            return Err(ChainError::TooLong(text.len()));
        }
        let (leaf, issuers) = pem::blocks(text, LABEL, Self::MAX_CERTIFICATES).map_err(ChainError::Pem)?;
        let leaf = certificate(1, &leaf)?;
        let issuers = (2..).zip(&issuers).map(|(place, der)| certificate(place, der)).collect::<Result<_, _>>()?;
        Ok(Self { leaf, issuers })
    }

    /// The first certificate: the one that was ordered.
    pub fn leaf(&self) -> &Certificate {
        &self.leaf
    }

    /// The others, in their order.
    pub fn issuers(&self) -> &[Certificate] {
        &self.issuers
    }

    /// The last certificate: that of the topmost issuer, or the leaf when it stands alone.
    pub fn last(&self) -> &Certificate {
        self.issuers.last().unwrap_or(&self.leaf)
    }

    /// All certificates, the leaf first.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        iter::once(&self.leaf).chain(&self.issuers)
    }

    /// The whole chain as PEM: one block after the other, lines ending with LF, however it came.
    pub fn to_pem(&self) -> String {
        self.certificates().map(Certificate::to_pem).collect()
    }

    /// The issuers as PEM, likewise. Empty when there are none.
    pub fn issuers_pem(&self) -> String {
        self.issuers.iter().map(Certificate::to_pem).collect()
    }

    /// Whether the leaf is what was asked for: it certifies `key`, the key of the request, and stands for `names`, the
    /// names of the order, no more and no fewer.
    ///
    /// # Errors
    /// When it is for another key, or lacks names, or has others; all are listed.
    pub fn check(&self, key: &Jwk, names: &[Name]) -> Result<(), ChainError> {
        let leaf = |error| ChainError::Certificate { place: 1, error };
        if self.leaf.public_key().map_err(leaf)? != *key {
            return Err(ChainError::Key);
        }
        let found = self.leaf.names().map_err(leaf)?;
        let [found, wanted]: [BTreeSet<_>; 2] = [found.iter().collect(), names.iter().collect()];
        if found == wanted {
            return Ok(());
        }
        let missing = wanted.difference(&found).copied().cloned().collect();
        let extra = found.difference(&wanted).copied().cloned().collect();
        Err(ChainError::Names { missing, extra })
    }

    /// Whether each certificate behind the first one certifies the one before it, as it should (RFC 8555 §9.1).
    /// Signatures are not checked: that is for whoever trusts the chain.
    ///
    /// # Errors
    /// When one does not; the first such is named. The leaf may be good all the same.
    pub fn check_links(&self) -> Result<(), ChainError> {
        match (1..).zip(self.certificates().zip(&self.issuers)).find(|(_, (subject, issuer))| !issuer.issues(subject)) {
            None => Ok(()),
            Some((place, (subject, issuer))) => {
                Err(ChainError::Link { place, wanted: subject.issuer(), found: issuer.subject() })
            }
        }
    }
}

fn certificate(place: usize, der: &[u8]) -> Result<Certificate, ChainError> {
    Certificate::from_der(der).map_err(|error| ChainError::Certificate { place, error })
}

/// Why a chain could not be read, or is not the one that was ordered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// Longer than [`Chain::MAX_LEN`].
    #[error("the certificate chain has {0} octets; {max} at most are accepted", max = Chain::MAX_LEN)]
    TooLong(usize),
    /// Not PEM with certificates alone.
    #[error("not a PEM certificate chain: {0}")]
    Pem(PemError),
    /// One of the certificates could not be read.
    #[error("certificate {place} of the chain: {error}")]
    Certificate {
        /// Which one. The leaf is 1.
        place: usize,
        /// What is wrong with it.
        error: CertificateError,
    },
    /// The leaf is for another key.
    #[error("the first certificate of the chain is for another key than the one in the request")]
    Key,
    /// The leaf is for other names.
    #[error(
        "the certificate is not for the names that were ordered: it lacks [{}], it also has [{}]",
        list(missing),
        list(extra)
    )]
    Names {
        /// Those that were ordered and are not there.
        missing: Vec<Name>,
        /// Those that are there and were not ordered.
        extra: Vec<Name>,
    },
    /// A certificate is not followed by its issuer's.
    #[error(
        "certificate {place} of the chain was issued by {wanted:?} (or another key of it), behind it stands {found:?}"
    )]
    Link {
        /// Which one. The leaf is 1.
        place: usize,
        /// Its issuer.
        wanted: String,
        /// The subject of the next one.
        found: String,
    },
}

fn list(names: &[Name]) -> String {
    names.iter().map(Name::to_string).collect::<Vec<_>>().join(", ")
}
