//! `luacme account export`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use acme_jose::{PrivateKey, Signer as _};

use crate::support::Bench;

#[test]
fn the_key_is_handed_out_in_both_forms() {
    let bench = Bench::registered();
    let key = PrivateKey::from_pem(&bench.read("account.key")).unwrap().public_key();
    bench.luacme(&["account", "export", "--output", "out.pem"]).succeeds().prints("out.pem");
    assert_eq!(fs::metadata(bench.beside("out.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    let pem = fs::read_to_string(bench.beside("out.pem")).unwrap();
    assert_eq!(PrivateKey::from_pem(&pem).unwrap().public_key(), key);
    let jwk = bench.luacme(&["account", "export", "--format", "jwk", "--yes"]).succeeds().stdout;
    assert_eq!(PrivateKey::from_jwk(jwk.trim().as_bytes()).unwrap().public_key(), key);
    let last = bench.luacme(&["account", "export", "--yes", "--json"]).succeeds().last();
    assert_eq!(PrivateKey::from_pem(last["key"].as_str().unwrap()).unwrap().public_key(), key);
}

#[test]
fn no_secret_is_shown_unasked_and_no_file_replaced() {
    let bench = Bench::registered();
    fs::write(bench.beside("out.pem"), "precious").unwrap();
    for (why, words, text) in [
        ("nobody says yes", &[][..], "nobody is there to ask"),
        ("-n is no yes", &["-n"], "nobody is there to ask"),
        ("a file that is there", &["--output", "out.pem"], "out.pem is there already"),
    ] {
        let run = bench.fails(2, &[&["account", "export"], words].concat()).complains(text);
        assert!(!run.stderr.contains("PRIVATE KEY"), "{why}");
    }
    assert_eq!(fs::read_to_string(bench.beside("out.pem")).unwrap(), "precious");
}
