//! Certificates signed: roots, intermediates that each of them vouches for, leaves below those (RFC 5280).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::{Duration, SystemTime};

use acme_jose::{Jwk, KeyType, PrivateKey, Signer as _};
use p256::ecdsa::{DerSignature, SigningKey};
use p256::pkcs8::DecodePrivateKey as _;
use x509_cert::Certificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::profile::cabf::{self, tls};
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

/// How long a leaf is good, if nobody says otherwise.
pub(crate) const LEAF_LIFETIME: Duration = Duration::from_secs(90 * 86_400);
/// How far before now a certificate begins, for clocks that are behind.
pub(crate) const BACKDATED: Duration = Duration::from_secs(60 * 60);
/// How long roots and intermediates are good: no test CA lives for longer.
const CA_LIFETIME: Duration = Duration::from_secs(10 * 365 * 86_400);

/// Roots, the first of which counts unless a client chooses otherwise, and intermediates.
pub(crate) struct Issuer {
    roots: Vec<String>,
    intermediates: Vec<Intermediate>,
}

/// A key that signs leaves.
struct Intermediate {
    key: SigningKey,
    public: Jwk,
    /// One by each root, all for the same name and key.
    certificates: Vec<Certificate>,
}

/// What a leaf is to hold.
pub(crate) struct Request<'a> {
    pub(crate) key: &'a Jwk,
    pub(crate) names: &'a BTreeSet<Identifier>,
    pub(crate) serial: [u8; 16],
    pub(crate) validity: (SystemTime, SystemTime),
}

/// A leaf and its chains.
pub(crate) struct Issued {
    pub(crate) der: Vec<u8>,
    /// For each root the leaf, the intermediate and the root, as PEM.
    pub(crate) chains: Vec<[String; 3]>,
}

impl Issuer {
    /// New roots, `alternates` more than one, and new intermediates, `name` in the names of all.
    pub(crate) fn new(
        name: &str,
        alternates: usize,
        intermediates: usize,
        now: SystemTime,
    ) -> Result<Self, IssueError> {
        let roots = (0..=alternates).map(|index| Root::new(name, index, now)).collect::<Result<Vec<_>, _>>()?;
        let intermediates =
            (0..intermediates).map(|index| Intermediate::new(name, index, &roots, now)).collect::<Result<_, _>>()?;
        let roots = roots.iter().map(|root| root.certificate.to_pem(LineEnding::LF)).collect::<Result<_, _>>()?;
        Ok(Self { roots, intermediates })
    }

    /// The root that counts, as PEM.
    pub(crate) fn root_pem(&self) -> &str {
        &self.roots[0]
    }

    /// The other roots, as PEM.
    pub(crate) fn alternate_root_pems(&self) -> &[String] {
        &self.roots[1..]
    }

    /// How many keys there are that can sign.
    pub(crate) fn intermediates(&self) -> usize {
        self.intermediates.len()
    }

    /// Somebody's public key that is surely not the client's.
    pub(crate) fn foreign_key(&self) -> &Jwk {
        &self.intermediates[0].public
    }

    /// A leaf, by the intermediate of this index.
    pub(crate) fn issue(&self, request: &Request<'_>, by: usize) -> Result<Issued, IssueError> {
        let by = &self.intermediates[by];
        let names = SubjectAltName(request.names.iter().map(general_name).collect::<Result<_, _>>()?);
        let profile = tls::Subscriber {
            certificate_type: tls::CertificateType::domain_validated(Name::default(), names.0.clone())?,
            issuer: by.certificates[0].tbs_certificate().subject().clone(),
            client_auth: false,
        };
        let leaf = build(profile, request.serial, request.validity, request.key, &by.key, Some(&names))?;
        let pem = leaf.to_pem(LineEnding::LF)?;
        let chain = |(certificate, root): (&Certificate, &String)| -> Result<_, IssueError> {
            Ok([pem.clone(), certificate.to_pem(LineEnding::LF)?, root.clone()])
        };
        let chains = by.certificates.iter().zip(&self.roots).map(chain).collect::<Result<_, _>>()?;
        Ok(Issued { der: x509_cert::der::Encode::to_der(&leaf)?, chains })
    }
}

/// A root while its key is needed.
struct Root {
    name: Name,
    key: SigningKey,
    certificate: Certificate,
}

impl Root {
    fn new(name: &str, index: usize, now: SystemTime) -> Result<Self, IssueError> {
        let name = full_name(name, "root", index)?;
        let (key, public) = new_key()?;
        let profile = cabf::Root::new(false, name.clone())?;
        let certificate = build(profile, [1; 16], (now - BACKDATED, now + CA_LIFETIME), &public, &key, None)?;
        Ok(Self { name, key, certificate })
    }
}

impl Intermediate {
    fn new(name: &str, index: usize, roots: &[Root], now: SystemTime) -> Result<Self, IssueError> {
        let subject = full_name(name, "intermediate", index)?;
        let (key, public) = new_key()?;
        let certificate = |root: &Root| {
            let profile = tls::Subordinate {
                issuer: root.name.clone(),
                subject: subject.clone(),
                path_len_constraint: Some(0),
                emits_ocsp_response: false,
                client_auth: false,
            };
            let serial = [u8::try_from(index)?.saturating_add(2); 16];
            build(profile, serial, (now - BACKDATED, now + CA_LIFETIME), &public, &root.key, None)
        };
        let certificates = roots.iter().map(certificate).collect::<Result<_, _>>()?;
        Ok(Self { key, public, certificates })
    }
}

/// The profile of a root wants all three parts (CA/Browser Forum BR §7.1.2.10.2). The first of a kind has no number.
fn full_name(name: &str, role: &str, index: usize) -> Result<Name, IssueError> {
    let number = if index == 0 { String::new() } else { format!(" {}", index + 1) };
    Ok(Name::from_str(&format!("CN={name} {role}{number},O=luacme,C=XX"))?)
}

fn build(
    profile: impl BuilderProfile,
    serial: [u8; 16],
    (start, end): (SystemTime, SystemTime),
    public: &Jwk,
    signer: &SigningKey,
    names: Option<&SubjectAltName>,
) -> Result<Certificate, IssueError> {
    let validity = Validity::new(Time::try_from(start)?, Time::try_from(end)?);
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
