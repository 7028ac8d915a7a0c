//! Strings that a server chooses and that reach paths, DNS and headers: checked once, then trusted.

use std::fmt;

use acme_jose::{Thumbprint, base64url};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::TokenPart1;

/// Longer tokens are refused. RFC 8555 §8.1 sets no limit; CAs use 43 characters, and an http-01 body, token and
/// thumbprint together, must stay readable to them.
const MAX_TOKEN: usize = 256;

/// Longer nonces are ignored: no server needs them, and they would only fill memory.
const MAX_NONCE: usize = 1024;

fn is_base64url_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The token of a challenge (RFC 8555 §8.1): base64url characters only, so that it is safe in a path, a file name, a
/// DNS record and an argument of a program (§8.3, §11.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// Checks a token.
    ///
    /// # Errors
    /// When it is empty, longer than 256 characters, or has a character outside the base64url alphabet.
    pub fn parse(text: &str) -> Result<Self, TokenError> {
        if text.len() <= MAX_TOKEN && is_base64url_text(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(TokenError::new(text))
        }
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A token that is not base64url text, and so must not be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the CA sent the challenge token {0:?}, which is not base64url text; it is not used (RFC 8555 §8.1)")]
pub struct TokenError(String);

impl TokenError {
    /// How much of the token is repeated, in characters.
    const SHOWN: usize = 80;

    pub(crate) fn new(text: &str) -> Self {
        Self(text.chars().take(Self::SHOWN).collect())
    }
}

/// What proves that the holder of the account key met the challenge: `token ‖ "." ‖ thumbprint` (RFC 8555 §8.1).
#[derive(Clone, PartialEq, Eq)]
pub struct KeyAuthorization(String);

impl KeyAuthorization {
    /// The key authorization of a token for an account key.
    pub fn new(token: &Token, thumbprint: &Thumbprint) -> Self {
        Self(format!("{token}.{thumbprint}"))
    }

    /// The key authorization of a token in two parts, the first of which may end with padding (RFC 8823 §3).
    pub(crate) fn of_parts(part1: &TokenPart1, part2: &Token, thumbprint: &Thumbprint) -> Self {
        Self(format!("{part1}{part2}.{thumbprint}"))
    }

    /// The text itself: what http-01 serves (RFC 8555 §8.3).
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its SHA-256: what tls-alpn-01 puts in the certificate (RFC 8737 §3).
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The base64url of its SHA-256, 43 characters: what dns-01 puts in the TXT record (RFC 8555 §8.4).
    pub fn dns_txt(&self) -> String {
        base64url::encode(&self.sha256())
    }
}

impl fmt::Debug for KeyAuthorization {
    /// Shows the token only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyAuthorization({}.[redacted])", self.0.split('.').next().unwrap_or_default())
    }
}

/// An anti-replay nonce (RFC 8555 §6.5.1), kept exactly as it was received.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// Checks the value of a `Replay-Nonce` header.
    ///
    /// # Errors
    /// When it is not base64url text: such a nonce must be ignored (RFC 8555 §6.5.1).
    pub fn parse(text: &str) -> Result<Self, NonceError> {
        if text.len() <= MAX_NONCE && is_base64url_text(text) { Ok(Self(text.to_owned())) } else { Err(NonceError) }
    }

    /// The nonce.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A `Replay-Nonce` that is not base64url text.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the CA sent a nonce that is not base64url text (RFC 8555 §6.5.1)")]
pub struct NonceError;
