//! The fewest requests that the protocol allows: ours, counted by the CA. docs/requests.md says why each is needed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use acme_account::{Account, Authorized, Terms};
use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_proto::{Identifier, NewOrder};
use acme_solver::http01::Standalone;
use acme_testca::{Behaviour, TestCa};
use acme_transport::{HttpsTransport, Roots};
use acme_x509::{Chain, Csr, Name};

const WAIT: Duration = Duration::from_secs(30);

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Obtains a certificate as any program would.
fn obtain(account: &Account, http: SocketAddr, names: usize) {
    let names: Vec<_> = (0..names).map(|n| format!("n{n}.test")).collect();
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let subjects: Vec<_> = names.iter().map(|name| Name::parse(name)).collect();
    let csr = Csr::new(&key, &subjects).unwrap();
    let identifiers = names.iter().map(|name| Identifier::parse(name).unwrap());
    let placed = account.new_order(&NewOrder::new(identifiers)).unwrap();
    let Authorized::All(placed) = account.authorize(&placed, &Standalone::new([http]), WAIT).unwrap() else {
        panic!("nobody to wait for");
    };
    let pem = account.issue(placed, csr.der(), WAIT).unwrap();
    Chain::from_pem(pem).unwrap().check(&key.public_key(), &subjects).unwrap();
}

/// Obtains a certificate with a new account or a known one; how often each resource was asked for it.
fn issue(ca: &TestCa, http: SocketAddr, names: usize, known: bool) -> BTreeMap<String, usize> {
    let transport = HttpsTransport::builder().roots(Roots::None).add_root_pem(ca.root_pem()).unwrap();
    let transport = Arc::new(transport.build().unwrap());
    let key = Arc::new(PrivateKey::generate(KeyType::P256).unwrap());
    let account = || Account::new(key.clone(), ca.directory_url(), transport.clone());
    let first = account();
    let url = first.register(&[], Terms::Agreed).unwrap().url;
    let before = if known { counts(ca) } else { BTreeMap::new() };
    let used = if known { account().with_url(url) } else { first };
    obtain(&used, http, names);
    let mut made = counts(ca);
    made.iter_mut().for_each(|(resource, count)| *count -= before.get(resource).copied().unwrap_or(0));
    made
}

/// How often each resource was asked, in the CA's words.
fn counts(ca: &TestCa) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in ca.requests() {
        *counts.entry(request.resource.name().to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn a_ca_that_decides_at_once_gets_the_fewest_requests_there_can_be() {
    for (names, known) in [(1, false), (1, true), (7, false), (7, true)] {
        let http = free_address();
        let at_once = [Behaviour::ValidatesInPost, Behaviour::FinalizeValidAtOnce];
        let ca = TestCa::builder().http01_addr(http).behave(at_once[0]).behave(at_once[1]).start().unwrap();
        let made = issue(&ca, http, names, known);
        // docs/requests.md: 7 + 2n, and one more with a new account; one less, for finalize says `valid`.
        let minimum = 6 + 2 * names + usize::from(!known);
        assert_eq!(made.values().sum::<usize>(), minimum, "{names} names, known account: {known}: {made:?}");
    }
}

#[test]
fn no_request_is_made_in_vain() {
    for (why, names, known) in [
        ("one name, new account", 1, false),
        ("one name, known account", 1, true),
        ("seven names", 7, false),
        ("seven names, known account", 7, true),
    ] {
        let http = free_address();
        let ca = TestCa::builder().http01_addr(http).start().unwrap();
        let counted = issue(&ca, http, names, known);
        let made = |resource: &str| counted.get(resource).copied().unwrap_or(0);
        assert_eq!(made("directory"), 1, "{why}: once");
        assert_eq!(made("newNonce"), 1, "{why}: every answer brings the next nonce");
        assert_eq!(made("newAccount"), usize::from(!known), "{why}: the URL is all that is needed");
        assert_eq!(made("account"), 0, "{why}");
        assert_eq!(made("newOrder"), 1, "{why}");
        assert_eq!(made("challenge"), names, "{why}: one answer for each name");
        assert_eq!(made("finalize"), 1, "{why}");
        assert_eq!(made("certificate"), 1, "{why}");
        // The CA needs a moment to validate and to sign, so some looks may come too early; each comes with a longer pause
        // before it, and only one authorization is looked at in each.
        let (authorizations, orders) = (made("authorization"), made("order"));
        assert!(authorizations >= names && authorizations < 2 * names + 8, "{why}: {authorizations} for {names} names");
        assert!((1..=10).contains(&orders), "{why}: {orders}");
        assert_eq!(ca.connections(), 1, "{why}: one connection, kept");
        assert!(ca.breaches().is_empty(), "{why}: {:?}", ca.breaches());
    }
}
