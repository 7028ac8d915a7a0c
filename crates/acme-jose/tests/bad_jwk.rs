//! JWKs that are no key: each is refused with what was found and what was expected.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use acme_jose::{Jwk, PrivateKey, base64url};
use serde_json::{Value, json};

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("vectors/keys/", $name, ".pem"))
    };
}

/// The value of `jwk` after this change.
fn changed(jwk: &Value, member: &str, value: Value) -> Value {
    let mut jwk = jwk.clone();
    jwk[member] = value;
    jwk
}

fn p256() -> Value {
    let key = PrivateKey::from_pem(pem!("p256.pkcs8")).unwrap();
    serde_json::from_str(&key.to_private_jwk().unwrap()).unwrap()
}

/// The same octets, shifted by a zero in front.
fn padded(value: &Value) -> Value {
    let octets = base64url::decode(value.as_str().unwrap()).unwrap();
    base64url::encode(&[&[0], &octets[..]].concat()).into()
}

#[test]
fn public_keys_as_jwk() {
    let good = p256();
    let flipped = |value: &Value| {
        let mut octets = base64url::decode(value.as_str().unwrap()).unwrap();
        octets[31] ^= 1;
        Value::from(base64url::encode(&octets))
    };
    for (why, jwk, says) in [
        ("not JSON", "{".to_string(), "not a JWK: expected JSON: EOF while parsing an object at line 1 column 1"),
        ("not an object", "3".into(), "not a JWK: found a number, expected a JSON object"),
        ("no type", "{}".into(), r#"not a JWK: the member "kty" is missing"#),
        ("a type that is null", r#"{"kty":null}"#.into(), r#"not a JWK: found null as "kty", expected a string"#),
        (
            "a shared secret",
            r#"{"kty":"oct","k":"AA"}"#.into(),
            r#"found the key type "oct", expected "EC", "OKP" or "RSA""#,
        ),
        ("no curve", r#"{"kty":"EC"}"#.into(), r#"not a JWK: the member "crv" is missing"#),
        (
            "the curve of Bitcoin",
            changed(&good, "crv", "secp256k1".into()).to_string(),
            r#"found the curve "secp256k1", expected P-256, P-384 or P-521"#,
        ),
        (
            "a curve for key agreement",
            r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#.into(),
            r#"found the curve "X25519", expected Ed25519"#,
        ),
        (
            "a point off the curve",
            changed(&good, "y", flipped(&good["y"])).to_string(),
            "found a public key that is not a usable point, expected one of P-256",
        ),
        (
            "the point at infinity",
            changed(&changed(&good, "x", base64url::encode(&[0; 32]).into()), "y", base64url::encode(&[0; 32]).into())
                .to_string(),
            "found a public key that is not a usable point, expected one of P-256",
        ),
        (
            "a coordinate that is no field element",
            changed(&good, "x", base64url::encode(&[255; 32]).into()).to_string(),
            "found a public key that is not a usable point, expected one of P-256",
        ),
        (
            "a coordinate without its zero",
            changed(&good, "x", base64url::encode(&[1; 31]).into()).to_string(),
            r#"found 31 octets as "x", expected 32"#,
        ),
        (
            "a coordinate with a zero more",
            changed(&good, "y", padded(&good["y"])).to_string(),
            r#"found 33 octets as "y", expected 32"#,
        ),
        (
            "a coordinate with padding",
            changed(&good, "x", format!("{}=", good["x"].as_str().unwrap()).into()).to_string(),
            r#"not a JWK: the member "x" is not base64url: padding (`=`) is not allowed"#,
        ),
        (
            "a coordinate that is a number",
            changed(&good, "x", json!(5)).to_string(),
            r#"not a JWK: found a number as "x", expected a string"#,
        ),
    ] {
        let error = Jwk::from_json(jwk.as_bytes()).expect_err(why).to_string();
        assert_eq!(error, says, "{why}");
        assert_eq!(PrivateKey::from_jwk(jwk.as_bytes()).expect_err(why).to_string(), says, "{why}, as a private key");
    }
}

#[test]
fn private_keys_as_jwk() {
    let good = p256();
    let mut public = good.clone();
    public.as_object_mut().unwrap().remove("d");
    for (why, jwk, says) in [
        ("a public key", public, r#"not a JWK: the member "d" is missing"#),
        (
            "another key's secret",
            changed(&good, "d", base64url::encode(&[1; 32]).into()),
            "found a public key that is not the private key's",
        ),
        (
            "zero",
            changed(&good, "d", base64url::encode(&[0; 32]).into()),
            "the private key is damaged: the scalar is zero or not below the order",
        ),
        (
            "above the order",
            changed(&good, "d", base64url::encode(&[255; 32]).into()),
            "the private key is damaged: the scalar is zero or not below the order",
        ),
        (
            "one octet short",
            changed(&good, "d", base64url::encode(&[1; 31]).into()),
            "found a private P-256 key of 31 octets, expected 32",
        ),
        (
            "one octet more",
            changed(&good, "d", padded(&good["d"])),
            "found a private P-256 key of 33 octets, expected 32",
        ),
    ] {
        assert_eq!(PrivateKey::from_jwk(jwk.to_string().as_bytes()).expect_err(why).to_string(), says, "{why}");
    }
}

#[cfg(feature = "p384")]
#[test]
fn a_key_of_another_curve() {
    let jwk = changed(&p256(), "crv", "P-384".into());
    assert_eq!(
        Jwk::from_json(jwk.to_string().as_bytes()).unwrap_err().to_string(),
        r#"found 32 octets as "x", expected 48"#
    );

    let (p256, p384) =
        (PrivateKey::from_pem(pem!("p256.pkcs8")).unwrap(), PrivateKey::from_pem(pem!("p384.pkcs8")).unwrap());
    use acme_jose::Signer as _;
    let signature = p256.sign(b"m").unwrap();
    let error = p384.public_key().verify(acme_jose::Algorithm::Es256, b"m", &signature).unwrap_err();
    assert_eq!(error.to_string(), "found a signature with ES256, expected ES384");
}

#[cfg(feature = "ed25519")]
#[test]
fn ed25519_keys() {
    let small_order = base64url::encode(&[&[1][..], &[0; 31]].concat());
    let no_point = base64url::encode(&[&[2][..], &[0; 31]].concat());
    for (why, x, says) in [
        ("too short", base64url::encode(&[1; 31]), r#"found 31 octets as "x", expected 32"#),
        (
            "of small order: any message verifies",
            small_order,
            "found a public key that is not a usable point, expected one of Ed25519",
        ),
        ("not a point", no_point, "found a public key that is not a usable point, expected one of Ed25519"),
    ] {
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": x}).to_string();
        assert_eq!(Jwk::from_json(jwk.as_bytes()).expect_err(why).to_string(), says, "{why}");
    }
    let jwk: Value =
        serde_json::from_str(&PrivateKey::from_pem(pem!("ed25519.pkcs8")).unwrap().to_private_jwk().unwrap()).unwrap();
    for (why, d, says) in [
        ("too long", padded(&jwk["d"]), "found a private Ed25519 key of 33 octets, expected 32"),
        ("another key's", base64url::encode(&[1; 32]).into(), "found a public key that is not the private key's"),
    ] {
        let jwk = changed(&jwk, "d", d).to_string();
        assert_eq!(PrivateKey::from_jwk(jwk.as_bytes()).expect_err(why).to_string(), says, "{why}");
    }
}

#[cfg(feature = "rsa")]
#[test]
fn rsa_keys() {
    let small = "found an RSA modulus of 1024 bits, expected 2048 to 4096";
    assert_eq!(PrivateKey::from_pem(pem!("rsa1024.pkcs1")).unwrap_err().to_string(), small);

    let good = PrivateKey::from_pem(pem!("rsa2048.pkcs8")).unwrap();
    let good: Value = serde_json::from_str(&good.to_private_jwk().unwrap()).unwrap();
    let mut without_primes = good.clone();
    for member in ["p", "q", "dp", "dq", "qi"] {
        without_primes.as_object_mut().unwrap().remove(member);
    }
    let restored = PrivateKey::from_jwk(without_primes.to_string().as_bytes()).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&restored.to_private_jwk().unwrap()).unwrap()["n"],
        good["n"],
        "primes come back"
    );

    let zero = r#"the private key is damaged: found zero as "d", expected the private exponent"#;
    let odd = |octets: usize| base64url::encode(&vec![255; octets]);
    let wide = |bits: usize| {
        let first = u8::MAX >> (bits.next_multiple_of(8) - bits);
        Value::from(base64url::encode(&[vec![first], vec![255; bits.div_ceil(8) - 1]].concat()))
    };
    assert!(Jwk::from_json(changed(&good, "n", wide(4097)).to_string().as_bytes()).is_ok(), "public keys may be wider");
    for (why, jwk, says) in [
        ("1024 bits", changed(&good, "n", odd(128).into()), small),
        (
            "16384 bits",
            changed(&good, "n", odd(2048).into()),
            "found an RSA modulus of 16384 bits, expected 2048 to 4096",
        ),
        ("2047 bits", changed(&good, "n", wide(2047)), "found an RSA modulus of 2047 bits, expected 2048 to 4096"),
        ("4097 bits", changed(&good, "n", wide(4097)), "found an RSA modulus of 4097 bits, expected 2048 to 4096"),
        (
            "zeros only",
            changed(&good, "n", base64url::encode(&[0; 256]).into()),
            "found an RSA modulus of 0 bits, expected 2048 to 4096",
        ),
        ("no d without primes", changed(&without_primes, "d", "".into()), zero),
        ("d of zero without primes", changed(&without_primes, "d", "AA".into()), zero),
        ("d of zero with primes", changed(&good, "d", "AAAA".into()), zero),
        (
            "an exponent too small to restore primes",
            changed(&without_primes, "e", "Aw".into()),
            r#"the private key is damaged: found no primes, expected "p" and "q" next to an "e" up to 65536"#,
        ),
        ("an even exponent", changed(&good, "e", "Ag".into()), "not a JWK"),
        ("p alone", changed(&without_primes, "p", good["p"].clone()), r#"not a JWK: the member "q" is missing"#),
        ("q alone", changed(&without_primes, "q", good["q"].clone()), r#"not a JWK: the member "p" is missing"#),
        (
            "a prime that is none of this key",
            changed(&good, "p", good["q"].clone()),
            "the private key is damaged: the RSA numbers do not fit together",
        ),
        (
            "another d",
            changed(&good, "d", good["dp"].clone()),
            "the private key is damaged: the RSA numbers do not fit together",
        ),
    ] {
        let error = PrivateKey::from_jwk(jwk.to_string().as_bytes()).expect_err(why).to_string();
        assert!(error.starts_with(says) || (says == "not a JWK" && error.contains("RSA public key")), "{why}: {error}");
    }
}
