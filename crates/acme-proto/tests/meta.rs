//! What a directory says about its CA (RFC 8555 §7.1.1 and extensions), and choices that hang on it.
#![allow(clippy::unwrap_used, missing_docs)]

use acme_proto::{Directory, Meta, ProfileChoice};
use serde_json::{Value, json};

fn meta(meta: Value) -> Meta {
    let json = json!({"newNonce": "n", "newAccount": "a", "newOrder": "o", "meta": meta});
    Directory::from_json(json.to_string().as_bytes()).unwrap().meta
}

// Rows: D-03, SD-01, SR-03, Q-01, DP-05, DP-12
#[test]
fn every_member_is_read() {
    let meta = meta(json!({
        "termsOfService": "https://ca.example/terms",
        "website": "https://ca.example/",
        "caaIdentities": ["ca.example"],
        "externalAccountRequired": true,
        "profiles": {"classic": "https://ca.example/classic", "shortlived": "Six days"},
        "auto-renewal": {"min-lifetime": 86400, "max-duration": 31536000, "allow-certificate-get": true},
        "delegation-enabled": true,
        "allow-certificate-get": true,
        "subdomainAuthAllowed": true,
        "inBandOnionCAARequired": true,
        "accountHashPrefix": "https://ca.example/account-hash/",
        "issuerDomainNames": ["ca.example"],
        "tomorrow": {"a": [1]},
    }));
    assert_eq!(meta.terms_of_service.as_deref(), Some("https://ca.example/terms"));
    assert_eq!(meta.website.as_deref(), Some("https://ca.example/"));
    assert_eq!(meta.caa_identities, ["ca.example"]);
    assert_eq!(meta.profiles["shortlived"], "Six days");
    let star = meta.auto_renewal.as_ref().unwrap();
    assert_eq!((star.min_lifetime, star.max_duration), (Some(86_400), Some(31_536_000)));
    assert_eq!(meta.subdomain_auth_allowed, Some(true));
    assert_eq!(meta.account_hash_prefix.as_deref(), Some("https://ca.example/account-hash/"));
    assert_eq!(meta.issuer_domain_names, ["ca.example"]);
    for (why, set) in [
        ("external account", meta.external_account_required),
        ("STAR by plain GET", star.allow_certificate_get),
        ("delegation", meta.delegation_enabled),
        ("plain GET", meta.allow_certificate_get),
        ("CAA of onions", meta.onion_caa_required()),
    ] {
        assert!(set, "{why}");
    }
}

// Rows: D-03, SD-05
#[test]
fn a_member_that_is_absent_or_odd_is_as_if_it_were_not_there() {
    let odd = json!({
        "profiles": null, "auto-renewal": "yes", "delegation-enabled": null, "allow-certificate-get": "true",
        "subdomainAuthAllowed": null, "inBandOnionCAARequired": 1, "accountHashPrefix": [], "issuerDomainNames": "ca.example",
        "caaIdentities": null,
    });
    for found in [meta(json!({})), meta(json!(null)), meta(odd)] {
        assert_eq!(found, Meta::default());
        assert_eq!(found.subdomain_auth_allowed, None, "absent means that nobody knows");
    }
    assert_eq!(meta(json!({"subdomainAuthAllowed": false})).subdomain_auth_allowed, Some(false));
    let half = meta(json!({"auto-renewal": {"min-lifetime": null, "max-duration": 5}})).auto_renewal.unwrap();
    assert_eq!((half.min_lifetime, half.max_duration, half.allow_certificate_get), (None, Some(5), false));
}

// Rows: ON-06
#[test]
fn either_name_says_that_onions_need_caa_records() {
    for (why, members, required) in [
        ("the text's", json!({"inBandOnionCAARequired": true}), true),
        ("the registry's", json!({"onionCAARequired": true}), true),
        ("both", json!({"onionCAARequired": true, "inBandOnionCAARequired": true}), true),
        ("both, and they differ", json!({"onionCAARequired": false, "inBandOnionCAARequired": true}), true),
        ("neither", json!({}), false),
        ("no", json!({"onionCAARequired": false}), false),
    ] {
        assert_eq!(meta(members).onion_caa_required(), required, "{why}");
    }
}

// Rows
#[test]
fn a_profile_is_sent_only_where_it_is_offered() {
    let offers = meta(json!({"profiles": {"classic": "", "shortlived": "Six days"}}));
    let nothing = meta(json!({}));
    let preferred = ProfileChoice::Preferred("shortlived".to_owned());
    let required = ProfileChoice::Required("shortlived".to_owned());
    assert_eq!(preferred.decide(&offers), Ok(Some("shortlived")));
    assert_eq!(required.decide(&offers), Ok(Some("shortlived")));
    assert_eq!(preferred.decide(&nothing), Ok(None), "dropped");
    assert_eq!(
        required.decide(&nothing).unwrap_err().to_string(),
        "the CA does not offer the profile \"shortlived\"; it offers none"
    );
    let unknown = ProfileChoice::Required("tlsserver".to_owned());
    assert_eq!(
        unknown.decide(&offers).unwrap_err().to_string(),
        "the CA does not offer the profile \"tlsserver\"; it offers classic, shortlived"
    );
}
