//! Messages that change or end what exists, and the lists that show it (RFC 8555 §7.1.2.1, §7.3.2, §7.3.5, §7.3.6, §7.6).
#![allow(clippy::unwrap_used, missing_docs)]

use acme_jose::{Jwk, base64url};
use acme_proto::{
    AccountUpdate, Contact, KeyChange, RevocationReason, RevokeCert, StatusChange, delegation_urls, order_urls,
};
use proptest::prelude::*;
use serde::Serialize;

fn json(message: &impl Serialize) -> String {
    serde_json::to_string(message).unwrap()
}

// Rows: V-01, V-04
#[test]
fn a_revocation_carries_the_certificate_and_a_reason_that_says_something() {
    let der = [0x30, 0x03, 0xfb, 0xff, 0xfe];
    assert_eq!(json(&RevokeCert::new(&der, RevocationReason::Unspecified)), r#"{"certificate":"MAP7__4"}"#);
    assert_eq!(json(&RevokeCert::new(&der, RevocationReason::Superseded)), r#"{"certificate":"MAP7__4","reason":4}"#);
}

// Rows: V-04
#[test]
fn reasons_are_those_of_rfc_5280() {
    let codes: Vec<u8> = RevocationReason::ALL.iter().map(|reason| reason.code()).collect();
    assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 8, 9, 10]);
    for code in 0..=255 {
        let reason = RevocationReason::try_from(code);
        assert_eq!(reason.as_ref().ok().map(|reason| reason.code()), codes.contains(&code).then_some(code));
    }
    for (text, reason) in [
        ("keyCompromise", Some(RevocationReason::KeyCompromise)),
        ("keycompromise", Some(RevocationReason::KeyCompromise)),
        ("5", Some(RevocationReason::CessationOfOperation)),
        ("removeFromCRL", Some(RevocationReason::RemoveFromCrl)),
        ("7", None),
        ("01", None),
        ("-1", None),
        ("", None),
        ("because", None),
    ] {
        assert_eq!(RevocationReason::parse(text).ok(), reason, "{text:?}");
    }
    for reason in RevocationReason::ALL {
        assert_eq!(RevocationReason::parse(&reason.to_string()), Ok(*reason));
    }
}

// The payload of spec-vectors.json, section payloads.
// Rows: A-13, Z-09
#[test]
fn a_deactivation_has_the_payload_of_the_vector() {
    let payload = json(&StatusChange::Deactivated);
    assert_eq!(base64url::encode(payload.as_bytes()), "eyJzdGF0dXMiOiJkZWFjdGl2YXRlZCJ9");
}

// Rows: A-10
#[test]
fn an_update_names_only_what_changes() {
    let contacts = vec![Contact::parse("a@example.org").unwrap()];
    for (why, update, expected) in [
        ("nothing", AccountUpdate::default(), "{}"),
        (
            "contacts",
            AccountUpdate { contact: Some(contacts), ..Default::default() },
            r#"{"contact":["mailto:a@example.org"]}"#,
        ),
        ("no contacts any more", AccountUpdate { contact: Some(vec![]), ..Default::default() }, r#"{"contact":[]}"#),
        (
            "new terms",
            AccountUpdate { terms_of_service_agreed: true, ..Default::default() },
            r#"{"termsOfServiceAgreed":true}"#,
        ),
    ] {
        assert_eq!(json(&update), expected, "{why}");
    }
}

// The key of RFC 7515 A.3; private and other members of the JWK must not be sent.
// Rows: R-03
#[test]
fn a_key_change_says_whose_key_it_was_and_nothing_more() {
    let old = Jwk::from_json(
        br#"{"kty":"EC","crv":"P-256","use":"sig",
             "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
             "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}"#,
    );
    let message = KeyChange::new("https://example.com/acme/acct/evOfKhNU60wg", old.unwrap());
    assert_eq!(
        json(&message),
        concat!(
            r#"{"account":"https://example.com/acme/acct/evOfKhNU60wg","oldKey":{"crv":"P-256","kty":"EC","#,
            r#""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}"#
        )
    );
}

// Rows: A-15, DG-01; ca-quirks: step-ca, serles
#[test]
fn lists_of_urls_are_read_in_every_shape_seen() {
    for (why, body, urls) in [
        (
            "as the RFC has it",
            r#"{"orders":["https://ca.example/1","https://ca.example/2"]}"#,
            Some(vec!["https://ca.example/1", "https://ca.example/2"]),
        ),
        ("none yet", r#"{"orders":[]}"#, Some(vec![])),
        ("a bare array (step-ca)", r#"["https://ca.example/1"]"#, Some(vec!["https://ca.example/1"])),
        (
            "a string in place of the list (serles)",
            r#"{"orders":"https://ca.example/1"}"#,
            Some(vec!["https://ca.example/1"]),
        ),
        ("a string alone", r#""https://ca.example/1""#, Some(vec!["https://ca.example/1"])),
        ("an empty string", r#"{"orders":""}"#, Some(vec![])),
        ("null", r#"{"orders":null}"#, Some(vec![])),
        ("null alone", "null", Some(vec![])),
        ("no member", r#"{}"#, Some(vec![])),
        ("odd elements", r#"{"orders":[1,null,"","https://ca.example/1",{}]}"#, Some(vec!["https://ca.example/1"])),
        ("a number", "7", None),
        ("an object in place of the list", r#"{"orders":{}}"#, None),
        ("cut off", r#"{"orders":["https"#, None),
        ("nothing", "", None),
        ("a page", "<html>", None),
    ] {
        assert_eq!(
            order_urls(body.as_bytes()),
            urls.as_ref().map(|urls| urls.iter().map(|url| (*url).to_owned()).collect()),
            "{why}"
        );
        let delegations = body.replace("orders", "delegations");
        assert_eq!(delegation_urls(delegations.as_bytes()), order_urls(body.as_bytes()), "{why}");
    }
    assert_eq!(order_urls("[".repeat(100_000).as_bytes()), None, "nested without end");
}

proptest! {
    #[test]
    fn no_body_breaks_the_list_reader(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(order_urls(&body).is_some(), delegation_urls(&body).is_some());
    }
}
