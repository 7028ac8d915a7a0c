//! Response codes that say no (RFC 1035 §4.1.1, RFC 2136 §2.2, RFC 6895 §2.3).

use std::fmt;

use hickory_proto::op::ResponseCode;

/// A response code other than NOERROR and NXDOMAIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The server does not understand the message.
    FormErr,
    /// The server, or one that it asks, has trouble: DNSSEC that does not verify, a zone that is not loaded, a server that is down.
    ServFail,
    /// The server cannot do that.
    NotImp,
    /// The server does not want to.
    Refused,
    /// The server has no such zone, or does not accept the key.
    NotAuth,
    /// A name is not in the zone.
    NotZone,
    /// Any other, by its number.
    Other(u16),
}

impl Code {
    /// None for NOERROR and NXDOMAIN.
    pub(super) fn new(code: ResponseCode) -> Option<Self> {
        match u16::from(code) {
            0 | 3 => None,
            1 => Some(Self::FormErr),
            2 => Some(Self::ServFail),
            4 => Some(Self::NotImp),
            5 => Some(Self::Refused),
            9 => Some(Self::NotAuth),
            10 => Some(Self::NotZone),
            other => Some(Self::Other(other)),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FormErr => f.write_str("FORMERR (it does not understand the message)"),
            Self::ServFail => f.write_str("SERVFAIL (it has trouble itself, or with another server)"),
            Self::NotImp => f.write_str("NOTIMP (it cannot do that)"),
            Self::Refused => f.write_str("REFUSED (it does not want to)"),
            Self::NotAuth => f.write_str("NOTAUTH (it has no such zone, or does not accept the key)"),
            Self::NotZone => f.write_str("NOTZONE (a name is not in the zone)"),
            Self::Other(code) => write!(f, "response code {code}"),
        }
    }
}
