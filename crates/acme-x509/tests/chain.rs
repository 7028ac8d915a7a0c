//! Chains: what is read, what is refused, and whether it is what was ordered.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use acme_x509::{Certificate, Chain, ChainError, Name, PemError};
use der::asn1::OctetString;
use support::{AUTHORITY_KEY_ID, Template, dns, ip, public_key};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

const SUBJECT_KEY_ID: &str = "2.5.29.14";
const PRIVATE_KEY: &str = include_str!("vectors/p256.key.pem");

fn key_id(octets: &[u8]) -> OctetString {
    OctetString::new(octets).unwrap()
}

fn authority(octets: &[u8]) -> AuthorityKeyIdentifier {
    AuthorityKeyIdentifier { key_identifier: Some(key_id(octets)), ..Default::default() }
}

/// Leaf, intermediate, cross-signed root, root.
fn certificates() -> [Certificate; 4] {
    let key = public_key();
    [
        Template::new("", "CN=YE1").names(&[dns("example.com")]).extension(AUTHORITY_KEY_ID, &authority(b"ye1")),
        Template::new("CN=YE1", "CN=Root YE").extension(SUBJECT_KEY_ID, &key_id(b"ye1")),
        Template::new("CN=Root YE", "CN=Root X2"),
        Template::new("CN=Root X2", "CN=Root X2"),
    ]
    .map(|template| template.sign(&key))
}

fn pems() -> [String; 4] {
    certificates().map(|certificate| certificate.to_pem())
}

#[test]
fn reads_chains_however_their_lines_end() {
    let [leaf, issuer, cross, _] = pems();
    let plain = [&leaf[..], &issuer, &cross].concat();
    for (why, text) in [
        ("one after the other", plain.clone()),
        ("an empty line between (erratum 5983)", [&leaf[..], &issuer, &cross].join("\n")),
        ("two of them", [&leaf[..], &issuer, &cross].join("\n\n")),
        ("empty lines around", format!("\n{plain}\n\n")),
        ("CRLF", plain.replace('\n', "\r\n")),
        ("CRLF and empty lines", [&leaf[..], &issuer, &cross].join("\n").replace('\n', "\r\n")),
        ("no line end behind the last block", plain.trim_end().to_string()),
    ] {
        let chain = Chain::from_pem(&text).unwrap_or_else(|error| panic!("{why}: {error}"));
        assert_eq!(chain.to_pem(), plain, "{why}");
        assert_eq!(chain.leaf().to_pem(), leaf, "{why}");
        assert_eq!(chain.issuers_pem(), [&issuer[..], &cross].concat(), "{why}");
        assert_eq!(chain.certificates().count(), 3, "{why}");
        assert_eq!(chain.check_links(), Ok(()), "{why}");
    }
    let alone = Chain::from_pem(&leaf).unwrap();
    assert_eq!((alone.issuers(), alone.issuers_pem()), (&[][..], String::new()), "no issuer at all");
}

#[test]
fn refuses_all_but_certificates() {
    let [leaf, issuer, ..] = pems();
    let label = |error: &ChainError| matches!(error, ChainError::Pem(PemError::Label { .. }));
    let text = |error: &ChainError| matches!(error, ChainError::Pem(PemError::Text { .. }));
    let base64 = |error: &ChainError| matches!(error, ChainError::Pem(PemError::Base64(_)));
    let unfinished = |error: &ChainError| matches!(error, ChainError::Pem(PemError::Unfinished(_)));
    let empty = |error: &ChainError| matches!(error, ChainError::Pem(PemError::Empty(_)));
    let second = |error: &ChainError| matches!(error, ChainError::Certificate { place: 2, .. });
    type Is<'a> = &'a dyn Fn(&ChainError) -> bool;
    let cases: [(&str, String, Is<'_>); 21] = [
        ("a key behind the chain (RFC 8555 §11.4)", format!("{leaf}{issuer}{PRIVATE_KEY}"), &label),
        ("a key before it", format!("{PRIVATE_KEY}{leaf}{issuer}"), &label),
        ("a key in the middle", format!("{leaf}{PRIVATE_KEY}{issuer}"), &label),
        ("a key inside a block", leaf.replacen('\n', &format!("\n{PRIVATE_KEY}"), 1), &base64),
        ("a key behind other text on its line", format!("{leaf}x {PRIVATE_KEY}"), &text),
        ("only a key", PRIVATE_KEY.to_string(), &label),
        ("a revocation list", leaf.replace("CERTIFICATE", "X509 CRL"), &label),
        ("OpenSSL's own form", leaf.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), &label),
        ("a label that starts alike", leaf.replace("CERTIFICATE", "CERTIFICATE REQUEST"), &label),
        ("lower case", leaf.replace("CERTIFICATE", "certificate"), &label),
        ("explanatory text", format!("subject=CN=example.com\n{leaf}"), &text),
        ("explanatory text between", format!("{leaf} 1 s:CN=Root\n{issuer}"), &text),
        ("text behind", format!("{leaf}# the end"), &text),
        ("text behind the boundary", leaf.replacen("-----\n", "----- x\n", 1), &label),
        ("an HTML page", "<html><body>504 Gateway Time-out</body></html>".to_string(), &text),
        ("not UTF-8, as DER", "\u{0}\u{1}".to_string(), &text),
        ("a line missing its end", leaf.replacen("\n", "", 1), &label),
        ("an empty line in a block", leaf.replacen('\n', "\n\n", 1), &base64),
        ("cut off in the second block", format!("{leaf}{}", &issuer[..issuer.len() / 2]), &unfinished),
        ("nothing", "\r\n\n".to_string(), &empty),
        (
            "a block without a certificate",
            format!("{leaf}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
            &second,
        ),
    ];
    for (why, text, is) in &cases {
        let error = Chain::from_pem(text).expect_err(why);
        assert!(is(&error), "{why}: {error}");
    }
    assert!(text(&Chain::from_pem(certificates()[0].der()).unwrap_err()), "DER");
}

#[test]
fn says_where_the_fault_is_without_showing_much() {
    let leaf = &pems()[0];
    let line = leaf.lines().count() + 1;
    let error = Chain::from_pem(format!("{leaf}{PRIVATE_KEY}")).unwrap_err().to_string();
    assert!(error.contains(&format!("line {line}")) && error.contains("PRIVATE KEY"), "{error}");
    let error = Chain::from_pem(format!("{leaf}\u{1b}[2J{}", "x".repeat(5000))).unwrap_err().to_string();
    assert!(error.len() < 200 && !error.contains('\u{1b}'), "a terminal must not see it: {error}");
}

#[test]
fn a_chain_that_was_cut_is_noticed_unless_between_blocks() {
    let [leaf, issuer, ..] = pems();
    let text = [leaf, issuer].concat();
    let ends: Vec<_> = (0..text.len()).filter(|at| Chain::from_pem(&text[..*at]).is_ok()).collect();
    assert!(ends.iter().all(|at| text[..*at].trim_end().ends_with("-----END CERTIFICATE-----")), "{ends:?}");
    assert_eq!(ends.len(), 3, "with and without the line end of the first block, and without that of the second");
}

#[test]
fn bounds_how_much_is_read() {
    let root = &pems()[3];
    let most = Chain::from_pem(root.repeat(Chain::MAX_CERTIFICATES)).unwrap();
    assert_eq!(most.certificates().count(), Chain::MAX_CERTIFICATES);
    let more = Chain::from_pem(root.repeat(Chain::MAX_CERTIFICATES + 1)).unwrap_err();
    assert_eq!(more, ChainError::Pem(PemError::TooMany(Chain::MAX_CERTIFICATES)));
    let long = "\n".repeat(Chain::MAX_LEN + 1);
    assert_eq!(Chain::from_pem(&long), Err(ChainError::TooLong(long.len())));
}

#[test]
fn checks_that_each_certifies_the_one_before() {
    let [leaf, issuer, cross, root] = pems();
    let other_key = Template::new("CN=YE1", "CN=Root YE").extension(SUBJECT_KEY_ID, &key_id(b"other"));
    let other_key = other_key.sign(&public_key()).to_pem();
    let no_key_id = Template::new("CN=YE1", "CN=Root YE").sign(&public_key()).to_pem();
    for (why, texts, broken_at) in [
        ("leaf alone", &[&leaf][..], None),
        ("without the root", &[&leaf, &issuer, &cross], None),
        ("with the root", &[&leaf, &issuer, &cross, &root], None),
        ("key identifiers are optional", &[&leaf, &no_key_id], None),
        ("another key of the same issuer", &[&leaf, &other_key], Some(1)),
        ("the wrong way round", &[&leaf, &cross, &issuer], Some(1)),
        ("one left out", &[&leaf, &issuer, &root], Some(2)),
        ("the leaf twice", &[&leaf, &leaf, &issuer], Some(1)),
    ] {
        let chain = Chain::from_pem(texts.iter().map(|text| text.as_str()).collect::<String>()).unwrap();
        let found = match chain.check_links() {
            Ok(()) => None,
            Err(ChainError::Link { place, .. }) => Some(place),
            Err(other) => panic!("{why}: {other}"),
        };
        assert_eq!(found, broken_at, "{why}");
    }
}

#[test]
fn an_empty_name_issues_nothing() {
    let [nameless, other] = [Template::new("", ""), Template::new("CN=a", "")].map(|name| name.sign(&public_key()));
    assert!(!nameless.issues(&other));
}

#[test]
fn checks_the_names_of_the_leaf() {
    let v4 = [192, 0, 2, 1];
    let v6 = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let key = public_key();
    type Names<'a> = &'a [&'a str];
    let cases: [(&str, Vec<_>, Names<'_>, Names<'_>, Names<'_>); 11] = [
        ("the same", vec![dns("a.example")], &["a.example"], &[], &[]),
        ("another order", vec![dns("b.example"), dns("a.example")], &["a.example", "b.example"], &[], &[]),
        ("another case", vec![dns("A.Example")], &["a.EXAMPLE"], &[], &[]),
        ("doubles", vec![dns("a.example"), dns("a.example")], &["a.example"], &[], &[]),
        ("a wildcard stands for itself", vec![dns("*.a.example")], &["*.a.example"], &[], &[]),
        (
            "a wildcard covers nothing",
            vec![dns("*.a.example")],
            &["www.a.example"],
            &["www.a.example"],
            &["*.a.example"],
        ),
        ("a name missing", vec![dns("a.example")], &["a.example", "b.example"], &["b.example"], &[]),
        ("a name more", vec![dns("a.example"), dns("evil.example")], &["a.example"], &[], &["evil.example"]),
        (
            "addresses and names",
            vec![ip(&v4), dns("a.example"), ip(&v6)],
            &["a.example", "2001:db8::1", "192.0.2.1"],
            &[],
            &[],
        ),
        ("an address as a DNS name is none", vec![dns("192.0.2.1")], &["192.0.2.1"], &["192.0.2.1"], &["192.0.2.1"]),
        ("no names", vec![], &["a.example"], &["a.example"], &[]),
    ];
    for (why, certified, ordered, missing, extra) in cases {
        let template = Template::new("CN=a.example", "CN=YE1");
        let template = if certified.is_empty() { template } else { template.names(&certified) };
        let chain = Chain::from_pem(template.sign(&key).to_pem()).unwrap();
        let ordered: Vec<_> = ordered.iter().map(|name| Name::parse(name)).collect();
        match chain.check(&key, &ordered) {
            Ok(()) => assert!(missing.is_empty() && extra.is_empty(), "{why}"),
            Err(ChainError::Names { missing: m, extra: e }) => {
                let texts = |names: &[Name]| names.iter().map(Name::to_string).collect::<Vec<_>>();
                assert_eq!((&texts(&m)[..], &texts(&e)[..]), (&owned(missing)[..], &owned(extra)[..]), "{why}");
            }
            Err(other) => panic!("{why}: {other}"),
        }
        assert_eq!(chain.check(&public_key(), &ordered), Err(ChainError::Key), "{why}");
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_string()).collect()
}
