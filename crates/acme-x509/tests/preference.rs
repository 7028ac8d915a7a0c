//! Choosing among several chains.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code, reason = "not all of it is needed for chains")]
mod support;

use acme_x509::{Certificate, Chain, ChainPreference};
use support::{Template, dns, public_key};

/// Row G-08: by the issuer of the last certificate, or by the fingerprint of a root, in the chain or not.
#[test]
fn the_preferred_chain_is_found_by_what_it_ends_in() {
    let key = public_key();
    let [leaf, short, cross, x1, x2] = [
        Template::new("", "CN=YE1").names(&[dns("example.com")]),
        Template::new("CN=YE1", "CN=Root X2"),
        Template::new("CN=Root X2", "CN=Root X1"),
        Template::new("CN=Root X1", "CN=Root X1"),
        Template::new("CN=Root X2", "CN=Root X2"),
    ]
    .map(|template| template.sign(&key));
    let chain = |certificates: &[&Certificate]| {
        Chain::from_pem(certificates.iter().map(|one| one.to_pem()).collect::<String>()).unwrap()
    };
    let chains = [chain(&[&leaf, &short, &cross]), chain(&[&leaf, &short]), chain(&[&leaf, &short, &cross, &x1])];
    let roots = [x1.clone(), x2.clone()];
    let name = |name: &str| ChainPreference::IssuerName(name.to_owned());
    let fingerprint = |root: &Certificate| ChainPreference::RootFingerprint(root.sha256_fingerprint());
    for (why, preference, roots, want) in [
        ("the first that ends there", name("Root X1"), &roots[..], Some(0)),
        ("an issuer in the middle does not count", name("Root X2"), &roots, Some(1)),
        ("in any case", name(" root x2 "), &roots, Some(1)),
        ("no chain ends there", name("YE1"), &roots, None),
        ("a root that is left out, but known", fingerprint(&x2), &roots, Some(1)),
        ("the last certificate may be the root", fingerprint(&x1), &[], Some(2)),
        ("a root that is neither there nor known", fingerprint(&x2), &[], None),
        ("the leaf is no root", fingerprint(&leaf), &roots, None),
    ] {
        let found = preference.choose(&chains, roots);
        assert_eq!(found, want.map(|index: usize| &chains[index]), "{why}");
    }
}
