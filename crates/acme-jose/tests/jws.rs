//! What a JWS looks like on the wire, and what is refused as one.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use acme_jose::{
    Algorithm, Header, Jws, KeyId, KeyType, MacAlgorithm, MacKey, ParsedAlgorithm, ParsedKeyId, Payload, PrivateKey,
    SignError, Signer, VerifyError, base64url,
};
use serde_json::{Value, json};

const NONCE: &str = "oFvnlFP1wIhRlYS2jTaXbA";
const URL: &str = "https://ca.example/acme/new-account?a=\"quoted\"&b=ü";

fn key() -> PrivateKey {
    PrivateKey::from_pem(include_str!("vectors/keys/p256.pkcs8.pem")).unwrap()
}

fn header(key: KeyId<'_>) -> Header<'_> {
    Header { key, nonce: NONCE, url: URL }
}

fn part(jws: &Jws, member: &str) -> String {
    let text: Value = serde_json::from_str(&jws.to_json()).unwrap();
    String::from_utf8(base64url::decode(text[member].as_str().unwrap()).unwrap()).unwrap()
}

/// Nothing but what RFC 8555 §6.2 asks for, always in the same order, escaped as JSON.
#[test]
fn the_protected_header_is_byte_for_byte_this() {
    let key = key();
    let url = r#""url":"https://ca.example/acme/new-account?a=\"quoted\"&b=ü""#;
    let jwk = key.public_key().to_json();

    let jws = Jws::sign(&key, &header(KeyId::Jwk), &Payload::EmptyObject).unwrap();
    assert_eq!(part(&jws, "protected"), format!(r#"{{"alg":"ES256","jwk":{jwk},"nonce":"{NONCE}",{url}}}"#));
    let jws = Jws::sign(&key, &header(KeyId::Kid("https://ca.example/acct/1")), &Payload::EmptyObject).unwrap();
    let kid = r#""kid":"https://ca.example/acct/1""#;
    assert_eq!(part(&jws, "protected"), format!(r#"{{"alg":"ES256",{kid},"nonce":"{NONCE}",{url}}}"#));
    let jws = Jws::sign_inner(&key, URL, &Payload::EmptyObject).unwrap().received();
    assert_eq!(part(&jws, "protected"), format!(r#"{{"alg":"ES256","jwk":{jwk},{url}}}"#));
    let jws =
        MacKey::from_bytes(b"k").sign(MacAlgorithm::Hs256, "kid/with=", URL, &Payload::EmptyObject).unwrap().received();
    assert_eq!(part(&jws, "protected"), format!(r#"{{"alg":"HS256","kid":"kid/with=",{url}}}"#));
}

#[test]
fn the_same_input_gives_the_same_octets() {
    let sign = || Jws::sign(&key(), &header(KeyId::Jwk), &Payload::json(&json!({"a": [1, 2]})).unwrap()).unwrap();
    assert_eq!(sign().to_json(), sign().to_json());
    let text = sign().to_json();
    assert_eq!(text, serde_json::to_string(&sign()).unwrap(), "both ways of writing it agree");
    assert!(text.starts_with(r#"{"protected":"ey"#) && !text.contains(['\n', ' ', '=']), "{text}");
}

/// POST-as-GET reads (RFC 8555 §6.3), `{}` acts (§7.5.1).
#[test]
fn nothing_and_an_empty_object_are_different_payloads() {
    for (payload, wire) in [
        (Payload::Empty, r#""payload":"","#),
        (Payload::EmptyObject, r#""payload":"e30","#),
        (Payload::json(&json!({"status": "deactivated"})).unwrap(), r#""payload":"eyJzdGF0dXMiOiJkZWFjdGl2YXRlZCJ9","#),
        (
            Payload::json(&json!({"onlyReturnExisting": true})).unwrap(),
            r#""payload":"eyJvbmx5UmV0dXJuRXhpc3RpbmciOnRydWV9","#,
        ),
    ] {
        let jws = Jws::sign(&key(), &header(KeyId::Jwk), &payload).unwrap();
        assert!(jws.to_json().contains(wire), "{payload:?}: {}", jws.to_json());
        assert_eq!(Jws::from_json(jws.to_json().as_bytes()).unwrap().verify(&key().public_key()), Ok(()));
    }
    assert_ne!(Payload::Empty, Payload::EmptyObject);
    assert_eq!(Payload::json(&json!({})).unwrap(), Payload::EmptyObject, "one value for one text");
}

#[test]
fn a_receiver_reads_what_a_sender_wrote() {
    let key = key();
    let jws = Jws::sign(&key, &header(KeyId::Jwk), &Payload::EmptyObject).unwrap();
    let jws = Jws::from_json(jws.to_json().as_bytes()).unwrap();
    let parsed = jws.header().unwrap();
    assert_eq!(parsed.algorithm, ParsedAlgorithm::Signature(Algorithm::Es256));
    assert_eq!(parsed.key, ParsedKeyId::Jwk(key.public_key()));
    assert_eq!((parsed.nonce.as_deref(), parsed.url.as_deref()), (Some(NONCE), Some(URL)));
    assert_eq!(jws.payload(), b"{}");

    let inner = Jws::sign_inner(&key, URL, &Payload::Empty).unwrap().received().header().unwrap();
    assert_eq!((inner.key, inner.nonce), (ParsedKeyId::Jwk(key.public_key()), None));
    let binding = MacKey::from_bytes(b"k").sign(MacAlgorithm::Hs512, "kid-1", URL, &Payload::Empty).unwrap().received();
    let binding = binding.header().unwrap();
    assert_eq!(binding.algorithm, ParsedAlgorithm::Mac(MacAlgorithm::Hs512));
    assert_eq!((binding.key, binding.nonce), (ParsedKeyId::Kid("kid-1".into()), None));
}

/// A JWS whose protected header is this JSON; its signature is not looked at.
fn with_header(protected: &str) -> String {
    json!({"protected": base64url::encode(protected.as_bytes()), "payload": "", "signature": "AA"}).to_string()
}

#[test]
fn what_is_not_a_jws_for_acme_is_refused() {
    let jwk = key().public_key().to_json();
    let swapped = jwk.replace("\"x\"", "\"?\"").replace("\"y\"", "\"x\"").replace("\"?\"", "\"y\"");
    for (why, text, says) in [
        ("not JSON", "{".to_string(), "not a JWS: expected JSON: EOF while parsing an object at line 1 column 1"),
        ("the compact form", "a.b.c".into(), "not a JWS: expected JSON: expected value at line 1 column 1"),
        ("a list", "[]".into(), "not a JWS: found an array, expected a JSON object"),
        (
            "two signatures (RFC 8555 §6.2)",
            r#"{"payload":"","signatures":[{},{}]}"#.into(),
            r#"found a JWS with "signatures" (2), expected the flattened form with one signature"#,
        ),
        (
            "an unprotected header (RFC 8555 §6.2)",
            r#"{"protected":"","header":{},"payload":"","signature":""}"#.into(),
            r#"found an unprotected "header", expected all of the header to be protected"#,
        ),
        (
            "a fourth member",
            r#"{"protected":"e30","payload":"","signature":"","x":1}"#.into(),
            r#"found the member "x", expected only protected, payload and signature"#,
        ),
        (
            "a detached payload",
            r#"{"protected":"e30","signature":""}"#.into(),
            r#"not a JWS: the member "payload" is missing"#,
        ),
        (
            "a payload in the clear",
            r#"{"protected":"e30","payload":{},"signature":""}"#.into(),
            r#"not a JWS: found an object as "payload", expected a string"#,
        ),
        (
            "padding",
            r#"{"protected":"e30=","payload":"","signature":""}"#.into(),
            r#"not a JWS: the member "protected" is not base64url: padding (`=`) is not allowed"#,
        ),
        (
            "a header that is not JSON",
            with_header("x"),
            "the protected header of the JWS: expected JSON: expected value at line 1 column 1",
        ),
        (
            "an empty header",
            r#"{"protected":"","payload":"","signature":""}"#.into(),
            "the protected header of the JWS: expected JSON: EOF while parsing a value at line 1 column 0",
        ),
        (
            "a payload that is not encoded (RFC 8555 §6.2)",
            with_header(r#"{"alg":"ES256","kid":"a","b64":false}"#),
            r#"found "b64" in the protected header, expected no extensions"#,
        ),
        (
            "an extension (RFC 7515 §4.1.11)",
            with_header(r#"{"alg":"ES256","kid":"a","crit":["exp"]}"#),
            r#"found "crit" in the protected header, expected no extensions"#,
        ),
        (
            "no algorithm",
            with_header(r#"{"kid":"a"}"#),
            r#"the protected header of the JWS: the member "alg" is missing"#,
        ),
        (
            "no signature at all",
            with_header(r#"{"alg":"none","kid":"a"}"#),
            r#"found the algorithm "none", expected ES256, ES384, ES512, EdDSA or RS256, or inside of another JWS HS256, HS384 or HS512"#,
        ),
        (
            "an algorithm in another case",
            with_header(r#"{"alg":"es256","kid":"a"}"#),
            r#"found the algorithm "es256", expected ES256, ES384, ES512, EdDSA or RS256, or inside of another JWS HS256, HS384 or HS512"#,
        ),
        (
            "a member twice (RFC 7515 §4)",
            with_header(r#"{"alg":"ES256","kid":"a","url":"b","kid":"c"}"#),
            "the protected header of the JWS: expected JSON: the member \"kid\" stands there twice at line 1 column 45",
        ),
        (
            "a member of the key twice (RFC 7517 §4)",
            with_header(r#"{"alg":"ES256","jwk":{"kty":"EC","kty":"RSA"}}"#),
            "the protected header of the JWS: expected JSON: the member \"kty\" stands there twice at line 1 column 45",
        ),
        (
            "a payload twice (RFC 7515 §7.2.2)",
            r#"{"protected":"e30","payload":"","payload":"e30","signature":""}"#.into(),
            "not a JWS: expected JSON: the member \"payload\" stands there twice at line 1 column 47",
        ),
        (
            "both ways to name a key (RFC 8555 §6.2)",
            with_header(&format!(r#"{{"alg":"ES256","kid":"a","jwk":{jwk}}}"#)),
            r#"found both "jwk" and "kid", expected one of them"#,
        ),
        ("neither", with_header(r#"{"alg":"ES256"}"#), r#"found neither "jwk" nor "kid", expected one of them"#),
        (
            "a kid that is a number",
            with_header(r#"{"alg":"ES256","kid":1}"#),
            r#"the protected header of the JWS: found a number as "kid", expected a string"#,
        ),
        (
            "a nonce that is null",
            with_header(r#"{"alg":"ES256","kid":"a","nonce":null}"#),
            r#"the protected header of the JWS: found null as "nonce", expected a string"#,
        ),
        (
            "a jwk that is a string",
            with_header(r#"{"alg":"ES256","jwk":"a"}"#),
            r#"the "jwk" of the JWS cannot be used: not a JWK: found a string, expected a JSON object"#,
        ),
        (
            "a shared secret as jwk",
            with_header(r#"{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}"#),
            r#"the "jwk" of the JWS cannot be used: found the key type "oct", expected "EC", "OKP" or "RSA""#,
        ),
        (
            "a point off the curve",
            with_header(&format!(r#"{{"alg":"ES256","jwk":{swapped}}}"#)),
            r#"the "jwk" of the JWS cannot be used: found a public key that is not a usable point, expected one of P-256"#,
        ),
    ] {
        let error = Jws::from_json(text.as_bytes()).and_then(|jws| jws.header()).expect_err(why).to_string();
        assert_eq!(error, says, "{why}");
    }
}

/// What the other side writes ends up in logs: an error repeats no more than the start of it.
#[test]
fn errors_do_not_grow_with_the_input() {
    let long = "x".repeat(100_000);
    let header = |text: String| Jws::from_json(with_header(&text).as_bytes()).and_then(|jws| jws.header());
    let signed = Jws::from_json(with_header(&format!(r#"{{"alg":"{long}","kid":"a"}}"#)).as_bytes()).unwrap();
    let key = key();
    for (why, text) in [
        ("an algorithm", header(format!(r#"{{"alg":"{long}","kid":"a"}}"#)).unwrap_err().to_string()),
        ("the same when verifying", signed.verify(&key.public_key()).unwrap_err().to_string()),
        ("and under a MAC", MacKey::from_bytes(b"k").verify(MacAlgorithm::Hs256, &signed).unwrap_err().to_string()),
        ("a member", Jws::from_json(format!(r#"{{"{long}":1}}"#).as_bytes()).unwrap_err().to_string()),
        ("a member twice", header(format!(r#"{{"{long}":1,"{long}":1}}"#)).unwrap_err().to_string()),
        ("a key type", header(format!(r#"{{"alg":"ES256","jwk":{{"kty":"{long}"}}}}"#)).unwrap_err().to_string()),
        (
            "a curve",
            header(format!(r#"{{"alg":"ES256","jwk":{{"kty":"EC","crv":"{long}"}}}}"#)).unwrap_err().to_string(),
        ),
        (
            "a curve of Ed25519's kind",
            header(format!(r#"{{"alg":"EdDSA","jwk":{{"kty":"OKP","crv":"{long}"}}}}"#)).unwrap_err().to_string(),
        ),
        ("a PEM label", PrivateKey::from_pem(&format!("-----BEGIN {long}-----\n")).unwrap_err().to_string()),
        (
            "a PEM block",
            PrivateKey::from_pem(&format!("-----BEGIN {long}-----\n-----END {long}-----")).unwrap_err().to_string(),
        ),
    ] {
        assert!(text.contains("xxx…") && text.len() < 400, "{why}: {} octets", text.len());
    }
}

/// The twins that RFC 7515 A.3 suggests: each is one slip of an implementation away from the real signature.
#[test]
fn twins_of_a_good_signature_are_refused() {
    let key = key();
    let jws = Jws::sign(&key, &header(KeyId::Jwk), &Payload::EmptyObject).unwrap();
    let wire: Value = serde_json::from_str(&jws.to_json()).unwrap();
    let good = base64url::decode(wire["signature"].as_str().unwrap()).unwrap();
    let verify = |signature: &[u8]| {
        let mut twin = wire.clone();
        twin["signature"] = base64url::encode(signature).into();
        Jws::from_json(twin.to_string().as_bytes()).unwrap().verify(&key.public_key())
    };
    assert_eq!(verify(&good), Ok(()));
    for (why, twin) in [
        ("as DER", acme_jose::ecdsa_fixed_to_der(Algorithm::Es256, &good).unwrap()),
        ("S before R", [&good[32..], &good[..32]].concat()),
        ("one octet short", good[..63].to_vec()),
        ("one octet more", [&good[..], &[0]].concat()),
        ("a zero in front", [&[0], &good[..]].concat()),
        ("nothing", Vec::new()),
        ("all zeros", vec![0; 64]),
    ] {
        assert_eq!(verify(&twin), Err(VerifyError::Signature), "{why}");
    }
    for (alg, found) in [("ES384", "ES384"), ("HS256", "HS256"), ("none", "none")] {
        let mut twin = wire.clone();
        twin["protected"] = base64url::encode(format!(r#"{{"alg":"{alg}"}}"#).as_bytes()).into();
        let error = VerifyError::Algorithm { found: found.into(), expected: "ES256" };
        assert_eq!(Jws::from_json(twin.to_string().as_bytes()).unwrap().verify(&key.public_key()), Err(error));
    }
    let another = PrivateKey::generate(KeyType::P256).unwrap().public_key();
    assert_eq!(jws.verify(&another), Err(VerifyError::Signature), "another key");
}

/// A signer of somebody else's making, with the slip that HSM wrappers have.
struct Der(PrivateKey);

impl Signer for Der {
    fn algorithm(&self) -> Algorithm {
        self.0.algorithm()
    }

    fn public_key(&self) -> acme_jose::Jwk {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        acme_jose::ecdsa_fixed_to_der(self.algorithm(), &self.0.sign(message)?)
    }
}

#[test]
fn a_signer_that_gives_der_is_told_so() {
    let error = Jws::sign(&Der(key()), &header(KeyId::Jwk), &Payload::Empty).unwrap_err().to_string();
    assert!(error.contains("found an ES256 signature of 7") && error.contains("expected 64"), "{error}");
    assert!(error.contains("ecdsa_der_to_fixed"), "{error}");
    assert!(Jws::sign_inner(&Der(key()), URL, &Payload::Empty).is_err());
}

/// A signer that claims `algorithm` and gives the signature it is told to.
struct Told {
    public: PrivateKey,
    algorithm: Algorithm,
    signature: Vec<u8>,
}

impl Signer for Told {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    fn public_key(&self) -> acme_jose::Jwk {
        self.public.public_key()
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.signature.clone())
    }
}

#[test]
fn a_signer_at_odds_with_its_public_key_is_refused() {
    let told = |pem: &str, algorithm, octets| Told {
        public: PrivateKey::from_pem(pem).unwrap(),
        algorithm,
        signature: vec![1; octets],
    };
    for (why, signer, says) in [
        (
            "another algorithm",
            told(include_str!("vectors/keys/p256.pkcs8.pem"), Algorithm::EdDsa, 64),
            "found a signer for EdDSA whose public key goes with ES256, expected one and the same algorithm",
        ),
        #[cfg(feature = "ed25519")]
        (
            "half an Ed25519 signature",
            told(include_str!("vectors/keys/ed25519.pkcs8.pem"), Algorithm::EdDsa, 32),
            "found an EdDSA signature of 32 octets, expected 64",
        ),
        #[cfg(feature = "rsa")]
        (
            "an RSA signature under another modulus",
            told(include_str!("vectors/keys/rsa2048.pkcs8.pem"), Algorithm::Rs256, 384),
            "found an RS256 signature of 384 octets, expected 256",
        ),
    ] {
        let says = format!("cannot sign: {says}");
        for key in [KeyId::Jwk, KeyId::Kid("https://ca.example/acct/1")] {
            let error = Jws::sign(&signer, &header(key), &Payload::Empty).expect_err(why);
            assert_eq!(error.to_string(), says, "{why}");
        }
        let error = Jws::sign_inner(&signer, URL, &Payload::Empty).expect_err(why);
        assert_eq!(error.to_string(), says, "{why}, inside");
    }
}

#[test]
fn all_spellings_of_a_mac_key_give_the_same_mac() {
    let octets: Vec<u8> = (0..=255).rev().step_by(3).collect();
    let tag = MacKey::from_bytes(&octets).tag(MacAlgorithm::Hs256, b"message").unwrap();
    let url = base64url::encode(&octets);
    assert!(url.contains(['-', '_']) && !url.len().is_multiple_of(4), "a spelling in which it matters: {url}");
    let standard = url.replace('-', "+").replace('_', "/");
    let padding = "=".repeat(4 - url.len() % 4);
    for spelling in [
        url.clone(),
        format!("{url}{padding}"),
        standard.clone(),
        format!("{standard}{padding}"),
        format!("  {url}\n"),
        format!("{url}{padding}\n"),
    ] {
        let key = MacKey::from_text(&spelling).unwrap_or_else(|error| panic!("{spelling:?}: {error}"));
        assert_eq!(key.tag(MacAlgorithm::Hs256, b"message").unwrap(), tag, "{spelling:?}");
    }
    for (why, text) in [
        ("empty", ""),
        ("only padding", "=="),
        ("padding where none goes", "AAAA="),
        ("padding too short", "AA="),
        ("padding too long", "AAA=="),
        ("a group of padding", "AAAA===="),
        ("padding inside", "AA==AAAA"),
        ("another alphabet", "a!bc"),
        ("an impossible length", "abcde"),
        ("both alphabets at once", "-_+/"),
        ("white space inside", "ab cd"),
        ("bits behind the last octet", "AB"),
    ] {
        assert!(MacKey::from_text(text).is_err(), "{why}: {text:?}");
    }
}
