//! tls-alpn-01: a certificate shown in a TLS handshake (RFC 8737).

use std::net::IpAddr;

use crate::{Identifier, KeyAuthorization};

/// What a TLS server must show to a client that offers `acme-tls/1` (RFC 8737 §3).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsAlpn01 {
    /// What the certificate is for, alone: one dNSName or one iPAddress.
    pub identifier: Identifier,
    /// The name in the handshake that the certificate answers, without a dot at the end: for an address the one under
    /// `in-addr.arpa` or `ip6.arpa` (RFC 8738 §6).
    pub server_name: String,
    /// What the critical extension acmeIdentifier holds.
    pub sha256: [u8; 32],
    key_authorization: KeyAuthorization,
}

impl TlsAlpn01 {
    pub(crate) fn new(identifier: &Identifier, key_authorization: KeyAuthorization) -> Self {
        Self {
            server_name: match identifier {
                Identifier::Ip(address) => reverse_name(*address),
                other => other.value(),
            },
            identifier: identifier.clone(),
            sha256: key_authorization.sha256(),
            key_authorization,
        }
    }

    pub(crate) fn describe(&self) -> String {
        let Self { identifier, server_name, .. } = self;
        let name = match identifier {
            Identifier::Ip(_) => format!("{identifier} (its name in the handshake is {server_name})"),
            _ => identifier.to_string(),
        };
        format!(
            "answer TLS handshakes for {name} on port 443 that offer the protocol acme-tls/1 with a self-signed \
             certificate for that name alone, whose critical extension 1.3.6.1.5.5.7.1.31 holds the SHA-256 of\n\n    {}",
            self.key_authorization.as_str()
        )
    }
}

/// The name of an address in the reverse tree, without a dot at the end (RFC 1035 §3.5, RFC 3596 §2.5).
pub fn reverse_name(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        IpAddr::V6(v6) => {
            let nibbles = v6.octets().into_iter().rev().flat_map(|octet| [octet & 15, octet >> 4]);
            nibbles.map(|nibble| format!("{nibble:x}.")).collect::<String>() + "ip6.arpa"
        }
    }
}
