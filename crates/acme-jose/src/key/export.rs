//! Private keys on the way out: PKCS#8, JWK. What is returned wipes itself.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use pkcs8::LineEnding;
use zeroize::Zeroizing;

use super::{KeyError, PrivateKey};
use crate::{base64url, json};

impl PrivateKey {
    /// The key as PKCS#8 PEM.
    ///
    /// # Errors
    /// Never for a key that was generated or read here; the encoder's signature allows for it.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        self.pkcs8()?.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|error| KeyError::Malformed(error.to_string()))
    }

    /// The key as PKCS#8 DER.
    ///
    /// # Errors
    /// As [`to_pkcs8_pem`](Self::to_pkcs8_pem).
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        Ok(self.pkcs8()?.to_bytes())
    }

    fn pkcs8(&self) -> Result<pkcs8::SecretDocument, KeyError> {
        self.0.to_pkcs8().map_err(|error| KeyError::Malformed(error.to_string()))
    }

    /// The key as a private JWK, members in lexicographic order.
    ///
    /// # Errors
    /// As [`to_pkcs8_pem`](Self::to_pkcs8_pem).
    pub fn to_private_jwk(&self) -> Result<Zeroizing<String>, KeyError> {
        let text = |octets: &[u8]| Zeroizing::new(base64url::encode(octets));
        let private: Vec<_> = self.0.private_members()?.iter().map(|(name, number)| (*name, text(number))).collect();
        let public = self.0.public_key().members();
        let mut members: Vec<_> = public.iter().map(|(name, value)| (*name, value.as_str())).collect();
        members.extend(private.iter().map(|(name, value)| (*name, value.as_str())));
        members.sort_unstable();
        Ok(Zeroizing::new(json::write(&members)))
    }
}
