//! The subject alternative name extension (RFC 5280 §4.2.1.6), and finding one extension among many.

use std::net::IpAddr;

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;
use der::asn1::{Ia5String, OctetString};
use der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::{GeneralName, GeneralNames};

use crate::Name;

/// Why the names of a request or a certificate could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SanError {
    /// The extension is not what RFC 5280 describes.
    #[error("the subject alternative names are malformed: {0}")]
    Malformed(String),
    /// The extension stands there more than once (RFC 5280 §4.2).
    #[error("there is more than one extension with subject alternative names")]
    Repeated,
    /// A name that is neither a DNS name nor an IP address.
    #[error("the subject alternative names hold a {0}; only DNS names and IP addresses are expected")]
    Kind(&'static str),
    /// An IP address that has neither 4 nor 16 octets.
    #[error("the subject alternative names hold an IP address of {0} octets; 4 or 16 are expected")]
    AddressLength(usize),
}

/// The extension for these names. It is critical, as it must be beside an empty subject.
pub(crate) fn critical_extension(names: &[Name]) -> der::Result<Extension> {
    let names = names.iter().map(to_general).collect::<der::Result<GeneralNames>>()?;
    Ok(Extension { extn_id: ID_CE_SUBJECT_ALT_NAME, critical: true, extn_value: OctetString::new(names.to_der()?)? })
}

/// The names in `extensions`, in their order. None when the extension is not there.
pub(crate) fn names(extensions: &[Extension]) -> Result<Vec<Name>, SanError> {
    let Some(extension) = find(extensions, ID_CE_SUBJECT_ALT_NAME).map_err(|Repeated| SanError::Repeated)? else {
        return Ok(Vec::new());
    };
    let names = GeneralNames::from_der(extension.extn_value.as_bytes());
    names.map_err(|error| SanError::Malformed(error.to_string()))?.iter().map(from_general).collect()
}

/// The same extension twice, which RFC 5280 §4.2 forbids.
#[derive(Debug)]
pub(crate) struct Repeated;

/// The extension with this identifier.
pub(crate) fn find(extensions: &[Extension], id: ObjectIdentifier) -> Result<Option<&Extension>, Repeated> {
    let mut found = extensions.iter().filter(|extension| extension.extn_id == id);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Repeated),
        (found, None) => Ok(found),
    }
}

/// An address is an iPAddress of 4 or 16 octets, never a dNSName (RFC 8738 §3).
fn to_general(name: &Name) -> der::Result<GeneralName> {
    Ok(match name {
        Name::Dns(name) => GeneralName::DnsName(Ia5String::new(name)?),
        Name::Ip(address) => (*address).into(),
    })
}

fn from_general(name: &GeneralName) -> Result<Name, SanError> {
    match name {
        GeneralName::DnsName(name) => Ok(Name::Dns(name.as_str().to_ascii_lowercase())),
        GeneralName::IpAddress(octets) => address(octets.as_bytes()).map(Name::Ip),
        GeneralName::OtherName(_) => Err(SanError::Kind("otherName")),
        GeneralName::Rfc822Name(_) => Err(SanError::Kind("rfc822Name")),
        GeneralName::DirectoryName(_) => Err(SanError::Kind("directoryName")),
        GeneralName::EdiPartyName(_) => Err(SanError::Kind("ediPartyName")),
        GeneralName::UniformResourceIdentifier(_) => Err(SanError::Kind("uniformResourceIdentifier")),
        GeneralName::RegisteredId(_) => Err(SanError::Kind("registeredID")),
    }
}

fn address(octets: &[u8]) -> Result<IpAddr, SanError> {
    <[u8; 4]>::try_from(octets)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from))
        .map_err(|_| SanError::AddressLength(octets.len()))
}
