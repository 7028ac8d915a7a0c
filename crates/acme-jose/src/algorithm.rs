//! Algorithm and key type names (RFC 7518 §3.1, RFC 8037 §3.1).

use core::fmt;

/// A signature algorithm. Only asymmetric ones: a MAC is a [`MacAlgorithm`], so that neither `none` nor HMAC
/// can sign an outer JWS (RFC 8555 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256 (RFC 7518 §3.4). Every server must implement it (RFC 8555 §6.2).
    Es256,
    /// ECDSA on P-384 with SHA-384 (RFC 7518 §3.4).
    Es384,
    /// ECDSA on P-521 with SHA-512 (RFC 7518 §3.4).
    Es512,
    /// Ed25519 (RFC 8037 §3.1). Let's Encrypt does not accept it for accounts.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3). The crate page tells what RUSTSEC-2023-0071 means for it.
    Rs256,
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Es256, Self::Es384, Self::Es512, Self::EdDsa, Self::Rs256];

    /// The value of the `alg` header parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Rs256 => "RS256",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The length in octets of an ECDSA signature R ‖ S: twice the width of the field (RFC 7518 §3.4).
    /// `None` for the algorithms that are not ECDSA.
    pub fn ecdsa_signature_len(self) -> Option<usize> {
        match self {
            Self::Es256 => Some(64),
            Self::Es384 => Some(96),
            Self::Es512 => Some(132),
            Self::EdDsa | Self::Rs256 => None,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A MAC algorithm (RFC 7518 §3.2), for a JWS that binds two parties who share a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    #[default]
    Hs256,
    /// HMAC with SHA-384.
    Hs384,
    /// HMAC with SHA-512.
    Hs512,
}

impl MacAlgorithm {
    const ALL: [Self; 3] = [Self::Hs256, Self::Hs384, Self::Hs512];

    /// The value of the `alg` header parameter.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for MacAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind of key that can be generated.
///
/// All variants exist whatever the features; one whose feature is off gives
/// [`KeyError::FeatureOff`](crate::KeyError::FeatureOff).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyType {
    /// NIST P-256, for ES256.
    #[default]
    P256,
    /// NIST P-384, for ES384 (feature `p384`).
    P384,
    /// NIST P-521, for ES512 (feature `p521`).
    P521,
    /// Ed25519, for EdDSA (feature `ed25519`).
    Ed25519,
    /// RSA with a modulus of 2048 bits, for RS256 (feature `rsa`).
    Rsa2048,
    /// RSA with a modulus of 3072 bits, for RS256 (feature `rsa`).
    Rsa3072,
    /// RSA with a modulus of 4096 bits, for RS256 (feature `rsa`).
    Rsa4096,
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
            Self::Ed25519 => "Ed25519",
            Self::Rsa2048 => "RSA 2048",
            Self::Rsa3072 => "RSA 3072",
            Self::Rsa4096 => "RSA 4096",
        })
    }
}
