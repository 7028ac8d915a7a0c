//! Names that no certificate can be for, and folders that no name can have.

use crate::support::Bench;

#[test]
fn names_that_cannot_be() {
    let bench = Bench::registered();
    let requests = bench.requests();
    for (why, name) in [
        ("a URL", "https://a.test/"),
        ("a path", "a.test/x"),
        ("a port", "a.test:443"),
        ("an empty label", "a..b"),
        ("two wildcards", "*.*.x"),
        ("a wildcard within", "a.*.test"),
        ("part of a label", "a*.test"),
        ("a wildcard of everything", "*"),
        ("nothing", ""),
        ("a dot", "."),
        ("hyphens at the ends", "-x-"),
        ("white space", "a b.test"),
        ("a label too long", &format!("{}.test", "a".repeat(64))),
        ("a name too long", &"a234567.".repeat(32)),
        ("an e-mail address", "you@example.com"),
        ("a control character", "a\x1b[2J.test"),
    ] {
        let run = bench.fails(2, &["getcert", "good.test", "--manual", &format!("--domain={name}")]);
        assert!(run.part("error").contains("not a name for a certificate"), "{why}: {}", run.stderr);
        assert!(!run.stderr.contains('\x1b'), "{why}");
        bench.fails(2, &["getcert", "--manual", "--", name]);
    }
    assert_eq!(bench.requests(), requests);
    assert!(!bench.file("certs").exists());
}

#[test]
fn no_name_leads_out_of_its_folder() {
    let bench = Bench::registered();
    for name in ["../a", "/tmp/a", "..", ".", ".hidden", "", "a/b", "a\nb"] {
        bench.fails(2, &["getcert", "a.test", "--manual", "--cert-name", name]).complains("cannot name a folder");
    }
    assert!(!bench.file("certs").exists());
}

#[test]
fn usage_in_short() {
    let bench = Bench::start();
    for (why, words, part) in [
        ("no name", &["getcert"][..], "<NAME>"),
        ("no such kind of key", &["getcert", "a.test", "--key-type", "dsa"], "p256"),
        ("a way bound to what is no name", &["getcert", "a.test", "--standalone=/srv"], "--standalone"),
        ("a port alone", &["getcert", "a.test", "--http-addr", "5002"], "--http-addr"),
        ("no such command", &["frobnicate"], "frobnicate"),
        ("no such flag", &["getcert", "a.test", "--frobnicate"], "--frobnicate"),
        ("nothing to send to", &["step"], "<RESOURCE|URL>"),
        ("not a number", &["getcert", "a.test", "--timeout", "soon"], "--timeout"),
    ] {
        let run = bench.bare(words).exits(2).complains(part);
        assert!(run.stderr.lines().count() <= 8, "{why}: {}", run.stderr);
    }
    assert!(!bench.dir().exists());
}
