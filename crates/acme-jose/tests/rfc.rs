//! The values of RFC 7515, 7520, 7638, 8037 and 6979, byte for byte where they are deterministic, verified where not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg(all(feature = "p384", feature = "p521", feature = "ed25519", feature = "rsa"))]

mod vectors;

use acme_jose::{
    Jwk, Jws, JwsError, MacAlgorithm, MacKey, Payload, PrivateKey, Signer, Thumbprint, VerifyError, base64url,
};
use serde_json::{Value, json};
use vectors::{array, hex, text};

fn private(jwk: &Value) -> PrivateKey {
    PrivateKey::from_jwk(jwk.to_string().as_bytes()).unwrap()
}

fn jws(value: &Value) -> Result<Jws, JwsError> {
    Jws::from_json(value.to_string().as_bytes())
}

fn signing_input(jws: &Value) -> String {
    format!("{}.{}", text(jws, "protected"), text(jws, "payload"))
}

/// The published signature verifies and, if it can, comes out of our signer too; ours verifies in any case.
fn check_signature(section: &str, key: &PrivateKey, published: &Value, deterministic: bool) {
    let public = key.public_key();
    assert_eq!(jws(published).unwrap().verify(&public), Ok(()), "{section}: the published signature");

    let input = signing_input(published);
    let ours = key.sign(input.as_bytes()).unwrap();
    if deterministic {
        assert_eq!(base64url::encode(&ours), text(published, "signature"), "{section}: the same octets");
    }
    assert_eq!(public.verify(key.algorithm(), input.as_bytes(), &ours), Ok(()), "{section}: our own signature");

    for member in ["protected", "payload", "signature"] {
        let mut forged = published.clone();
        // The second character, so that the header of `{"` stays JSON or the text becomes unreadable: both are refusals.
        let mut changed = text(published, member).to_string();
        let other = if &changed[1..2] == "B" { "C" } else { "B" };
        changed.replace_range(1..2, other);
        forged[member] = changed.into();
        let accepted = jws(&forged).is_ok_and(|jws| jws.verify(&public).is_ok());
        assert!(!accepted, "{section}: {member} was changed");
    }
}

#[test]
fn rfc7515_signatures() {
    let file = vectors::json(include_str!("vectors/rfc7515.json"));
    for case in array(&file, "signatures") {
        let key = private(&case["jwk"]);
        let section = text(case, "section");
        assert_eq!(key.algorithm().name(), text(case, "alg"), "{section}");
        assert_eq!(key.public_key().thumbprint().to_base64url(), text(case, "thumbprint"), "{section}");
        check_signature(section, &key, &case["jws"], case["deterministic"] == true);
    }
}

#[test]
fn rfc7515_mac() {
    let file = vectors::json(include_str!("vectors/rfc7515.json"));
    check_mac(&file["mac"]["jws"], text(&file["mac"], "k"));
}

fn check_mac(published: &Value, k: &str) {
    let key = MacKey::from_text(k).unwrap();
    let parsed = jws(published).unwrap();
    assert_eq!(key.verify(MacAlgorithm::Hs256, &parsed), Ok(()));
    let tag = key.tag(MacAlgorithm::Hs256, signing_input(published).as_bytes()).unwrap();
    assert_eq!(base64url::encode(&tag), text(published, "signature"));

    let other = VerifyError::Algorithm { found: "HS256".into(), expected: "HS512" };
    assert_eq!(key.verify(MacAlgorithm::Hs512, &parsed), Err(other));
    assert_eq!(MacKey::from_bytes(b"another").verify(MacAlgorithm::Hs256, &parsed), Err(VerifyError::Signature));
}

/// RFC 7515 shows forms that RFC 8555 §6.2 forbids; without what is forbidden, A.7 is A.3.
#[test]
fn rfc7515_general_and_unprotected_forms_are_refused() {
    let file = vectors::json(include_str!("vectors/rfc7515.json"));
    assert_eq!(jws(&file["a6_general"]), Err(JwsError::GeneralForm { signatures: 2 }));
    let mut flattened = file["a7_flattened"].clone();
    assert_eq!(jws(&flattened), Err(JwsError::UnprotectedHeader));

    flattened.as_object_mut().unwrap().remove("header");
    let key = private(&file["signatures"][1]["jwk"]).public_key();
    assert_eq!(jws(&flattened).unwrap().verify(&key), Ok(()));
}

#[test]
fn rfc7520_signatures() {
    let file = vectors::json(include_str!("vectors/rfc7520.json"));
    for case in array(&file, "signatures") {
        let key = private(&file["keys"][text(case, "key")]);
        check_signature(text(case, "section"), &key, &case["jws"], case["deterministic"] == true);
    }
    let mac = &file["mac"];
    check_mac(&mac["jws"], text(&file["keys"]["3.5"], "k"));
}

#[test]
fn rfc7520_keys_keep_their_members() {
    let file = vectors::json(include_str!("vectors/rfc7520.json"));
    for (public, private_key, members) in [
        ("3.1", "3.2", &["crv", "d", "kty", "x", "y"][..]),
        ("3.3", "3.4", &["d", "dp", "dq", "e", "kty", "n", "p", "q", "qi"]),
    ] {
        let key = private(&file["keys"][private_key]);
        let published = Jwk::from_json(file["keys"][public].to_string().as_bytes()).unwrap();
        assert_eq!(key.public_key(), published, "{public} is the public half of {private_key}");

        let json = key.to_private_jwk().unwrap();
        let exported: Value = serde_json::from_str(&json).unwrap();
        for member in members {
            assert_eq!(exported[member], file["keys"][private_key][member], "{private_key}: {member}");
        }
        let names: Vec<_> = exported.as_object().unwrap().keys().collect();
        assert_eq!(names, members, "{private_key}: these members, sorted");
    }
}

#[test]
fn rfc7520_forms_that_acme_forbids_are_refused() {
    let file = vectors::json(include_str!("vectors/rfc7520.json"));
    let refusals: Vec<_> = array(&file, "refused")
        .iter()
        .map(|case| (text(case, "section"), jws(&case["jws"]).and_then(|jws| jws.header()).unwrap_err()))
        .collect();
    let expected = [
        ("4.2", JwsError::UnknownAlgorithm("PS384".into())),
        ("4.6", JwsError::UnprotectedHeader),
        ("4.7", JwsError::UnprotectedHeader),
        ("4.8", JwsError::GeneralForm { signatures: 3 }),
    ];
    assert_eq!(refusals, expected);
}

fn thumbprint(jwk: &Value) -> Thumbprint {
    Jwk::from_json(jwk.to_string().as_bytes()).unwrap().thumbprint()
}

#[test]
fn rfc7638_thumbprint() {
    let file = vectors::json(include_str!("vectors/rfc7638.json"));
    let published = thumbprint(&file["jwk"]);
    assert_eq!(published.to_base64url(), text(&file, "thumbprint"));
    assert_eq!(published.to_string(), text(&file, "thumbprint"));
    assert_eq!(base64url::decode(text(&file, "thumbprint")).unwrap(), published.as_bytes());

    // Leading zeros are no part of a number (RFC 7518 §2), and other members no part of the hash.
    for (why, member, zeros) in
        [("as DER signs it", "n", 1), ("padded to limbs", "n", 8), ("a 32-bit exponent", "e", 1)]
    {
        let mut padded = file["jwk"].clone();
        let mut octets = vec![0; zeros];
        octets.extend(base64url::decode(text(&padded, member)).unwrap());
        padded[member] = base64url::encode(&octets).into();
        assert_eq!(thumbprint(&padded), published, "{why}: {member} with {zeros} zeros");
    }
    let mut more = file["jwk"].clone();
    more["use"] = "sig".into();
    more["x5c"] = json!(["not looked at"]);
    assert_eq!(thumbprint(&more), published);
}

#[test]
fn thumbprints_of_every_curve() {
    let file = vectors::json(include_str!("vectors/ec_thumbprints.json"));
    for case in array(&file, "cases") {
        assert_eq!(thumbprint(&case["jwk"]).to_base64url(), text(case, "thumbprint"), "{}", case["jwk"]["crv"]);
    }
}

#[test]
fn rfc8037_ed25519() {
    let file = vectors::json(include_str!("vectors/rfc8037.json"));
    let key = private(&file["jwk"]);
    assert_eq!(key.public_key().thumbprint().to_base64url(), text(&file, "thumbprint"));
    check_signature("A.4", &key, &file["jws"], true);
}

/// Nonces come from the key and the message: no bad randomness can leak a key.
#[test]
fn rfc6979_deterministic_ecdsa() {
    let file = vectors::json(include_str!("vectors/rfc6979.json"));
    for case in array(&file, "keys") {
        let key = from_scalar(text(case, "crv"), &hex(text(case, "x")));
        for known in array(case, "cases") {
            let expected = [hex(text(known, "r")), hex(text(known, "s"))].concat();
            let message = text(known, "message");
            assert_eq!(key.sign(message.as_bytes()).unwrap(), expected, "{}: {message}", text(case, "section"));
        }
    }
}

/// A key of which only the scalar is known, by way of SEC1 without a public key (RFC 5915 §3).
fn from_scalar(crv: &str, scalar: &[u8]) -> PrivateKey {
    let oid = match crv {
        "P-256" => "06082a8648ce3d030107",
        "P-384" => "06052b81040022",
        _ => "06052b81040023",
    };
    let oid = hex(oid);
    let mut body = vec![0x02, 1, 1, 0x04, u8::try_from(scalar.len()).unwrap()];
    body.extend(scalar);
    body.extend([0xa0, u8::try_from(oid.len()).unwrap()]);
    body.extend(oid);
    PrivateKey::from_der(&[vec![0x30, u8::try_from(body.len()).unwrap()], body].concat()).unwrap()
}

#[test]
fn external_account_binding() {
    let file = vectors::json(include_str!("vectors/eab.json"));
    let rfc7515 = vectors::json(include_str!("vectors/rfc7515.json"));
    let account = private(&rfc7515["signatures"][1]["jwk"]).public_key();
    let key = MacKey::from_text(text(&file, "k")).unwrap();
    for (case, algorithm) in
        array(&file, "cases").iter().zip([MacAlgorithm::Hs256, MacAlgorithm::Hs384, MacAlgorithm::Hs512])
    {
        assert_eq!(text(case, "alg"), algorithm.name());
        let payload = Payload::json(&account).unwrap();
        let binding = key.sign(algorithm, text(&file, "kid"), text(&file, "url"), &payload).unwrap();
        let expected = json!({
            "protected": case["protected"], "payload": file["payload"], "signature": case["signature"],
        });
        assert_eq!(serde_json::to_value(&binding).unwrap(), expected);
        assert_eq!(key.verify(algorithm, &binding.received()), Ok(()));
    }
}
