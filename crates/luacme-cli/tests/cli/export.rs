//! Certificates in the forms of other programs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::Bench;

#[test]
fn a_certificate_in_other_forms() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let requests = bench.requests();
    assert_eq!(bench.luacme(&["export", "a.test"]).succeeds().stdout, bench.read("live/a.test/combined.pem"));
    bench.luacme(&["export", "a.test", "--format", "der", "--out", "a.der"]).succeeds();
    assert_eq!(fs::read(bench.beside("a.der")).unwrap(), bench.chain("a.test").leaf().der());
    let mode = fs::metadata(bench.beside("a.der")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    fs::remove_file(bench.file("live/a.test/combined.pem")).unwrap();
    let chain = bench.read("live/a.test/fullchain.pem");
    assert_eq!(bench.luacme(&["export", "a.test"]).succeeds().stdout, chain, "the key is elsewhere");
    bench.luacme(&["export", "b.test"]).exits(2).complains("b.test");
    fs::create_dir(bench.file("certs/c.test")).unwrap();
    bench.luacme(&["export", "c.test"]).exits(1).complains("c.test");
    assert_eq!(bench.requests(), requests);
}
