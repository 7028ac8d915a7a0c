//! `luacme doctor`: every code, and the patient who is well.

mod after_failure;
mod ca;
mod dns;
mod local;

use std::net::{Ipv4Addr, SocketAddr};

use hickory_proto::rr::Record;
use serde_json::Value;

use crate::dns_server::DnsServer;
use crate::dns_server::zone::{Records, address, server, start};
use crate::support::{Bench, Run};

/// A zone `test.` with one name server on 127.0.0.1, and what else is in it.
fn zone(records: impl IntoIterator<Item = Record>) -> Records {
    let own = [start("test."), server("test.", "ns1.test."), address("ns1.test.", "127.0.0.1")];
    Records::new(own.into_iter().chain(records))
}

fn serve(records: Records) -> DnsServer {
    DnsServer::answering(move |query, over| records.answer(query, over))
}

/// `a.test` at these addresses.
fn at(addresses: &[&str]) -> DnsServer {
    serve(zone(addresses.iter().map(|to| address("a.test.", to))))
}

/// `luacme doctor` with these words, asking this DNS server. Where nothing else is said, the CA looks at a port of its own.
fn doctor(bench: &Bench, dns: SocketAddr, words: &[&str]) -> Run {
    let (server, http, dns) = (bench.ca.directory_url(), bench.http.to_string(), dns.to_string());
    let http = if words.contains(&"--http-addr") { &[][..] } else { &["--http-addr", &http] };
    bench.luacme(&[&["doctor", "--json", "--resolver", &dns, "--server", &server], http, words].concat())
}

/// The findings of a run with --json. Its exit code fits them, and each of them is whole.
#[track_caller]
fn findings(run: &Run) -> Vec<Value> {
    let found: Vec<_> = run.events().into_iter().filter(|event| event["event"] == "finding").collect();
    for finding in &found {
        assert_eq!(finding["fix"].is_null(), finding["severity"] == "ok", "{finding}");
        assert!(finding["evidence"].as_str().is_some_and(|text| !text.is_empty()), "{finding}");
    }
    let has_errors = found.iter().any(|finding| finding["severity"] == "error");
    assert_eq!(run.code, Some(i32::from(has_errors)), "{}\n{}", run.stdout, run.stderr);
    found
}

/// The evidence of the finding with a code, which must be there.
#[track_caller]
fn evidence(run: &Run, code: &str) -> String {
    let found = findings(run);
    let finding = found.iter().find(|finding| finding["code"] == code);
    let text = finding.unwrap_or_else(|| panic!("no {code} in\n{}\n{}", run.stdout, run.stderr))["evidence"].as_str();
    text.unwrap().to_owned()
}

/// A port of 127.0.0.1, with 127.0.0.2 at the same.
fn beside(address: SocketAddr) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::new(127, 0, 0, 2), address.port()))
}
