//! How a certificate was asked for is remembered, once it worked.

use std::fs;
use std::net::TcpListener;

use crate::support::{Bench, Web, free_port};

#[test]
fn flags_once_given_need_not_be_given_again() {
    let bench = Bench::registered();
    bench.getcert(&["a.test", "--key-type", "p384"]).succeeds();
    bench.luacme(&["getcert", "a.test", "--force"]).succeeds();
    assert!(bench.version("a.test").ends_with("2"));
    assert_eq!(bench.chain("a.test").leaf().public_key().unwrap().algorithm().name(), "ES384");
}

#[test]
fn one_flag_can_be_given_anew() {
    let old = free_port();
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let config = bench.read("certs/a.test/config.toml").replace(&bench.http.to_string(), &old.to_string());
    fs::write(bench.file("certs/a.test/config.toml"), config).unwrap();

    bench.luacme(&["getcert", "a.test", "--force", "--http-addr", &bench.http.to_string()]).succeeds();
    assert!(bench.read("certs/a.test/config.toml").contains("kind = \"standalone\""));
    assert!(bench.read("certs/a.test/config.toml").contains(&bench.http.to_string()));
}

#[test]
fn a_folder_is_remembered_as_it_is_seen_from_everywhere() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    std::os::unix::fs::symlink(web.folder(), bench.beside("www")).unwrap();
    bench.luacme(&["getcert", "a.test", "--webroot", "www", "--http-addr", &web.address.to_string()]).succeeds();
    let config = bench.read("certs/a.test/config.toml");
    assert!(config.contains(bench.beside("www").to_str().unwrap()), "{config}");
}

#[test]
fn what_did_not_work_is_not_remembered() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let config = bench.read("certs/a.test/config.toml");
    let taken = TcpListener::bind(free_port()).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    bench.fails(1, &["getcert", "a.test", "--key-type", "p384", "--standalone", "--http-addr", &address]);
    assert_eq!(bench.read("certs/a.test/config.toml"), config);

    bench.getcert(&["a.test", "--key-type", "p384"]).succeeds();
    let algorithm = bench.chain("a.test").leaf().public_key().unwrap().algorithm();
    assert_eq!(algorithm.name(), "ES384", "neither the failure's settings nor its key stand in the way");
}

#[test]
fn settings_that_cannot_be_read_are_named() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    fs::write(bench.file("certs/a.test/config.toml"), "names = 1").unwrap();
    bench.fails(1, &["getcert", "a.test"]).complains("certs/a.test/config.toml");
}
