//! The certificate of tls-alpn-01: what is in it, to the octet, and that OpenSSL believes its signature.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::process::Command;
use std::time::{Duration, SystemTime};

use acme_jose::{KeyType, PrivateKey};
use acme_x509::{ChallengeCertificateError, Name, challenge_certificate};
use der::{Decode as _, Encode as _};
use x509_cert::Certificate;

/// The vector of docs/rfc-map.md: SHA-256 of a key authorization, and the extension that holds it.
const SHA256: &str = "653471d42925d7eb4cd39a39cda8b34d3034c94cb90067ab78c8123560ba2e5f";
const EXTENSION: &str =
    "303106082b0601050507011f0101ff04220420653471d42925d7eb4cd39a39cda8b34d3034c94cb90067ab78c8123560ba2e5f";

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn make(name: &str) -> Result<Vec<u8>, ChallengeCertificateError> {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_900_000_000);
    challenge_certificate(&key, &Name::parse(name), &octets(SHA256).try_into().unwrap(), now)
}

#[test]
fn it_has_one_name_and_the_identifier_and_nothing_else() {
    for (why, name, names) in [
        ("P-02: a name", "a.test", "30088206612e74657374"),
        ("P-02: an IPv4 address", "192.0.2.1", "30068704c0000201"),
        ("P-02: an IPv6 address", "2001:db8::1", "3012871020010db8000000000000000000000001"),
    ] {
        let der = make(name).unwrap();
        let certificate = Certificate::from_der(&der).unwrap();
        let info = certificate.tbs_certificate();
        assert_eq!(info.subject(), info.issuer(), "{why}: P-01");
        assert_eq!(info.signature(), certificate.signature_algorithm(), "{why}");
        let [san, identifier] = &info.extensions().unwrap()[..] else { panic!("{why}: P-04: two extensions") };
        assert_eq!(san.extn_value.as_bytes(), octets(names), "{why}");
        assert_eq!(san.extn_id.to_string(), "2.5.29.17", "{why}");
        assert_eq!(identifier.to_der().unwrap(), octets(EXTENSION), "{why}: P-03");
        let parsed = acme_x509::Certificate::from_der(&der).unwrap();
        assert_eq!(parsed.names().unwrap(), [Name::parse(name)], "{why}");
    }
}

#[test]
fn openssl_verifies_its_signature_under_its_own_key() {
    let folder = std::env::temp_dir().join(format!("challenge-certificate-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [der, pem] = ["a.der", "a.pem"].map(|name| folder.join(name));
    std::fs::write(&der, make("a.test").unwrap()).unwrap();
    let convert =
        Command::new("openssl").args(["x509", "-inform", "DER", "-in"]).args([&der]).arg("-out").arg(&pem).output();
    let Ok(convert) = convert else {
        eprintln!("openssl_verifies_its_signature_under_its_own_key: skipped, there is no openssl");
        return;
    };
    assert!(convert.status.success(), "{convert:?}");
    let verify = ["verify", "-check_ss_sig", "-ignore_critical", "-attime", "1900000000", "-CAfile"];
    let verified = Command::new("openssl").args(verify).args([&pem, &pem]).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(verified.status.success(), "P-01: {verified:?}");
}

#[test]
fn what_cannot_be_proven_so_is_refused() {
    for (why, name) in [("P-11: a wildcard", "*.a.test"), ("not a name", "a_b/c"), ("nothing", "")] {
        assert!(matches!(make(name), Err(ChallengeCertificateError::Name(_))), "{why}");
    }
}
