//! Certificates signed: a root, an intermediate below it, leaves below that (RFC 5280).

use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use acme_jose::{Jwk, KeyType, PrivateKey, Signer as _};
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use x509_cert::Certificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::profile::cabf::{Root, tls};
use x509_cert::builder::{Builder as _, CertificateBuilder};
use x509_cert::der::asn1::{Ia5String, OctetString};
use x509_cert::der::{Decode as _, EncodePem as _, pem::LineEnding};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use x509_cert::time::{Time, Validity};

use crate::identifier::Identifier;

/// Why a certificate could not be signed.
pub(crate) type IssueError = Box<dyn std::error::Error + Send + Sync>;

/// How long a leaf is good.
const LEAF_LIFETIME: Duration = Duration::from_secs(90 * 86_400);
/// How long root and intermediate are good: no test CA lives for longer.
const CA_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How far before now a certificate begins, for clocks that are behind.
const BACKDATED: Duration = Duration::from_secs(60 * 60);

/// A root, and the intermediate that signs in its name.
pub(crate) struct Issuer {
    pub(crate) root_pem: String,
    intermediate: Certificate,
    key: SigningKey,
}

/// A leaf and its chain.
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    /// Leaf and intermediate as PEM, without the root (RFC 8555 §9.1).
    pub(crate) chain: String,
}

impl Issuer {
    /// A new root and intermediate, `name` in the names of both.
    pub(crate) fn new(name: &str) -> Result<Self, IssueError> {
        // The profile of a root wants all three (CA/Browser Forum BR §7.1.2.10.2).
        let full_name = |role| Name::from_str(&format!("CN={name} {role},O=luacme,C=XX"));
        let (root_name, name) = (full_name("root")?, full_name("intermediate")?);
        let (root_key, root_public) = new_key()?;
        let (key, public) = new_key()?;
        let root = build(Root::new(false, root_name.clone())?, [1; 16], CA_LIFETIME, &root_public, &root_key, None)?;
        let profile = tls::Subordinate {
            issuer: root_name,
            subject: name,
            path_len_constraint: Some(0),
            emits_ocsp_response: false,
            client_auth: false,
        };
        let intermediate = build(profile, [2; 16], CA_LIFETIME, &public, &root_key, None)?;
        Ok(Self { root_pem: root.to_pem(LineEnding::LF)?, intermediate, key })
    }

    /// A leaf for `names` with the key `public`.
    pub(crate) fn issue<'a>(
        &self,
        public: &Jwk,
        names: impl IntoIterator<Item = &'a Identifier>,
        serial: [u8; 16],
    ) -> Result<Issued, IssueError> {
        let names = SubjectAltName(names.into_iter().map(general_name).collect::<Result<_, _>>()?);
        let profile = tls::Subscriber {
            certificate_type: tls::CertificateType::domain_validated(Name::default(), names.0.clone())?,
            issuer: self.intermediate.tbs_certificate().subject().clone(),
            client_auth: false,
        };
        let leaf = build(profile, serial, LEAF_LIFETIME, public, &self.key, Some(&names))?;
        let chain = leaf.to_pem(LineEnding::LF)? + &self.intermediate.to_pem(LineEnding::LF)?;
        Ok(Issued { der: x509_cert::der::Encode::to_der(&leaf)?, chain })
    }
}

fn build(
    profile: impl BuilderProfile,
    serial: [u8; 16],
    lifetime: Duration,
    public: &Jwk,
    signer: &SigningKey,
    names: Option<&SubjectAltName>,
) -> Result<Certificate, IssueError> {
    let start = SystemTime::now() - BACKDATED;
    let validity = Validity::new(Time::try_from(start)?, Time::try_from(start + lifetime)?);
    let public = SubjectPublicKeyInfoOwned::from_der(&public.to_spki_der()?)?;
    let mut builder = CertificateBuilder::new(profile, SerialNumber::new(&serial)?, validity, public)?;
    if let Some(names) = names {
        builder.add_extension(names)?;
    }
    Ok(builder.build::<_, DerSignature>(signer)?)
}

fn new_key() -> Result<(SigningKey, Jwk), IssueError> {
    let key = PrivateKey::generate(KeyType::P256)?;
    let signer = SigningKey::from_pkcs8_der(&key.to_pkcs8_der()?)?;
    Ok((signer, key.public_key()))
}

fn general_name(identifier: &Identifier) -> Result<GeneralName, IssueError> {
    Ok(match identifier {
        Identifier::Dns(name) => GeneralName::DnsName(Ia5String::new(name)?),
        Identifier::Ip(IpAddr::V4(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
        Identifier::Ip(IpAddr::V6(address)) => GeneralName::IpAddress(OctetString::new(address.octets())?),
    })
}
