//! The certificate that tls-alpn-01 shows (RFC 8737 §3).

use std::time::{Duration, SystemTime};

use acme_jose::{JwkError, Signer};
use const_oid::ObjectIdentifier;
use der::asn1::{BitString, OctetString};
use der::{DateTime, Decode as _, Encode as _, Sequence};
use x509_cert::certificate::Version;
use x509_cert::ext::{Extension, Extensions};
use x509_cert::name::RdnSequence;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use crate::csr::{algorithm_identifier, sign};
use crate::{CsrError, Name, san};

/// id-pe-acmeIdentifier (RFC 8737 §6.1).
const ACME_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.31");

/// Nobody looks at it; it must be there, and be the same as issuer and subject.
const SUBJECT: &str = "CN=ACME challenge";

/// How long before and after it is made it is valid, though no CA looks.
const VALIDITY: Duration = Duration::from_secs(7 * 86_400);

/// A self-signed certificate for one name or address and nothing else, whose critical extension acmeIdentifier holds the
/// SHA-256 of the key authorization (RFC 8737 §3, RFC 8738 §6). As DER.
///
/// The key is to be a fresh one: it certifies nothing.
///
/// # Errors
/// When the name cannot stand in a certificate or is a wildcard, or when the key does not sign.
pub fn challenge_certificate(
    key: &dyn Signer,
    name: &Name,
    sha256: &[u8; 32],
    now: SystemTime,
) -> Result<Vec<u8>, ChallengeCertificateError> {
    if !name.is_well_formed() || matches!(name, Name::Dns(text) if text.starts_with("*.")) {
        return Err(ChallengeCertificateError::Name(name.to_string()));
    }
    let public_key = key.public_key().to_spki_der().map_err(ChallengeCertificateError::Key)?;
    let algorithm = algorithm_identifier(key.algorithm())?;
    let info = info(&algorithm, name, sha256, &public_key, now).map_err(unencodable)?;
    let signature = sign(key, &info.to_der().map_err(unencodable)?)?;
    Signed { info, algorithm, signature }.to_der().map_err(unencodable)
}

fn info(
    algorithm: &AlgorithmIdentifierOwned,
    name: &Name,
    sha256: &[u8; 32],
    public_key: &[u8],
    now: SystemTime,
) -> der::Result<Info> {
    let subject: RdnSequence = SUBJECT.parse()?;
    Ok(Info {
        version: Version::V3,
        serial_number: SerialNumber::from(1u8),
        signature: algorithm.clone(),
        issuer: subject.clone(),
        validity: Validity::new(time(now - VALIDITY)?, time(now + VALIDITY)?),
        subject,
        public_key: SubjectPublicKeyInfoOwned::from_der(public_key)?,
        extensions: vec![
            Extension { critical: false, ..san::critical_extension(std::slice::from_ref(name))? },
            identifier(sha256)?,
        ],
    })
}

fn time(time: SystemTime) -> der::Result<Time> {
    Ok(DateTime::from_unix_duration(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default())?.into())
}

/// An octet string inside the one that every extension is (RFC 8737 §3).
fn identifier(sha256: &[u8; 32]) -> der::Result<Extension> {
    let value = OctetString::new(sha256.as_slice())?.to_der()?;
    Ok(Extension { extn_id: ACME_IDENTIFIER, critical: true, extn_value: OctetString::new(value)? })
}

/// TBSCertificate (RFC 5280 §4.1), as far as it is needed.
#[derive(Sequence)]
struct Info {
    #[asn1(context_specific = "0")]
    version: Version,
    serial_number: SerialNumber,
    signature: AlgorithmIdentifierOwned,
    issuer: RdnSequence,
    validity: Validity,
    subject: RdnSequence,
    public_key: SubjectPublicKeyInfoOwned,
    #[asn1(context_specific = "3")]
    extensions: Extensions,
}

#[derive(Sequence)]
struct Signed {
    info: Info,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChallengeCertificateError {
    /// The name cannot be proven so.
    #[error("{0:?} cannot be proven by a certificate: it must be one domain name without `*.`, or an address")]
    Name(String),
    /// The public key cannot be encoded.
    #[error(transparent)]
    Key(JwkError),
    /// The key does not sign.
    #[error(transparent)]
    Sign(#[from] CsrError),
    /// It could not be encoded.
    #[error("the certificate cannot be encoded: {0}")]
    Encoding(String),
}

fn unencodable(error: der::Error) -> ChallengeCertificateError {
    ChallengeCertificateError::Encoding(error.to_string())
}
