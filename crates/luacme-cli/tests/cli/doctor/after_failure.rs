//! The doctor comes by itself when control was not proven.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::at;
use crate::support::{Bench, Web};

#[test]
fn reasons_follow_the_error() {
    let bench = Bench::registered();
    let (web, dns) = (Web::start(), at(&["127.0.0.2"]));
    let (http, resolver) = (web.address.to_string(), dns.address.to_string());
    // The web server shows the file, but the CA looks elsewhere, where nobody is.
    let words = ["--webroot", web.folder().to_str().unwrap(), "--http-addr", &http, "--resolver", &resolver];
    let getcert = |more: &[&str]| bench.luacme(&[&["getcert", "a.test"], &words[..], more].concat()).exits(1);

    let people = getcert(&[]);
    let (error, reasons) = people.stderr.split_once("\n  what to do:").expect("an error");
    assert!(error.contains("a.test could not be validated (http-01)"), "{error}");
    assert!(reasons.contains("error    a.test: an IPv4 address does not answer [http-unreachable]"), "{reasons}");
    assert!(!reasons.contains("ok   ") && !reasons.contains("info "), "{reasons}");
    assert_eq!(people.stdout, "");

    let programs = getcert(&["--json"]);
    assert_eq!(programs.last()["event"], "error");
    assert!(programs.events().iter().any(|event| event["code"] == "http-unreachable"), "{}", programs.stdout);

    assert!(!getcert(&["-q"]).stderr.contains("http-unreachable"));
}

#[test]
fn the_reasons_take_little_time() {
    let bench = Bench::registered();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let _held = std::net::UdpSocket::bind(silent).unwrap();
    let web = Web::start();
    let begun = Instant::now();
    let words = ["--http-addr", &web.address.to_string(), "--resolver", &silent.to_string()];
    let folder = web.folder().to_str().unwrap();
    let run = bench.luacme(&[&["getcert", "a.test", "--webroot", folder], &words[..]].concat()).exits(1);
    assert!(run.stderr.contains("dns-unanswered"), "{}", run.stderr);
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}
