//! CAA records that bind issuance to an account and to ways of proving control (RFC 8657, RFC 8659).
#![allow(clippy::unwrap_used, missing_docs)]

use acme_proto::{CaaError, CaaRecord, CaaRefusal, ChallengeType, Identifier, caa_permits};
use proptest::prelude::*;

const ACCOUNT: &str = "https://acme.ca.example/acct/1234";

fn dns(name: &str) -> Identifier {
    Identifier::Dns(name.to_owned())
}

// Rows: CA-01, CA-02, CA-03, DP-18
#[test]
fn the_record_binds_to_account_and_method() {
    use ChallengeType::{Dns01, DnsPersist01, Http01};
    for (why, name, issuer, methods, record) in [
        (
            "account and method",
            "example.com",
            "ca.example",
            vec![Dns01],
            r#"example.com. IN CAA 0 issue "ca.example; accounturi=https://acme.ca.example/acct/1234; validationmethods=dns-01""#,
        ),
        (
            "wildcards have a tag of their own, at the base name",
            "*.example.com",
            "CA.example.",
            vec![Dns01, Http01],
            r#"example.com. IN CAA 0 issuewild "ca.example; accounturi=https://acme.ca.example/acct/1234; validationmethods=dns-01,http-01""#,
        ),
        (
            "any method",
            "example.com",
            "ca.example",
            vec![],
            r#"example.com. IN CAA 0 issue "ca.example; accounturi=https://acme.ca.example/acct/1234""#,
        ),
        (
            "the plain account URL, also for dns-persist-01",
            "example.com",
            "ca.example",
            vec![DnsPersist01],
            r#"example.com. IN CAA 0 issue "ca.example; accounturi=https://acme.ca.example/acct/1234; validationmethods=dns-persist-01""#,
        ),
    ] {
        let found = CaaRecord::binding(&dns(name), issuer, ACCOUNT, &methods).unwrap();
        assert_eq!(found.to_string(), record, "{why}");
    }
}

// Rows: SEC-02
#[test]
fn a_quote_does_not_end_the_value() {
    let record = CaaRecord::binding(&dns("example.com"), "ca.example", r#"https://a/"\"#, &[]).unwrap();
    assert_eq!(record.to_string(), r#"example.com. IN CAA 0 issue "ca.example; accounturi=https://a/\"\\""#);
}

// Rows: CA-01, CA-02
#[test]
fn parts_that_would_break_the_record_are_refused() {
    let bind = |identifier: Identifier, issuer: &str, account: &str, method: &str| {
        CaaRecord::binding(&identifier, issuer, account, &[ChallengeType::from(method.to_owned())])
    };
    for issuer in ["", ";", "ca.example; policy=x", "c a.example", "bücher.example"] {
        let refused = bind(dns("example.com"), issuer, ACCOUNT, "dns-01");
        assert!(matches!(refused, Err(CaaError::Issuer(_))), "{issuer:?}: {refused:?}");
    }
    for account in ["", "https://a/1; validationmethods=http-01", "https://a/ 1", "https://ä/1"] {
        let refused = bind(dns("example.com"), "ca.example", account, "dns-01");
        assert!(matches!(refused, Err(CaaError::AccountUrl(_))), "{account:?}: {refused:?}");
    }
    for method in ["", "a b", "x;y", "a,b"] {
        let refused = bind(dns("example.com"), "ca.example", ACCOUNT, method);
        assert!(matches!(refused, Err(CaaError::Method(_))), "{method:?}: {refused:?}");
    }
    let address = Identifier::Ip("192.0.2.1".parse().unwrap());
    assert!(matches!(bind(address, "ca.example", ACCOUNT, "http-01"), Err(CaaError::Name(_))));
}

// Rows: CA-02, CA-03, CA-05
#[test]
fn a_record_says_whether_it_lets_us_issue() {
    let refuse = |refusal| Err(refusal);
    let account = |url: &str| refuse(CaaRefusal::OtherAccount(url.to_owned()));
    for (why, value, expected) in [
        ("the CA", "ca.example", Ok(())),
        ("in any case", "  CA.Example  ", Ok(())),
        ("its other name", "ca.example.net;", Ok(())),
        ("the account", "ca.example; accounturi=https://acme.ca.example/acct/1234", Ok(())),
        ("the method among others", "ca.example; validationmethods=http-01,dns-01", Ok(())),
        ("an unknown parameter", "ca.example; later=x", Ok(())),
        ("nobody", ";", refuse(CaaRefusal::Nobody)),
        ("nobody either", "", refuse(CaaRefusal::Nobody)),
        ("another CA", "other.example", refuse(CaaRefusal::OtherIssuer("other.example".into()))),
        (
            "another account",
            "ca.example; accounturi=https://acme.ca.example/acct/123",
            account("https://acme.ca.example/acct/123"),
        ),
        (
            "one character more",
            "ca.example; accounturi=https://acme.ca.example/acct/1234/",
            account("https://acme.ca.example/acct/1234/"),
        ),
        ("another method", "ca.example; validationmethods=http-01", refuse(CaaRefusal::OtherMethods("http-01".into()))),
        ("no method", "ca.example; validationmethods=", refuse(CaaRefusal::OtherMethods(String::new()))),
        (
            "the account twice",
            "ca.example; accounturi=https://acme.ca.example/acct/1234; AccountURI=https://acme.ca.example/acct/1234",
            refuse(CaaRefusal::Twice("accounturi")),
        ),
        (
            "the methods twice",
            "ca.example; validationmethods=dns-01; validationmethods=dns-01",
            refuse(CaaRefusal::Twice("validationmethods")),
        ),
        ("malformed", "ca.example; accounturi", refuse(CaaRefusal::Malformed)),
        ("a name that is none", "%%%%%", refuse(CaaRefusal::Malformed)),
    ] {
        let identities = ["ca.example".to_owned(), "ca.example.net".to_owned()];
        assert_eq!(caa_permits(value, &identities, ACCOUNT, &ChallengeType::Dns01), expected, "{why}");
    }
}

proptest! {
    #[test]
    fn our_own_record_lets_us_issue(path in "[!-:<-~]{0,40}", wildcard: bool) {
        let account = format!("https://ca.example/{path}");
        let name = dns(if wildcard { "*.example.com" } else { "example.com" });
        let record = CaaRecord::binding(&name, "ca.example", &account, &[ChallengeType::Http01]).unwrap();
        let permits = |account: &str, method| caa_permits(&record.value, &["ca.example".to_owned()], account, &method);
        prop_assert_eq!(permits(&account, ChallengeType::Http01), Ok(()));
        prop_assert!(permits(&account, ChallengeType::Dns01).is_err());
        prop_assert!(permits("https://ca.example/other account", ChallengeType::Http01).is_err());
    }

    #[test]
    fn no_value_breaks_the_reader(value in ".{0,200}") {
        let nobody: &[String] = &[];
        prop_assert!(caa_permits(&value, nobody, ACCOUNT, &ChallengeType::Dns01).is_err());
    }
}
