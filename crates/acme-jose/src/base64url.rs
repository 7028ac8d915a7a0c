//! Base64url without padding, read strictly (RFC 7515 §2, RFC 4648 §3.3 and §3.5).

use alloc::{string::String, vec::Vec};
use core::fmt;

use base64ct::{Base64UrlUnpadded, Encoding};

/// Octets as base64url without padding. No octets are the empty string.
pub fn encode(octets: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(octets)
}

/// The octets of a base64url text.
///
/// # Errors
/// Padding, white space, characters of another alphabet, a length of 1 modulo 4, and bits set behind the last
/// octet: two different texts never stand for the same octets.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64UrlError> {
    let alphabet = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if let Some((at, found)) = text.char_indices().find(|(_, c)| !alphabet(c)) {
        return Err(Base64UrlError::Character { found, at });
    }
    if text.len() % 4 == 1 {
        return Err(Base64UrlError::Length(text.len()));
    }
    Base64UrlUnpadded::decode_vec(text).map_err(|_| Base64UrlError::TrailingBits)
}

/// Why a text is not base64url.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Base64UrlError {
    /// A character outside `A-Z a-z 0-9 - _`.
    Character {
        /// The character.
        found: char,
        /// Its place, in octets from the start.
        at: usize,
    },
    /// No octets have an encoding of this many characters.
    Length(usize),
    /// The last character carries bits that belong to no octet.
    TrailingBits,
}

impl fmt::Display for Base64UrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character { found: '=', .. } => f.write_str("not base64url: padding (`=`) is not allowed"),
            Self::Character { found, at } => {
                write!(f, "not base64url: {found:?} at {at} is outside the alphabet A-Z a-z 0-9 - _")
            }
            Self::Length(len) => write!(f, "not base64url: {len} characters are an impossible length"),
            Self::TrailingBits => f.write_str("not base64url: unused bits at the end are set"),
        }
    }
}

impl core::error::Error for Base64UrlError {}
