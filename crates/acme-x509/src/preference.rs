//! Which of several chains for the same certificate to take (RFC 8555 §7.4.2).

use crate::{Certificate, Chain};

/// What the preferred chain ends in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChainPreference {
    /// The common name of the issuer of its last certificate, in any case: the name of a root, mostly.
    IssuerName(String),
    /// The SHA-256 fingerprint of a root: one that is the last certificate, or, since CAs leave roots out, one of those
    /// that are known here and issued the last certificate.
    RootFingerprint([u8; 32]),
}

impl ChainPreference {
    /// The first chain that is preferred. `roots` are those known here, for fingerprints.
    ///
    /// `None` when none is: take the first one then, which is the CA's own choice, and say so.
    pub fn choose<'a>(&self, chains: &'a [Chain], roots: &[Certificate]) -> Option<&'a Chain> {
        chains.iter().find(|chain| self.likes(chain.last(), roots))
    }

    fn likes(&self, last: &Certificate, roots: &[Certificate]) -> bool {
        match self {
            Self::IssuerName(name) => {
                last.issuer_common_name().is_some_and(|issuer| issuer.to_lowercase() == name.trim().to_lowercase())
            }
            Self::RootFingerprint(wanted) => {
                let known = roots.iter().filter(|root| root.issues(last));
                known.chain([last]).any(|root| root.sha256_fingerprint() == *wanted)
            }
        }
    }
}
