//! Orders with the members of later RFCs: replaces (9773), auto-renewal (8739), subdomains (9444), delegation (9115).
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acme_proto::{
    Authorization, AutoRenewal, AutoRenewalError, AutoRenewalLimits, CertValidity, Delegation, Identifier, NewAuthz,
    NewOrder, NewOrderError, Order, StatusChange, Timestamp,
};
use serde_json::{Value, json};

fn dns(name: &str) -> Identifier {
    Identifier::Dns(name.to_owned())
}

fn stamp(text: &str) -> Timestamp {
    Timestamp::try_from(text.to_owned()).unwrap()
}

fn order(members: Value) -> Order {
    let mut json = json!({"status": "pending"});
    json.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn authorization(members: Value) -> Authorization {
    let mut json = json!({"status": "valid", "identifier": {"type": "dns", "value": "example.com"}});
    json.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    serde_json::from_value(json).unwrap()
}

fn star() -> AutoRenewal {
    AutoRenewal {
        start_date: None,
        end_date: stamp("2025-01-20T00:00:00Z"),
        lifetime: 345_600,
        lifetime_adjust: None,
        allow_certificate_get: true,
    }
}

fn sent(order: &NewOrder) -> String {
    serde_json::to_string(order).unwrap()
}

// Rows: O-01, W-20, SR-01, DG-02, SD-02
#[test]
fn every_member_of_an_order_has_its_place_and_what_is_not_set_is_not_sent() {
    let plain = NewOrder::new([dns("abc.ido.example")]);
    assert_eq!(sent(&plain), r#"{"identifiers":[{"type":"dns","value":"abc.ido.example"}]}"#);

    let replacing = NewOrder { replaces: Some("aki.serial".into()), profile: Some("p".into()), ..plain.clone() };
    assert_eq!(
        sent(&replacing),
        r#"{"identifiers":[{"type":"dns","value":"abc.ido.example"}],"replaces":"aki.serial","profile":"p"}"#
    );

    // The newOrder of RFC 9115 §2.3.2, with other dates.
    let delegated = NewOrder {
        auto_renewal: Some(star()),
        delegation: Some("https://acme.ido.example/acme/delegations/adFqoz/2".into()),
        ..plain.clone()
    };
    assert_eq!(
        sent(&delegated),
        concat!(
            r#"{"identifiers":[{"type":"dns","value":"abc.ido.example"}],"#,
            r#""auto-renewal":{"end-date":"2025-01-20T00:00:00Z","lifetime":345600,"allow-certificate-get":true},"#,
            r#""delegation":"https://acme.ido.example/acme/delegations/adFqoz/2"}"#
        )
    );
    let by_get = NewOrder { delegation: Some("d".into()), allow_certificate_get: true, ..plain.clone() };
    assert_eq!(
        sent(&by_get),
        r#"{"identifiers":[{"type":"dns","value":"abc.ido.example"}],"delegation":"d","allow-certificate-get":true}"#
    );

    let below = NewOrder {
        ancestor_domains: [(dns("abc.ido.example"), "ido.example".to_owned())].into(),
        ..NewOrder::new([dns("abc.ido.example"), dns("other.example")])
    };
    assert_eq!(
        sent(&below),
        concat!(
            r#"{"identifiers":[{"type":"dns","value":"abc.ido.example","ancestorDomain":"ido.example"},"#,
            r#"{"type":"dns","value":"other.example"}]}"#
        )
    );
    let every = AutoRenewal {
        start_date: Some(stamp("2025-01-10T00:00:00Z")),
        lifetime_adjust: Some(259_200),
        allow_certificate_get: false,
        ..star()
    };
    assert_eq!(
        serde_json::to_string(&every).unwrap(),
        r#"{"start-date":"2025-01-10T00:00:00Z","end-date":"2025-01-20T00:00:00Z","lifetime":345600,"lifetime-adjust":259200}"#
    );
    for order in [plain, replacing, delegated, by_get, below] {
        assert_eq!(order.check(), Ok(()), "{}", sent(&order));
    }
}

// Rows: O-01, SR-02, DG-02
#[test]
fn an_order_whose_parts_do_not_fit_is_not_sent() {
    let plain = NewOrder::new([dns("example.com")]);
    let date = Some(stamp("2025-01-20T00:00:00Z"));
    let delegation = Some("d".to_owned());
    let no_get = AutoRenewal { allow_certificate_get: false, ..star() };
    for (why, order, error) in [
        ("nothing is asked for", NewOrder::default(), NewOrderError::NoIdentifiers),
        (
            "a start beside auto-renewal",
            NewOrder { not_before: date.clone(), auto_renewal: Some(star()), ..plain.clone() },
            NewOrderError::ValidityOfAutoRenewal,
        ),
        (
            "an end beside it",
            NewOrder { not_after: date.clone(), auto_renewal: Some(star()), ..plain.clone() },
            NewOrderError::ValidityOfAutoRenewal,
        ),
        (
            "a delegation without a plain GET",
            NewOrder { delegation: delegation.clone(), ..plain.clone() },
            NewOrderError::DelegationWithoutGet,
        ),
        (
            "a delegation with it in the wrong place",
            NewOrder { delegation, auto_renewal: Some(no_get), allow_certificate_get: true, ..plain.clone() },
            NewOrderError::DelegationWithoutGet,
        ),
    ] {
        assert_eq!(order.check(), Err(error), "{why}");
    }
    assert_eq!(NewOrder { not_before: date.clone(), not_after: date, ..plain }.check(), Ok(()), "without auto-renewal");
}

// Rows: SD-02
#[test]
fn an_ancestor_stands_above_by_whole_labels() {
    let ip = Identifier::Ip("192.0.2.1".parse().unwrap());
    for (why, identifier, ancestor, good) in [
        ("the parent", dns("foo.example.com"), "example.com", true),
        ("further up", dns("a.b.c.example.com"), "example.com", true),
        ("of a wildcard", dns("*.foo.example.com"), "example.com", true),
        ("half a label", dns("ooo.example.com"), "oo.example.com", false),
        ("the name itself", dns("example.com"), "example.com", false),
        ("the base of a wildcard", dns("*.example.com"), "example.com", false),
        ("below it", dns("example.com"), "foo.example.com", false),
        ("in another case", dns("foo.example.com"), "Example.com", false),
        ("with a dot in front", dns("foo.example.com"), ".example.com", false),
        ("with a dot at the end", dns("foo.example.com"), "example.com.", false),
        ("empty", dns("foo.example.com"), "", false),
        ("of an address", ip, "2.1", false),
    ] {
        let ancestors = [(identifier.clone(), ancestor.to_owned())].into();
        let order = NewOrder { ancestor_domains: ancestors, ..NewOrder::new([identifier]) };
        assert_eq!(order.check().is_ok(), good, "{why}: {:?}", order.check());
    }
    let stray = NewOrder {
        ancestor_domains: [(dns("b.example.com"), "example.com".to_owned())].into(),
        ..NewOrder::new([dns("a.example.com")])
    };
    assert!(matches!(stray.check(), Err(NewOrderError::NotAnAncestor { .. })), "not in the order");
}

// Rows: O-16, SD-04
#[test]
fn new_authz_has_the_flag_inside_of_the_identifier() {
    let json = |message: &NewAuthz| serde_json::to_string(message).unwrap();
    let plain = r#"{"identifier":{"type":"dns","value":"example.com"}}"#;
    assert_eq!(json(&NewAuthz::new(&dns("example.com"))), plain);
    assert_eq!(json(&NewAuthz::new(&dns("*.example.com"))), plain, "a wildcard has none of its own");
    assert_eq!(
        json(&NewAuthz::with_subdomains(&dns("example.com"))),
        r#"{"identifier":{"type":"dns","value":"example.com","subdomainAuthAllowed":true}}"#
    );
}

// Rows: SD-03, SD-05, Z-04
#[test]
fn an_authorization_covers_its_own_name_and_perhaps_those_below() {
    let plain = authorization(json!({}));
    let wildcard = authorization(json!({"wildcard": true}));
    let tree = authorization(json!({"subdomainAuthAllowed": true}));
    let not_tree = authorization(json!({"subdomainAuthAllowed": null}));
    for (why, authorization, ordered, covers) in [
        ("its name", &plain, dns("example.com"), true),
        ("not its wildcard", &plain, dns("*.example.com"), false),
        ("not a name below", &plain, dns("a.example.com"), false),
        ("the wildcard's wildcard", &wildcard, dns("*.example.com"), true),
        ("not the wildcard's base", &wildcard, dns("example.com"), false),
        ("its name, and more", &tree, dns("example.com"), true),
        ("a name below", &tree, dns("a.b.example.com"), true),
        ("a wildcard below", &tree, dns("*.a.example.com"), true),
        ("not half a label", &tree, dns("badexample.com"), false),
        ("absent is no", &not_tree, dns("a.example.com"), false),
    ] {
        assert_eq!(authorization.covers(&ordered), covers, "{why}");
    }
}

// Rows: W-25, SR-04, SR-09, DG-03, F-16
#[test]
fn an_order_is_read_with_what_the_ca_made_of_it() {
    let found = order(json!({
        "status": "valid", "replaces": "aki.serial", "star-certificate": "https://ca.example/star/1",
        "auto-renewal": {
            "end-date": "2025-01-20T00:00:00Z", "lifetime": 86400, "start-date": null, "lifetime-adjust": 3600,
            "allow-certificate-get": true, "later": 1,
        },
        "delegation": "https://ca.example/delegations/1", "allow-certificate-get": true, "authorizations": [],
    }));
    assert_eq!(found.replaces.as_deref(), Some("aki.serial"));
    let adjusted = found.auto_renewal.as_ref().unwrap();
    assert_eq!((adjusted.lifetime, adjusted.lifetime_adjust, &adjusted.start_date), (86_400, Some(3600), &None));
    assert_eq!(found.delegation.as_deref(), Some("https://ca.example/delegations/1"));
    assert!(found.allow_certificate_get && adjusted.allow_certificate_get);
    assert_eq!(found.certificate_url(), Some("https://ca.example/star/1"));
    assert_eq!(order(json!({"certificate": "c", "star-certificate": "s"})).certificate_url(), Some("c"));

    let bare =
        order(json!({"replaces": "", "auto-renewal": null, "star-certificate": null, "allow-certificate-get": null}));
    assert_eq!(
        (bare.replaces, bare.auto_renewal, bare.star_certificate),
        (None, None, None),
        "as Venafi and ZeroSSL write"
    );
    assert_eq!(order(json!({"auto-renewal": {"lifetime": 5}})).auto_renewal, None, "no end");
}

// Rows: SR-07, V-09
#[test]
fn only_a_valid_order_that_renews_can_be_cancelled() {
    let renewal = json!({"end-date": "2025-01-20T00:00:00Z", "lifetime": 86400});
    for (why, members, cancelable, revocable) in [
        ("valid", json!({"status": "valid", "auto-renewal": renewal}), true, false),
        ("known by its certificate", json!({"status": "valid", "star-certificate": "s"}), true, false),
        ("not yet", json!({"status": "processing", "auto-renewal": renewal}), false, false),
        ("no more", json!({"status": "canceled", "auto-renewal": renewal}), false, false),
        ("of the usual kind", json!({"status": "valid", "certificate": "c"}), false, true),
    ] {
        let order = order(members);
        assert_eq!(order.cancel().is_ok(), cancelable, "{why}: {:?}", order.cancel());
        assert_eq!(order.is_revocable(), revocable, "{why}");
    }
    assert_eq!(serde_json::to_string(&StatusChange::Canceled).unwrap(), r#"{"status":"canceled"}"#);
    let refused = order(json!({"status": "ready"})).cancel().unwrap_err();
    assert_eq!(
        refused.to_string(),
        "only a valid order that renews by itself can be cancelled; this one does not and is ready"
    );
}

// Rows: SR-03
#[test]
fn a_renewal_outside_of_the_cas_limits_is_seen_before_it_is_sent() {
    let now = stamp("2025-01-10T00:00:00Z").time();
    let limits = |min: Value, max: Value| -> AutoRenewalLimits {
        serde_json::from_value(json!({"min-lifetime": min, "max-duration": max})).unwrap()
    };
    let ten_days = 864_000;
    for (why, limits, result) in [
        ("no limits", limits(json!(null), json!(null)), Ok(())),
        ("just within", limits(json!(345_600), json!(ten_days)), Ok(())),
        (
            "too short-lived",
            limits(json!(345_601), json!(null)),
            Err(AutoRenewalError::Lifetime { asked: 345_600, least: 345_601 }),
        ),
        (
            "for too long",
            limits(json!(null), json!(ten_days - 1)),
            Err(AutoRenewalError::Duration { asked: ten_days, most: ten_days - 1 }),
        ),
    ] {
        assert_eq!(star().check(&limits, now), result, "{why}");
    }
    let later = AutoRenewal { start_date: Some(stamp("2025-01-15T00:00:00Z")), ..star() };
    assert_eq!(later.check(&limits(json!(null), json!(5 * 86_400)), now), Ok(()), "it counts from the start-date");
    let over = stamp("2025-01-20T00:00:01Z").time();
    assert_eq!(star().check(&AutoRenewalLimits::default(), over), Err(AutoRenewalError::EndsBeforeStart));
}

// Rows: SR-06
#[test]
fn the_headers_of_a_certificate_tell_when_the_next_is_there() {
    let at = |seconds: u64| -> SystemTime { UNIX_EPOCH + Duration::from_secs(seconds) };
    for (why, before, after, middle) in [
        (
            "one digit, as the draft of RFC 8739 shows it",
            "Mon, 1 Feb 2016 00:00:00 GMT",
            "Mon, 8 Feb 2016 00:00:00 GMT",
            Some(at(1_454_587_200)),
        ),
        ("two digits", "Thu, 03 Oct 2019 00:00:00 GMT", " Thu, 10 Oct 2019 00:00:00 GMT ", Some(at(1_570_363_200))),
        ("reversed", "Thu, 10 Oct 2019 00:00:00 GMT", "Thu, 03 Oct 2019 00:00:00 GMT", None),
        ("equal", "Thu, 10 Oct 2019 00:00:00 GMT", "Thu, 10 Oct 2019 00:00:00 GMT", None),
        ("not a date", "now", "Thu, 10 Oct 2019 00:00:00 GMT", None),
        ("empty", "", "", None),
    ] {
        assert_eq!(CertValidity::parse(before, after).map(|validity| validity.next_fetch()), middle, "{why}");
    }
}

// Rows: DG-01, DG-02
#[test]
fn a_delegation_is_read_with_its_template_as_data() {
    // After RFC 9115 §2.3.1.3.
    let json = json!({
        "csr-template": {
            "keyTypes": [{"PublicKeyType": "id-ecPublicKey", "namedCurve": "secp256r1", "SignatureType": "ecdsa-with-SHA256"}],
            "subject": {"country": "CA", "stateOrProvince": "**", "locality": "**"},
            "extensions": {
                "subjectAltName": {"DNS": ["abc.ido.example", "*", "**", 7]},
                "keyUsage": ["digitalSignature"],
                "extendedKeyUsage": ["serverAuth"],
            },
        },
        "cname-map": {"abc.ido.example.": "abc.ndc.example."},
    });
    let delegation: Delegation = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(delegation.names(), ["abc.ido.example"]);
    assert_eq!(delegation.cname_map["abc.ido.example."], "abc.ndc.example.");
    assert_eq!(delegation.csr_template, json["csr-template"]);
    for odd in [json!({"csr-template": {}}), json!({"csr-template": null, "cname-map": []})] {
        let delegation: Delegation = serde_json::from_value(odd).unwrap();
        assert!(delegation.names().is_empty() && delegation.cname_map.is_empty());
    }
    assert!(serde_json::from_value::<Delegation>(json!({"cname-map": {}})).is_err(), "no template");
}
