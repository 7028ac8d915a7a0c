//! `Link` (RFC 8288 §3) and `Retry-After` (RFC 9110 §10.2.3).
#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, SystemTime};

use acme_proto::{Link, MAX_PAUSE, pause};

#[test]
fn links() {
    for (why, value, want) in [
        ("plain", r#"<https://ca.example/dir>;rel="index""#, vec![("https://ca.example/dir", vec!["index"])]),
        ("unquoted (serles)", "<https://ca.example/dir>; rel=index", vec![("https://ca.example/dir", vec!["index"])]),
        ("upper case", r#"<https://ca.example/A>; REL="ALTERNATE""#, vec![("https://ca.example/A", vec!["alternate"])]),
        ("several relations", r#"<a>; rel="up  alternate""#, vec![("a", vec!["up", "alternate"])]),
        (
            "several links",
            r#"<a>;rel="up", <b>;rel=next,<c>;rel="index""#,
            vec![("a", vec!["up"]), ("b", vec!["next"]), ("c", vec!["index"])],
        ),
        (
            "a comma and a semicolon in the target",
            r#"<a?x=1,2;3>;rel="up",<b>;rel="up""#,
            vec![("a?x=1,2;3", vec!["up"]), ("b", vec!["up"])],
        ),
        (
            "and in a quoted string",
            r#"<a>;title="one, two; <three>";rel="up",<b>;rel=up"#,
            vec![("a", vec!["up"]), ("b", vec!["up"])],
        ),
        ("an escaped quote", r#"<a>;title="say \"x\", y";rel=up"#, vec![("a", vec!["up"])]),
        ("an escaped quote is no end", r#"<a>;title="x\", <b>;rel=next";rel=up"#, vec![("a", vec!["up"])]),
        ("a parameter without a value", "<a>;crossorigin;rel=up", vec![("a", vec!["up"])]),
        ("only the first rel counts (§3.3)", "<a>;rel=up;rel=next", vec![("a", vec!["up"])]),
        ("another parameter that ends in rel", "<a>;xrel=up", vec![("a", vec![])]),
        ("no relation", "<a>", vec![("a", vec![])]),
        ("white space everywhere", " < a > ; rel = \"up\" , <b> ;rel=up ", vec![("a", vec!["up"]), ("b", vec!["up"])]),
        ("empty elements", ", ,<a>;rel=up, ,", vec![("a", vec!["up"])]),
        ("a target that is empty: the page itself", "<>;rel=up", vec![("", vec!["up"])]),
        ("no target", "rel=up", vec![]),
        ("cut off", "<https://ca.example", vec![]),
        ("a quote that never ends", r#"<a>;rel="up, <b>;rel=next"#, vec![("a", vec!["up,", "<b>;rel=next"])]),
        ("empty", "", vec![]),
    ] {
        let found = Link::parse_all(value);
        let found: Vec<_> = found
            .iter()
            .map(|link| (link.target.as_str(), link.relations.iter().map(String::as_str).collect::<Vec<_>>()))
            .collect();
        assert_eq!(found, want, "{why}: {value}");
    }
}

#[test]
fn relations_are_compared_without_case() {
    let link = &Link::parse_all(r#"<a>;rel="Alternate UP""#)[0];
    assert!(link.has("alternate") && link.has("Up"));
    assert!(!link.has("next") && !link.has("alternate up"));
}

#[test]
fn pauses() {
    let now = httpdate::parse_http_date("Wed, 21 Oct 2026 07:28:00 GMT").unwrap();
    for (why, value, want) in [
        ("seconds", "120", Some(120)),
        ("at once", "0", Some(0)),
        ("white space", " 3\t", Some(3)),
        ("leading zeros", "007", Some(7)),
        ("a day", "86400", Some(86_400)),
        ("more than a day (Boulder)", "7800000", Some(86_400)),
        ("more than any number", "99999999999999999999999999", Some(86_400)),
        ("a date", "Wed, 21 Oct 2026 07:28:30 GMT", Some(30)),
        ("a date, the old forms", "Wednesday, 21-Oct-26 07:29:00 GMT", Some(60)),
        ("asctime", "Wed Oct 21 07:29:00 2026", Some(60)),
        ("a date in the past: at once", "Wed, 21 Oct 2020 07:28:00 GMT", Some(0)),
        ("a date far away", "Wed, 21 Oct 2099 07:28:00 GMT", Some(86_400)),
        ("negative", "-1", None),
        ("a sign", "+1", None),
        ("a fraction", "1.5", None),
        ("words", "abc", None),
        ("digits of another script", "１２", None),
        ("a date of another kind", "2026-10-21T07:28:30Z", None),
        ("empty", "", None),
    ] {
        assert_eq!(pause(value, now), want.map(Duration::from_secs), "{why}: {value:?}");
    }
    assert_eq!(MAX_PAUSE, Duration::from_secs(86_400));
    assert_eq!(pause("Wed, 21 Oct 2026 07:28:30 GMT", SystemTime::UNIX_EPOCH), Some(MAX_PAUSE), "a clock far behind");
}
