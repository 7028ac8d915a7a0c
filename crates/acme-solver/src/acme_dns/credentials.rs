//! What acme-dns gave at registration, as other clients keep it too.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

/// Leave to change the values at one subdomain of an acme-dns server.
///
/// As JSON it is what lego (goacmedns) and acme-dns-auth.py keep for a domain; members that are not known here are ignored.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AcmeDnsCredentials {
    /// Where an alias must lead.
    pub fulldomain: String,
    /// The first label of that.
    pub subdomain: String,
    /// Who we are to the server.
    pub username: String,
    /// What proves it.
    pub password: String,
    /// The URL of the server; acme-dns-auth.py does not keep it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_url: Option<String>,
    /// The networks from which values are taken; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowfrom: Vec<String>,
}

impl AcmeDnsCredentials {
    /// The alias to publish in the zone of a domain, once and for good: a line of a zone file.
    pub fn cname(&self, domain: &str) -> String {
        let domain = domain.strip_prefix("*.").unwrap_or(domain).trim_end_matches('.');
        format!("_acme-challenge.{domain}. 3600 IN CNAME {}.", self.fulldomain.trim_end_matches('.'))
    }
}

impl fmt::Debug for AcmeDnsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcmeDnsCredentials")
            .field("fulldomain", &self.fulldomain)
            .field("username", &self.username)
            .field("password", &"[redacted]")
            .field("server_url", &self.server_url)
            .finish_non_exhaustive()
    }
}

impl Drop for AcmeDnsCredentials {
    fn drop(&mut self) {
        self.password.zeroize();
    }
}
