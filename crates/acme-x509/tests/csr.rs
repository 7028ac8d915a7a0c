//! Requests: against ones that OpenSSL made of the same keys and names, and against ones we must refuse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use acme_jose::{Algorithm, Jwk, PrivateKey, SignError, Signer};
use acme_x509::{Csr, CsrError, Name, SanError};
use der::asn1::{BitString, Ia5String, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::request::{CertReq, CertReqInfo, ExtensionReq};

macro_rules! vector {
    ($name:literal) => {
        include_str!(concat!("vectors/", $name, ".pem"))
    };
}

fn names(texts: &[&str]) -> Vec<Name> {
    texts.iter().map(|text| Name::parse(text)).collect()
}

fn key(pem: &str) -> PrivateKey {
    PrivateKey::from_pem(pem).unwrap()
}

fn p256() -> PrivateKey {
    key(vector!("p256.key"))
}

/// For each kind of key: the key, and OpenSSL's request for [`VECTOR_NAMES`].
const VECTORS: &[(&str, &str)] = &[
    (vector!("p256.key"), vector!("p256.csr")),
    #[cfg(feature = "p384")]
    (vector!("p384.key"), vector!("p384.csr")),
    #[cfg(feature = "p521")]
    (vector!("p521.key"), vector!("p521.csr")),
    #[cfg(feature = "ed25519")]
    (vector!("ed25519.key"), vector!("ed25519.csr")),
    #[cfg(feature = "rsa")]
    (vector!("rsa.key"), vector!("rsa.csr")),
];

const VECTOR_NAMES: [&str; 4] = ["example.com", "*.example.com", "192.0.2.1", "2001:db8::1"];

#[test]
fn equals_the_request_of_openssl() {
    for (key_pem, csr_pem) in VECTORS {
        let key = key(key_pem);
        let ours = Csr::new(&key, &names(&VECTOR_NAMES)).unwrap();
        let theirs = Csr::from_pem(csr_pem).unwrap();
        assert_eq!(ours.names(), theirs.names());
        assert_eq!(ours.names(), names(&VECTOR_NAMES));
        assert_eq!(ours.public_key(), &key.public_key());
        match key.algorithm().ecdsa_signature_len() {
            None => assert_eq!(ours.to_pem(), *csr_pem, "{} signs the same twice", key.algorithm()),
            Some(_) => {
                let [ours, theirs] = [&ours, &theirs].map(|csr| CertReq::from_der(csr.der()).unwrap());
                assert_eq!(ours.info.to_der(), theirs.info.to_der(), "{}", key.algorithm());
                assert_eq!(ours.algorithm, theirs.algorithm, "{}", key.algorithm());
            }
        }
    }
}

#[test]
fn openssl_verifies_ours() {
    for (key_pem, _) in VECTORS {
        let csr = Csr::new(&key(key_pem), &names(&VECTOR_NAMES)).unwrap();
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-verify", "-noout", "-inform", "DER", "-config", "/dev/null"]);
        let Ok(mut openssl) = openssl.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn() else {
            eprintln!("no openssl here: nothing to compare with");
            return;
        };
        openssl.stdin.take().unwrap().write_all(csr.der()).unwrap();
        let output = openssl.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn orders_names_and_drops_doubles() {
    for (why, given, want) in [
        ("order kept", &["b.example", "a.example"][..], &["b.example", "a.example"][..]),
        ("doubles dropped", &["a.example", "A.example", "a.example"], &["a.example"]),
        (
            "addresses last",
            &["192.0.2.1", "a.example", "::1", "b.example"],
            &["a.example", "b.example", "192.0.2.1", "::1"],
        ),
        ("only an address", &["2001:DB8:0:0::1"], &["2001:db8::1"]),
        ("a wildcard is not the name below it", &["*.a.example", "a.example"], &["*.a.example", "a.example"]),
    ] {
        let csr = Csr::new(&p256(), &names(given)).unwrap();
        assert_eq!(csr.names(), names(want), "{why}");
        assert_eq!(Csr::from_der(csr.der()).unwrap(), csr, "{why}");
        assert_eq!(Csr::from_pem(csr.to_pem()).unwrap(), csr, "{why}");
        assert_eq!(acme_jose::base64url::decode(&csr.to_base64url()).unwrap(), csr.der(), "{why}");
    }
}

#[test]
fn a_hundred_names_fit_a_request_body() {
    let hosts: Vec<_> = (0..100).map(|i| Name::parse(&format!("{}.{i}.example.com", "a".repeat(63)))).collect();
    let csr = Csr::new(&p256(), &hosts).unwrap();
    assert_eq!(csr.names(), hosts);
    assert!(csr.to_base64url().len() < 20_000, "Boulder takes bodies of 50 000 octets");
}

#[test]
fn refuses_names_no_certificate_can_carry() {
    for (why, name) in [
        ("a U-label", Name::parse("bücher.example")),
        ("a final dot", Name::parse("example.com.")),
        ("a wildcard in the middle", Name::parse("www.*.example")),
        ("an address as a DNS name", Name::Dns("192.0.2.1".to_string())),
        ("an address with a zone", Name::parse("fe80::1%eth0")),
        ("nothing", Name::parse("")),
    ] {
        let given = [Name::parse("example.com"), name];
        match Csr::new(&p256(), &given) {
            Err(CsrError::Name(found)) => assert_eq!(found, given[1].to_string(), "{why}"),
            other => panic!("{why}: {other:?}"),
        }
    }
    assert!(matches!(Csr::new(&p256(), &[]), Err(CsrError::NoNames)));
}

#[test]
fn accepts_a_common_name_that_is_one_of_the_names() {
    let csr = Csr::from_pem(vector!("common-name.csr")).unwrap();
    assert_eq!(csr.names(), names(&["example.com", "www.example.com"]), "the common name adds nothing");
}

#[test]
fn refuses_requests_a_ca_would_refuse() {
    let common_name_only = Csr::from_pem(vector!("refused-common-name-only.csr"));
    assert!(matches!(common_name_only, Err(CsrError::NoNames)), "{common_name_only:?}");
    let elsewhere = Csr::from_pem(vector!("refused-common-name-elsewhere.csr"));
    assert!(matches!(elsewhere, Err(CsrError::CommonName(ref name)) if name == "example.net"), "{elsewhere:?}");
    let email = Csr::from_pem(vector!("refused-email.csr"));
    assert!(matches!(email, Err(CsrError::San(SanError::Kind("rfc822Name")))), "{email:?}");
    let sha1 = Csr::from_pem(vector!("refused-p256-sha1.csr"));
    assert!(matches!(sha1, Err(CsrError::Algorithm { expected: Algorithm::Es256, .. })), "{sha1:?}");
    let block = Csr::from_pem(vector!("p256.key"));
    assert!(matches!(block, Err(CsrError::Pem(_))), "{block:?}");
}

/// A request such as no decent program makes: for each list of names an attribute, which asks for one
/// extension per name.
fn odd_request(subject: &str, asked: &[&[&str]]) -> Result<Csr, CsrError> {
    let key = p256();
    let extensions = |names: &[&str]| ExtensionReq(names.iter().map(|name| alternative_name(name)).collect());
    let attributes = asked.iter().map(|names| extensions(names).try_into().unwrap());
    let info = CertReqInfo {
        version: Default::default(),
        subject: subject.parse().unwrap(),
        public_key: Decode::from_der(&key.public_key().to_spki_der().unwrap()).unwrap(),
        attributes: SetOfVec::from_iter(attributes).unwrap(),
    };
    let signature = key.sign(&info.to_der().unwrap()).unwrap();
    let signature = acme_jose::ecdsa_fixed_to_der(key.algorithm(), &signature).unwrap();
    let algorithm = CertReq::from_der(Csr::from_pem(vector!("p256.csr")).unwrap().der()).unwrap().algorithm;
    let request = CertReq { info, algorithm, signature: BitString::from_bytes(&signature).unwrap() };
    Csr::from_der(&request.to_der().unwrap())
}

fn alternative_name(name: &str) -> Extension {
    let names = vec![GeneralName::DnsName(Ia5String::new(name).unwrap())];
    let extn_value = OctetString::new(names.to_der().unwrap()).unwrap();
    Extension { extn_id: ObjectIdentifier::new_unwrap("2.5.29.17"), critical: false, extn_value }
}

#[test]
fn refuses_odd_requests() {
    let long = "a234567.".repeat(8) + "a";
    assert!(odd_request("CN=a.example", &[&["a.example"]]).is_ok());
    assert!(odd_request("O=A", &[&["a.example"]]).is_ok());
    let no_names: fn(&CsrError) -> bool = |error| matches!(error, CsrError::NoNames);
    let repeated: fn(&CsrError) -> bool = |error| matches!(error, CsrError::San(SanError::Repeated));
    let malformed: fn(&CsrError) -> bool = |error| matches!(error, CsrError::Malformed(_));
    let common_name: fn(&CsrError) -> bool = |error| matches!(error, CsrError::CommonName(_));
    let cases = [
        ("no attribute", odd_request("CN=a.example", &[]), no_names),
        ("no extension", odd_request("CN=a.example", &[&[]]), no_names),
        ("names twice", odd_request("O=A", &[&["a.example", "b.example"]]), repeated),
        ("asked for twice", odd_request("O=A", &[&["a.example"], &["b.example"]]), malformed),
        ("one of two good", odd_request("CN=a.example,CN=b.example", &[&["a.example"]]), common_name),
        ("65 characters", odd_request(&format!("CN={long}"), &[&[&long]]), common_name),
    ];
    for (why, result, is) in cases {
        let error = result.expect_err(why);
        assert!(is(&error), "{why}: {error}");
    }
}

#[cfg(feature = "p384")]
#[test]
fn refuses_a_hash_that_does_not_go_with_the_curve() {
    let csr = Csr::from_pem(vector!("refused-p384-sha256.csr"));
    assert!(matches!(csr, Err(CsrError::Algorithm { expected: Algorithm::Es384, .. })), "{csr:?}");
}

#[cfg(not(feature = "rsa"))]
#[test]
fn says_which_kind_of_key_is_switched_off() {
    let error = Csr::from_pem(vector!("rsa.csr")).unwrap_err();
    assert!(error.to_string().contains("RSA"), "{error}");
}

#[test]
fn notices_every_changed_bit_and_every_cut() {
    let der = Csr::from_pem(vector!("p256.csr")).unwrap().der().to_vec();
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 1;
        assert!(Csr::from_der(&changed).is_err(), "octet {at} changed");
        assert!(Csr::from_der(&der[..at]).is_err(), "cut to {at} octets");
    }
    assert!(Csr::from_der(&[&der[..], &[0]].concat()).is_err(), "one octet more");
}

/// A key kept elsewhere that does not do what it should.
struct Broken<'a> {
    key: &'a PrivateKey,
    public: Jwk,
    reachable: bool,
}

impl Signer for Broken<'_> {
    fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    fn public_key(&self) -> Jwk {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        if self.reachable { self.key.sign(message) } else { Err(SignError::new("the token was pulled out")) }
    }
}

#[test]
fn notices_a_key_that_does_not_sign() {
    let key = p256();
    let other = PrivateKey::generate(Default::default()).unwrap().public_key();
    let wrong = Broken { key: &key, public: other, reachable: true };
    assert!(matches!(Csr::new(&wrong, &names(&["a.example"])), Err(CsrError::Signature)));
    let away = Broken { key: &key, public: key.public_key(), reachable: false };
    let error = Csr::new(&away, &names(&["a.example"])).unwrap_err();
    assert!(matches!(error, CsrError::Sign(_)) && error.to_string().contains("pulled out"), "{error}");
}
