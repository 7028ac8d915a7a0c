//! What each kind of challenge asks to be published (RFC 8555 §8, RFC 8737, RFC 8738,
//! draft-ietf-acme-dns-account-label).
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod prover;

use acme_proto::{
    AttestationResponse, ChallengeType, Identifier, Proof, ProofError, TxtRecord, dns_account_label, reverse_name,
};
use prover::{Setting, challenge, dns, text, vectors};
use serde_json::json;

const TOKEN: &str = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";
const ACCOUNT: &str = "https://example.com/acme/acct/ExampleAccount";

/// Every kind that has a token, and that token.
fn proof_of(kind: &str, identifier: &Identifier) -> Result<Proof, ProofError> {
    let setting = Setting::new(ACCOUNT, json!({}));
    challenge(json!({"type": kind, "url": "https://ca.example/chall/1", "status": "pending", "token": TOKEN}))
        .proof(identifier, &setting.prover())
}

fn txt(proof: Proof) -> TxtRecord {
    match proof {
        Proof::Dns01(record) | Proof::DnsAccount01(record) | Proof::DnsPersist01(record) => record,
        other => panic!("{other:?}"),
    }
}

fn ip(text: &str) -> Identifier {
    Identifier::Ip(text.parse().unwrap())
}

// Rows: H-01, H-02, H-10, C-03
#[test]
fn http_01_serves_the_key_authorization_below_well_known() {
    let key_authorization = vectors()["dns_01"]["key_authorization"].as_str().unwrap().to_owned();
    for (identifier, host) in
        [(dns("example.org"), "example.org"), (ip("192.0.2.1"), "192.0.2.1"), (ip("2001:db8::1"), "[2001:db8::1]")]
    {
        let Ok(Proof::Http01 { url, body }) = proof_of("http-01", &identifier) else { panic!("{identifier}") };
        assert_eq!(url, format!("http://{host}/.well-known/acme-challenge/{TOKEN}"));
        assert_eq!(body.as_str(), key_authorization);
    }
}

// Rows: S-01, S-02, S-03
#[test]
fn dns_01_puts_the_digest_below_acme_challenge() {
    for name in ["example.org", "*.example.org", "EXAMPLE.org", "example.org."] {
        let record = txt(proof_of("dns-01", &dns(name)).unwrap());
        assert_eq!(record.name, "_acme-challenge.example.org.", "{name}");
        assert_eq!(record.value, text(&vectors()["dns_01"], "txt"), "{name}");
    }
}

// Rows: P-03, P-08, I-02
#[test]
fn tls_alpn_01_answers_the_reverse_name_of_an_address() {
    let expected = acme_jose::base64url::decode(text(&vectors()["dns_01"], "txt")).unwrap();
    for (identifier, server_name) in [
        (dns("example.org"), "example.org"),
        (ip("192.0.2.1"), "1.2.0.192.in-addr.arpa"),
        (ip("2001:db8::1"), "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"),
    ] {
        let Ok(Proof::TlsAlpn01(handshake)) = proof_of("tls-alpn-01", &identifier) else { panic!("{identifier}") };
        assert_eq!(handshake.server_name, server_name);
        assert_eq!(handshake.identifier, identifier);
        assert_eq!(handshake.sha256[..], expected[..]);
        let hex: String = handshake.sha256.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, text(&vectors()["tls_alpn"], "sha256_hex"));
    }
}

// Rows: P-08
#[test]
fn reverse_names_are_those_of_the_vectors() {
    for (address, name) in vectors()["reverse_names"].as_object().unwrap() {
        assert_eq!(reverse_name(address.parse().unwrap()), name.as_str().unwrap(), "{address}");
    }
}

// Rows: DA-01, DA-04
#[test]
fn dns_account_labels_are_those_of_the_vectors() {
    for case in vectors()["dns_account"].as_array().unwrap() {
        assert_eq!(dns_account_label(text(case, "account")), text(case, "label"));
    }
}

// Rows: DA-02
#[test]
fn every_character_of_the_account_url_counts_for_its_label() {
    let label = dns_account_label(ACCOUNT);
    for other in ["https://example.com/acme/acct/ExampleAccount/", "https://example.com:443/acme/acct/ExampleAccount"] {
        assert_ne!(dns_account_label(other), label, "{other}");
    }
}

// Rows: DA-03, DA-07
#[test]
fn dns_account_01_has_the_value_of_dns_01_below_a_label_of_its_own() {
    for name in ["example.org", "*.example.org"] {
        let record = txt(proof_of("dns-account-01", &dns(name)).unwrap());
        assert_eq!(record.name, "_ujmmovf2vn55tgye._acme-challenge.example.org.");
        assert_eq!(record.value, text(&vectors()["dns_01"], "txt"));
    }
}

// Rows: DA-06
#[test]
fn an_account_url_that_the_ca_echoes_is_not_used() {
    let setting = Setting::new(ACCOUNT, json!({}));
    let challenge = challenge(json!({
        "type": "dns-account-01", "url": "u", "token": TOKEN, "accounturi": "https://elsewhere.example/1",
        "error": {"detail": "no TXT record for https://elsewhere.example/1"},
    }));
    let record = txt(challenge.proof(&dns("example.org"), &setting.prover()).unwrap());
    assert_eq!(record.name, "_ujmmovf2vn55tgye._acme-challenge.example.org.");
}

// Rows: H-08, P-11, C-13, S-09, I-02, ON-01
#[test]
fn a_kind_that_cannot_prove_the_identifier_is_refused_here() {
    let mail = Identifier::Other { kind: "email".into(), value: "a@example.org".into() };
    for (why, kind, identifier) in [
        ("no wildcards over HTTP", "http-01", dns("*.example.org")),
        ("no wildcards over TLS", "tls-alpn-01", dns("*.example.org")),
        ("no addresses in the DNS", "dns-01", ip("192.0.2.1")),
        ("nor here", "dns-account-01", ip("2001:db8::1")),
        ("nor here", "dns-persist-01", ip("2001:db8::1")),
        ("no onions in the DNS", "dns-01", dns("abc.onion")),
        ("nor with a label of the account", "dns-account-01", dns("abc.onion")),
        ("nor in a record that stays", "dns-persist-01", dns("abc.onion")),
        ("in any case", "dns-account-01", dns("abc.ONION.")),
        ("mail is not a host", "http-01", mail.clone()),
        ("nor a name", "dns-01", mail),
        ("a host has no mail", "email-reply-00", dns("example.org")),
    ] {
        let refused = proof_of(kind, &identifier);
        assert!(matches!(refused, Err(ProofError::NotForIdentifier { .. })), "{why}: {refused:?}");
    }
    assert!(proof_of("http-01", &dns("abc.onion")).is_ok());
    assert!(proof_of("tls-alpn-01", &dns("abc.onion")).is_ok());
    assert!(proof_of("dns-01", &dns("onion.example")).is_ok());
}

// Rows: S-11
#[test]
fn a_name_too_long_for_the_label_in_front_is_refused() {
    let name = |length: usize| {
        let label = "a".repeat(49);
        format!("{label}.{label}.{label}.{label}.{}", "b".repeat(length - 200))
    };
    // `_acme-challenge.` takes 16 of the 253.
    assert_eq!(txt(proof_of("dns-01", &dns(&name(237))).unwrap()).name.len(), 254, "with the dot at the end");
    let refused = proof_of("dns-01", &dns(&name(238)));
    assert!(matches!(refused, Err(ProofError::NameTooLong { length: 254, .. })), "{refused:?}");
    assert!(proof_of("dns-account-01", &dns(&name(237))).is_err());
}

// Rows: SEC-02
#[test]
fn a_name_that_is_none_does_not_reach_a_zone() {
    for name in ["a b.example", "x\" IN TXT \"y.example", "a\n.example", "*.*.example", "", "a..example", "ex/ample"] {
        let refused = proof_of("dns-01", &dns(name));
        assert!(matches!(refused, Err(ProofError::NotADomainName(_))), "{name:?}: {refused:?}");
    }
}

// Rows: C-04, C-05
#[test]
fn a_token_that_is_missing_or_bad_is_refused() {
    let setting = Setting::new(ACCOUNT, json!({}));
    for kind in ["http-01", "dns-01", "tls-alpn-01", "dns-account-01", "device-attest-01"] {
        let proof = |json| challenge(json).proof(&dns("example.org"), &setting.prover());
        assert_eq!(proof(json!({"type": kind, "url": "u"})), Err(ProofError::NoToken(kind.to_owned().into())));
        let bad = proof(json!({"type": kind, "url": "u", "token": "../../etc/passwd"}));
        assert!(matches!(bad, Err(ProofError::Token(_))), "{kind}: {bad:?}");
    }
}

// Rows: EX-01, ON-02, TK-01
#[test]
fn an_unknown_kind_survives_with_its_members() {
    for (json, member, expected) in [
        (json!({"type": "onion-csr-01", "url": "u", "nonce": "bI6/MRqV4gw=", "authKey": "k"}), "nonce", "bI6/MRqV4gw="),
        (
            json!({"type": "tkauth-01", "url": "u", "tkauth-type": "atc", "token-authority": "https://ta.example"}),
            "tkauth-type",
            "atc",
        ),
        (json!({"type": "tomorrow-01", "url": "u", "how": {"so": "ever"}}), "how", ""),
    ] {
        let challenge = challenge(json.clone());
        assert_eq!(challenge.kind.as_str(), json["type"]);
        assert_eq!(challenge.member(member).unwrap(), &json[member]);
        assert!(expected.is_empty() || challenge.member(member).unwrap() == expected);
        let setting = Setting::new(ACCOUNT, json!({}));
        let refused = challenge.proof(&dns("example.org"), &setting.prover());
        assert_eq!(refused, Err(ProofError::UnknownType(challenge.kind.clone())));
    }
}

#[test]
fn every_known_kind_has_its_word() {
    for word in
        ["http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01", "email-reply-00", "device-attest-01"]
    {
        let kind = ChallengeType::from(word.to_owned());
        assert_eq!(kind.as_str(), word);
        assert!(!matches!(kind, ChallengeType::Other(_)), "{word}");
    }
}

// Rows: DV-02
#[test]
fn device_attest_01_attests_over_the_key_authorization() {
    let hardware = Identifier::Other { kind: "permanent-identifier".into(), value: "SN 1/1.2.3".into() };
    let Ok(Proof::DeviceAttest01(text_to_attest)) = proof_of("device-attest-01", &hardware) else { panic!() };
    assert_eq!(text_to_attest.as_str(), text(&vectors()["dns_01"], "key_authorization"));
    let response = AttestationResponse::new(&[0xa0, 0xfb, 0xff]);
    assert_eq!(serde_json::to_string(&response).unwrap(), r#"{"attObj":"oPv_"}"#);
}

#[test]
fn descriptions_name_the_place_and_the_content() {
    let key_authorization = text(&vectors()["dns_01"], "key_authorization").to_owned();
    for (kind, identifier, parts) in [
        ("http-01", dns("example.org"), ["http://example.org/.well-known/acme-challenge/", &key_authorization]),
        (
            "dns-01",
            dns("*.example.org"),
            [
                "_acme-challenge.example.org. 300 IN TXT \"ZTRx1Ckl1-tM05o5zaizTTA0yUy5AGereMgSNWC6Ll8\"",
                "all name servers",
            ],
        ),
        (
            "dns-account-01",
            dns("example.org"),
            ["_ujmmovf2vn55tgye._acme-challenge.example.org. 300 IN TXT \"ZTRx1", "beside"],
        ),
        ("tls-alpn-01", ip("192.0.2.1"), ["1.2.0.192.in-addr.arpa", &key_authorization]),
        ("device-attest-01", dns("example.org"), ["attest", &key_authorization]),
    ] {
        let description = proof_of(kind, &identifier).unwrap().describe();
        for part in parts {
            assert!(description.contains(part), "{kind}: {part:?} is not in {description:?}");
        }
    }
}

// The kinds that need a token only are described without the account too.
#[test]
fn a_type_describes_what_its_proof_does() {
    use acme_proto::{KeyAuthorization, Token};
    let token = Token::parse(TOKEN).unwrap();
    let key_authorization = KeyAuthorization::new(&token, &prover::thumbprint());
    for kind in ["http-01", "dns-01", "tls-alpn-01"] {
        let described = ChallengeType::from(kind.to_owned()).describe(&dns("example.org"), &token, &key_authorization);
        assert_eq!(described, Some(proof_of(kind, &dns("example.org")).unwrap().describe()), "{kind}");
    }
    for kind in ["dns-account-01", "dns-persist-01", "email-reply-00", "tomorrow-01"] {
        let kind = ChallengeType::from(kind.to_owned());
        assert_eq!(kind.describe(&dns("example.org"), &token, &key_authorization), None, "{kind}");
    }
}
