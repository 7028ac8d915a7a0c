//! What a person types becomes what a certificate can hold, or is refused (RFC 8555 §7.1.3 and §7.1.4, RFC 8738 §3).
#![allow(clippy::unwrap_used, missing_docs)]

use acme_proto::{Authorization, Identifier, NewOrder, dns01_name};
use serde_json::json;

fn dns(name: &str) -> Identifier {
    Identifier::Dns(name.to_owned())
}

/// Of the BBC.
const ONION: &str = "bbcweb3hytmzhn5d532owbu6oqadra5z3ar726vq5kgwwn6aucdccrad";

#[test]
fn names_take_the_form_of_certificates() {
    let label = "a".repeat(63);
    for (why, typed, want) in [
        ("as it is", "www.example.com", "www.example.com"),
        ("lower case", "WWW.Example.COM", "www.example.com"),
        ("A-labels, no dot at the end", "Bücher.example.", "xn--bcher-kva.example"),
        ("an A-label in upper case", "XN--BCHER-KVA.example", "xn--bcher-kva.example"),
        ("sharp s is not ss", "straße.example", "xn--strae-oqa.example"),
        ("a full stop of Chinese text", "例え。テスト", "xn--r8jz45g.xn--zckzah"),
        ("such a stop at the end", "例え。テスト。", "xn--r8jz45g.xn--zckzah"),
        ("a wildcard", "*.Example.com", "*.example.com"),
        ("a wildcard of a name in Unicode", "*.bücher.example", "*.xn--bcher-kva.example"),
        ("white space around it", " example.com\n", "example.com"),
        ("one label", "localhost", "localhost"),
        ("an onion address (RFC 9799 §2)", &format!("{ONION}.onion"), &format!("{ONION}.onion")),
        ("a name below one", &format!("*.WWW.{ONION}.Onion."), &format!("*.www.{ONION}.onion")),
        ("digits and hyphens inside", "3-4.a--b-1.example", "3-4.a--b-1.example"),
        ("the longest label", &format!("{label}.example"), &format!("{label}.example")),
    ] {
        assert_eq!(Identifier::parse(typed).unwrap(), dns(want), "{why}: {typed:?}");
    }
}

#[test]
fn addresses_take_the_form_of_rfc_5952() {
    for (why, typed, want) in [
        ("dotted decimal", "192.0.2.1", "192.0.2.1"),
        ("lower case, compressed", "2001:DB8:0:0::1", "2001:db8::1"),
        ("the first longest run of zeros", "2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("not a single zero", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("mapped, in the mixed form", "::FFFF:192.0.2.1", "::ffff:192.0.2.1"),
        ("without the brackets of a URL", "[2001:db8::1]", "2001:db8::1"),
    ] {
        let identifier = Identifier::parse(typed).unwrap();
        let wire = serde_json::to_value(&identifier).unwrap();
        assert_eq!(wire, json!({"type": "ip", "value": want}), "{why}: {typed:?}");
    }
}

#[test]
fn what_no_certificate_can_hold_is_refused() {
    let long_label = format!("{}.example", "a".repeat(64));
    let name_of_254 = format!("{}.{}", vec!["a".repeat(63); 3].join("."), "b".repeat(62));
    let wildcard_of_254 = format!("*.{}", &name_of_254[2..]);
    assert_eq!((name_of_254.len(), wildcard_of_254.len()), (254, 254));
    for (typed, because) in [
        ("", "it is empty"),
        (".", "it is empty"),
        ("*", "`*`"),
        ("*.", "it is empty"),
        ("*.*.example.com", "`*`"),
        ("*.192.0.2.1", "IPv4"),
        ("192.0.2.256", "IPv4"),
        ("a.*.example.com", "`*`"),
        ("*a.example.com", "`*`"),
        ("a*.example.com", "`*`"),
        ("a..example.com", "empty label"),
        (".example.com", "empty label"),
        ("example.com..", "empty label"),
        (&long_label, "63"),
        (&name_of_254, "253"),
        (&wildcard_of_254, "253"),
        ("onion", "version 3"),
        ("expyuzz4wqqyqhjn.onion", "version 3"),
        (&format!("{}e.onion", &ONION[..55]), "version 3"),
        (&format!("{}.onion", &ONION[1..]), "version 3"),
        (&format!("{}1.onion", &ONION[1..]), "version 3"),
        (&format!("{ONION}.www.onion"), "version 3"),
        ("_dmarc.example.com", "`_`"),
        ("-a.example.com", "labels"),
        ("a-.example.com", "labels"),
        ("a b.example.com", "labels"),
        ("a\0b.example.com", "labels"),
        ("xn--a.example.com", "labels"),
        ("https://example.com", "URL"),
        ("https://*.example.com/", "URL"),
        ("example.com/path", "URL"),
        ("example.com:443", "port"),
        ("me@example.com", "e-mail"),
        ("a.example,b.example", "several"),
        ("192.0.2.1.", "address"),
        ("*.192.0.2.1", "address"),
        ("192.0.2.256", "address"),
        ("192.0.2.01", "address"),
        ("127.1", "address"),
        ("１２７.0.0.1", "address"),
        ("fe80::1%eth0", "zone"),
        ("2001:db8::g", "address"),
        ("[192.0.2.1]", "brackets"),
        ("[[2001:db8::1]]", "brackets"),
        ("2001:db8::1]", "brackets"),
    ] {
        let refusal = Identifier::parse(typed).map(|identifier| identifier.to_string()).unwrap_err().to_string();
        assert!(refusal.contains(because), "{typed:?} is refused because of {because:?}, not: {refusal}");
    }
}

#[test]
fn the_longest_names_are_taken() {
    let base = format!("{}.{}", vec!["a".repeat(63); 3].join("."), "b".repeat(61));
    assert_eq!(base.len(), 253);
    assert_eq!(Identifier::parse(&base).unwrap(), dns(&base));
    assert_eq!(Identifier::parse(&format!("{base}.")).unwrap(), dns(&base), "a dot at the end does not count");
    let wildcard = format!("*.{}", &base[2..]);
    assert_eq!(Identifier::parse(&wildcard).unwrap(), dns(&wildcard));
}

#[test]
fn a_long_text_is_not_repeated_whole() {
    let refusal = Identifier::parse(&"a".repeat(100_000)).unwrap_err().to_string();
    assert!(refusal.len() < 500, "{} octets", refusal.len());
}

#[test]
fn identifiers_from_the_wire_survive() {
    for (why, wire, want) in [
        ("case does not matter", json!({"type": "dns", "value": "WWW.Example.com"}), dns("www.example.com")),
        ("not a good name, but the CA's", json!({"type": "dns", "value": "_x.example"}), dns("_x.example")),
        (
            "an unknown type stays as it is",
            json!({"type": "permanent-identifier", "value": "A/1.2"}),
            Identifier::Other { kind: "permanent-identifier".into(), value: "A/1.2".into() },
        ),
        (
            "an address that is none",
            json!({"type": "ip", "value": "somewhere"}),
            Identifier::Other { kind: "ip".into(), value: "somewhere".into() },
        ),
    ] {
        assert_eq!(serde_json::from_value::<Identifier>(wire).unwrap(), want, "{why}");
    }
}

#[test]
fn doubles_are_sent_once() {
    let typed = ["b.example", "A.example", "a.example.", "B.EXAMPLE", "*.a.example", "192.0.2.1", "192.0.2.1"];
    let order = NewOrder::new(typed.map(|text| Identifier::parse(text).unwrap()));
    let sent: Vec<_> = order.identifiers.iter().map(Identifier::value).collect();
    assert_eq!(sent, ["b.example", "a.example", "*.a.example", "192.0.2.1"]);
}

#[test]
fn a_wildcard_is_proven_at_its_base_name() {
    let (wildcard, plain) = (dns("*.example.com"), dns("example.com"));
    assert!(wildcard.is_wildcard() && !plain.is_wildcard());
    assert_eq!((wildcard.base(), plain.base()), (plain.clone(), plain.clone()));
    assert_eq!(dns01_name(&wildcard), "_acme-challenge.example.com.");
    for (why, value, mark, want) in [
        ("marked (RFC 8555 §7.1.4)", "example.com", json!(true), "*.example.com"),
        ("not marked", "example.com", json!(false), "example.com"),
        ("null is no mark", "example.com", json!(null), "example.com"),
        ("marked twice", "*.example.com", json!(true), "*.example.com"),
    ] {
        let wire = json!({"status": "pending", "wildcard": mark, "identifier": {"type": "dns", "value": value}});
        let authorization: Authorization = serde_json::from_value(wire).unwrap();
        assert_eq!(authorization.ordered_identifier(), dns(want), "{why}");
    }
}
