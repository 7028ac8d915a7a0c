//! email-reply-00: half of the token by mail, half over HTTPS (RFC 8823).
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod prover;

use acme_proto::{EmailReply00, Identifier, Proof, ProofError, TokenPart1};
use prover::{Setting, challenge, dns, text, vectors};
use serde_json::{Value, json};

fn mail() -> Identifier {
    Identifier::Other { kind: "email".into(), value: "alexey@example.com".into() }
}

fn read(from: Value, token: Value) -> Result<EmailReply00, ProofError> {
    let setting = Setting::new("https://ca.example/1", json!({}));
    let challenge = challenge(json!({"type": "email-reply-00", "url": "u", "from": from, "token": token}));
    match challenge.proof(&mail(), &setting.prover())? {
        Proof::EmailReply00(mail) => Ok(mail),
        other => panic!("{other:?}"),
    }
}

// Rows: EM-01, EM-02
#[test]
fn both_parts_of_the_token_make_the_answer() {
    // The token of RFC 8555, cut in two; its key authorization and digest are known.
    let found = read(json!("acme-challenge@ca.example"), json!("f17Dt3juxGJ-PCt92wr-oA")).unwrap();
    assert_eq!(found.from, "acme-challenge@ca.example");
    let part1 = TokenPart1::from_subject("ACME: evaGxfADs6pSRb2LAv9IZ").unwrap();
    let key_authorization = found.key_authorization(&part1, &prover::thumbprint());
    assert_eq!(key_authorization.as_str(), text(&vectors()["dns_01"], "key_authorization"));
    assert_eq!(EmailReply00::reply_subject(&part1), "Re: ACME: evaGxfADs6pSRb2LAv9IZ");
    assert_eq!(
        EmailReply00::reply_body(&key_authorization),
        "-----BEGIN ACME RESPONSE-----\r\nZTRx1Ckl1-tM05o5zaizTTA0yUy5AGereMgSNWC6Ll8\r\n-----END ACME RESPONSE-----\r\n"
    );
    let description = Proof::EmailReply00(found).describe();
    assert!(
        description.contains("acme-challenge@ca.example") && description.contains("f17Dt3juxGJ-PCt92wr-oA"),
        "{description}"
    );
}

// Rows: EM-02
#[test]
fn the_first_part_stands_in_the_subject() {
    for (why, subject, part1) in [
        (
            "as acme4j's tests have it",
            "ACME: LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME=",
            Some("LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME="),
        ),
        ("padded twice", "ACME: YQ==", Some("YQ==")),
        ("padded too much", "ACME: YQ===", None),
        ("padding alone", "ACME: ==", None),
        ("padding in the middle", "ACME: Y=Q", None),
        ("endless", &format!("ACME: {}", "a".repeat(5000)), None),
        ("without padding", "ACME: LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6v", Some("LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6v")),
        ("folded", "ACME: LgYemJLy3F1L\r\n DkiJrdIGbEzy\r\n\tFJyO", Some("LgYemJLy3F1LDkiJrdIGbEzyFJyO")),
        ("without the space", "ACME:abc", Some("abc")),
        ("of an answer", "Re: ACME: abc", Some("abc")),
        ("of another mail", "Hello", None),
        ("empty", "ACME: ", None),
        ("not base64url", "ACME: ../..", None),
    ] {
        let found = TokenPart1::from_subject(subject).ok();
        assert_eq!(found.map(|found| found.to_string()).as_deref(), part1, "{why}");
    }
}

// Rows: EM-01, EM-03
#[test]
fn a_sender_that_is_not_an_address_is_refused() {
    for from in [
        json!(null),
        json!(""),
        json!("ca.example"),
        json!("@ca.example"),
        json!("a@"),
        json!(["a@ca.example"]),
        json!("a@ca.example\r\nBcc: all@example.com"),
        json!("A <a@ca.example>"),
        json!("a@ca.example,b@ca.example"),
    ] {
        let refused = read(from.clone(), json!("abc"));
        assert!(matches!(refused, Err(ProofError::Sender(_))), "{from}: {refused:?}");
    }
    let hosts_have_no_mail =
        challenge(json!({"type": "email-reply-00", "url": "u", "from": "a@ca.example", "token": "t"}));
    let setting = Setting::new("https://ca.example/1", json!({}));
    assert!(hosts_have_no_mail.proof(&dns("example.com"), &setting.prover()).is_err());
    assert_eq!(read(json!("a@ca.example"), json!(null)), Err(ProofError::NoToken("email-reply-00".to_owned().into())));
}

// The parts are those of acme4j's tests, the digest was computed with Python's hashlib.
// Rows: EM-02
#[test]
fn padding_of_the_first_part_belongs_to_the_token() {
    let found = read(json!("a@ca.example"), json!("DGyRejmCefe7v4NfDGDKfA")).unwrap();
    let part1 = TokenPart1::from_subject("ACME: LgYemJLy3F1LDkiJrdIGbEzyFJyOyf6vBdyZ1TG3sME=").unwrap();
    let key_authorization = found.key_authorization(&part1, &prover::thumbprint());
    assert_eq!(key_authorization.dns_txt(), "ZEzZgc9aJoD_n58jPgRZT72bYhm3xgODx3XMbYEeaBo");
}
