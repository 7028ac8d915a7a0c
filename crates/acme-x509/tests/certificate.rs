//! Certificates and their identifiers for renewal information.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::time::{Duration, SystemTime};

use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_x509::ari::certificate_id;
use acme_x509::{Certificate, CertificateError, Chain, Name, SanError};
use der::asn1::{Ia5String, OctetString};
use support::{AUTHORITY_KEY_ID, Template, dns, ip, public_key};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::ext::pkix::name::GeneralName;

/// RFC 9773, appendix A.
const EXAMPLE: &str = include_str!("vectors/rfc9773.cert.pem");

fn example() -> Certificate {
    Chain::from_pem(EXAMPLE).unwrap().leaf().clone()
}

fn key_id() -> Option<OctetString> {
    Some(OctetString::new([0x69, 0x88, 0x5b]).unwrap())
}

#[test]
fn reads_the_example_of_rfc_9773_with_its_year_1() {
    let certificate = example();
    assert_eq!(certificate_id(&certificate).unwrap(), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE");
    assert_eq!(certificate.serial(), [0x00, 0x87, 0x65, 0x43, 0x21], "the zero octet stays");
    assert_eq!(certificate.issuer(), "CN=Example CA");
    assert_eq!(certificate.issuer_common_name().as_deref(), Some("Example CA"));
    assert_eq!(certificate.subject(), "CN=example.com");
    assert_eq!(certificate.names(), Ok(vec![]), "a common name is no subject alternative name");
    assert!(matches!(certificate.not_before(), Err(CertificateError::Time(_))));
    assert!(matches!(certificate.not_after(), Err(CertificateError::Time(_))));
    assert_eq!(certificate.to_pem(), EXAMPLE);
    let openssl = "4488f983790f68fff82e7d27dd56d8da0ee4a751db510d35e54360abad069ea2";
    let fingerprint: String = certificate.sha256_fingerprint().iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(fingerprint, openssl);
}

#[test]
fn takes_the_serial_number_as_it_stands() {
    for (serial, content, id) in [
        (&[0x7f][..], &[0x7f][..], "aYhb.fw"),
        (&[0x80], &[0x00, 0x80], "aYhb.AIA"),
        (&[0xff], &[0x00, 0xff], "aYhb.AP8"),
        (&[0xff, 0x00], &[0x00, 0xff, 0x00], "aYhb.AP8A"),
        (&[0x00], &[0x00], "aYhb.AA"),
    ] {
        let authority = AuthorityKeyIdentifier { key_identifier: key_id(), ..Default::default() };
        let mut template = Template::new("", "CN=CA").extension(AUTHORITY_KEY_ID, &authority);
        template.serial = serial;
        let certificate = template.sign(&public_key());
        assert_eq!(certificate.serial(), content);
        assert_eq!(certificate_id(&certificate).as_deref(), Ok(id));
    }
}

#[test]
fn takes_the_key_identifier_alone() {
    let issuer = Some(vec![GeneralName::DirectoryName("CN=Root".parse().unwrap())]);
    let serial = Some(7_u8.into());
    let all = AuthorityKeyIdentifier {
        key_identifier: key_id(),
        authority_cert_issuer: issuer,
        authority_cert_serial_number: serial,
    };
    let without = AuthorityKeyIdentifier { key_identifier: None, ..all.clone() };
    let plain = Template::new("", "CN=CA");
    let repeated = CertificateError::Repeated(AUTHORITY_KEY_ID.to_string());
    for (why, template, want) in [
        ("all three fields", plain.clone().extension(AUTHORITY_KEY_ID, &all), Ok("aYhb.AQ".to_string())),
        (
            "issuer and serial only",
            plain.clone().extension(AUTHORITY_KEY_ID, &without),
            Err(CertificateError::NoKeyIdentifier),
        ),
        ("no extension", plain.clone(), Err(CertificateError::NoKeyIdentifier)),
        ("twice", plain.extension(AUTHORITY_KEY_ID, &all).extension(AUTHORITY_KEY_ID, &all), Err(repeated)),
    ] {
        assert_eq!(certificate_id(&template.sign(&public_key())), want, "{why}");
    }
}

#[test]
fn tells_the_validity() {
    let seconds = |time: Result<SystemTime, _>| time.unwrap().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    for (why, dates, not_before, not_after) in [
        ("UTCTime", [(2026, 1, 1), (2049, 12, 31)], 1_767_229_323, 2_524_525_323),
        ("GeneralizedTime from 2050 on", [(1970, 1, 1), (2050, 1, 1)], 3_723, 2_524_611_723),
        ("no end (RFC 5280 §4.1.2.5)", [(2026, 1, 1), (9999, 12, 31)], 1_767_229_323, 253_402_218_123),
    ] {
        let mut template = Template::new("", "CN=CA");
        template.validity = dates;
        let certificate = template.sign(&public_key());
        assert_eq!(seconds(certificate.not_before()), Duration::from_secs(not_before), "{why}");
        assert_eq!(seconds(certificate.not_after()), Duration::from_secs(not_after), "{why}");
    }
}

#[test]
fn reads_names_and_refuses_what_is_none_of_ours() {
    let uri = GeneralName::UniformResourceIdentifier(Ia5String::new("https://a.example").unwrap());
    for (why, names, want) in [
        ("names of both kinds", vec![dns("A.example"), ip(&[192, 0, 2, 1])], Ok(vec!["a.example", "192.0.2.1"])),
        ("16 octets", vec![ip(&[0; 16])], Ok(vec!["::"])),
        ("another kind of name", vec![dns("a.example"), uri], Err(SanError::Kind("uniformResourceIdentifier"))),
        ("an address with a mask", vec![ip(&[0; 8])], Err(SanError::AddressLength(8))),
    ] {
        let found = Template::new("", "CN=CA").names(&names).sign(&public_key()).names();
        let want = want.map(|names| names.into_iter().map(Name::parse).collect()).map_err(CertificateError::San);
        assert_eq!(found, want, "{why}");
    }
    let twice = Template::new("", "CN=CA").names(&[dns("a.example")]).names(&[dns("b.example")]).sign(&public_key());
    assert_eq!(twice.names(), Err(CertificateError::San(SanError::Repeated)));
}

#[test]
fn gives_the_key_whatever_its_kind() {
    let types = [
        KeyType::P256,
        #[cfg(feature = "p384")]
        KeyType::P384,
        #[cfg(feature = "p521")]
        KeyType::P521,
        #[cfg(feature = "ed25519")]
        KeyType::Ed25519,
        #[cfg(feature = "rsa")]
        KeyType::Rsa2048,
    ];
    for key_type in types {
        let key = PrivateKey::generate(key_type).unwrap().public_key();
        assert_eq!(Template::new("", "CN=CA").sign(&key).public_key().unwrap(), key, "{key_type}");
    }
}

#[test]
fn damage_is_an_error_or_another_certificate() {
    let template = Template::new("CN=a.example", "CN=CA").names(&[dns("a.example"), ip(&[192, 0, 2, 1])]);
    let der = template.sign(&public_key()).der().to_vec();
    let readable = (0..der.len()).filter(|at| {
        let mut changed = der.clone();
        changed[*at] ^= 0x55;
        assert!(Certificate::from_der(&der[..*at]).is_err(), "cut to {at} octets");
        Certificate::from_der(&changed).is_ok_and(|certificate| {
            let parts =
                (certificate.names(), certificate.public_key(), certificate.not_before(), certificate_id(&certificate));
            assert_eq!(certificate.der(), changed, "{parts:?}");
            true
        })
    });
    assert!(readable.count() < der.len(), "some octets carry the form");
}
