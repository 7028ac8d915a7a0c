//! Proofs in TXT records (RFC 8555 §8.4 and its kin).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_jose::{Signer as _, base64url};
use acme_testca::{Behaviour, Setting};
use client::{World, world};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Answers the challenge of this kind for `name`, with what `publish` puts into the TXT records; says what came of it.
fn outcome(world: &mut World, name: &str, kind: &str, publish: impl FnOnce(&mut World, &Value)) -> String {
    let (_, order) = world.client.order(&[name]);
    let challenge = world.client.challenge(&order["authorizations"][0], kind);
    publish(world, &challenge);
    let url = challenge["url"].as_str().unwrap();
    world.client.post(url, json!({}));
    world.client.wait(url, &["processing"])["status"].as_str().unwrap().to_string()
}

fn digest(world: &World, challenge: &Value) -> String {
    base64url::encode(&Sha256::digest(world.client.key_authorization(challenge)))
}

#[test]
fn dns_01_wants_the_digest_among_the_values() {
    for (why, name, at, more, want) in [
        ("alone", "a.test", "_acme-challenge.a.test", None, "valid"),
        ("a wildcard", "*.a.test", "_acme-challenge.a.test.", None, "valid"),
        ("among others", "a.test", "_Acme-Challenge.A.test", Some("other"), "valid"),
        ("elsewhere", "a.test", "a.test", None, "invalid"),
    ] {
        let mut world = world(&[]);
        let found = outcome(&mut world, name, "dns-01", |world, challenge| {
            more.into_iter().for_each(|value| world.ca.set_txt(at, value));
            world.ca.set_txt(at, &digest(world, challenge));
        });
        assert_eq!(found, want, "{why}");
    }
    let mut world = world(&[]);
    let taken_away = outcome(&mut world, "a.test", "dns-01", |world, challenge| {
        let digest = digest(world, challenge);
        world.ca.set_txt("_acme-challenge.a.test", &digest);
        world.ca.remove_txt("_acme-challenge.a.test", &digest);
    });
    assert_eq!(taken_away, "invalid");
}

/// The label of an account, digit by digit.
fn label(account: &str) -> String {
    let digest = Sha256::digest(account);
    let bits: String = digest[..10].iter().map(|octet| format!("{octet:08b}")).collect();
    let digit = |index: usize| usize::from_str_radix(&bits[5 * index..5 * index + 5], 2).unwrap();
    (0..16).map(|index| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[digit(index)])).collect()
}

#[test]
fn dns_account_01_has_the_account_in_its_name() {
    let mut world = world(&[]);
    let own = world.client.kid.clone().unwrap();
    for (why, account, want) in [("own", own.as_str(), "valid"), ("another", "https://ca.test/1", "invalid")] {
        let found = outcome(&mut world, "*.a.test", "dns-account-01", |world, challenge| {
            let name = format!("_{}._acme-challenge.a.test", label(account));
            world.ca.set_txt(&name, &digest(world, challenge));
        });
        assert_eq!(found, want, "{why}");
    }
}

#[test]
fn dns_persist_01_names_the_account_and_outlives_the_order() {
    let mut world = world(&[]);
    let account = world.client.kid.clone().unwrap();
    let value = format!("testca.invalid; accounturi={account}");
    world.ca.set_txt("_validation-persist.a.test", &value);
    for (why, name, want) in
        [("once", "a.test", "valid"), ("again", "a.test", "valid"), ("a wildcard", "*.a.test", "invalid")]
    {
        let found = outcome(&mut world, name, "dns-persist-01", |_, challenge| {
            assert_eq!((&challenge["issuer-domain-names"], challenge.get("token")), (&json!(["testca.invalid"]), None));
        });
        assert_eq!(found, want, "{why}");
    }
    world.ca.set_txt("_validation-persist.a.test", &format!("{value}; policy=wildcard"));
    assert_eq!(outcome(&mut world, "*.a.test", "dns-persist-01", |_, _| {}), "valid");
}

#[test]
fn persist_hashed() {
    for (why, domain, thumb, want) in [
        ("this name", "a.test", true, "valid"),
        ("any name", "*", true, "valid"),
        ("another name", "b.test", true, "invalid"),
        ("the URL itself, as in draft 01", "", false, "invalid"),
    ] {
        let mut world = world(&[Setting::from(Behaviour::PersistHashed)]);
        let prefix = world.client.directory["meta"]["accountHashPrefix"].as_str().unwrap().to_string();
        assert_eq!(world.client.directory["meta"]["issuerDomainNames"], json!(["testca.invalid"]));
        let account = world.client.kid.clone().unwrap();
        let found = outcome(&mut world, "a.test", "dns-persist-01", |world, challenge| {
            assert_eq!(challenge["issuerDomainNames"], json!(["testca.invalid"]));
            let thumbprint = world.client.key.public_key().thumbprint();
            let text = format!("{}{domain}{thumbprint}{account}", char::from(u8::try_from(domain.len()).unwrap()));
            let hashed = format!("{prefix}sha-256/{}", base64url::encode(&Sha256::digest(text)));
            let named = if thumb { hashed } else { account };
            world.ca.set_txt("_validation-persist.a.test", &format!("testca.invalid; accounturi={named}"));
        });
        assert_eq!(found, want, "{why}");
    }
}
