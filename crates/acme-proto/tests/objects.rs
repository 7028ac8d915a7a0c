//! Accounts, orders, authorizations, challenges as CAs write them (RFC 8555 §7.1).
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, SystemTime};

use acme_proto::{
    Account, AccountStatus, Authorization, AuthorizationStatus, ChallengeStatus, ChallengeType, Identifier, Order,
    OrderStatus, ProblemType, Timestamp,
};
use serde_json::{Value, json};

fn order(changes: &Value) -> Order {
    merged(include_str!("messages/order.json"), changes)
}

fn authorization(changes: &Value) -> Authorization {
    merged(include_str!("messages/pending-authorization.json"), changes)
}

fn merged<T: serde::de::DeserializeOwned>(text: &str, changes: &Value) -> T {
    let mut value: Value = serde_json::from_str(text).unwrap();
    value.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

fn dns(name: &str) -> Identifier {
    Identifier::Dns(name.to_owned())
}

#[test]
fn examples_of_the_rfc() {
    let account: Account = serde_json::from_str(include_str!("messages/account.json")).unwrap();
    assert_eq!(account.status, AccountStatus::Valid);
    assert_eq!(account.contact, ["mailto:cert-admin@example.org", "mailto:admin@example.org"]);
    assert_eq!(account.orders.as_deref(), Some("https://example.com/acme/orders/rzGoeA"));

    let order = order(&json!({}));
    assert_eq!(order.status, OrderStatus::Valid);
    assert_eq!(order.identifiers, [dns("www.example.org"), dns("example.org")]);
    assert_eq!(order.authorizations.len(), 2);
    assert_eq!(order.finalize.as_deref(), Some("https://example.com/acme/order/TOlocE8rfgo/finalize"));
    assert_eq!(order.certificate.as_deref(), Some("https://example.com/acme/cert/jWCdfHVGY2M"));
    assert_eq!(order.expires.unwrap().as_str(), "2016-01-20T14:09:07.99Z");

    let found: Authorization = serde_json::from_str(include_str!("messages/authorization.json")).unwrap();
    let challenge = found.challenge(&ChallengeType::Http01).unwrap();
    assert_eq!((&found.status, found.wildcard), (&AuthorizationStatus::Valid, false));
    assert_eq!(challenge.status, ChallengeStatus::Valid);
    assert_eq!(challenge.token().unwrap().unwrap().as_str(), "DGyRejmCefe7v4NfDGDKfA");
    assert!(challenge.validated.is_some());

    let found = authorization(&json!({}));
    assert_eq!(found.challenges.len(), 2);
    assert!(found.challenges.iter().all(|challenge| challenge.status == ChallengeStatus::Pending), "absent is pending");
}

#[test]
fn orders_with_members_missing_null_or_odd() {
    for (why, changes) in [
        (
            "null everywhere",
            json!({"authorizations": null, "expires": null, "notBefore": null, "notAfter": null,
                                   "certificate": null, "error": null, "profile": null, "finalize": null}),
        ),
        ("empty instead of absent", json!({"certificate": "", "expires": "", "error": "", "replaces": ""})),
        ("dates that are none", json!({"expires": "soon", "notAfter": 17})),
        ("other types", json!({"authorizations": "https://ca.example/a", "identifiers": {}, "error": ["x"]})),
        ("unknown members", json!({"x": {"y": 1}, "auto-renewal": 7, "star-certificate": false})),
    ] {
        assert_eq!(order(&changes).status, OrderStatus::Valid, "{why}");
    }
    let least: Order = serde_json::from_value(json!({"status": "pending"})).unwrap();
    assert!(least.authorizations.is_empty() && least.identifiers.is_empty() && least.finalize.is_none());
}

#[test]
fn one_odd_element_does_not_hide_the_others() {
    let order = order(&json!({
        "authorizations": ["https://ca.example/a", null, 7, "https://ca.example/b"],
        "identifiers": [{"type": "dns", "value": "a.example"}, {"type": 1}, null, {"type": "new", "value": "x"}],
    }));
    assert_eq!(order.authorizations, ["https://ca.example/a", "https://ca.example/b"]);
    assert_eq!(order.identifiers, [dns("a.example"), Identifier::Other { kind: "new".into(), value: "x".into() }]);
}

#[test]
fn an_order_shows_its_error() {
    for (why, error, want) in [
        (
            "a problem",
            json!({"type": "urn:ietf:params:acme:error:caa", "detail": "CAA forbids it"}),
            Some(ProblemType::Caa),
        ),
        ("nothing to say", json!({}), None),
        ("null", json!(null), None),
    ] {
        assert_eq!(order(&json!({"error": error})).error.map(|problem| problem.kind), want, "{why}");
    }
}

#[test]
fn challenges_that_cannot_be_read_hide_no_others() {
    let good = |kind: &str| json!({"type": kind, "url": "https://ca.example/c", "token": "abc"});
    let found = authorization(&json!({"challenges": [
        {"type": "dns-persist-01", "url": "https://ca.example/p", "accounturi": "https://ca.example/acct/1"},
        {"url": "https://ca.example/no-type", "token": "abc"},
        good("dns-01"),
        {"type": "no-url-01", "token": "abc"},
        {"type": "brand-new-07", "url": "https://ca.example/n", "token": {"a": 1}, "status": "odd"},
        {"type": null, "url": "https://ca.example/n"},
        "challenge", null, 7, [],
        good("http-01"),
    ]}));
    let kinds: Vec<_> = found.challenges.iter().map(|challenge| challenge.kind.as_str()).collect();
    assert_eq!(kinds, ["dns-persist-01", "dns-01", "brand-new-07", "http-01"]);
    let persist = &found.challenges[0];
    assert_eq!(persist.token().unwrap(), None, "a type without a token");
    assert_eq!(persist.member("accounturi"), Some(&json!("https://ca.example/acct/1")), "its own members are kept");
    assert!(found.challenge(&ChallengeType::Http01).is_some());
    assert_eq!(found.challenge(&ChallengeType::TlsAlpn01), None);
    assert!(found.challenge(&ChallengeType::from("brand-new-07".to_owned())).unwrap().token().is_err());
}

#[test]
fn challenges_with_members_missing_null_or_odd() {
    for (why, member, status) in [
        ("no state", json!({}), ChallengeStatus::Pending),
        ("null for a state", json!({"status": null}), ChallengeStatus::Pending),
        ("empty for a state", json!({"status": ""}), ChallengeStatus::Pending),
        ("an unknown state", json!({"status": "paused"}), ChallengeStatus::Other("paused".into())),
        ("valid without a date (C-10)", json!({"status": "valid"}), ChallengeStatus::Valid),
        (
            "valid with a date that is none",
            json!({"status": "valid", "validated": "yesterday"}),
            ChallengeStatus::Valid,
        ),
        ("null for an error", json!({"status": "invalid", "error": null}), ChallengeStatus::Invalid),
    ] {
        let mut challenge = json!({"type": "http-01", "url": "https://ca.example/c", "token": "abc"});
        challenge.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
        let found = authorization(&json!({"challenges": [challenge]}));
        let challenge = found.challenge(&ChallengeType::Http01).unwrap();
        assert_eq!((&challenge.status, &challenge.validated, &challenge.error), (&status, &None, &None), "{why}");
    }
}

#[test]
fn authorizations_with_members_missing_null_or_odd() {
    for (why, changes) in [
        ("no end (Z-11)", json!({"expires": null})),
        ("no challenges", json!({"challenges": null})),
        ("challenges of another type", json!({"challenges": {"type": "http-01"}})),
        ("wildcard null", json!({"wildcard": null})),
        ("wildcard of another type", json!({"wildcard": "no"})),
        ("unknown members", json!({"url": "https://ca.example/a", "x": []})),
    ] {
        let found = authorization(&changes);
        assert_eq!((found.status, found.wildcard), (AuthorizationStatus::Pending, false), "{why}");
    }
}

#[test]
fn the_error_of_an_authorization_is_that_of_a_challenge() {
    let challenge = |kind: &str, error: Value| json!({"type": kind, "url": "https://ca.example/c", "error": error});
    let found = authorization(&json!({"status": "invalid", "challenges": [
        challenge("dns-01", json!(null)),
        challenge("http-01", json!({"type": "urn:ietf:params:acme:error:connection", "detail": "refused"})),
    ]}));
    assert_eq!(found.error().unwrap().kind, ProblemType::Connection);
    assert_eq!(authorization(&json!({})).error(), None);
}

#[test]
fn accounts_with_members_missing_null_or_odd() {
    for (why, wire, status, contacts) in [
        (
            "no orders list (Let's Encrypt)",
            json!({"status": "valid", "contact": ["mailto:a@b.example"]}),
            AccountStatus::Valid,
            1,
        ),
        ("null (U-10)", json!({"status": "valid", "contact": null, "orders": null}), AccountStatus::Valid, 0),
        ("empty", json!({"status": "valid", "orders": ""}), AccountStatus::Valid, 0),
        (
            "contacts without mailto: (serles)",
            json!({"status": "valid", "contact": ["a@b.example", null]}),
            AccountStatus::Valid,
            1,
        ),
        ("no state: acme2certifier says {} of an account that it knows", json!({}), AccountStatus::Valid, 0),
        ("given up", json!({"status": "deactivated"}), AccountStatus::Deactivated, 0),
        ("an unknown state", json!({"status": "asleep"}), AccountStatus::Other("asleep".into()), 0),
    ] {
        let account: Account = serde_json::from_value(wire).unwrap();
        assert_eq!((account.status, account.contact.len(), account.orders), (status, contacts, None), "{why}");
    }
}

#[test]
fn members_that_are_not_known_here_are_kept() {
    let order = order(&json!({"delegation-of-tomorrow": {"x": 1}}));
    assert_eq!(order.member("delegation-of-tomorrow"), Some(&json!({"x": 1})));
    let found = authorization(&json!({"newThing": [1]}));
    assert_eq!(found.member("newThing"), Some(&json!([1])));
    let account: Account = serde_json::from_value(json!({"status": "valid", "key": {"kty": "EC"}})).unwrap();
    assert_eq!(account.member("key"), Some(&json!({"kty": "EC"})));
}

#[test]
fn states_are_kept_as_they_are() {
    macro_rules! words {
        ($status:ident: $($word:literal),*) => {
            for word in [$($word),*, "brand-new", "", "VALID"] {
                let status = $status::from(word.to_owned());
                assert_eq!((status.as_str(), status.to_string().as_str()), (word, word));
                assert_eq!(serde_json::from_value::<$status>(json!(word)).unwrap(), status);
                let known = [$($word),*].contains(&word);
                assert_eq!(matches!(status, $status::Other(_)), !known, "{word:?}");
            }
        };
    }
    words!(AccountStatus: "valid", "deactivated", "revoked");
    words!(OrderStatus: "pending", "ready", "processing", "valid", "invalid", "canceled");
    words!(AuthorizationStatus: "pending", "valid", "invalid", "deactivated", "expired", "revoked");
    words!(ChallengeStatus: "pending", "processing", "valid", "invalid");
}

#[test]
fn times_of_any_offset_and_precision() {
    let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    for (why, text, want) in [
        ("UTC", "2016-01-20T14:09:07Z", Some(at(1_453_298_947))),
        ("a fraction", "2016-01-20T14:09:07.99Z", Some(at(1_453_298_947) + Duration::from_millis(990))),
        ("nanoseconds", "2016-01-20T14:09:07.123456789Z", Some(at(1_453_298_947) + Duration::from_nanos(123_456_789))),
        ("an offset of the RFC's", "2015-12-31T00:17:00.00-09:00", Some(at(1_451_553_420))),
        ("another offset", "2016-01-20T18:09:07+04:00", Some(at(1_453_298_947))),
        ("a zero offset (acmeeh)", "2016-01-20T14:09:07+00:00", Some(at(1_453_298_947))),
        ("an unknown offset", "2016-01-20T14:09:07-00:00", Some(at(1_453_298_947))),
        ("lower case", "2016-01-20t14:09:07z", Some(at(1_453_298_947))),
        ("a leap second", "2016-12-31T23:59:60Z", Some(at(1_483_228_799))),
        (
            "before 1970: Go's zero",
            "0001-01-01T00:00:00Z",
            Some(SystemTime::UNIX_EPOCH - Duration::from_secs(62_135_596_800)),
        ),
        ("no offset", "2016-01-20T14:09:07", None),
        ("no time", "2016-01-20", None),
        ("no such day", "2016-02-30T00:00:00Z", None),
        ("a number", "1453298947", None),
        ("empty", "", None),
    ] {
        let stamp = Timestamp::try_from(text.to_owned()).ok();
        assert_eq!(stamp.as_ref().map(Timestamp::time), want, "{why}: {text:?}");
        if let Some(stamp) = stamp {
            assert_eq!(serde_json::to_value(&stamp).unwrap(), json!(text), "written back as it was read");
        }
    }
}

#[test]
fn a_time_of_ours_is_written_in_utc_and_whole_seconds() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_453_298_947_990);
    assert_eq!(Timestamp::try_from(time).unwrap().as_str(), "2016-01-20T14:09:07Z");
}
