//! The protected header as it is written.

use alloc::{
    format,
    string::{String, ToString as _},
};

use serde_json::Value;

use crate::Jwk;

/// How the outer JWS says whose key signed it: one of the two, never both (RFC 8555 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyId<'a> {
    /// `jwk`: the signer's public key itself.
    Jwk,
    /// `kid`: a name that the receiver knows the key by.
    Kid(&'a str),
}

/// The protected header of an outer JWS; `alg`, and `jwk` where asked for, come from the signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Whose key it is.
    pub key: KeyId<'a>,
    /// The nonce, just as it was received (RFC 8555 §6.5.2).
    pub nonce: &'a str,
    /// The URL the message goes to, byte for byte (RFC 8555 §6.4.1).
    pub url: &'a str,
}

/// The header as it is written: `alg`, `jwk` or `kid`, `nonce` where there is one, `url`, in this order.
pub(crate) struct WireHeader<'a> {
    pub(crate) alg: &'static str,
    pub(crate) key: WireKey<'a>,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) url: &'a str,
}

pub(crate) enum WireKey<'a> {
    Jwk(&'a Jwk),
    Kid(&'a str),
}

impl WireHeader<'_> {
    pub(super) fn to_json(&self) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let alg = self.alg;
        let key = match self.key {
            WireKey::Jwk(jwk) => format!(r#""jwk":{}"#, jwk.to_json()),
            WireKey::Kid(kid) => format!(r#""kid":{}"#, quoted(kid)),
        };
        let nonce = self.nonce.map_or_else(String::new, |nonce| format!(r#""nonce":{},"#, quoted(nonce)));
        format!(r#"{{"alg":"{alg}",{key},{nonce}"url":{}}}"#, quoted(self.url))
    }
}
