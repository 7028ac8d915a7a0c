//! Full width every time: one ES256 signature in 128 has a leading zero octet, which must not go missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use acme_jose::{Jwk, KeyType, PrivateKey, Signer, base64url, ecdsa_der_to_fixed, ecdsa_fixed_to_der};

/// `count` signatures, each of a message of its own. Those that start with a zero octet in either half must occur:
/// signatures are deterministic and the key is fixed, so that it does not take luck.
fn signatures(pem: &str, count: u32) {
    let key = PrivateKey::from_pem(pem).unwrap();
    let key_type = key.algorithm();
    let width = key.algorithm().ecdsa_signature_len().unwrap() / 2;
    let public = key.public_key();
    let mut short = 0;
    for message in 0..count {
        let message = message.to_be_bytes();
        let signature = key.sign(&message).unwrap();
        assert_eq!(signature.len(), 2 * width, "{key_type}: {message:?}");
        // Most signatures of P-521 start with a zero octet, since only one bit of it is used.
        if signature[0] == 0 || signature[width] == 0 {
            short += 1;
            assert_eq!(public.verify(key.algorithm(), &message, &signature), Ok(()), "{key_type}: {message:?}");
            // As DER it is shorter; the way back must put the zeros in again.
            let der = ecdsa_fixed_to_der(key.algorithm(), &signature).unwrap();
            assert_eq!(ecdsa_der_to_fixed(key.algorithm(), &der).unwrap(), signature);
        }
    }
    assert!(short > 0, "{key_type}: none of {count} with a zero to lose");
}

/// `count` keys, whose members are as wide as the curve.
fn keys(key_type: KeyType, count: u32) {
    let characters = match key_type {
        KeyType::P256 => 43,
        KeyType::P384 => 64,
        _ => 88,
    };
    let mut short = 0;
    for _ in 0..count {
        let key = PrivateKey::generate(key_type).unwrap();
        let jwk = key.to_private_jwk().unwrap();
        let jwk: serde_json::Value = serde_json::from_str(&jwk).unwrap();
        for member in ["d", "x", "y"] {
            assert_eq!(jwk[member].as_str().unwrap().len(), characters, "{member} in {jwk}");
        }
        let x = base64url::decode(jwk["x"].as_str().unwrap()).unwrap();
        if x[0] == 0 {
            short += 1;
            let json = key.public_key().to_json();
            assert_eq!(Jwk::from_json(json.as_bytes()).unwrap(), key.public_key(), "{json}");
        }
    }
    // Among 5 000 keys one without a leading zero fails once in 10^8 runs, among 1 000 of P-384 once in 50.
    assert!(short > 0 || count < 5_000, "{key_type}: no coordinate with a zero to lose among {count} keys");
}

#[test]
fn p256_signatures() {
    signatures(include_str!("vectors/keys/p256.pkcs8.pem"), 20_000);
}

#[test]
fn p256_keys() {
    keys(KeyType::P256, 5_000);
}

#[cfg(feature = "p384")]
#[test]
fn p384() {
    signatures(include_str!("vectors/keys/p384.pkcs8.pem"), 1_000);
    keys(KeyType::P384, 1_000);
}

#[cfg(feature = "p521")]
#[test]
fn p521() {
    signatures(include_str!("vectors/keys/p521.pkcs8.pem"), 1_000);
    keys(KeyType::P521, 1_000);
}
