//! dns-persist-01, with both forms of its record (draft-ietf-acme-dns-persist-00 to -02).
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod prover;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use acme_proto::{
    PersistChallenge, PersistError, PersistFormat, PersistRecord, PersistTerms, Proof, ProofError, TxtRecord,
    hashed_account_uri,
};
use proptest::prelude::*;
use prover::{Setting, challenge, dns, text, thumbprint, vectors};
use serde_json::{Value, json};

const ACCOUNT: &str = "https://ca.example/acct/123";

/// A challenge with this list under this name, and no token.
fn offer(member: &str, list: Value) -> acme_proto::Challenge {
    challenge(json!({"type": "dns-persist-01", "url": "https://ca.example/chall/1", "status": "pending", member: list}))
}

fn hashed() -> Setting {
    Setting::new(ACCOUNT, json!({"accountHashPrefix": "https://ca.example/account-hash/"}))
}

fn record(setting: &Setting, name: &str, terms: &PersistTerms) -> TxtRecord {
    let persist = PersistChallenge::read(&offer("issuerDomainNames", json!(["authority.example"])), &setting.meta);
    persist.unwrap().record(&dns(name), &setting.prover(), terms).unwrap()
}

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

// Rows: DP-05, DP-07, DP-08
#[test]
fn hashed_account_uris_are_those_of_the_draft() {
    let vectors = &vectors()["dns_persist"];
    assert_eq!(thumbprint().to_base64url(), text(vectors, "thumbprint"));
    for case in vectors["cases"].as_array().unwrap() {
        let uri =
            hashed_account_uri(text(vectors, "prefix"), text(case, "domain"), &thumbprint(), text(vectors, "account"));
        assert_eq!(uri.unwrap(), text(case, "accounturi"));
    }
    assert_eq!(hashed_account_uri("p", &"a".repeat(256), &thumbprint(), ACCOUNT), None, "its length is one octet");
}

// Rows: DP-01, DP-02, DP-03, DP-05, C-05
#[test]
fn the_new_member_asks_for_a_hashed_account() {
    let setting = hashed();
    let proof = offer("issuerDomainNames", json!(["authority.example", "ca.example.net"]))
        .proof(&dns("Example.COM."), &setting.prover());
    let Ok(Proof::DnsPersist01(record)) = proof else { panic!("{proof:?}") };
    assert_eq!(record.name, "_validation-persist.example.com.");
    assert_eq!(
        record.value,
        "authority.example; accounturi=https://ca.example/account-hash/sha-256/5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw"
    );
}

// Rows: DP-03, DP-06
#[test]
fn the_old_member_asks_for_the_plain_account_url() {
    // As Pebble 2.10 sends it: the URL it echoes is not what counts.
    let challenge = challenge(json!({
        "type": "dns-persist-01", "url": "u", "status": "pending",
        "issuer-domain-names": ["pebble.letsencrypt.org"], "accounturi": "https://other.example/9",
    }));
    let setting = hashed();
    let Ok(Proof::DnsPersist01(record)) = challenge.proof(&dns("example.com"), &setting.prover()) else { panic!() };
    assert_eq!(record.value, "pebble.letsencrypt.org; accounturi=https://ca.example/acct/123");
}

// Rows: DP-03
#[test]
fn with_both_members_the_newer_counts() {
    let challenge = challenge(json!({
        "type": "dns-persist-01", "url": "u", "issuer-domain-names": ["old.example"], "issuerDomainNames": ["new.example"],
    }));
    let found = PersistChallenge::read(&challenge, &hashed().meta).unwrap();
    assert_eq!(found.issuers, ["new.example"]);
    assert!(matches!(found.format, PersistFormat::Hashed { .. }));
}

// Rows: DP-01, DP-02, DP-08, DP-19
#[test]
fn the_holder_chooses_how_far_the_record_goes() {
    let until = Some(at(1_767_225_600));
    for (why, name, terms, value) in [
        (
            "a wildcard needs the policy",
            "*.example.com",
            PersistTerms::default(),
            "5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw; policy=wildcard",
        ),
        (
            "names below do too",
            "example.com",
            PersistTerms { wildcard: true, ..Default::default() },
            "5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw; policy=wildcard",
        ),
        (
            "one value for all domains",
            "example.com",
            PersistTerms { any_domain: true, ..Default::default() },
            "NpDnSwUthQK8zCgFdefYxAdAVPnygMLbs9US6oO-5ug",
        ),
        (
            "an end, without anything behind it",
            "*.example.com",
            PersistTerms { until, ..Default::default() },
            "5SQm7n6tPh2-PlLbCKGnViTXX5z19SCN4cPGQHSk-kw; policy=wildcard; persistUntil=1767225600",
        ),
    ] {
        let record = record(&hashed(), name, &terms);
        assert_eq!(record.name, "_validation-persist.example.com.", "{why}");
        assert_eq!(
            record.value,
            format!("authority.example; accounturi=https://ca.example/account-hash/sha-256/{value}"),
            "{why}"
        );
    }
}

#[test]
fn the_issuer_is_one_of_the_cas() {
    let setting = hashed();
    let offer = offer("issuerDomainNames", json!(["a.example", "b.example"]));
    let persist = PersistChallenge::read(&offer, &setting.meta).unwrap();
    let ask = |issuer: &str| {
        let terms = PersistTerms { issuer: Some(issuer.to_owned()), ..Default::default() };
        persist.record(&dns("example.com"), &setting.prover(), &terms)
    };
    assert!(ask("b.example").unwrap().value.starts_with("b.example; "));
    assert!(matches!(ask("c.example"), Err(ProofError::Persist(PersistError::OtherIssuer { .. }))));
}

// Rows: DP-04
#[test]
fn a_list_of_issuers_out_of_form_is_refused() {
    let many = |count| (0..count).map(|n| format!("ca{n}.example")).collect::<Vec<_>>();
    let long = |length: usize| vec![format!("{0}.{0}.{0}.{1}", "a".repeat(63), "b".repeat(length - 192))];
    for (why, list, good) in [
        ("one", json!(["ca.example"]), true),
        ("ten", json!(many(10)), true),
        ("of 253 octets", json!(long(253)), true),
        ("an A-label", json!(["xn--bcher-kva.example"]), true),
        ("none", json!([]), false),
        ("eleven", json!(many(11)), false),
        ("of 254 octets", json!(long(254)), false),
        ("in upper case", json!(["CA.example"]), false),
        ("a dot at the end", json!(["ca.example."]), false),
        ("not in A-labels", json!(["bücher.example"]), false),
        ("one bad among good", json!(["ca.example", "c a.example"]), false),
        ("a parameter smuggled in", json!(["ca.example; policy=wildcard"]), false),
        ("an empty label", json!(["ca..example"]), false),
        ("an empty name", json!([""]), false),
        ("numbers", json!([1]), false),
        ("not a list", json!("ca.example"), false),
        ("null", json!(null), false),
    ] {
        for member in ["issuerDomainNames", "issuer-domain-names"] {
            let read = PersistChallenge::read(&offer(member, list.clone()), &hashed().meta);
            assert_eq!(read.is_ok(), good, "{why}, {member}: {read:?}");
            assert!(good || matches!(read, Err(PersistError::Issuers(_))), "{why}, {member}: {read:?}");
        }
    }
    let neither = PersistChallenge::read(&offer("token", json!("abc")), &hashed().meta);
    assert_eq!(neither, Err(PersistError::NoIssuers));
}

// Rows: DP-10, DP-11
#[test]
fn a_challenge_that_contradicts_the_directory_is_refused() {
    let missing = |name: &str| Err(PersistError::PromisedIssuer(name.to_owned()));
    let foreign = |name: &str| Err(PersistError::ForeignIssuer(name.to_owned()));
    for (why, directory, identities, expected) in [
        ("the directory says nothing", json!(null), json!(null), Ok(())),
        ("all that is promised is there", json!(["a.example"]), json!(["a.example", "b.example", "c.example"]), Ok(())),
        ("a promised one is missing", json!(["c.example"]), json!(null), missing("c.example")),
        ("one is not the CA's", json!(null), json!(["a.example"]), foreign("b.example")),
        ("identities in another form", json!(null), json!(["A.example.", "B.EXAMPLE"]), Ok(())),
        ("a promise out of form does not count", json!(["C.example"]), json!(null), Ok(())),
        ("identities that are no names do not count", json!(null), json!(["a.example", "?"]), Ok(())),
        ("none do not count either", json!([]), json!([]), Ok(())),
    ] {
        let meta = json!({"accountHashPrefix": "https://p.example/", "issuerDomainNames": directory, "caaIdentities": identities});
        let setting = Setting::new(ACCOUNT, meta);
        let issuers = json!(["a.example", "b.example"]);
        let read = |member| PersistChallenge::read(&offer(member, issuers.clone()), &setting.meta).map(|_| ());
        assert_eq!(read("issuerDomainNames"), expected, "{why}");
        assert_eq!(read("issuer-domain-names"), Ok(()), "the older drafts have no such rule: {why}");
    }
}

// Rows: DP-05
#[test]
fn without_a_usable_prefix_there_is_no_hashed_record() {
    for prefix in [
        json!(null),
        json!(""),
        json!("account-hash/"),
        json!("https://"),
        json!("https://a b/"),
        json!("https://a/;policy=wildcard;x="),
        json!("https://bücher.example/"),
        json!(7),
    ] {
        let setting = Setting::new(ACCOUNT, json!({"accountHashPrefix": prefix}));
        let read = PersistChallenge::read(&offer("issuerDomainNames", json!(["a.example"])), &setting.meta);
        assert!(matches!(read, Err(PersistError::NoPrefix(_))), "{prefix}: {read:?}");
    }
}

// Rows: DP-12
#[test]
fn a_record_can_be_made_before_there_is_an_order() {
    let read = |meta: Value| PersistChallenge::from_directory(&Setting::new(ACCOUNT, meta).meta);
    let prefix = "https://ca.example/account-hash/";
    let found = read(json!({"accountHashPrefix": prefix, "issuerDomainNames": ["authority.example"]})).unwrap();
    let setting = hashed();
    let published = found.record(&dns("example.com"), &setting.prover(), &PersistTerms::default()).unwrap();
    assert_eq!(published, record(&hashed(), "example.com", &PersistTerms::default()));

    for names in [json!(null), json!([]), json!(["UPPER.example"]), json!("authority.example")] {
        let refused = read(json!({"accountHashPrefix": prefix, "issuerDomainNames": names}));
        assert_eq!(refused, Err(PersistError::NotInDirectory), "{names}");
        // Interactive use is not touched by that.
        let setting = Setting::new(ACCOUNT, json!({"accountHashPrefix": prefix, "issuerDomainNames": names}));
        assert!(PersistChallenge::read(&offer("issuerDomainNames", json!(["a.example"])), &setting.meta).is_ok());
    }
    assert!(matches!(read(json!({"issuerDomainNames": ["a.example"]})), Err(PersistError::NoPrefix(_))));
}

#[test]
fn an_account_url_cannot_smuggle_parameters_in() {
    for account in ["https://ca.example/1; policy=wildcard", "https://ca.example/a b", "", "https://ca.example/ü"] {
        let setting = Setting::new(account, json!({}));
        let refused = offer("issuer-domain-names", json!(["a.example"])).proof(&dns("example.com"), &setting.prover());
        assert_eq!(refused, Err(ProofError::Persist(PersistError::AccountUrl(account.to_owned()))));
    }
}

// Rows: DP-13
#[test]
fn a_long_value_is_split_into_strings_of_255() {
    let account = format!("https://ca.example/{}", "a".repeat(600));
    let setting = Setting::new(&account, json!({}));
    let proof = offer("issuer-domain-names", json!(["ca.example"])).proof(&dns("example.com"), &setting.prover());
    let Ok(Proof::DnsPersist01(record)) = proof else { panic!("{proof:?}") };
    let lengths: Vec<_> = record.strings().iter().map(|string| string.len()).collect();
    assert_eq!(lengths, [255, 255, record.value.len() - 510]);
    assert_eq!(record.strings().concat(), record.value);
    let line = record.zone_line(60);
    assert!(line.starts_with("_validation-persist.example.com. 60 IN TXT \"ca.example; accounturi="), "{line}");
    assert_eq!(line.matches("\" \"").count(), 2, "{line}");
    let mut short = record;
    short.value = "v".repeat(255);
    assert_eq!(short.strings().len(), 1, "255 octets are one string");
}

// Rows: SEC-02
#[test]
fn a_quote_does_not_end_a_string_of_the_zone() {
    let setting = Setting::new(r#"https://ca.example/"\"#, json!({}));
    let proof = offer("issuer-domain-names", json!(["ca.example"])).proof(&dns("example.com"), &setting.prover());
    let Ok(Proof::DnsPersist01(record)) = proof else { panic!("{proof:?}") };
    let line = r#"_validation-persist.example.com. 60 IN TXT "ca.example; accounturi=https://ca.example/\"\\""#;
    assert_eq!(record.zone_line(60), line);
}

// Rows: DP-15
#[test]
fn people_are_told_to_leave_the_record() {
    let setting = hashed();
    let proof = offer("issuerDomainNames", json!(["a.example"])).proof(&dns("example.com"), &setting.prover()).unwrap();
    let description = proof.describe();
    assert!(description.contains("leave it there"), "{description}");
    assert!(
        description.contains("_validation-persist.example.com. 3600 IN TXT \"a.example; accounturi="),
        "{description}"
    );
}

// Rows: DP-02, DP-19
#[test]
fn a_published_record_is_read_back_as_a_ca_reads_it() {
    let good = |value: &str| PersistRecord::parse(value).unwrap_or_else(|| panic!("{value}"));
    let plain = good("ca.example;accounturi=https://ca.example/1");
    assert_eq!((plain.issuer.as_str(), plain.account_uri.as_str()), ("ca.example", "https://ca.example/1"));
    assert_eq!((plain.wildcard, plain.until), (false, None));
    for (why, value) in [
        ("tags in any case", "ca.example; ACCOUNTURI=u; Policy=wildcard"),
        ("the policy in any case", "ca.example; accounturi=u; policy=WildCard"),
        ("unknown tags are ignored", "ca.example; x-1=y; accounturi=u; policy=wildcard"),
        ("white space", " CA.example \t;\taccounturi =\tu ; policy= wildcard "),
    ] {
        let record = good(value);
        assert_eq!(
            (record.issuer.as_str(), record.account_uri.as_str(), record.wildcard),
            ("ca.example", "u", true),
            "{why}"
        );
    }
    assert!(!good("ca.example; accounturi=u; policy=wild").wildcard, "another policy is none");
    assert_eq!(good("ca.example; accounturi=u; persistUntil=1767225600").until, Some(at(1_767_225_600)));
    for (why, value) in [
        ("no account", "ca.example"),
        ("nothing", ""),
        ("an empty parameter at the end (Boulder)", "ca.example; accounturi=u;"),
        ("one in the middle", "ca.example;; accounturi=u"),
        ("the account twice", "ca.example; accounturi=u; accounturi=u"),
        ("no value sign", "ca.example; accounturi"),
        ("a space inside of a value", "ca.example; accounturi=u v"),
        ("not an issuer", "c a.example; accounturi=u"),
        ("an end that is not a number", "ca.example; accounturi=u; persistUntil=tomorrow"),
        ("signed", "ca.example; accounturi=u; persistUntil=+5"),
        ("a fraction", "ca.example; accounturi=u; persistUntil=5.0"),
        ("empty", "ca.example; accounturi=u; persistUntil="),
        ("beyond all time", "ca.example; accounturi=u; persistUntil=99999999999999999999"),
        ("beyond this machine's time", "ca.example; accounturi=u; persistUntil=18446744073709551615"),
    ] {
        assert_eq!(PersistRecord::parse(value), None, "{why}");
    }
}

// Rows: DP-16
#[test]
fn the_end_of_a_record_can_be_seen_before_ordering() {
    let record = PersistRecord::parse("ca.example; accounturi=u; persistUntil=1000").unwrap();
    assert_eq!(record.remaining(at(400)), Duration::from_secs(600));
    assert_eq!(record.remaining(at(1000)), Duration::ZERO);
    assert_eq!(record.remaining(at(5000)), Duration::ZERO);
    assert_eq!(PersistRecord::parse("ca.example; accounturi=u").unwrap().remaining(at(5000)), Duration::MAX);
}

proptest! {
    #[test]
    fn no_value_breaks_the_reader(value in ".{0,200}") {
        if let Some(record) = PersistRecord::parse(&value) {
            prop_assert_eq!(PersistRecord::parse(&record.to_string()), Some(record));
        }
    }

    #[test]
    fn what_is_written_is_read_back(
        issuer in "[a-z0-9]{1,10}(\\.[a-z]{2,5}){0,3}",
        uri in "https://[!-:<-~]{1,300}",
        wildcard: bool,
        until in proptest::option::of(0u64..4_000_000_000),
    ) {
        let setting = Setting::new(&uri, json!({}));
        let persist = PersistChallenge::read(&offer("issuer-domain-names", json!([issuer])), &setting.meta).unwrap();
        let terms = PersistTerms { wildcard, until: until.map(at), ..Default::default() };
        let record = persist.record(&dns("example.com"), &setting.prover(), &terms).unwrap();
        let read = PersistRecord::parse(&record.strings().concat()).unwrap();
        prop_assert_eq!((read.issuer, read.account_uri, read.wildcard, read.until), (issuer, uri, wildcard, until.map(at)));
    }
}
