//! Certification requests (PKCS#10, RFC 2986) as ACME's finalize wants them (RFC 8555 §7.4).

use std::collections::HashSet;

use acme_jose::{Algorithm, Jwk, JwkError, SignError, Signer, base64url, ecdsa_der_to_fixed, ecdsa_fixed_to_der};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::COMMON_NAME;
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, ID_EXTENSION_REQ, SHA_256_WITH_RSA_ENCRYPTION,
};
use const_oid::db::rfc8410::ID_ED_25519;
use der::asn1::{Any, AnyRef, BitString, SetOfVec};
use der::{Decode as _, Encode as _, Sequence};
use x509_cert::attr::{AttributeTypeAndValue, Attributes};
use x509_cert::request::{CertReq, CertReqInfo, ExtensionReq, Version};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use crate::{Name, PemError, SanError, pem, san};

const LABEL: &str = "CERTIFICATE REQUEST";
/// RFC 5280 §A.1, `ub-common-name`.
const COMMON_NAME_MAX: usize = 64;

/// A certification request: names, a public key, and the proof that whoever asks has the private one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csr {
    der: Vec<u8>,
    names: Vec<Name>,
    public_key: Jwk,
}

impl Csr {
    /// Makes a request for `names`, signed with `key`.
    ///
    /// The subject is empty and all names stand in a critical subject alternative name extension (RFC 5280
    /// §4.2.1.6), the only one: first the DNS names, then the addresses, each in the given order and once. The request
    /// is read back before it is returned, so that a key kept elsewhere which signs wrongly is noticed here and not
    /// by the CA.
    ///
    /// # Errors
    /// When there is no name, when a name cannot stand in a certificate, or when the key does not sign.
    pub fn new(key: &dyn Signer, names: &[Name]) -> Result<Self, CsrError> {
        if let Some(name) = names.iter().find(|name| !name.is_well_formed()) {
            return Err(CsrError::Name(name.to_string()));
        }
        let info = CertReqInfo {
            version: Version::V1,
            subject: Default::default(),
            public_key: SubjectPublicKeyInfoOwned::from_der(&key.public_key().to_spki_der().map_err(CsrError::Key)?)
                .map_err(malformed)?,
            attributes: extension_request(&in_order(names))?,
        };
        let signature = sign(key, &info.to_der().map_err(malformed)?)?;
        let algorithm = algorithm_identifier(key.algorithm())?;
        Self::from_der(&CertReq { info, algorithm, signature }.to_der().map_err(malformed)?)
    }

    /// Reads a request that somebody else made, and checks its signature.
    ///
    /// # Errors
    /// When it is not DER, when its key or algorithm is unknown or switched off, when it has no names or others than
    /// DNS names and addresses, when its common name is not among them (RFC 8555 §7.4), or when it was not signed with
    /// its own key.
    pub fn from_der(der: &[u8]) -> Result<Self, CsrError> {
        let signed = SignedRequest::from_der(der).map_err(malformed)?;
        let signed_part = signed.info.to_der().map_err(malformed)?;
        let info = CertReqInfo::from_der(&signed_part).map_err(malformed)?;
        let spki = info.public_key.to_der().map_err(malformed)?;
        let public_key = Jwk::from_spki_der(&spki).map_err(CsrError::Key)?;
        signed.verify(&public_key, &signed_part)?;
        let names = requested_names(&info.attributes)?;
        if names.is_empty() {
            return Err(CsrError::NoNames);
        }
        info.subject
            .iter()
            .filter(|part| part.oid == COMMON_NAME)
            .try_for_each(|part| check_common_name(part, &names))?;
        Ok(Self { der: der.to_vec(), names, public_key })
    }

    /// Reads a PEM text that holds one `CERTIFICATE REQUEST` and nothing else.
    ///
    /// # Errors
    /// When it does not, and as [`from_der`](Self::from_der).
    pub fn from_pem(text: impl AsRef<[u8]>) -> Result<Self, CsrError> {
        let (der, _) = pem::blocks(text.as_ref(), LABEL, 1).map_err(CsrError::Pem)?;
        Self::from_der(&der)
    }

    /// The request as DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The request as the `csr` member of a finalize request: base64url of the DER, not PEM (RFC 8555 §7.4).
    pub fn to_base64url(&self) -> String {
        base64url::encode(&self.der)
    }

    /// The request as PEM, for other programs.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.der)
    }

    /// The names asked for: those of the subject alternative name extension, in its order.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// The key to be certified.
    pub fn public_key(&self) -> &Jwk {
        &self.public_key
    }
}

/// A request whose signed part is kept as it came: encoding it anew might sort its attributes.
#[derive(Sequence)]
struct SignedRequest<'a> {
    info: AnyRef<'a>,
    algorithm: AlgorithmIdentifierOwned,
    signature: BitString,
}

impl SignedRequest<'_> {
    fn verify(&self, key: &Jwk, signed_part: &[u8]) -> Result<(), CsrError> {
        let algorithm = key.algorithm();
        if self.algorithm.oid != oid(algorithm)? {
            return Err(CsrError::Algorithm { found: self.algorithm.oid.to_string(), expected: algorithm });
        }
        let octets = self.signature.as_bytes().ok_or(CsrError::Signature)?;
        let signature = match algorithm.ecdsa_signature_len() {
            Some(_) => ecdsa_der_to_fixed(algorithm, octets).map_err(|_| CsrError::Signature)?,
            None => octets.to_vec(),
        };
        key.verify(algorithm, signed_part, &signature).map_err(|_| CsrError::Signature)
    }
}

/// DNS names, then addresses, each once.
fn in_order(names: &[Name]) -> Vec<Name> {
    let (dns, addresses): (Vec<_>, Vec<_>) = names.iter().partition(|name| matches!(name, Name::Dns(_)));
    let mut seen = HashSet::new();
    dns.into_iter().chain(addresses).filter(|name| seen.insert(*name)).cloned().collect()
}

fn extension_request(names: &[Name]) -> Result<Attributes, CsrError> {
    if names.is_empty() {
        return Err(CsrError::NoNames);
    }
    let extension = san::critical_extension(names).map_err(malformed)?;
    let attribute = ExtensionReq(vec![extension]).try_into().map_err(malformed)?;
    SetOfVec::try_from(vec![attribute]).map_err(malformed)
}

/// The signature in the form X.509 wants.
pub(crate) fn sign(key: &dyn Signer, message: &[u8]) -> Result<BitString, CsrError> {
    let signature = key.sign(message)?;
    let octets = match key.algorithm().ecdsa_signature_len() {
        Some(_) => ecdsa_fixed_to_der(key.algorithm(), &signature)?,
        None => signature,
    };
    BitString::from_bytes(&octets).map_err(malformed)
}

/// RSA has NULL parameters (RFC 4055 §5), the others have none (RFC 5758 §3.2, RFC 8410 §3).
pub(crate) fn algorithm_identifier(algorithm: Algorithm) -> Result<AlgorithmIdentifierOwned, CsrError> {
    let parameters = (algorithm == Algorithm::Rs256).then(Any::null);
    Ok(AlgorithmIdentifierOwned { oid: oid(algorithm)?, parameters })
}

fn oid(algorithm: Algorithm) -> Result<ObjectIdentifier, CsrError> {
    match algorithm {
        Algorithm::Es256 => Ok(ECDSA_WITH_SHA_256),
        Algorithm::Es384 => Ok(ECDSA_WITH_SHA_384),
        Algorithm::Es512 => Ok(ECDSA_WITH_SHA_512),
        Algorithm::EdDsa => Ok(ID_ED_25519),
        Algorithm::Rs256 => Ok(SHA_256_WITH_RSA_ENCRYPTION),
        other => Err(CsrError::Unsupported(other)),
    }
}

fn requested_names(attributes: &Attributes) -> Result<Vec<Name>, CsrError> {
    let mut requests = attributes.iter().filter(|attribute| attribute.oid == ID_EXTENSION_REQ);
    let Some(request) = requests.next() else { return Ok(Vec::new()) };
    let (Some(value), 1, None) = (request.values.get(0), request.values.len(), requests.next()) else {
        return Err(CsrError::Malformed("it must ask for extensions once".to_string()));
    };
    Ok(san::names(&value.decode_as::<ExtensionReq>().map_err(malformed)?.0)?)
}

/// A common name is one of the names (RFC 8555 §7.4).
fn check_common_name(part: &AttributeTypeAndValue, names: &[Name]) -> Result<(), CsrError> {
    let text = String::from_utf8_lossy(part.value.value());
    if text.chars().count() <= COMMON_NAME_MAX && names.contains(&Name::parse(&text)) {
        return Ok(());
    }
    Err(CsrError::CommonName(text.into_owned()))
}

/// Why a request could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsrError {
    /// A certificate without names is of no use.
    #[error("a request needs one name at least, as subject alternative name")]
    NoNames,
    /// A name that cannot stand in a certificate.
    #[error(
        "{0:?} cannot stand in a certificate: labels of a-z, 0-9, - and _ with 1 to 63 characters, 253 in all, `*.` \
         only in front; write other alphabets as xn--…"
    )]
    Name(String),
    /// The names could not be read.
    #[error(transparent)]
    San(#[from] SanError),
    /// The common name is too long or none of the names. Leave it out.
    #[error("the common name {0:?} must be one of the subject alternative names and have 64 characters at most")]
    CommonName(String),
    /// Not PEM with one request.
    #[error("not a PEM request: {0}")]
    Pem(PemError),
    /// Not a PKCS#10 request.
    #[error("not a PKCS#10 request: {0}")]
    Malformed(String),
    /// The public key is not usable.
    #[error("the request's public key: {0}")]
    Key(JwkError),
    /// Signed with an algorithm that is not the one of the key.
    #[error("the request is signed with the algorithm {found}; sign it with {expected}")]
    Algorithm {
        /// The OID that was found.
        found: String,
        /// The algorithm that goes with the key.
        expected: Algorithm,
    },
    /// The signature was not made with the request's own key.
    #[error("the request is not signed with its own key, or was changed since")]
    Signature,
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// An algorithm for which X.509 has no identifier here.
    #[error("requests cannot be signed with {0}")]
    Unsupported(Algorithm),
}

fn malformed(error: der::Error) -> CsrError {
    CsrError::Malformed(error.to_string())
}
