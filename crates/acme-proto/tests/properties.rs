//! Nothing that a server sends or a person types makes a reader panic, and unknown JSON breaks no known object.
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::SystemTime;

use acme_proto::{
    Account, Authorization, Challenge, Contact, Directory, Identifier, Link, Nonce, Order, Problem, Timestamp, Token,
    pause,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Any JSON, of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        known_word().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(known_word(), inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

const WORDS: &[&str] = &[
    "type",
    "url",
    "status",
    "token",
    "error",
    "identifier",
    "value",
    "dns",
    "ip",
    "http-01",
    "pending",
    "valid",
    "expires",
    "meta",
    "detail",
    "subproblems",
    "challenges",
    "authorizations",
    "contact",
    "2001:db8::1",
    "2016-01-20T14:09:07Z",
    "urn:ietf:params:acme:error:badNonce",
    "https://ca.example/x",
];

/// A word that ACME knows, so that reading gets somewhere, or another.
fn known_word() -> impl Strategy<Value = String> {
    prop_oneof![proptest::sample::select(WORDS).prop_map(str::to_owned), "[a-zA-Z-]{1,10}"]
}

/// Reads a good message with one member replaced or added; whether that worked.
fn survives<T: DeserializeOwned>(good: &Value, name: &str, member: &Value) -> bool {
    let mut message = good.clone();
    message.as_object_mut().unwrap().insert(name.to_owned(), member.clone());
    serde_json::from_value::<T>(message).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn text_makes_no_reader_panic(text in any::<String>()) {
        if let Ok(identifier) = Identifier::parse(&text) {
            prop_assert!(identifier.value().len() <= 253 && identifier.value().is_ascii());
            prop_assert_eq!(Identifier::parse(&identifier.value()), Ok(identifier), "a good name stays itself");
        }
        if let Ok(contact) = Contact::parse(&text) {
            prop_assert_eq!(&Contact::parse(contact.as_str()).unwrap(), &contact);
        }
        prop_assert!(Link::parse_all(&text).len() <= text.len());
        prop_assert!(pause(&text, SystemTime::now()).is_none_or(|pause| pause <= acme_proto::MAX_PAUSE));
        let safe = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        prop_assert!(safe || (Token::parse(&text).is_err() && Nonce::parse(&text).is_err()));
    }

    #[test]
    fn names_of_hosts_are_names(labels in vec("[a-zA-Z0-9äßé例]([a-zA-Z0-9]{0,8}[a-zA-Z0-9])?", 1..6)) {
        let typed = format!("{}.example.", labels.join("."));
        let name = Identifier::parse(&typed).unwrap().value();
        prop_assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b".-".contains(&b)), "{}", name);
        prop_assert_eq!(name.split('.').count(), labels.len() + 1);
    }

    #[test]
    fn links_that_are_well_formed_are_all_found(
        links in vec(("[!#-;=?-~]{1,20}", vec("[a-z-]{1,8}", 1..3), r#"[ !#-\[\]-~]{0,12}"#), 0..5)
    ) {
        let value: Vec<_> = links
            .iter()
            .map(|(target, relations, title)| format!("<{target}>; title=\"{title}\"; rel=\"{}\"", relations.join(" ")))
            .collect();
        let found = Link::parse_all(&value.join(", "));
        prop_assert_eq!(found.len(), links.len());
        for (link, (target, relations, _)) in found.iter().zip(&links) {
            prop_assert_eq!(&link.target, target);
            prop_assert_eq!(&link.relations, relations);
        }
    }

    #[test]
    fn times_that_are_well_formed_are_read(
        seconds in -60_000_000_000_i64..250_000_000_000, minutes in -14 * 60..14 * 60_i32
    ) {
        let offset = jiff::tz::Offset::from_seconds(minutes * 60).unwrap();
        let text = jiff::Timestamp::from_second(seconds).unwrap().display_with_offset(offset).to_string();
        let read = Timestamp::try_from(text).unwrap().time();
        prop_assert_eq!(jiff::Timestamp::try_from(read).unwrap().as_second(), seconds);
    }

    #[test]
    fn octets_make_no_reader_panic(octets in vec(any::<u8>(), 0..200)) {
        prop_assert!(Directory::from_json(&octets).is_err());
        if Problem::from_json(&octets).is_some() {
            prop_assert!(serde_json::from_slice::<Value>(&octets).is_ok_and(|value| value.is_object()));
        }
    }

    #[test]
    fn no_json_makes_a_reader_panic(value in any_json()) {
        let text = value.to_string();
        let problem = Problem::from_json(text.as_bytes());
        prop_assert_eq!(problem.is_some(), value.is_object());
        prop_assert!(problem.is_none_or(|problem| !problem.to_string().is_empty()));
        for read in [
            serde_json::from_str::<Order>(&text).map(|_| ()),
            serde_json::from_str::<Authorization>(&text).map(|_| ()),
            serde_json::from_str::<Challenge>(&text).map(|_| ()),
            serde_json::from_str::<Directory>(&text).map(|_| ()),
            serde_json::from_str::<Account>(&text).map(|_| ()),
        ] {
            prop_assert!(read.is_err() || value.is_object(), "{}", text);
        }
    }

    #[test]
    fn whatever_stands_in_an_optional_member_breaks_nothing(
        name in prop_oneof![known_word(), "[a-zA-Z-]{1,16}"], member in any_json()
    ) {
        let needs = |needed: &[&str]| needed.contains(&name.as_str());
        let challenge = json!({"type": "http-01", "url": "https://ca.example/c", "token": "abc"});
        let order = survives::<Order>(&json!({"status": "ready"}), &name, &member);
        prop_assert!(order || needs(&["status"]));
        let account = survives::<Account>(&json!({}), &name, &member);
        prop_assert!(account);
        let identifier = json!({"type": "dns", "value": "a.example"});
        let authorization = json!({"status": "pending", "identifier": identifier, "challenges": [challenge]});
        let authorization = survives::<Authorization>(&authorization, &name, &member);
        prop_assert!(authorization || needs(&["status", "identifier"]));
        prop_assert!(survives::<Challenge>(&challenge, &name, &member) || needs(&["type", "url"]));
        let problem = survives::<Problem>(&json!({"detail": "no"}), &name, &member);
        prop_assert!(problem);
        let directory = json!({"newNonce": "https://a/n", "newAccount": "https://a/a", "newOrder": "https://a/o"});
        prop_assert!(survives::<Directory>(&directory, &name, &member));
    }
}
