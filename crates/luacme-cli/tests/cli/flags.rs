//! The flags that users of other clients know, each in its spelling.

use crate::support::Bench;

/// All of them, with a value each: they must be understood, and lead to a certificate or to nothing due.
#[test]
fn flags_a_user_already_knows() {
    let bench = Bench::registered();
    let (server, http) = (bench.ca.directory_url(), bench.http.to_string());
    let webroot = bench.beside("").display().to_string();
    for (why, words) in [
        ("positional", &["a.test"][..]),
        ("-d", &["-d", "a.test"]),
        ("-d with commas, and again", &["-d", "a.test,b.test", "-d", "c.test", "--cert-name", "d"]),
        ("--domain", &["--domain", "a.test"]),
        ("-m", &["a.test", "-m", "you@example.com"]),
        ("--email", &["a.test", "--email", "you@example.com"]),
        ("-w", &["a.test", "-w", &webroot]),
        ("--webroot", &["a.test", "--webroot", &webroot]),
        ("--manual", &["a.test", "--manual"]),
        ("--server", &["a.test", "--server", &server]),
        ("--force", &["a.test", "--force"]),
        ("--key-type, as lego has it", &["a.test", "--key-type", "ec256"]),
        ("--key-type, as acme.sh has it", &["a.test", "--key-type", "ec-256"]),
        ("--key-type, as certbot has it", &["a.test", "--key-type", "ecdsa"]),
        ("--reuse-key", &["a.test", "--reuse-key"]),
        ("--preferred-chain", &["a.test", "--preferred-chain", "ISRG Root X1"]),
        ("--profile", &["a.test", "--profile", "tlsserver"]),
        ("--profile, none", &["a.test", "--profile", ""]),
        ("--eab-kid, --eab-hmac-key", &["a.test", "--eab-kid", "kid", "--eab-hmac-key", "c2VjcmV0c2VjcmV0c2VjcmV0"]),
        ("--agree-tos", &["a.test", "--agree-tos"]),
        ("--pre-hook", &["a.test", "--pre-hook", "true"]),
        ("--post-hook", &["a.test", "--post-hook", "true"]),
        ("--deploy-hook", &["a.test", "--deploy-hook", "true"]),
        ("--days", &["a.test", "--days", "30"]),
        ("--cert-name", &["--cert-name", "a.test"]),
        ("-q", &["a.test", "-q"]),
        ("-v", &["a.test", "-v"]),
        ("-v, repeated", &["a.test", "-vv"]),
        ("-n", &["a.test", "-n"]),
        ("--non-interactive", &["a.test", "--non-interactive"]),
        ("--dry-run", &["a.test", "--dry-run", "--server", &server]),
        ("--drop-names", &["a.test", "--drop-names"]),
    ] {
        let way = match why {
            "-w" | "--webroot" | "--manual" => &[][..],
            _ => &["--standalone", "--http-addr", &http],
        };
        let run = bench.luacme(&[&["getcert"], words, way].concat());
        assert_eq!(run.code, Some(0), "{why}: {}", run.stderr);
    }
    std::fs::write(bench.beside("request.pem"), "nothing").unwrap();
    let run = bench.luacme(&["getcert", "--csr", "request.pem"]).exits(2);
    assert!(run.stderr.contains("request.pem cannot be used"), "--csr: {}", run.stderr);
}

#[test]
fn servers_by_their_short_names() {
    let bench = Bench::registered();
    for (words, part) in [
        (&["--server", "letsencrypt"][..], "acme-v02.api.letsencrypt.org"),
        (&["--server", "letsencrypt-staging"], "acme-staging-v02"),
        (&["--server", "letsencrypt_test"], "acme-staging-v02"),
        (&["--server", "letsencrypt-test"], "acme-staging-v02"),
        (&["--staging"], "acme-staging-v02"),
        (&["--server", "zerossl"], "acme.zerossl.com"),
        (&["--server", "google"], "dv.acme-v02.api.pki.goog"),
        (&["--server", "google-staging"], "dv.acme-v02.test-api.pki.goog"),
        (&["--server", "sslcom"], "acme.ssl.com"),
        (&["--server", "actalis"], "acme-api.actalis.com"),
    ] {
        // An account file named outright is one at another CA: that is said before anybody is asked.
        let account = ["--account", "state/account.json", "--manual", "-n"];
        let run = bench.luacme(&[&["getcert", "z.test"], words, &account[..]].concat()).exits(2);
        assert!(run.stderr.contains(part), "{words:?}: {}", run.stderr);
    }
}
