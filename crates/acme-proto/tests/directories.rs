//! Directories as CAs write them (RFC 8555 §7.1.1).
#![allow(clippy::unwrap_used, missing_docs)]

use acme_proto::{Directory, Resource};
use serde_json::{Value, json};

const RFC: &str = include_str!("messages/directory.json");

fn read(value: &Value) -> Option<Directory> {
    Directory::from_json(value.to_string().as_bytes()).ok()
}

/// The RFC's directory with some members changed; `null` here means "taken away".
fn with(changes: Value) -> Value {
    let mut directory: Value = serde_json::from_str(RFC).unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => directory.as_object_mut().unwrap().remove(name),
            _ => directory.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    directory
}

#[test]
fn the_example_of_the_rfc() {
    let directory = Directory::from_json(RFC.as_bytes()).unwrap();
    for resource in [
        Resource::NewNonce,
        Resource::NewAccount,
        Resource::NewOrder,
        Resource::NewAuthz,
        Resource::RevokeCert,
        Resource::KeyChange,
    ] {
        let path = resource.name().replace("new", "new-").replace("revokeC", "revoke-c").replace("keyC", "key-c");
        let url = format!("https://example.com/acme/{}", path.to_ascii_lowercase());
        assert_eq!(directory.url(resource.name()), Some(url.as_str()));
    }
    assert_eq!(directory.url("renewalInfo"), None);
    assert_eq!(directory.meta.terms_of_service.as_deref(), Some("https://example.com/acme/terms/2017-5-30"));
    assert_eq!(directory.meta.website.as_deref(), Some("https://www.example.com/"));
    assert_eq!(directory.meta.caa_identities, ["example.com"]);
    assert!(!directory.meta.external_account_required);
}

#[test]
fn three_members_are_needed() {
    let least = json!({"newNonce": "https://a/n", "newAccount": "https://a/a", "newOrder": "https://a/o"});
    let directory = read(&least).unwrap();
    assert_eq!(directory.meta, acme_proto::Meta::default());
    for optional in ["newAuthz", "revokeCert", "keyChange", "renewalInfo"] {
        assert_eq!(directory.url(optional), None, "{optional}");
    }
    for needed in ["newNonce", "newAccount", "newOrder"] {
        assert_eq!(read(&with(json!({needed: null}))), None, "without {needed}");
        assert_eq!(read(&with(json!({needed: 1}))), None, "{needed} is a number");
    }
}

#[test]
fn what_cas_really_write() {
    for (why, changes) in [
        (
            "a random member against strict parsers (Let's Encrypt)",
            json!({"ljEq8QxYH4o": "https://community.example/t/1"}),
        ),
        ("a random member that is no text", json!({"x": {"y": [1, 2, {"z": null}]}})),
        ("empty instead of absent", json!({"newAuthz": "", "renewalInfo": ""})),
        ("a member of another type", json!({"keyChange": 7, "revokeCert": ["https://a/r"]})),
        ("meta is a text", json!({"meta": "none"})),
        ("caaIdentities is not a list", json!({"meta": {"caaIdentities": "ca.example"}})),
        ("profiles is a list", json!({"meta": {"profiles": ["classic"]}})),
    ] {
        assert!(read(&with(changes)).is_some(), "{why}");
    }
    for body in ["null", "[]", "\"\"", "{}", "<html></html>", "", "{\"newNonce\":"] {
        assert!(Directory::from_json(body.as_bytes()).is_err(), "{body:?} is no directory");
    }
}

#[test]
fn null_in_meta_hides_nothing() {
    let text = RFC.replace(r#"["example.com"]"#, "null").replace(r#""https://www.example.com/""#, "null");
    let directory = Directory::from_json(text.as_bytes()).unwrap();
    assert_eq!((&directory.meta.caa_identities, &directory.meta.website), (&Vec::new(), &None));
    assert!(directory.meta.terms_of_service.is_some());
    let null_meta = RFC.replace("\"meta\": {", "\"meta\": null, \"other\": {");
    assert_eq!(Directory::from_json(null_meta.as_bytes()).unwrap().meta, acme_proto::Meta::default());
}

#[test]
fn what_cannot_be_read_hides_nothing_else_in_meta() {
    let directory = read(&with(json!({"meta": {
        "caaIdentities": ["a.example", null, 7, "b.example"],
        "profiles": {"classic": "The one we know", "new": {"description": "an object"}},
        "externalAccountRequired": "yes",
        "termsOfService": "https://ca.example/terms",
    }})))
    .unwrap();
    assert_eq!(directory.meta.caa_identities, ["a.example", "b.example"]);
    assert_eq!(directory.meta.profiles.keys().collect::<Vec<_>>(), ["classic", "new"]);
    assert!(!directory.meta.external_account_required);
    assert_eq!(directory.meta.terms_of_service.as_deref(), Some("https://ca.example/terms"));
}

#[test]
fn resources_of_other_specifications_are_found_by_name() {
    let directory = read(&with(
        json!({"newThing": "https://ca.example/thing", "count": 7, "renewalInfo": "https://ca.example/ri"}),
    ))
    .unwrap();
    assert_eq!(directory.url("newThing"), Some("https://ca.example/thing"));
    assert_eq!(directory.url("renewalInfo"), Some("https://ca.example/ri"));
    assert_eq!(directory.url("count"), None, "not a URL");
    assert_eq!(directory.url("meta"), None, "not a URL either");
    assert_eq!(directory.url("NEWORDER"), None, "case matters in JSON");
}
