//! What people hand over by mistake as PEM or DER: each is refused with what was found and what was expected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod vectors;

use acme_jose::{Jwk, Jws, PrivateKey, base64url};
use vectors::der;

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("vectors/keys/", $name, ".pem"))
    };
}

const ANY_KEY: &str = "expected a private key (PKCS#8, SEC1 or PKCS#1)";

#[test]
fn private_keys_as_pem() {
    let good = pem!("p256.pkcs8");
    let without = |part: &str| good.replace(part, "");
    let ec_in_certificate_clothes = good.replace("PRIVATE KEY", "CERTIFICATE");
    for (why, text, says) in [
        ("nothing", "", format!("found a text without a PEM block, {ANY_KEY}")),
        ("not PEM", r#"{"kty":"EC"}"#, format!("found a text without a PEM block, {ANY_KEY}")),
        (
            "the last line is missing",
            &without("-----END PRIVATE KEY-----\n"),
            "found the end of a truncated PEM text, expected \"-----END PRIVATE KEY-----\"".into(),
        ),
        (
            "another last line",
            &good.replace("END PRIVATE KEY", "END EC PRIVATE KEY"),
            "found the end of a truncated PEM text, expected \"-----END PRIVATE KEY-----\"".into(),
        ),
        (
            "cut in the first line",
            "-----BEGIN PRIV",
            "found the end of a truncated PEM text, expected \"-----\"".into(),
        ),
        (
            "a middle line is missing",
            &without(good.lines().nth(2).unwrap()),
            "the private key is damaged: not one DER sequence: ".into(),
        ),
        (
            "a character is missing",
            &good.replacen("MIG", "MI", 1),
            "the private key is damaged: the PEM block \"PRIVATE KEY\" is not base64".into(),
        ),
        (
            "encrypted PKCS#8",
            pem!("encrypted.pkcs8"),
            "found an encrypted private key, expected a plain one: decrypt it first".into(),
        ),
        (
            "encrypted as OpenSSL did of old",
            pem!("encrypted.sec1"),
            "found an encrypted private key, expected a plain one: decrypt it first".into(),
        ),
        ("a certificate", pem!("certificate"), format!("found a certificate, {ANY_KEY}")),
        ("a request", pem!("request"), format!("found a certificate request, {ANY_KEY}")),
        ("a public key", pem!("p256.public"), format!("found a public key, {ANY_KEY}")),
        (
            "an OpenSSH key",
            pem!("openssh"),
            format!("found a key in OpenSSH's own form (ssh-keygen -p -m PKCS8 converts it), {ANY_KEY}"),
        ),
        ("something else", "-----BEGIN X-----\n-----END X-----", format!("found a PEM block \"X\", {ANY_KEY}")),
        ("two keys", &format!("{good}{good}"), format!("found more than one private key, {ANY_KEY}")),
        (
            "the key and its certificate",
            &format!("{good}{}", pem!("certificate")),
            format!("found a certificate, {ANY_KEY}"),
        ),
        ("a key labelled as a certificate", &ec_in_certificate_clothes, format!("found a certificate, {ANY_KEY}")),
        (
            "a certificate labelled as a key",
            &pem!("certificate").replace("CERTIFICATE", "PRIVATE KEY"),
            format!("found a certificate or a request for one, {ANY_KEY}"),
        ),
        (
            "the curve of Bitcoin",
            pem!("secp256k1.sec1"),
            "found the curve with OID 1.3.132.0.10, expected P-256, P-384 or P-521".into(),
        ),
        ("a curve that is spelled out", pem!("p256.explicit"), "the private key is damaged: not SEC1: ".into()),
        (
            "Ed448",
            pem!("ed448.pkcs8"),
            "found a key with the algorithm OID 1.3.101.113, expected an EC, Ed25519 or RSA key".into(),
        ),
    ] {
        let error = PrivateKey::from_pem(text).expect_err(why).to_string();
        assert!(error.starts_with(&says), "{why}: {error}");
    }
}

/// DER has no label to go by.
#[test]
fn private_keys_as_der() {
    let good = der(pem!("p256.pkcs8"));
    for (why, octets, says) in [
        ("nothing", Vec::new(), "the private key is damaged: not one DER sequence: ".to_string()),
        ("PEM", pem!("p256.pkcs8").into(), "the private key is damaged: not one DER sequence: ".into()),
        ("truncated", good[..good.len() - 1].to_vec(), "the private key is damaged: not one DER sequence: ".into()),
        ("trailing octets", [&good[..], &[0]].concat(), "the private key is damaged: not one DER sequence: ".into()),
        ("an empty sequence", vec![0x30, 0], format!("found DER of another kind, {ANY_KEY}")),
        ("encrypted", der(pem!("encrypted.pkcs8")), "found an encrypted private key".into()),
        ("a certificate", der(pem!("certificate")), "found a certificate or a request for one".into()),
        ("a public key", der(pem!("p256.public")), "found a public key".into()),
        ("PKCS#12", include_bytes!("vectors/keys/p256.p12").to_vec(), "found what looks like PKCS#12".into()),
    ] {
        let error = PrivateKey::from_der(&octets).expect_err(why).to_string();
        assert!(error.starts_with(&says), "{why}: {error}");
    }
    let mut another = good.clone();
    *another.last_mut().unwrap() ^= 1;
    let error = PrivateKey::from_der(&another).unwrap_err().to_string();
    assert_eq!(error, "found a public key that is not the private key's");
}

/// What is switched off says which feature switches it on.
#[test]
fn features_that_are_off() {
    for (on, feature, pem) in [
        (cfg!(feature = "p384"), "p384", pem!("p384.sec1")),
        (cfg!(feature = "p521"), "p521", pem!("p521.pkcs8")),
        (cfg!(feature = "ed25519"), "ed25519", pem!("ed25519.pkcs8")),
        (cfg!(feature = "rsa"), "rsa", pem!("rsa2048.pkcs1")),
    ] {
        match PrivateKey::from_pem(pem) {
            Ok(_) => assert!(on, "{feature}"),
            Err(error) => {
                let says = format!("which this build cannot use: turn on the feature {feature:?} of acme-jose");
                assert!(!on && error.to_string().ends_with(&says), "{feature}: {error}");
            }
        }
    }
}

#[test]
fn public_keys_as_spki() {
    let good = der(pem!("p256.public"));
    let mut off_curve = good.clone();
    *off_curve.last_mut().unwrap() ^= 1;
    // The same key with its point compressed (SEC1 §2.3.3).
    let mut compressed = good[..good.len() - 64 + 32].to_vec();
    (compressed[1], compressed[24], compressed[26]) = (compressed[1] - 32, compressed[24] - 32, 2 + (good[90] & 1));
    for (why, octets, says) in [
        ("nothing", Vec::new(), "the public key is damaged"),
        ("a point off the curve", off_curve, "found a public key that is not a usable point, expected one of P-256"),
        ("a compressed point", compressed, r#"found 33 octets as "public point", expected 65"#),
        (
            "the curve of Bitcoin",
            der(pem!("secp256k1.public")),
            "found the curve with OID 1.3.132.0.10, expected P-256, P-384 or P-521",
        ),
        ("a private key", der(pem!("p256.pkcs8")), "the public key is damaged"),
        #[cfg(feature = "rsa")]
        ("1024 bits", der(pem!("rsa1024.public")), "found an RSA modulus of 1024 bits, expected 2048 to 8192"),
    ] {
        let error = Jwk::from_spki_der(&octets).expect_err(why).to_string();
        assert!(error.starts_with(says), "{why}: {error}");
    }
}

/// PKCS#8 and the SEC1 key inside it may both name the curve (RFC 5915 §3): then it is the same one.
#[test]
fn a_curve_inside_of_another() {
    let sec1 = der(pem!("p256.sec1"));
    let inside_of = |outer: &[u8]| {
        let body = [&[2, 1, 0], outer, &[4, u8::try_from(sec1.len()).unwrap()], &sec1].concat();
        PrivateKey::from_der(&[&[0x30, 0x81, u8::try_from(body.len()).unwrap()], &body[..]].concat())
    };
    // The algorithm identifier behind the version, with the curve's identifier of 8 and of 5 octets.
    assert!(inside_of(&der(pem!("p256.pkcs8"))[6..][..21]).is_ok(), "P-256 twice");
    let error = inside_of(&der(pem!("p384.pkcs8"))[6..][..18]).unwrap_err().to_string();
    assert_eq!(error, "found a P-256 key inside a P-384 one, expected one and the same curve");
}

/// The second version of PKCS#8 carries the public key (RFC 8410 §10.3); a wrong one would leak the private key.
#[cfg(feature = "ed25519")]
#[test]
fn ed25519_with_a_public_key() {
    let (private, public) = (der(pem!("ed25519.pkcs8")), der(pem!("ed25519.public")));
    let public = &public[public.len() - 32..];
    let version_2 = |public: &[u8]| [&[0x30, 81, 2, 1, 1], &private[5..], &[0x81, 33, 0], public].concat();
    assert!(PrivateKey::from_der(&version_2(public)).is_ok());
    let error = PrivateKey::from_der(&version_2(&[1; 32])).unwrap_err().to_string();
    assert_eq!(error, "found a public key that is not the private key's");
}

#[test]
fn one_hundred_thousand_levels() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = [open.repeat(100_000), "1".to_owned(), close.repeat(100_000)].concat();
        let protected = base64url::encode(deep.as_bytes());
        for json in [
            deep.clone(),
            open.repeat(100_000),
            format!(r#"{{"kty":{deep}}}"#),
            format!(r#"{{"kty":"EC","crv":"P-256","x":"","y":"","other":{deep}}}"#),
            format!(r#"{{"protected":"{protected}","payload":"","signature":""}}"#),
            format!(r#"{{"protected":{deep},"payload":"","signature":""}}"#),
            format!(r#"{{"protected":"","payload":"","signature":"","header":{deep}}}"#),
        ] {
            let jws = Jws::from_json(json.as_bytes());
            assert!(jws.is_err() || jws.is_ok_and(|jws| jws.header().is_err()), "{open}");
            assert!(
                Jwk::from_json(json.as_bytes()).is_err() && PrivateKey::from_jwk(json.as_bytes()).is_err(),
                "{open}"
            );
        }
    }
    // DER: sequences in sequences, each of indefinite or of the greatest length.
    for octets in [[0x30, 0x80].repeat(100_000), [0x30, 0x84, 0xff, 0xff, 0xff, 0xff].repeat(100_000)] {
        assert!(PrivateKey::from_der(&octets).is_err() && Jwk::from_spki_der(&octets).is_err());
    }
}
