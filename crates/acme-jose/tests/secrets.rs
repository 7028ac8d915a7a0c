//! What is secret is not shown, not cloned and not left in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use acme_jose::{KeyType, MacAlgorithm, MacKey, PrivateKey, Signer, Zeroizing};
use zeroize::ZeroizeOnDrop;

fn wiped_on_drop<T: ZeroizeOnDrop>() {}

#[test]
fn keys_and_what_they_export_are_wiped_on_drop() {
    wiped_on_drop::<PrivateKey>();
    wiped_on_drop::<MacKey>();
    wiped_on_drop::<Zeroizing<String>>();
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let _: (Zeroizing<String>, Zeroizing<Vec<u8>>, Zeroizing<String>) =
        (key.to_pkcs8_pem().unwrap(), key.to_pkcs8_der().unwrap(), key.to_private_jwk().unwrap());
}

/// Resolves to the inherent constant for types that are `Clone`, to the trait's for all others.
struct Probe<T>(std::marker::PhantomData<T>);

impl<T: Clone> Probe<T> {
    const IS_CLONE: bool = true;
}

trait Otherwise {
    const IS_CLONE: bool = false;
}

impl<T> Otherwise for Probe<T> {}

/// Keys cannot be copied by accident; the compiler says so, or this file does not build.
const _: () = {
    assert!(Probe::<acme_jose::Jwk>::IS_CLONE, "the probe works");
    assert!(!Probe::<PrivateKey>::IS_CLONE);
    assert!(!Probe::<MacKey>::IS_CLONE);
};

#[test]
fn debug_output_is_redacted() {
    let kinds = [
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
    for key_type in kinds {
        let key = PrivateKey::generate(key_type).unwrap();
        let expected = format!("PrivateKey({} {} [redacted])", key.algorithm(), key.public_key().thumbprint());
        assert_eq!(format!("{key:?}"), expected);
        assert_eq!(format!("{key:#?}"), expected);
    }
    assert_eq!(format!("{:?}", MacKey::from_bytes(b"secret")), "MacKey([redacted])");
}

/// Only public members go into a header or a binding (RFC 7517 §9).
#[test]
fn a_public_key_never_holds_a_private_member() {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let jwk = key.to_private_jwk().unwrap();
    let d: serde_json::Value = serde_json::from_str(&jwk).unwrap();
    let d = d["d"].as_str().unwrap();
    let read = acme_jose::Jwk::from_json(jwk.as_bytes()).unwrap();
    for text in [read.to_json(), serde_json::to_string(&read).unwrap(), format!("{read:?}")] {
        assert!(!text.contains(d) && !text.contains(r#""d""#), "{text}");
    }
}

/// A comparison that stops at the first wrong octet tells by its time how many are right. That no test can see; so the
/// source is looked at, and every octet of the MAC is shown to count.
// Rows: SEC-09
#[test]
fn macs_are_compared_in_constant_time() {
    let source = include_str!("../src/mac.rs");
    let (_, verify) = source.split_once("pub fn verify_tag(").unwrap();
    let (verify, _) = verify.split_once("\n    }\n").unwrap();
    assert!(verify.contains("mac.verify_slice(tag)"), "hmac compares in constant time there: {verify}");
    assert!(!verify.contains("==") && !verify.contains("!=") && !verify.contains("finalize"), "{verify}");

    let key = MacKey::from_bytes(b"shared");
    for algorithm in [MacAlgorithm::Hs256, MacAlgorithm::Hs384, MacAlgorithm::Hs512] {
        let tag = key.tag(algorithm, b"message").unwrap();
        assert_eq!(key.verify_tag(algorithm, b"message", &tag), Ok(()));
        for at in 0..tag.len() {
            let mut wrong = tag.clone();
            wrong[at] ^= 1;
            assert!(key.verify_tag(algorithm, b"message", &wrong).is_err(), "{algorithm}: octet {at}");
            assert!(key.verify_tag(algorithm, b"message", &tag[..at]).is_err(), "{algorithm}: {at} octets");
        }
    }
}

/// Errors end up in logs: none repeats what it was given as a secret.
#[test]
fn errors_do_not_repeat_secrets() {
    let secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ";
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{secret}!\n-----END PRIVATE KEY-----\n");
    let jwk = format!(r#"{{"kty":"EC","crv":"P-256","d":"{secret}","x":"{secret}","y":"{secret}"}}"#);
    for text in [
        PrivateKey::from_pem(&pem).unwrap_err().to_string(),
        PrivateKey::from_jwk(jwk.as_bytes()).unwrap_err().to_string(),
        PrivateKey::from_jwk(format!(r#"{{"d":"{secret}""#).as_bytes()).unwrap_err().to_string(),
        format!("{:?}", PrivateKey::from_jwk(jwk.as_bytes()).unwrap_err()),
        MacKey::from_text(&format!("{secret}!")).unwrap_err().to_string(),
    ] {
        assert!(!text.contains("c2VjcmV0"), "{text}");
    }
}
