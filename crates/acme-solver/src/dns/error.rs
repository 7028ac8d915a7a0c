//! Why there is no answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use thiserror::Error;

use super::Code;

/// Why there is no answer. That a name or a record does not exist is one, see [`Outcome`](super::Outcome).
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum DnsError {
    /// It is not a domain name.
    #[error("{0:?} is not a domain name")]
    Name(String),
    /// There is nobody to ask.
    #[error("no resolver is known; name one")]
    NoResolver,
    /// A server answers that it cannot tell.
    #[error("{server} answers: {code}")]
    Refused {
        /// Who answered.
        server: SocketAddr,
        /// The response code.
        code: Code,
    },
    /// No answer, or none that can be read.
    #[error("{server}: {source}")]
    NoAnswer {
        /// Who was asked.
        server: SocketAddr,
        /// What happened; [`io::ErrorKind::TimedOut`] when nothing did.
        source: Arc<io::Error>,
    },
    /// Aliases lead in a circle, or through too many names.
    #[error("the aliases of {} lead nowhere: {}; correct the CNAME records", .chain[0], .chain.join(" → "))]
    Aliases {
        /// The names in their order, the one asked for first.
        chain: Vec<String>,
    },
    /// No zone holds the name.
    #[error("no zone is found for {name}: none of the names above it has an SOA record; is it registered?")]
    NoZone {
        /// The name.
        name: String,
    },
    /// A zone has no server that can be asked.
    #[error("no address is known of any name server of {zone} ({}); correct its NS records", .servers.join(", "))]
    NoServers {
        /// The zone.
        zone: String,
        /// The names of its servers.
        servers: Vec<String>,
    },
}

impl DnsError {
    /// Whether it says that the server is not to be reached from this computer at all, as one with an IPv6 address from a network without.
    pub fn is_unreachable(&self) -> bool {
        use io::ErrorKind::{AddrNotAvailable, NetworkUnreachable};
        matches!(self, Self::NoAnswer { source, .. } if matches!(source.kind(), AddrNotAvailable | NetworkUnreachable))
    }
}
