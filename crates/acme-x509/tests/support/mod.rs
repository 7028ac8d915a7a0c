//! A certificate authority for tests: whatever it is told to write, it signs.

use acme_jose::{Jwk, KeyType, PrivateKey, Signer as _};
use acme_x509::Certificate;
use der::asn1::{Ia5String, ObjectIdentifier, OctetString};
use der::{DateTime, Decode as _, Encode};
use p256::ecdsa::{DerSignature, SigningKey};
use x509_cert::TbsCertificate;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder as _, CertificateBuilder, Result};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name as DistinguishedName;
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef};
use x509_cert::time::{Time, Validity};

pub(crate) const SUBJECT_ALT_NAME: &str = "2.5.29.17";
pub(crate) const AUTHORITY_KEY_ID: &str = "2.5.29.35";

/// What a certificate is to say.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) subject: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) serial: &'static [u8],
    pub(crate) validity: [(u16, u8, u8); 2],
    pub(crate) extensions: Vec<Extension>,
}

impl Template {
    pub(crate) fn new(subject: &'static str, issuer: &'static str) -> Self {
        Self { subject, issuer, serial: &[1], validity: [(2026, 1, 1), (2026, 4, 1)], extensions: Vec::new() }
    }

    pub(crate) fn extension(mut self, id: &str, value: &impl Encode) -> Self {
        let extn_value = OctetString::new(value.to_der().unwrap()).unwrap();
        let extn_id = ObjectIdentifier::new(id).unwrap();
        self.extensions.push(Extension { extn_id, critical: false, extn_value });
        self
    }

    pub(crate) fn names(self, names: &[GeneralName]) -> Self {
        self.extension(SUBJECT_ALT_NAME, &names.to_vec())
    }

    pub(crate) fn sign(&self, key: &Jwk) -> Certificate {
        let spki = SubjectPublicKeyInfoOwned::from_der(&key.to_spki_der().unwrap()).unwrap();
        let [not_before, not_after] =
            self.validity.map(|(year, month, day)| Time::from(DateTime::new(year, month, day, 1, 2, 3).unwrap()));
        let serial = SerialNumber::new(self.serial).unwrap();
        let validity = Validity::new(not_before, not_after);
        let builder = CertificateBuilder::new(self.clone(), serial, validity, spki).unwrap();
        let signer = SigningKey::from_slice(&[7; 32]).unwrap();
        let certificate = builder.build::<_, DerSignature>(&signer).unwrap();
        Certificate::from_der(&certificate.to_der().unwrap()).unwrap()
    }
}

impl BuilderProfile for Template {
    fn get_issuer(&self, _: &DistinguishedName) -> DistinguishedName {
        name(self.issuer)
    }

    fn get_subject(&self) -> DistinguishedName {
        name(self.subject)
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> Result<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

fn name(text: &str) -> DistinguishedName {
    if text.is_empty() { DistinguishedName::default() } else { text.parse().unwrap() }
}

pub(crate) fn public_key() -> Jwk {
    PrivateKey::generate(KeyType::P256).unwrap().public_key()
}

pub(crate) fn dns(name: &str) -> GeneralName {
    GeneralName::DnsName(Ia5String::new(name).unwrap())
}

pub(crate) fn ip(octets: &[u8]) -> GeneralName {
    GeneralName::IpAddress(OctetString::new(octets).unwrap())
}
