//! Contacts (RFC 8555 §7.3).
#![allow(clippy::unwrap_used, missing_docs)]

use acme_proto::Contact;

#[test]
fn one_address_or_a_url() {
    for (typed, want) in [
        ("mailto:you@example.com", "mailto:you@example.com"),
        ("you@example.com", "mailto:you@example.com"),
        (" you+acme@example.com ", "mailto:you+acme@example.com"),
        ("MAILTO:you@example.com", "MAILTO:you@example.com"),
        ("mailto:a%2Cb@example.com", "mailto:a%2Cb@example.com"),
        ("tel:+12025551212", "tel:+12025551212"),
        ("https://example.com/contact?for=acme", "https://example.com/contact?for=acme"),
    ] {
        assert_eq!(Contact::parse(typed).unwrap().as_str(), want);
    }
}

#[test]
fn what_is_refused() {
    for (why, typed) in [
        ("empty", ""),
        ("nothing behind the scheme", "mailto:"),
        ("no `@`", "example.com"),
        ("nothing before the `@`", "@example.com"),
        ("nothing behind the `@`", "mailto:you@"),
        ("several addresses", "mailto:a@example.com,b@example.com"),
        ("several in another way", "a@example.com;b@example.com"),
        ("half of another", "a@example.com;b"),
        ("a header field", "mailto:you@example.com?subject=hello"),
        ("an empty header field", "mailto:you@example.com?"),
        ("a header field in upper case", "MAILTO:you@example.com?subject=hello"),
        ("a fragment", "mailto:you@example.com#a"),
        ("a name before the address", "You <you@example.com>"),
        ("angle brackets", "<you@example.com>"),
        ("not ASCII", "dü@example.com"),
        ("a line break", "you@example.com\r\nx"),
        ("a scheme starts with a letter", "1tel:202"),
        ("no scheme", ":you@example.com"),
    ] {
        assert!(Contact::parse(typed).is_err(), "{why}: {typed:?}");
    }
}

#[test]
fn a_stored_contact_is_checked_again() {
    assert_eq!(serde_json::from_str::<Contact>(r#""mailto:a@b.example""#).unwrap().to_string(), "mailto:a@b.example");
    assert!(serde_json::from_str::<Contact>(r#""mailto:a@b.example,c@d.example""#).is_err());
}
