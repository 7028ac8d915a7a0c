//! Kinds of keys, by the names people use.

use std::fmt;
use std::str::FromStr;

use acme_jose::{Algorithm, KeyType, PrivateKey, Signer as _};
use serde::{Deserialize, Serialize};

/// Every name a kind of key has; the first one of each kind is ours, the others are other clients'.
const NAMES: [(&str, KeyType); 13] = [
    ("p256", KeyType::P256),
    ("p384", KeyType::P384),
    ("p521", KeyType::P521),
    ("ed25519", KeyType::Ed25519),
    ("rsa2048", KeyType::Rsa2048),
    ("rsa3072", KeyType::Rsa3072),
    ("rsa4096", KeyType::Rsa4096),
    ("ec256", KeyType::P256),
    ("ec384", KeyType::P384),
    ("ecdsa", KeyType::P256),
    ("ec-256", KeyType::P256),
    ("ec-384", KeyType::P384),
    ("rsa", KeyType::Rsa2048),
];

/// A kind of key, as on the command line and in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct KeyTypeArgument(pub(crate) KeyType);

impl KeyTypeArgument {
    /// Whether a key is of this kind, as far as its algorithm tells.
    pub(crate) fn fits(self, key: &PrivateKey) -> bool {
        let algorithm = match self.0 {
            KeyType::P256 => Algorithm::Es256,
            KeyType::P384 => Algorithm::Es384,
            KeyType::P521 => Algorithm::Es512,
            KeyType::Ed25519 => Algorithm::EdDsa,
            _ => Algorithm::Rs256,
        };
        key.algorithm() == algorithm
    }
}

impl FromStr for KeyTypeArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        found
            .map(|(_, key_type)| Self(*key_type))
            .ok_or_else(|| "known are p256, p384, p521, ed25519, rsa2048, rsa3072, rsa4096".to_owned())
    }
}

impl TryFrom<String> for KeyTypeArgument {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for KeyTypeArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, key_type)| *key_type == self.0).map_or("unknown", |(name, _)| name);
        f.write_str(name)
    }
}

impl From<KeyTypeArgument> for String {
    fn from(argument: KeyTypeArgument) -> Self {
        argument.to_string()
    }
}
