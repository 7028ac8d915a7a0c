//! Every kind of key in every form, as OpenSSL writes them: in, out and in again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod vectors;

use acme_jose::{Algorithm, Jwk, PrivateKey, Signer};
use vectors::der;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("vectors/keys/", $name, ".pem"))
    };
}

struct Kind {
    algorithm: Algorithm,
    /// The same key in all the forms it comes in.
    private: &'static [(&'static str, &'static str)],
    public: &'static str,
}

fn kinds() -> Vec<Kind> {
    vec![
        Kind {
            algorithm: Algorithm::Es256,
            private: &[("PKCS#8", pem!("p256.pkcs8")), ("SEC1", pem!("p256.sec1"))],
            public: pem!("p256.public"),
        },
        #[cfg(feature = "p384")]
        Kind {
            algorithm: Algorithm::Es384,
            private: &[("PKCS#8", pem!("p384.pkcs8")), ("SEC1", pem!("p384.sec1"))],
            public: pem!("p384.public"),
        },
        #[cfg(feature = "p521")]
        Kind {
            algorithm: Algorithm::Es512,
            private: &[("PKCS#8", pem!("p521.pkcs8")), ("SEC1", pem!("p521.sec1"))],
            public: pem!("p521.public"),
        },
        #[cfg(feature = "ed25519")]
        Kind {
            algorithm: Algorithm::EdDsa,
            private: &[("PKCS#8", pem!("ed25519.pkcs8"))],
            public: pem!("ed25519.public"),
        },
        #[cfg(feature = "rsa")]
        Kind {
            algorithm: Algorithm::Rs256,
            private: &[("PKCS#8", pem!("rsa2048.pkcs8")), ("PKCS#1", pem!("rsa2048.pkcs1"))],
            public: pem!("rsa2048.public"),
        },
        #[cfg(feature = "rsa")]
        Kind {
            algorithm: Algorithm::Rs256,
            private: &[("PKCS#8", pem!("rsa3072.pkcs8")), ("PKCS#1", pem!("rsa3072.pkcs1"))],
            public: pem!("rsa3072.public"),
        },
    ]
}

#[test]
fn every_form_is_the_same_key() {
    for Kind { algorithm, private, public } in kinds() {
        let public = Jwk::from_spki_der(&der(public)).unwrap();
        for (form, pem) in private {
            let key = PrivateKey::from_pem(pem).unwrap_or_else(|error| panic!("{algorithm} {form}: {error}"));
            assert_eq!((key.algorithm(), key.public_key()), (algorithm, public.clone()), "{algorithm} {form}");
        }
    }
}

#[test]
fn every_way_out_is_a_way_in() {
    for Kind { algorithm, private, public } in kinds() {
        let key = PrivateKey::from_pem(private[0].1).unwrap();
        let message = b"the same key signs the same";
        let signature = key.sign(message).unwrap();
        assert_eq!(*key.to_pkcs8_pem().unwrap(), private[0].1, "{algorithm}: the PEM is OpenSSL's");
        assert_eq!(key.public_key().to_spki_der().unwrap(), der(public), "{algorithm}: the public key is OpenSSL's");

        let again = PrivateKey::from_der(&key.to_pkcs8_der().unwrap()).unwrap();
        assert_eq!(again.sign(message).unwrap(), signature, "{algorithm}: PKCS#8 DER");
        let again = PrivateKey::from_jwk(key.to_private_jwk().unwrap().as_bytes()).unwrap();
        assert_eq!(again.sign(message).unwrap(), signature, "{algorithm}: JWK");
        let again = Jwk::from_json(key.to_private_jwk().unwrap().as_bytes()).unwrap();
        assert_eq!(again, key.public_key(), "{algorithm}: the public half of a private JWK");
        let again: Jwk = Jwk::from_json(serde_json::to_string(&key.public_key()).unwrap().as_bytes()).unwrap();
        assert_eq!(again, key.public_key(), "{algorithm}: serde");
    }
}

/// RFC 7468 §2 and §3: parsers bear with white space, other line lengths, and text around the blocks.
#[test]
fn pem_is_read_leniently() {
    let pem = pem!("p256.pkcs8");
    let key = PrivateKey::from_pem(pem).unwrap().public_key();
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    for (why, text) in [
        ("Windows line ends", pem.replace('\n', "\r\n")),
        ("one long line", format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----")),
        ("indented, as in YAML", pem.replace('\n', "\n    ")),
        ("text before and after", format!("Bag Attributes\n  friendlyName: x\n{pem}\nthat was it\n")),
        ("no line end at the end", pem.trim_end().to_string()),
        ("a byte order mark", format!("\u{feff}{pem}")),
    ] {
        let read = PrivateKey::from_pem(&text).unwrap_or_else(|error| panic!("{why}: {error}"));
        assert_eq!(read.public_key(), key, "{why}");
    }
}

#[test]
fn generated_keys_differ_and_come_back() {
    let kinds = [
        acme_jose::KeyType::P256,
        #[cfg(feature = "p384")]
        acme_jose::KeyType::P384,
        #[cfg(feature = "p521")]
        acme_jose::KeyType::P521,
        #[cfg(feature = "ed25519")]
        acme_jose::KeyType::Ed25519,
        #[cfg(feature = "rsa")]
        acme_jose::KeyType::Rsa2048,
    ];
    for key_type in kinds {
        let key = PrivateKey::generate(key_type).unwrap();
        assert_ne!(key.public_key(), PrivateKey::generate(key_type).unwrap().public_key(), "{key_type}");
        let again = PrivateKey::from_pem(&key.to_pkcs8_pem().unwrap()).unwrap();
        assert_eq!(key.public_key(), again.public_key(), "{key_type}");
    }
}

/// Two larger sizes, whose width is checked only: making them takes seconds.
#[cfg(feature = "rsa")]
#[test]
fn large_rsa_keys_have_the_size_asked_for() {
    for (key_type, octets) in [(acme_jose::KeyType::Rsa3072, 384), (acme_jose::KeyType::Rsa4096, 512)] {
        let key = PrivateKey::generate(key_type).unwrap();
        let signature = key.sign(b"as wide as the modulus").unwrap();
        assert_eq!(signature.len(), octets, "{key_type}");
        assert_eq!(key.public_key().verify(Algorithm::Rs256, b"as wide as the modulus", &signature), Ok(()));
    }
}
