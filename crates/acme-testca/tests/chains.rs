//! Chains: alternates (RFC 8555 §7.4.2), other issuers, and all that can be wrong with a chain (§9.1, §11.4).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::collections::HashSet;

use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_testca::{Behaviour, Setting};
use acme_x509::{Certificate, Chain, Name};
use client::world;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----\n";
const END: &str = "-----END CERTIFICATE-----\n";

#[test]
fn alternate_chains() {
    for (setting, count, same_leaf) in [
        (&[][..], 0, true),
        (&[Behaviour::AlternateChains.into()][..], 2, true),
        (&[Behaviour::AlternateChains.with(1), Behaviour::AlternateWrongLeaf.into()][..], 1, false),
    ] {
        let mut world = world(setting);
        let url = world.certificate(&["a.test"]);
        let answer = world.client.read(&url);
        let links = answer.links("alternate");
        assert_eq!((links.len(), world.ca.alternate_issuer_pems().len()), (count, count));
        let chain = Chain::from_pem(&answer.body).unwrap();
        for (link, root) in links.iter().zip(world.ca.alternate_issuer_pems()) {
            let answer = world.client.read(link);
            assert_eq!(answer.links("alternate").len(), count, "each leads to all others");
            assert!(!answer.links("alternate").contains(link), "not to itself");
            let other = Chain::from_pem(&answer.body).unwrap();
            other.check_links().unwrap();
            assert_eq!(other.leaf() == chain.leaf(), same_leaf);
            let root = Certificate::from_der(&pem_der(root)).unwrap();
            assert!(
                root.issues(other.issuers().last().unwrap()),
                "{} by {}",
                other.issuers()[0].subject(),
                root.subject()
            );
            assert!(!root.issues(chain.issuers().last().unwrap()), "the first chain has another root");
        }
        assert_eq!(world.client.read(&format!("{url}/{}", count + 1)).status, 404);
    }
}

fn pem_der(pem: &str) -> Vec<u8> {
    use rustls::pki_types::pem::PemObject as _;
    rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

#[test]
fn random_issuer() {
    for (random, want) in [(false, 1), (true, 3)] {
        let mut world = world(&[Behaviour::RandomIssuer.with(random.into()), Behaviour::AuthorizationReuse.with(100)]);
        let key = PrivateKey::generate(KeyType::P256).unwrap();
        let mut issuers = HashSet::new();
        world.chain(&["a.test"]);
        for _ in 0..30 {
            let (url, _) = world.client.order(&["a.test"]);
            let certificate = world.client.finalize(&url, &key, &["a.test"]);
            let chain = Chain::from_pem(world.client.read(&certificate).body).unwrap();
            chain.check_links().unwrap();
            issuers.insert(chain.leaf().issuer());
        }
        assert_eq!(issuers.len(), want);
    }
}

#[test]
fn a_chain_can_be_anything() {
    type Check = fn(&str) -> bool;
    let table: &[(Option<Behaviour>, Check)] = &[
        (None, |text| text.matches(BEGIN).count() == 2 && text.contains(&format!("{END}{BEGIN}"))),
        (Some(Behaviour::ChainBlankLines), |text| text.contains(&format!("{END}\n{BEGIN}"))),
        (Some(Behaviour::ChainCrlf), |text| {
            text.lines().count() > 10 && text.matches("\r\n").count() == text.matches('\n').count()
        }),
        (Some(Behaviour::ChainText), |text| text.starts_with("subject=")),
        (Some(Behaviour::ChainWithKey), |text| text.contains("-----BEGIN PRIVATE KEY-----")),
        (Some(Behaviour::ChainWithRoot), |text| text.matches(BEGIN).count() == 3),
        (Some(Behaviour::ChainLeafOnly), |text| text.matches(BEGIN).count() == 1),
        (Some(Behaviour::ChainEmpty), |text| text.is_empty()),
        (Some(Behaviour::ChainReversed), |text| {
            Chain::from_pem(text).is_ok_and(|chain| chain.leaf().names().is_ok_and(|names| names.is_empty()))
        }),
    ];
    for (behaviour, check) in table {
        let settings: Vec<_> = behaviour.iter().map(|one| Setting::from(*one)).collect();
        let text = world(&settings).chain(&["a.test"]);
        assert!(check(&text), "{behaviour:?}: {text}");
    }
}

#[test]
fn the_wrong_leaf() {
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    for (behaviour, own_key, own_name) in
        [(None, true, true), (Some(Behaviour::WrongLeaf), false, true), (Some(Behaviour::WrongNames), true, false)]
    {
        let settings: Vec<_> = behaviour.iter().map(|one| Setting::from(*one)).collect();
        let mut world = world(&settings);
        let chain = Chain::from_pem(world.client.obtain(&world.responder, &key, &["a.test"])).unwrap();
        let leaf = chain.leaf();
        assert_eq!(leaf.public_key().unwrap() == key.public_key(), own_key, "{behaviour:?}");
        assert_eq!(leaf.names().unwrap() == [Name::parse("a.test")], own_name, "{behaviour:?}");
    }
}
