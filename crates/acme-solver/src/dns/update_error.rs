//! Why a name server did not change its records.

use std::net::SocketAddr;
use std::time::SystemTime;

use thiserror::Error;

use super::{Code, DnsError};

/// Why a name server did not change its records, or may not have.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// The name leads nowhere, or no answer came.
    #[error(transparent)]
    Dns(#[from] DnsError),
    /// BADKEY: the server knows no such key (RFC 8945 §5.2.1), or, as Knot says it, not for this zone.
    #[error("{server} does not know the TSIG key {key}, or not with this algorithm or for this zone (BADKEY)")]
    BadKey {
        /// Who answered.
        server: SocketAddr,
        /// The name of the key.
        key: String,
    },
    /// BADSIG: the server has another secret for the key (RFC 8945 §5.2.2).
    #[error("{server} has another secret for the TSIG key {key} (BADSIG)")]
    BadSignature {
        /// Who answered.
        server: SocketAddr,
        /// The name of the key.
        key: String,
    },
    /// BADTIME: the clocks differ too much (RFC 8945 §5.2.3).
    #[error("the clock of {server} and the one here differ by more than the five minutes allowed (BADTIME){}", difference(.theirs, .ours))]
    BadTime {
        /// Who answered.
        server: SocketAddr,
        /// The server's time, if it tells it.
        theirs: Option<SystemTime>,
        /// The time here.
        ours: SystemTime,
    },
    /// NOTAUTH: the server does not keep the zone (RFC 2136 §3.1.1).
    #[error("{server} does not keep the zone {zone}{} (NOTAUTH)", if .key.is_none() { ", or wants a key" } else { "" })]
    NotAuth {
        /// Who answered.
        server: SocketAddr,
        /// The zone.
        zone: String,
        /// The name of the key, if there was one; without one, some servers answer this to say that they want one.
        key: Option<String>,
    },
    /// REFUSED: the server does not allow it (RFC 2136 §3.3).
    #[error("{server} does not allow the change of {zone} {} (REFUSED)", signed(.key))]
    Refused {
        /// Who answered.
        server: SocketAddr,
        /// The zone.
        zone: String,
        /// The name of the key, if there was one.
        key: Option<String>,
    },
    /// NOTZONE: a record does not belong into the zone (RFC 2136 §3.4.1.3).
    #[error("{server} says that a name is not in the zone {zone} (NOTZONE)")]
    NotZone {
        /// Who answered.
        server: SocketAddr,
        /// The zone.
        zone: String,
    },
    /// Any other code.
    #[error("{server} did not change {zone}: {code}")]
    Other {
        /// Who answered.
        server: SocketAddr,
        /// The zone.
        zone: String,
        /// The response code.
        code: Code,
    },
    /// The server says that all is well, but anybody could have said it. The change may be made or not.
    #[error("the answer of {server} is not signed with the key {key}, or not for this update")]
    Forged {
        /// Who answered, or seems to.
        server: SocketAddr,
        /// The name of the key.
        key: String,
    },
}

impl UpdateError {
    /// Whether the change may have been made all the same: the message was sent, and no answer, or none to be trusted, came.
    pub fn is_doubtful(&self) -> bool {
        matches!(self, Self::Dns(DnsError::NoAnswer { .. }) | Self::Forged { .. })
    }

    /// What to do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Dns(DnsError::NoAnswer { .. }) => {
                "look whether the server runs, and takes updates over UDP and TCP from here; or name another"
            }
            Self::Dns(_) => "correct the zone: its SOA and NS records, and the aliases that lead there",
            Self::BadKey { .. } => {
                "compare the key's name and algorithm with the server's configuration, and allow it to change the zone"
            }
            Self::BadSignature { .. } => "copy the key's secret from the server again",
            Self::BadTime { .. } => "set the clocks right, by NTP for example",
            Self::NotAuth { key: None, .. } => "name a TSIG key; or the primary server of the zone",
            Self::NotAuth { .. } => "name the primary server of the zone, that which keeps it",
            Self::Refused { key: None, .. } => "name a TSIG key, or allow the update on the server",
            Self::Refused { .. } => {
                "allow this key to change TXT records there (BIND: update-policy or allow-update; Knot: acl with action: update), \
                 and name the primary server"
            }
            Self::NotZone { .. } => {
                "name the primary server of the zone, and see that the resolvers and this server know the same zones"
            }
            Self::Other { code: Code::NotImp, .. } => "name a server that takes dynamic updates (RFC 2136)",
            Self::Other { .. } => "look into the log of the server; its journal or zone file may not be writable",
            Self::Forged { .. } => {
                "look who answers at this address; a signing server signs its answers with the same key"
            }
        }
    }
}

fn signed(key: &Option<String>) -> String {
    key.as_ref().map_or_else(|| "without a key".to_owned(), |key| format!("with the key {key}"))
}

fn difference(theirs: &Option<SystemTime>, ours: &SystemTime) -> String {
    let Some(theirs) = theirs else { return String::new() };
    match theirs.duration_since(*ours) {
        Ok(ahead) => format!("; its clock is {} s ahead", ahead.as_secs()),
        Err(behind) => format!("; its clock is {} s behind", behind.duration().as_secs()),
    }
}
