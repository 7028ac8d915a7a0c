//! Project Wycheproof: every valid case accepted, every invalid one refused, what is "acceptable" listed by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![cfg(all(feature = "p384", feature = "p521", feature = "ed25519", feature = "rsa"))]

mod vectors;

use acme_jose::{Algorithm, Jwk, MacAlgorithm, MacKey, PrivateKey, Signer, base64url};
use vectors::{array, hex, text};
use wycheproof::TestResult;

/// How the cases of one file went.
#[derive(Default)]
struct Tally {
    valid: usize,
    invalid: usize,
    /// The comments of the "acceptable" cases, and whether they were accepted.
    acceptable: Vec<(String, bool)>,
}

impl Tally {
    fn count(&mut self, file: &str, case: usize, comment: &str, result: TestResult, accepted: bool) {
        match result {
            TestResult::Valid => {
                assert!(accepted, "{file} case {case} is valid: {comment}");
                self.valid += 1;
            }
            TestResult::Invalid => {
                assert!(!accepted, "{file} case {case} is invalid: {comment}");
                self.invalid += 1;
            }
            TestResult::Acceptable => self.acceptable.push((comment.to_string(), accepted)),
        }
    }
}

#[test]
fn ecdsa_in_fixed_width() {
    use wycheproof::ecdsa::{TestName, TestSet};
    for (name, algorithm) in [
        (TestName::EcdsaSecp256r1Sha256P1363, Algorithm::Es256),
        (TestName::EcdsaSecp384r1Sha384P1363, Algorithm::Es384),
        (TestName::EcdsaSecp521r1Sha512P1363, Algorithm::Es512),
    ] {
        let mut tally = Tally::default();
        for group in TestSet::load(name).unwrap().test_groups {
            let key = Jwk::from_spki_der(&group.der).unwrap();
            for case in group.tests {
                let accepted = key.verify(algorithm, &case.msg, &case.sig).is_ok();
                tally.count(algorithm.name(), case.tc_id, &case.comment, case.result, accepted);
            }
        }
        assert!(tally.valid > 100 && tally.invalid > 50, "{algorithm}: {} and {}", tally.valid, tally.invalid);
        assert!(tally.acceptable.is_empty(), "{algorithm}: {:?}", tally.acceptable);
    }
}

#[test]
fn ed25519() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut tally = Tally::default();
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key = Jwk::from_spki_der(&group.der).unwrap();
        for case in group.tests {
            let accepted = key.verify(Algorithm::EdDsa, &case.msg, &case.sig).is_ok();
            tally.count("Ed25519", case.tc_id, &case.comment, case.result, accepted);
        }
    }
    assert!(tally.valid > 50 && tally.invalid > 50, "{} and {}", tally.valid, tally.invalid);
    assert!(tally.acceptable.is_empty(), "{:?}", tally.acceptable);
}

#[test]
fn rsa_pkcs1_verifying() {
    use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};
    for (name, file) in [
        (TestName::Rsa2048Sha256, "RSA 2048"),
        (TestName::Rsa3072Sha256, "RSA 3072"),
        (TestName::Rsa4096Sha256, "RSA 4096"),
        (TestName::Rsa8192Sha256, "RSA 8192"),
    ] {
        let mut tally = Tally::default();
        for group in TestSet::load(name).unwrap().test_groups {
            let key = Jwk::from_spki_der(&group.der).unwrap();
            for case in group.tests {
                let accepted = key.verify(Algorithm::Rs256, &case.msg, &case.sig).is_ok();
                tally.count(file, case.tc_id, &case.comment, case.result, accepted);
            }
        }
        assert!(tally.valid > 5 && tally.invalid > 100, "{file}: {} and {}", tally.valid, tally.invalid);
        // The NULL of the hash's parameters may not be left out: RFC 8017 §9.2 lets only old signatures do so.
        assert_eq!(tally.acceptable, [("Missing NULL in the ASN encoding".to_string(), false)], "{file}");
    }
}

#[test]
fn rsa_pkcs1_signing() {
    let file = vectors::json(include_str!("vectors/wycheproof_rsa_sig_gen.json"));
    let key = PrivateKey::from_pem(text(&file, "privateKeyPem")).unwrap();
    for case in array(&file, "tests") {
        let message = hex(text(case, "msg"));
        assert_eq!(key.sign(&message).unwrap(), hex(text(case, "sig")), "case {}", case["tcId"]);
    }
}

#[test]
fn hmac() {
    use wycheproof::mac::{TestName, TestSet};
    for (name, algorithm, octets) in [
        (TestName::HmacSha256, MacAlgorithm::Hs256, 32),
        (TestName::HmacSha384, MacAlgorithm::Hs384, 48),
        (TestName::HmacSha512, MacAlgorithm::Hs512, 64),
    ] {
        let mut tally = Tally::default();
        let mut truncated = 0;
        for group in TestSet::load(name).unwrap().test_groups {
            for case in group.tests {
                let key = MacKey::from_bytes(&case.key);
                let accepted = key.verify_tag(algorithm, &case.msg, &case.tag).is_ok();
                if group.tag_size == octets * 8 {
                    tally.count(algorithm.name(), case.tc_id, &case.comment, case.result, accepted);
                } else {
                    // JWS has no shortened tags (RFC 7518 §3.2): what is valid elsewhere is refused here.
                    assert!(!accepted, "{algorithm} case {}: a tag of {} bits", case.tc_id, group.tag_size);
                    let full = key.tag(algorithm, &case.msg).unwrap();
                    let prefix = full.starts_with(&case.tag);
                    assert_eq!(prefix, case.result == TestResult::Valid, "{algorithm} case {}", case.tc_id);
                    truncated += 1;
                }
            }
        }
        assert!(
            tally.valid > 30 && tally.invalid > 25 && truncated > 75,
            "{algorithm}: {} valid, {} invalid, {truncated} short",
            tally.valid,
            tally.invalid
        );
        assert!(tally.acceptable.is_empty(), "{algorithm}: {:?}", tally.acceptable);
    }
}

/// What a published key of Wycheproof is as a JWK, to be sure that the two ways in agree.
#[test]
fn spki_and_jwk_agree() {
    use wycheproof::ecdsa::{TestName, TestSet};
    let mut compared = 0;
    for group in TestSet::load(TestName::EcdsaSecp521r1Sha512P1363).unwrap().test_groups {
        let Some(jwk) = group.jwk else { continue };
        let json = format!(
            r#"{{"kty":"EC","crv":"P-521","x":"{}","y":"{}"}}"#,
            base64url::encode(&jwk.affine_x),
            base64url::encode(&jwk.affine_y)
        );
        let key = Jwk::from_spki_der(&group.der).unwrap();
        assert_eq!(Jwk::from_json(json.as_bytes()).unwrap(), key);
        assert_eq!(key.to_spki_der().unwrap(), *group.der);
        compared += 1;
    }
    assert!(compared > 3, "{compared}");
}
