//! Tokens, nonces, key authorizations (RFC 8555 §6.5.1, §8.1, §8.3, §8.4).
#![allow(clippy::unwrap_used, missing_docs)]

use acme_jose::{Jwk, base64url};
use acme_proto::{Challenge, ChallengeType, Identifier, KeyAuthorization, Nonce, Token, http01_url};
use serde_json::{Value, json};

#[test]
fn only_base64url_text_is_a_token_or_a_nonce() {
    for (why, text, good) in [
        ("the RFC's example", "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA", true),
        ("no set length: not a multiple of anything", "a", true),
        ("both odd characters", "-_", true),
        ("empty", "", false),
        ("a path", "../../etc/passwd", false),
        ("padding", "YQ==", false),
        ("the MIME alphabet", "a+b/", false),
        ("a dot", "a.b", false),
        ("white space", "a b", false),
        ("a new line at the end", "abc\n", false),
        ("NUL", "abc\0", false),
        ("a shell", "$(reboot)", false),
        ("letters of another script", "ａｂｃ", false),
        ("endless", &"a".repeat(5000), false),
    ] {
        assert_eq!(Token::parse(text).is_ok(), good, "token, {why}");
        assert_eq!(Nonce::parse(text).is_ok(), good, "nonce, {why}");
        if good {
            assert_eq!(Token::parse(text).unwrap().as_str(), text, "{why}");
            assert_eq!(Nonce::parse(text).unwrap().as_str(), text, "{why}");
        }
    }
}

#[test]
fn the_longest_token_and_nonce() {
    for (length, token, nonce) in [(256, true, true), (257, false, true), (1024, false, true), (1025, false, false)] {
        assert_eq!(Token::parse(&"t".repeat(length)).is_ok(), token, "{length}");
        assert_eq!(Nonce::parse(&"n".repeat(length)).is_ok(), nonce, "{length}");
    }
}

#[test]
fn a_refused_token_is_named_but_not_at_length() {
    let refusal = Token::parse(&format!("../{}", "x".repeat(10_000))).unwrap_err().to_string();
    assert!(refusal.contains("../x") && refusal.len() < 300, "{refusal}");
}

#[test]
fn a_challenge_gives_its_token_only_when_it_is_one() {
    for (why, token, want) in [
        ("good", json!("abc"), Some(Some("abc"))),
        ("null is no token", json!(null), Some(None)),
        ("a path", json!("../x"), None),
        ("empty", json!(""), None),
        ("a number is not text", json!(12), None),
        ("nor is a truth value", json!(true), None),
        ("nor a list", json!(["abc"]), None),
    ] {
        let wire = json!({"type": "http-01", "url": "https://ca.example/c", "token": token});
        let challenge: Challenge = serde_json::from_value(wire).unwrap();
        let found = challenge.token().ok().map(|token| token.map(|token| token.to_string()));
        assert_eq!(found, want.map(|token| token.map(str::to_owned)), "{why}");
    }
}

#[test]
fn key_authorizations_of_others() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("messages/key-authorizations.json")).unwrap();
    assert_eq!(vectors.len(), 3);
    for vector in vectors {
        let text = |name: &str| vector[name].as_str().unwrap();
        let thumbprint = Jwk::from_json(vector["jwk"].to_string().as_bytes()).unwrap().thumbprint();
        let answer = KeyAuthorization::new(&Token::parse(text("token")).unwrap(), &thumbprint);
        assert_eq!(answer.as_str(), text("key_authorization"), "{}", text("source"));
        assert_eq!(answer.dns_txt(), text("txt"), "{}", text("source"));
        assert_eq!(base64url::encode(&answer.sha256()), text("txt"), "the same hash, for tls-alpn-01");
        assert!(!format!("{answer:?}").contains(&thumbprint.to_string()), "not shown by Debug");
    }
}

#[test]
fn a_person_is_told_what_to_do() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("messages/key-authorizations.json")).unwrap();
    let thumbprint = Jwk::from_json(vectors[0]["jwk"].to_string().as_bytes()).unwrap().thumbprint();
    let token = Token::parse(vectors[0]["token"].as_str().unwrap()).unwrap();
    let answer = KeyAuthorization::new(&token, &thumbprint);
    let name = Identifier::parse("*.example.com").unwrap();
    for (kind, shown) in [
        (
            ChallengeType::Http01,
            vec![answer.as_str(), "http://example.com/.well-known/acme-challenge/evaGx", "port 80"],
        ),
        (
            ChallengeType::Dns01,
            vec![r#"_acme-challenge.example.com. 300 IN TXT "ZTRx1Ckl1-tM05o5zaizTTA0yUy5AGereMgSNWC6Ll8""#],
        ),
        (ChallengeType::TlsAlpn01, vec![answer.as_str(), "acme-tls/1", "1.3.6.1.5.5.7.1.31", "port 443"]),
    ] {
        let told = kind.describe(&name, &token, &answer).unwrap();
        for part in shown {
            assert!(told.contains(part), "{kind}: {part:?} is missing in {told}");
        }
    }
    assert_eq!(ChallengeType::from("new-01".to_owned()).describe(&name, &token, &answer), None);
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    let token = Token::parse("abc").unwrap();
    for (identifier, want) in [
        ("2001:db8::1", "http://[2001:db8::1]/.well-known/acme-challenge/abc"),
        ("192.0.2.1", "http://192.0.2.1/.well-known/acme-challenge/abc"),
        ("Example.com", "http://example.com/.well-known/acme-challenge/abc"),
    ] {
        assert_eq!(http01_url(&Identifier::parse(identifier).unwrap(), &token), want);
    }
}
