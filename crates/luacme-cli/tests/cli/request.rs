//! What certificate is asked for: requests made elsewhere, kept keys, profiles, chains, ends.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::time::{Duration, SystemTime};

use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_testca::{Behaviour, Resource};
use acme_x509::{Csr, Name};

use crate::support::{Bench, tree};

/// A request made elsewhere, in a file beside the folder of state.
fn csr(bench: &Bench, file: &str, names: &[&str]) -> PrivateKey {
    let key = PrivateKey::generate(KeyType::P384).unwrap();
    let names: Vec<_> = names.iter().map(|name| Name::parse(name)).collect();
    let csr = Csr::new(&key, &names).unwrap();
    let octets = if file.ends_with(".der") { csr.der().to_vec() } else { csr.to_pem().into_bytes() };
    fs::write(bench.beside(file), octets).unwrap();
    key
}

/// The last payload that a kind of resource was sent.
fn sent(bench: &Bench, resource: Resource) -> serde_json::Value {
    let requests = bench.ca.requests();
    let last = requests.iter().rev().find(|request| request.resource == resource && request.status < 300).unwrap();
    serde_json::from_slice(&last.payload).unwrap()
}

#[test]
fn a_request_made_elsewhere_for_a_key_that_is_never_here() {
    for file in ["request.pem", "request.der"] {
        let bench = Bench::registered();
        let key = csr(&bench, file, &["b.test", "a.test", "192.0.2.1"]);
        let run = bench.getcert(&["--csr", file, "--deploy-hook", "/bin/sh -c 'env > told'"]).succeeds();
        assert!(!run.stdout.contains("privkey.pem"), "{}", run.stdout);
        assert_eq!(bench.names("b.test"), ["192.0.2.1", "a.test", "b.test"], "the first of its names");
        assert_eq!(bench.chain("b.test").leaf().public_key().unwrap(), key.public_key());
        for missing in ["privkey.pem", "combined.pem"] {
            assert!(!bench.file("live/b.test").join(missing).exists(), "{missing}");
        }
        assert!(!bench.file("certs/b.test/pending.key").exists());
        let told = fs::read_to_string(bench.beside("told")).unwrap();
        assert!(told.contains("LUACME_FULLCHAIN") && !told.contains("PRIVKEY") && !told.contains("CERT_KEY"), "{told}");

        let requests = bench.requests();
        for words in
            [&["--csr", file][..], &["--csr", file, "-d", "a.test,192.0.2.1,b.test"], &["--cert-name", "b.test"]]
        {
            bench.luacme(&[&["getcert"], words].concat()).succeeds().prints("nothing to do");
        }
        assert_eq!(bench.requests(), requests);
        let second = csr(&bench, file, &["b.test", "a.test", "192.0.2.1"]);
        bench.luacme(&["getcert", "--cert-name", "b.test"]).succeeds();
        let found = bench.chain("b.test").leaf().public_key().unwrap();
        assert_eq!(found, second.public_key(), "another request is another certificate");
        bench.getcert(&["--cert-name", "b.test", "--key-type", "p256"]).succeeds();
        assert!(bench.file("live/b.test/privkey.pem").exists(), "a key of our own again");
    }
}

#[test]
fn requests_that_cannot_be_used() {
    let bench = Bench::registered();
    csr(&bench, "good.pem", &["a.test"]);
    fs::write(bench.beside("prose"), "hello").unwrap();
    fs::write(bench.beside("half.der"), [0x30, 0x82, 1, 0, 2]).unwrap();
    let requests = bench.requests();
    for (why, words, code, part) in [
        ("not there", &["--csr", "missing"][..], 1, "missing"),
        ("neither PEM nor DER", &["--csr", "prose"], 2, "PKCS#10"),
        ("cut short", &["--csr", "half.der"], 2, "half.der"),
        ("for other names", &["--csr", "good.pem", "-d", "b.test"], 2, "a.test"),
        ("its key has a type", &["--csr", "good.pem", "--key-type", "p256"], 2, "--key-type"),
    ] {
        let run = bench.fails(code, &[&["getcert"], words].concat());
        assert!(run.stderr.contains(part), "{why}: {}", run.stderr);
    }
    assert_eq!(bench.requests(), requests);
    assert!(!bench.file("certs").exists());
}

#[test]
fn a_key_is_kept_only_if_that_is_asked_for() {
    let bench = Bench::registered();
    bench.getcert(&["a.test", "--reuse-key"]).succeeds();
    let key = || bench.read("live/a.test/privkey.pem");
    let first = key();
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(key(), first, "remembered");
    bench.getcert(&["a.test", "--key-type", "p384"]).succeeds();
    let second = key();
    assert_ne!(second, first, "another type is another key");
    bench.getcert(&["a.test", "--force", "--new-key"]).succeeds();
    assert_ne!(key(), second);
    let third = key();
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_ne!(key(), third, "and no more");
}

#[test]
fn profiles() {
    let bench = Bench::with(|ca| ca.profile("shortlived", "days"));
    bench.register().succeeds();
    bench.getcert(&["a.test", "--profile", "shortlived"]).succeeds();
    assert_eq!(sent(&bench, Resource::NewOrder)["profile"], "shortlived");
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(sent(&bench, Resource::NewOrder)["profile"], "shortlived", "remembered");

    let run = bench.getcert(&["a.test", "--force", "--profile", "nosuch"]).exits(1);
    assert!(run.part("error").contains("it offers shortlived"), "{}", run.stderr);
    let run = bench.getcert(&["a.test", "--force", "--preferred-profile", "nosuch"]).succeeds();
    assert!(run.stderr.contains("warning") && run.stderr.contains("nosuch"), "{}", run.stderr);
    assert!(sent(&bench, Resource::NewOrder).get("profile").is_none());
    bench.getcert(&["a.test", "--force", "--preferred-profile", "shortlived"]).succeeds();
    assert_eq!(sent(&bench, Resource::NewOrder)["profile"], "shortlived");
    bench.getcert(&["a.test", "--force", "--profile", ""]).succeeds();
    assert!(sent(&bench, Resource::NewOrder).get("profile").is_none(), "none from now on");
    assert!(!bench.read("certs/a.test/config.toml").contains("profile"));
}

#[test]
fn the_chain_that_is_preferred() {
    let bench = Bench::with(|ca| ca.behave(Behaviour::AlternateChains));
    bench.register().succeeds();
    bench.getcert(&["a.test"]).succeeds();
    let end = || bench.chain("a.test").last().issuer_common_name().unwrap();
    let usual = end();
    let run = bench.getcert(&["a.test", "--force", "--preferred-chain", "No Such Root"]).succeeds();
    assert!(run.stderr.contains("No Such Root") && run.stderr.contains("warning"), "{}", run.stderr);
    assert_eq!(end(), usual);
    let other = format!("{usual} 2");
    bench.getcert(&["a.test", "--force", "--preferred-chain", &other.to_uppercase()]).succeeds();
    assert_eq!(end(), other);
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(end(), other, "remembered");

    let root = acme_x509::Chain::from_pem(bench.ca.root_pem()).unwrap().leaf().sha256_fingerprint();
    let root: String = root.iter().map(|octet| format!("{octet:02X}")).collect::<Vec<_>>().join(":");
    bench.getcert(&["a.test", "--force", "--preferred-chain", &root]).succeeds();
    assert_eq!(end(), usual, "by the fingerprint of a root that is trusted here");
}

#[test]
fn the_end_that_is_asked_for() {
    let bench = Bench::with(|ca| ca.behave(Behaviour::DatesHonoured));
    bench.register().succeeds();
    let lives = || {
        let end = bench.chain("a.test").leaf().not_after().unwrap();
        end.duration_since(SystemTime::now()).unwrap().as_secs() / 3600
    };
    bench.getcert(&["a.test", "--not-after", "10d"]).succeeds();
    assert!((238..=240).contains(&lives()), "{} hours", lives());
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert!((238..=240).contains(&lives()), "a length is remembered: {} hours", lives());
    let date = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(480);
    bench.getcert(&["a.test", "--force", "--not-after", &date.to_string()]).succeeds();
    assert!((478..=480).contains(&lives()), "{} hours", lives());
    assert!(!bench.read("certs/a.test/config.toml").contains("not_after"), "a date holds once");
    let run = bench.getcert(&["a.test", "--force", "--not-after", "2020-01-01"]).exits(2);
    assert!(run.part("error").contains("2020-01-01"), "{}", run.stderr);
}

#[test]
fn days_left_decide_when_it_is_due() {
    let bench = Bench::with(|ca| ca.behave(Behaviour::DatesHonoured));
    bench.register().succeeds();
    bench.getcert(&["a.test"]).succeeds();
    let requests = bench.requests();
    bench.getcert(&["a.test", "--days", "50"]).succeeds().prints("nothing to do");
    assert_eq!(bench.requests(), requests);
    assert!(bench.read("certs/a.test/config.toml").contains("days = 50"), "kept for later");
    bench.getcert(&["a.test", "--not-after", "80h", "--days", "2", "--force"]).succeeds();
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");
    let version = bench.version("a.test");
    bench.getcert(&["a.test", "--days", "365"]).succeeds().prints("nothing to do");
    assert_eq!(bench.version("a.test"), version, "never at once after it was issued");
}

#[test]
fn names_are_not_let_go_without_a_word() {
    let bench = Bench::registered();
    bench.getcert(&["a.test", "b.test", "c.test"]).succeeds();
    let requests = bench.requests();
    let run = bench.fails(2, &["getcert", "a.test", "d.test"]);
    assert!(run.part("error").contains("b.test, c.test"), "{}", run.stderr);
    assert!(run.part("what to do").contains("--drop-names"), "{}", run.stderr);
    assert_eq!(bench.requests(), requests);
    bench.getcert(&["a.test", "b.test", "c.test", "d.test", "--expand"]).succeeds();
    assert_eq!(bench.names("a.test").len(), 4, "more names harm nobody");
    bench.getcert(&["a.test", "--renew-with-new-domains"]).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test"]);
}

#[test]
fn who_may_read_the_key() {
    let bench = Bench::registered();
    let group = fs::metadata(bench.beside("ca.pem")).unwrap().gid().to_string();
    bench.getcert(&["a.test", "--key-mode", "0640", "--key-group", &group]).succeeds();
    let modes = || {
        ["privkey", "combined", "cert"].map(|file| {
            fs::metadata(bench.file(&format!("live/a.test/{file}.pem"))).unwrap().permissions().mode() & 0o777
        })
    };
    assert_eq!(modes(), [0o640, 0o640, 0o644]);
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(modes(), [0o640, 0o640, 0o644], "remembered");
    let requests = bench.requests();
    bench.getcert(&["a.test", "--key-mode", "600"]).succeeds().prints("nothing to do");
    assert_eq!(modes(), [0o600, 0o600, 0o644], "at once");
    for (why, words, part) in [
        ("for everybody", ["--key-mode", "0644"], "not for everybody"),
        ("a group that is not there", ["--key-group", "no-such-group"], "no-such-group"),
    ] {
        let run = bench.getcert(&[&["a.test", "--force"], &words[..]].concat()).exits(2);
        assert!(run.stderr.contains(part), "{why}: {}", run.stderr);
    }
    assert_eq!(bench.requests(), requests);
}

#[test]
fn a_dry_run_stores_nothing() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let files = || tree(&bench.dir()).into_iter().filter(|(path, _)| path.is_file()).collect::<Vec<_>>();
    let before = files();
    let hooks = ["--pre-hook", "touch before", "--post-hook", "touch after", "--deploy-hook", "touch deployed"];
    let server = bench.ca.directory_url();
    let words = [&["a.test", "b.test", "--dry-run", "--key-type", "p384", "--server", &server], &hooks[..]].concat();
    bench.getcert(&words).succeeds().prints("dry run for a.test went well");
    assert_eq!(files(), before);
    assert_eq!(bench.granted(Resource::Finalize), 2, "all of it was done");
    assert_eq!(["before", "after", "deployed"].map(|file| bench.beside(file).exists()), [true, true, false]);

    // No account there yet: one is made, and given up at the end.
    let account = fs::read(bench.file("account.json")).unwrap();
    fs::remove_file(bench.file("account.json")).unwrap();
    bench.getcert(&["a.test", "--dry-run", "--server", &server, "--agree-tos"]).succeeds();
    assert_eq!(sent(&bench, Resource::Account)["status"], "deactivated");
    assert!(!bench.file("account.json").exists());
    fs::write(bench.file("account.json"), account).unwrap();

    let run = bench.fails(2, &["getcert", "a.test", "--dry-run"]);
    assert!(run.part("what to do").contains("--server"), "no test server of this CA is known: {}", run.stderr);
    let failing = crate::support::free_port().to_string();
    let run = bench
        .fails(1, &["getcert", "x.test", "--dry-run", "--server", &server, "--standalone", "--http-addr", &failing]);
    assert!(run.stderr.contains("x.test"), "{}", run.stderr);
    assert!(!bench.file("certs/x.test").exists());
    assert_eq!(files(), before);
}

#[test]
fn an_end_that_is_near_is_due() {
    let bench = Bench::with(|ca| ca.behave(Behaviour::DatesHonoured));
    bench.register().succeeds();
    bench.getcert(&["a.test", "--not-after", "3s"]).succeeds();
    let end = bench.chain("a.test").leaf().not_after().unwrap();
    assert!(end < SystemTime::now() + Duration::from_secs(10));
    let version = bench.version("a.test");
    bench.getcert(&["a.test", "--not-after", "10d"]).succeeds();
    assert_ne!(bench.version("a.test"), version);
}
