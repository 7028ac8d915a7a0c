//! Renewal information, and orders that replace certificates (RFC 9773).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::time::{Duration, SystemTime};

use acme_jose::base64url;
use acme_testca::{Behaviour, Setting, TestCa};
use acme_x509::Chain;
use client::{AGENT, Client, World, dns, world};
use serde_json::json;

/// The renewal information identifier of a new certificate, and the URL it goes to.
fn issued(world: &mut World, names: &[&str]) -> (String, String) {
    let chain = Chain::from_pem(world.chain(names)).unwrap();
    let leaf = chain.leaf();
    let key_id = base64url::encode(&leaf.authority_key_id().unwrap().unwrap());
    let id = format!("{key_id}.{}", base64url::encode(leaf.serial()));
    let url = format!("{}/{id}", world.client.url("renewalInfo"));
    (id, url)
}

#[test]
fn renewal_information_is_there_for_everybody() {
    let mut world = world(&[]);
    let (_, url) = issued(&mut world, &["a.test"]);
    let answer = Client::new(&world.ca).get(&url);
    assert_eq!((answer.status, answer.header("Retry-After")), (200, Some("21600")));
    let window = answer.json()["suggestedWindow"].clone();
    assert!(window["start"].as_str().unwrap() < window["end"].as_str().unwrap(), "{window}");
    assert_eq!(answer.json().get("explanationURL"), None);
    assert_eq!(answer.header("Replay-Nonce"), None);
    let epoch = SystemTime::UNIX_EPOCH;
    world.ca.set_renewal_window(epoch + Duration::from_secs(1_000_000_000), epoch + Duration::from_secs(1_000_000_060));
    let answer = Client::new(&world.ca).get(&url);
    let want = json!({ "start": "2001-09-09T01:46:40Z", "end": "2001-09-09T01:47:40Z" });
    assert_eq!(answer.json()["suggestedWindow"], want);
}

#[test]
fn renewal_information_is_no_signed_request() {
    let mut world = world(&[]);
    let (_, url) = issued(&mut world, &["a.test"]);
    let answer = world.client.read(&url);
    assert_eq!((answer.status, world.ca.breaches()[0].clause), (405, "RFC 9773 §4.1"));
    let unknown = world.client.get(&format!("{}/AAAA.AAAA", world.client.url("renewalInfo")));
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "malformed"));
    let path = client::path(&url).to_string();
    assert_eq!(world.client.connection.send("GET", &path, &[AGENT], b"").status, 200);
}

#[test]
fn renewal_information_as_it_also_comes() {
    for (behaviour, status, pause) in [
        (Setting::from(Behaviour::AriNoRetryAfter), 200, None),
        (Behaviour::AriRetryAfter.with(5), 200, Some("5")),
        (Behaviour::AriExplanation.into(), 200, Some("21600")),
        (Behaviour::AriReversed.into(), 200, Some("21600")),
        (Behaviour::Ari503.into(), 503, None),
        (Behaviour::Ari404.into(), 404, None),
    ] {
        let mut world = world(&[behaviour]);
        let (_, url) = issued(&mut world, &["a.test"]);
        let answer = world.client.get(&url);
        assert_eq!((answer.status, answer.header("Retry-After")), (status, pause), "{behaviour}");
        let (object, on) = (answer.json(), |name| behaviour == Setting::from(name));
        let window = object["suggestedWindow"].clone();
        assert_eq!(window["end"].as_str() < window["start"].as_str(), on(Behaviour::AriReversed), "{behaviour}");
        assert_eq!(object["explanationURL"].is_string(), on(Behaviour::AriExplanation), "{behaviour}");
    }
}

#[test]
fn a_certificate_is_replaced_once() {
    let mut world = world(&[]);
    let (id, _) = issued(&mut world, &["a.test", "b.test"]);
    let order = |id: &str, names: &[&str]| json!({ "identifiers": dns(names), "replaces": id });
    let unknown = world.new_order(order("AAAA.AAAA", &["a.test"]));
    assert_eq!((unknown.status, unknown.problem().as_str()), (404, "malformed"));
    let disjoint = world.new_order(order(&id, &["c.test"]));
    assert_eq!((disjoint.status, disjoint.problem().as_str()), (400, "malformed"));
    let mut stranger = Client::registered(&world.ca);
    let new_order = stranger.url("newOrder");
    let foreign = stranger.post(&new_order, order(&id, &["a.test"]));
    assert_eq!((foreign.status, foreign.problem().as_str()), (403, "unauthorized"));

    let replacing = world.new_order(order(&id, &["a.test"]));
    assert_eq!((replacing.status, replacing.json()["replaces"].as_str()), (201, Some(id.as_str())));
    let again = world.new_order(order(&id, &["a.test"]));
    assert_eq!((again.status, again.problem().as_str()), (409, "alreadyReplaced"));
    let authorization = replacing.json()["authorizations"][0].as_str().unwrap().to_string();
    world.client.post(&authorization, json!({ "status": "deactivated" }));
    assert_eq!(world.new_order(order(&id, &["a.test"])).status, 201, "the order that was to replace it is invalid");
    assert_eq!(world.ca.breaches(), []);
}

#[test]
fn replaces_as_it_is_also_treated() {
    for (behaviour, status, want) in [
        (Behaviour::ReplacesRefused.into(), 404, Some("malformed")),
        (Behaviour::ReplacesRefused.with(400), 400, Some("malformed")),
        (Behaviour::ReplacesRefused.with(403), 403, Some("unauthorized")),
        (Behaviour::ReplacesRefused.with(409), 409, Some("alreadyReplaced")),
        (Setting::from(Behaviour::ReplacesConflict), 409, Some("conflict")),
        (Behaviour::ReplacesIgnored.into(), 201, None),
        (Behaviour::ReplacesEmpty.into(), 201, None),
    ] {
        let mut world = world(&[]);
        let (id, _) = issued(&mut world, &["a.test"]);
        world.ca.behave(behaviour);
        let answer = world.new_order(json!({ "identifiers": dns(&["a.test"]), "replaces": id }));
        assert_eq!(answer.status, status, "{behaviour}");
        if let Some(kind) = want {
            assert_eq!(answer.problem(), kind, "{behaviour}");
            assert_eq!(world.new_order(json!({ "identifiers": dns(&["a.test"]) })).status, 201, "{behaviour}");
        } else {
            let empty = behaviour == Behaviour::ReplacesEmpty.into();
            assert_eq!(answer.json().get("replaces"), empty.then(|| json!("")).as_ref(), "{behaviour}");
        }
    }
}

#[test]
fn no_renewal_info() {
    let ca = TestCa::builder().behave(Behaviour::NoRenewalInfo).start().unwrap();
    let mut client = Client::registered(&ca);
    assert_eq!(client.directory.get("renewalInfo"), None);
    let url = client.url("newOrder");
    client.post(&url, json!({ "identifiers": dns(&["a.test"]), "replaces": "AAAA.AAAA" }));
    assert!(ca.advice().iter().any(|advice| advice.clause == "RFC 9773 §5"), "{:?}", ca.advice());
}
