//! One certificate, seen as far as an ACME client looks (RFC 5280 §4.1).

use std::fmt;
use std::time::{Duration, SystemTime};

use acme_jose::{Jwk, JwkError};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_SUBJECT_KEY_IDENTIFIER};
use der::asn1::{Any, BitString, GeneralizedTime, Int, OctetString, UtcTime};
use der::{Decode as _, DecodeOwned, Encode as _, Sequence, Tag, Tagged as _};
use sha2::{Digest as _, Sha256};
use x509_cert::Version;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::name::Name as DistinguishedName;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::{Name, SanError, pem, san};

pub(crate) const LABEL: &str = "CERTIFICATE";

/// A certificate. Two are equal when their octets are.
///
/// Only its outer form is checked when it is read. Dates, key and extensions are looked at when they are asked for,
/// so that a certificate with an odd one among them is still of use. Signatures are not checked.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    tbs: TbsCertificate,
}

/// RFC 5280 §4.1.
#[derive(Sequence)]
struct SignedCertificate {
    tbs: TbsCertificate,
    _algorithm: AlgorithmIdentifierOwned,
    _signature: BitString,
}

/// RFC 5280 §4.1.2. The type of x509-cert knows no dates before 1970, which RFC 9773's example has.
#[derive(Clone, Sequence)]
struct TbsCertificate {
    #[asn1(context_specific = "0", default = "Default::default")]
    _version: Version,
    serial_number: Int,
    _signature: AlgorithmIdentifierOwned,
    issuer: DistinguishedName,
    validity: Validity,
    subject: DistinguishedName,
    subject_public_key_info: Any,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    _issuer_unique_id: Option<BitString>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    _subject_unique_id: Option<BitString>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

/// RFC 5280 §4.1.2.5, not interpreted yet.
#[derive(Clone, Sequence)]
struct Validity {
    not_before: Any,
    not_after: Any,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// When it is not a DER certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = SignedCertificate::from_der(der).map_err(malformed)?;
        Ok(Self { der: der.to_vec(), tbs: certificate.tbs })
    }

    /// The certificate as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The certificate as PEM, lines ending with LF.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }

    /// The SHA-256 hash of the DER.
    pub fn sha256_fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.der).into()
    }

    /// The subject alternative names, in their order. None when there is no such extension.
    ///
    /// # Errors
    /// When the extension is malformed, there twice, or holds others than DNS names and addresses.
    pub fn names(&self) -> Result<Vec<Name>, CertificateError> {
        Ok(san::names(self.extensions())?)
    }

    /// The certified key.
    ///
    /// # Errors
    /// When the key is unusable, or its kind unknown or switched off.
    pub fn public_key(&self) -> Result<Jwk, CertificateError> {
        let spki = self.tbs.subject_public_key_info.to_der().map_err(malformed)?;
        Jwk::from_spki_der(&spki).map_err(CertificateError::Key)
    }

    /// The first second of its validity.
    ///
    /// # Errors
    /// When it lies before 1970 or is malformed.
    pub fn not_before(&self) -> Result<SystemTime, CertificateError> {
        time(&self.tbs.validity.not_before)
    }

    /// The last second of its validity (RFC 5280 §4.1.2.5).
    ///
    /// # Errors
    /// As [`not_before`](Self::not_before).
    pub fn not_after(&self) -> Result<SystemTime, CertificateError> {
        time(&self.tbs.validity.not_after)
    }

    /// The content octets of the serial number as they stand in the DER: big-endian, and with the zero octet that
    /// keeps a number with its highest bit set from being negative.
    pub fn serial(&self) -> &[u8] {
        self.tbs.serial_number.as_bytes()
    }

    /// The issuer in the notation of RFC 4514, control characters escaped.
    pub fn issuer(&self) -> String {
        self.tbs.issuer.to_string()
    }

    /// The issuer's common name as it stands there: it may hold any character.
    pub fn issuer_common_name(&self) -> Option<String> {
        self.tbs.issuer.common_name().ok().flatten().map(Into::into)
    }

    /// The subject in the notation of RFC 4514, control characters escaped. Often empty.
    pub fn subject(&self) -> String {
        self.tbs.subject.to_string()
    }

    /// The `keyIdentifier` of the authority key identifier extension (RFC 5280 §4.2.1.1): which key of the issuer signed.
    ///
    /// # Errors
    /// When the extension is malformed or there twice.
    pub fn authority_key_id(&self) -> Result<Option<Vec<u8>>, CertificateError> {
        let extension: Option<AuthorityKeyIdentifier> = self.extension(ID_CE_AUTHORITY_KEY_IDENTIFIER)?;
        Ok(extension.and_then(|extension| extension.key_identifier).map(|id| id.into_bytes().into_vec()))
    }

    /// The subject key identifier extension (RFC 5280 §4.2.1.2).
    ///
    /// # Errors
    /// When the extension is malformed or there twice.
    pub fn subject_key_id(&self) -> Result<Option<Vec<u8>>, CertificateError> {
        let id: Option<OctetString> = self.extension(ID_CE_SUBJECT_KEY_IDENTIFIER)?;
        Ok(id.map(|id| id.into_bytes().into_vec()))
    }

    /// Whether this is, by all it says, the issuer of `other`: the names are the same, and the key identifiers too
    /// where both have one (RFC 5280 §6.1.3, §4.2.1.1). The signature is not checked.
    pub fn issues(&self, other: &Self) -> bool {
        let same_key = match (self.subject_key_id(), other.authority_key_id()) {
            (Ok(Some(subject)), Ok(Some(authority))) => subject == authority,
            (subject, authority) => subject.is_ok() && authority.is_ok(),
        };
        self.tbs.subject == other.tbs.issuer && !self.tbs.subject.is_empty() && same_key
    }

    fn extensions(&self) -> &Extensions {
        const NONE: &Extensions = &Extensions::new();
        self.tbs.extensions.as_ref().unwrap_or(NONE)
    }

    fn extension<T: DecodeOwned<Error = der::Error>>(
        &self,
        id: ObjectIdentifier,
    ) -> Result<Option<T>, CertificateError> {
        let extension = san::find(self.extensions(), id).map_err(|_| CertificateError::Repeated(id.to_string()))?;
        extension.map(|extension| T::from_der(extension.extn_value.as_bytes())).transpose().map_err(malformed)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?}, issued by {:?}, serial {:02x?})", self.subject(), self.issuer(), self.serial())
    }
}

fn time(value: &Any) -> Result<SystemTime, CertificateError> {
    let since_epoch: der::Result<Duration> = match value.tag() {
        Tag::UtcTime => value.decode_as::<UtcTime>().map(|time| time.to_unix_duration()),
        _ => value.decode_as::<GeneralizedTime>().map(|time| time.to_unix_duration()),
    };
    // The year 9999 is the last one that can be written, so the sum does not overflow.
    since_epoch
        .map(|duration| SystemTime::UNIX_EPOCH + duration)
        .map_err(|error| CertificateError::Time(error.to_string()))
}

/// Why a certificate, or a part of it, could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not a certificate, or one with a damaged extension.
    #[error("not an X.509 certificate: {0}")]
    Malformed(String),
    /// An extension that is there twice (RFC 5280 §4.2).
    #[error("the certificate has the extension {0} more than once")]
    Repeated(String),
    /// The names could not be read.
    #[error(transparent)]
    San(#[from] SanError),
    /// The public key could not be read.
    #[error("the certificate's public key: {0}")]
    Key(JwkError),
    /// A date that is malformed or before 1970.
    #[error("the certificate's validity is not in dates from 1970 to 9999: {0}")]
    Time(String),
    /// Without an authority key identifier a certificate has no identifier for renewal information.
    #[error(
        "the certificate names no issuer key (authority key identifier), so there is no renewal information for it"
    )]
    NoKeyIdentifier,
}

fn malformed(error: der::Error) -> CertificateError {
    CertificateError::Malformed(error.to_string())
}
