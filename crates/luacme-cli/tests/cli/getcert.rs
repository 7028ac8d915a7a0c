//! `luacme getcert`, when all goes well.

use std::fs;

use acme_testca::Resource;

use crate::support::{Bench, Web, tree};

#[test]
fn a_certificate_and_then_nothing_to_do() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds().prints("certificate for a.test, good until").prints("privkey.pem");
    assert_eq!(bench.names("a.test"), ["a.test"]);

    // The lock says which process held it last.
    let files = || tree(&bench.dir()).into_iter().filter(|(path, _)| !path.ends_with("lock")).collect::<Vec<_>>();
    let (before, requests) = (files(), bench.requests());
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do").prints("privkey.pem");
    assert_eq!(files(), before);
    assert_eq!(bench.requests(), requests, "no request when nothing is due");
}

#[test]
fn force_issues_again_and_keeps_the_old_version() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let first = tree(&bench.file("certs/a.test/1"));
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert!(bench.version("a.test").ends_with("certs/a.test/2"));
    assert_eq!(tree(&bench.file("certs/a.test/1")), first);
    for file in ["privkey.pem", "cert.pem", "fullchain.pem"] {
        let [old, new] = [1, 2].map(|version| bench.read(&format!("certs/a.test/{version}/{file}")));
        assert_ne!(old, new, "{file}");
    }
}

#[test]
fn several_names_in_one_certificate() {
    let bench = Bench::registered();
    bench.getcert(&["a.test", "www.a.test", "-d", "b.test,c.test", "-d", "192.0.2.1"]).succeeds();
    assert_eq!(bench.names("a.test"), ["192.0.2.1", "a.test", "b.test", "c.test", "www.a.test"]);
    assert_eq!(bench.granted(Resource::NewOrder), 1);
}

#[test]
fn a_name_is_one_name_however_it_is_spelled() {
    let bench = Bench::registered();
    bench.getcert(&["A.Test", "a.test", "a.test.", "Bücher.test", "xn--bcher-kva.test"]).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test", "xn--bcher-kva.test"]);
    let requests = bench.requests();
    bench.getcert(&["XN--BCHER-KVA.test", "a.TEST.", "--cert-name", "a.test"]).succeeds().prints("nothing to do");
    assert_eq!(bench.requests(), requests, "the same names in another order are the same certificate");
}

#[test]
fn other_names_or_another_key_type_are_another_certificate() {
    let bench = Bench::registered();
    let mut version = 0;
    for (why, words) in [
        ("the first", &["a.test"][..]),
        ("a name more", &["a.test", "b.test"]),
        ("a name less", &["a.test", "--drop-names"]),
        ("another type of key", &["a.test", "--key-type", "p384"]),
        ("the same under a new name", &["b.test", "--cert-name", "a.test", "--drop-names"]),
    ] {
        bench.getcert(words).succeeds();
        version += 1;
        assert!(bench.version("a.test").ends_with(version.to_string()), "{why}");
    }
    let leaf = bench.chain("a.test").leaf().public_key().unwrap();
    assert_eq!(leaf.algorithm().name(), "ES384", "a type once chosen stays");
}

#[test]
fn every_key_type() {
    let bench = Bench::start();
    bench.luacme(&["register", &bench.ca.directory_url(), "--agree-tos", "--account-key-type", "rsa2048"]).succeeds();
    for (key_type, algorithm) in
        [("p256", "ES256"), ("p384", "ES384"), ("p521", "ES512"), ("ed25519", "EdDSA"), ("RSA2048", "RS256")]
    {
        bench.getcert(&["a.test", "--key-type", key_type]).succeeds();
        let leaf = bench.chain("a.test").leaf().public_key().unwrap();
        assert_eq!(leaf.algorithm().name(), algorithm, "{key_type}");
    }
}

#[test]
fn getcert_registers_by_itself() {
    let bench = Bench::start();
    bench
        .getcert(&["a.test", "--server", &bench.ca.directory_url(), "--agree-tos", "-m", "you@example.com"])
        .succeeds();
    assert_eq!(bench.names("a.test"), ["a.test"]);
    assert!(bench.read("account.json").contains("mailto:you@example.com"));
}

#[test]
fn webroot_uses_the_web_server_that_is_there() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let (folder, address) = (web.folder().to_str().unwrap(), web.address.to_string());
    bench.luacme(&["getcert", "a.test", "b.test", "--webroot", folder, "--http-addr", &address]).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test", "b.test"]);
    assert_eq!(fs::read_dir(web.folder()).unwrap().count(), 0, "the answers are taken away again");
}

#[test]
fn nonces_refused_half_of_the_time() {
    let bench = Bench::with(|ca| ca.nonce_rejection(50));
    bench.register().succeeds();
    bench.getcert(&["a.test", "b.test"]).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test", "b.test"]);
}

#[test]
fn authorizations_that_are_valid_already_are_not_proven_again() {
    let bench = Bench::with(|ca| ca.authz_reuse(100));
    bench.register().succeeds();
    bench.getcert(&["a.test"]).succeeds();
    let answered = bench.granted(Resource::Challenge);
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(bench.granted(Resource::Challenge), answered);
    assert!(bench.version("a.test").ends_with("2"));
}

#[test]
fn the_certificate_of_another_ca_is_not_the_one_asked_for() {
    let (first, second) = (Bench::registered(), Bench::start());
    first.getcert(&["a.test"]).succeeds();
    let (url, http) = (second.ca.directory_url(), second.http.to_string());
    let root = second.beside("ca.pem");
    let dir = first.dir();
    let [root, dir] = [&root, &dir].map(|path| path.to_str().unwrap());
    let production = ["--account", "state/production.json", "--dir", dir, "--ca-file", root];
    first.bare(&[&["register", "--server", &url, "--agree-tos"], &production[..]].concat()).succeeds();
    first.bare(&[&["getcert", "a.test", "--standalone", "--http-addr", &http], &production[..]].concat()).succeeds();
    assert_eq!(first.version("a.test").file_name().unwrap(), "2", "the certificate of the first CA does not do");
    assert_eq!(second.granted(Resource::Finalize), 1);
}
