//! What holds for every kind of key alike. The rows are those of docs/rfc-map.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use acme_jose::{Header, Jws, KeyId, KeyType, ParsedAlgorithm, Payload, PrivateKey, Signer};

const URL: &str = "https://ca.example/x";

fn kinds() -> Vec<(KeyType, &'static str)> {
    vec![
        (KeyType::P256, "ES256"),
        #[cfg(feature = "p384")]
        (KeyType::P384, "ES384"),
        #[cfg(feature = "p521")]
        (KeyType::P521, "ES512"),
        #[cfg(feature = "ed25519")]
        (KeyType::Ed25519, "EdDSA"),
        #[cfg(feature = "rsa")]
        (KeyType::Rsa2048, "RS256"),
    ]
}

// Rows: J-09, J-10, R-05, V-03
#[test]
fn the_algorithm_follows_the_key() {
    for (key_type, name) in kinds() {
        let key = PrivateKey::generate(key_type).unwrap();
        let header = |key| Header { key, nonce: "abc", url: URL };
        for jws in [
            Jws::sign(&key, &header(KeyId::Jwk), &Payload::Empty).unwrap(),
            Jws::sign(&key, &header(KeyId::Kid("https://ca.example/acct/1")), &Payload::Empty).unwrap(),
            Jws::sign_inner(&key, URL, &Payload::EmptyObject).unwrap().received(),
        ] {
            let found = jws.header().unwrap().algorithm;
            assert!(matches!(found, ParsedAlgorithm::Signature(algorithm) if algorithm.name() == name), "{found:?}");
            assert_eq!(jws.verify(&key.public_key()), Ok(()), "{name}");
        }
    }
}

// Rows: J-18
#[test]
fn the_kind_every_server_knows_is_the_default() {
    assert_eq!(PrivateKey::generate(KeyType::default()).unwrap().algorithm().name(), "ES256");
}

// Rows: K-03, K-09
#[cfg(feature = "rsa")]
#[test]
fn zeros_in_front_of_rsa_numbers_do_not_count() {
    use acme_jose::{Jwk, base64url};
    let plain = PrivateKey::generate(KeyType::Rsa2048).unwrap().public_key();
    let mut padded: serde_json::Value = serde_json::from_str(&plain.to_json()).unwrap();
    for member in ["n", "e"] {
        let number = base64url::decode(padded[member].as_str().unwrap()).unwrap();
        assert_ne!(number[0], 0, "{member} is sent without them");
        padded[member] = base64url::encode(&[&[0], &number[..]].concat()).into();
    }
    let read = Jwk::from_json(padded.to_string().as_bytes()).unwrap();
    assert_eq!((read.thumbprint(), read.to_json()), (plain.thumbprint(), plain.to_json()));
}
