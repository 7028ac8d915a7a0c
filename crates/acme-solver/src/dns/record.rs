//! Kinds of records and what stands in them, as far as proofs of control need them.

use std::net::{Ipv4Addr, Ipv6Addr};

use hickory_proto::rr::{self, Name, RData};

use super::DnsError;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses (RFC 3596).
    Aaaa,
    /// Which CAs may certify a name (RFC 8659).
    Caa,
    /// An alias.
    Cname,
    /// The name servers of a zone.
    Ns,
    /// The start of a zone.
    Soa,
    /// Text.
    Txt,
}

impl From<RecordType> for rr::RecordType {
    fn from(kind: RecordType) -> Self {
        match kind {
            RecordType::A => Self::A,
            RecordType::Aaaa => Self::AAAA,
            RecordType::Caa => Self::CAA,
            RecordType::Cname => Self::CNAME,
            RecordType::Ns => Self::NS,
            RecordType::Soa => Self::SOA,
            RecordType::Txt => Self::TXT,
        }
    }
}

/// What stands in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Data {
    /// An IPv4 address.
    A(Ipv4Addr),
    /// An IPv6 address.
    Aaaa(Ipv6Addr),
    /// A property (RFC 8659 §4.1).
    Caa {
        /// A CA that does not know the tag must not issue.
        critical: bool,
        /// `issue`, `issuewild`, `iodef` and others, in lower case.
        tag: String,
        /// As it stands there.
        value: String,
    },
    /// The name that an alias stands for.
    Cname(String),
    /// The name of a name server.
    Ns(String),
    /// The start of a zone.
    Soa {
        /// The name of the server that takes updates (RFC 2136 §4.3), unless the zone says otherwise.
        primary: String,
        /// The version of the zone.
        serial: u32,
    },
    /// The strings of a record, joined.
    Txt(String),
}

impl Data {
    /// None for a type that nothing here asks for.
    pub(super) fn new(data: &RData) -> Option<Self> {
        let lossy = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        Some(match data {
            RData::A(address) => Self::A(address.0),
            RData::AAAA(address) => Self::Aaaa(address.0),
            RData::CAA(caa) => {
                Self::Caa { critical: caa.issuer_critical, tag: caa.tag.to_ascii_lowercase(), value: lossy(&caa.value) }
            }
            RData::CNAME(alias) => Self::Cname(text(&alias.0)),
            RData::NS(server) => Self::Ns(text(&server.0)),
            RData::SOA(soa) => Self::Soa { primary: text(&soa.mname), serial: soa.serial },
            RData::TXT(txt) => Self::Txt(lossy(&txt.txt_data.concat())),
            _ => return None,
        })
    }
}

/// Reads a name, with or without a dot at its end.
pub(super) fn parse_name(name: &str) -> Result<Name, DnsError> {
    let mut parsed = Name::from_ascii(name).map_err(|_| DnsError::Name(name.to_owned()))?;
    parsed.set_fqdn(true);
    Ok(parsed)
}

/// A name in lower case, with a dot at its end.
pub(super) fn text(name: &Name) -> String {
    name.to_ascii().to_ascii_lowercase()
}
