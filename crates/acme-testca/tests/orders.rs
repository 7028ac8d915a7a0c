//! What an order can ask for and how long it lives: newAuthz, profiles, dates, expiry, the list of orders.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use acme_jose::{KeyType, PrivateKey};
use acme_testca::{Behaviour, Setting, TestCa};
use acme_x509::Chain;
use client::{World, dns, world, world_of};
use serde_json::{Value, json};

#[test]
fn an_identifier_is_authorized_before_it_is_ordered() {
    let mut world = world(&[]);
    let url = world.client.url("newAuthz");
    let asked = json!({ "identifier": { "type": "dns", "value": "a.test" } });
    let made = world.client.post(&url, asked.clone());
    assert_eq!((made.status, made.json()["status"].as_str()), (201, Some("pending")));
    let again = world.client.post(&url, asked);
    assert_eq!((again.status, again.location()), (200, made.location()), "there is one already");
    let challenge = world.client.challenge(&json!(made.location()), "http-01");
    world.responder.publish(&challenge, &world.client.key_authorization(&challenge));
    world.client.post(challenge["url"].as_str().unwrap(), json!({}));
    world.client.wait(&made.location(), &["pending"]);
    let (_, order) = world.client.order(&["a.test"]);
    assert_eq!((&order["status"], &order["authorizations"]), (&json!("ready"), &json!([made.location()])));
    let (_, order) = world.client.order(&["*.a.test"]);
    assert_eq!(order["status"], "pending", "not for the wildcard");
}

#[test]
fn profiles_are_offered_chosen_and_reflected() {
    let builder = || TestCa::builder().profile("classic", "the usual").profile("shortlived", "for days");
    let order = |profile: Option<&str>| match profile {
        Some(profile) => json!({ "identifiers": dns(&["a.test"]), "profile": profile }),
        None => json!({ "identifiers": dns(&["a.test"]) }),
    };
    for (setting, asked, want) in [
        (None, None, Ok("classic")),
        (None, Some("shortlived"), Ok("shortlived")),
        (None, Some("other"), Err((400, "invalidProfile"))),
        (Some(Behaviour::ProfileUnauthorized), Some("shortlived"), Err((403, "unauthorized"))),
        (Some(Behaviour::ProfileUnauthorized), Some("other"), Err((403, "unauthorized"))),
        (Some(Behaviour::ProfileMalformed), Some("other"), Err((400, "malformed"))),
        (Some(Behaviour::ProfileMalformed), Some("classic"), Ok("classic")),
    ] {
        let settings: Vec<_> = setting.into_iter().map(Setting::from).collect();
        let mut world = world_of(builder(), &settings);
        let profiles = &world.client.directory["meta"]["profiles"];
        assert_eq!(*profiles, json!({ "classic": "the usual", "shortlived": "for days" }));
        let answer = world.new_order(order(asked));
        match want {
            Ok(profile) => assert_eq!((answer.status, answer.json()["profile"].as_str()), (201, Some(profile))),
            Err(problem) => assert_eq!((answer.status, answer.problem().as_str()), problem, "{setting:?} {asked:?}"),
        }
        let advised = world.ca.advice().iter().any(|advice| advice.clause == "draft-ietf-acme-profiles §4");
        assert_eq!(advised, asked == Some("other"), "{setting:?} {asked:?}");
    }
    let mut without = world(&[]);
    assert_eq!(without.client.directory["meta"].get("profiles"), None);
    assert_eq!(without.new_order(order(None)).json().get("profile"), None);
}

#[test]
fn profile_random_and_gone() {
    let mut world = world(&[Behaviour::ProfileRandom.into()]);
    let mut profiles: Vec<_> = (0..40)
        .map(|_| world.new_order(json!({ "identifiers": dns(&["a.test"]) })).json()["profile"].to_string())
        .collect();
    profiles.sort();
    profiles.dedup();
    assert_eq!(profiles.len(), 2, "{profiles:?}");
    let (_, finalize, payload) = world.finalizable(&["a.test"]);
    world.ca.behave(Behaviour::ProfileGone);
    assert_eq!(world.client.post(&finalize, payload).problem(), "invalidProfile");
}

#[test]
fn ip_needs_profile() {
    let address = json!([{ "type": "ip", "value": "192.0.2.1" }]);
    let mut world = world(&[Behaviour::IpNeedsProfile.into()]);
    let refused = world.new_order(json!({ "identifiers": address, "profile": "classic" }));
    assert_eq!((refused.status, refused.problem().as_str()), (400, "rejectedIdentifier"));
    assert_eq!(refused.json()["subproblems"][0]["identifier"], address[0]);
    assert_eq!(world.new_order(json!({ "identifiers": address, "profile": "shortlived" })).status, 201);
}

#[test]
fn public_suffix_only() {
    let mut world = world(&[Behaviour::PublicSuffixOnly.into()]);
    let refused = world.new_order(json!({ "identifiers": dns(&["a.test", "a.example.com"]) }));
    assert_eq!(refused.problem(), "rejectedIdentifier");
    assert_eq!(refused.json()["subproblems"].as_array().unwrap().len(), 1);
    assert_eq!(world.new_order(json!({ "identifiers": dns(&["a.example.com"]) })).status, 201);
}

/// How long the leaf of this order lives.
fn leaf_lifetime(world: &mut World, members: Value) -> (SystemTime, Duration) {
    let order = world.new_order(members);
    world.client.prove(&world.responder, &order.location());
    let key = PrivateKey::generate(KeyType::P256).unwrap();
    let certificate = world.client.finalize(&order.location(), &key, &["a.test"]);
    let chain = Chain::from_pem(world.client.read(&certificate).body).unwrap();
    let (start, end) = (chain.leaf().not_before().unwrap(), chain.leaf().not_after().unwrap());
    (start, end.duration_since(start).unwrap())
}

#[test]
fn dates_and_lifetimes() {
    let dated = json!({
        "identifiers": dns(&["a.test"]),
        "notBefore": "2001-09-09T03:46:40+02:00",
        "notAfter": "2001-09-10T01:46:40Z",
    });
    let mut plain = world(&[]);
    assert_eq!(plain.new_order(dated.clone()).problem(), "malformed", "not every CA lets others choose");
    assert_eq!(plain.ca.breaches(), []);

    let mut honouring = world(&[Behaviour::DatesHonoured.into()]);
    let order = honouring.new_order(dated.clone()).json();
    assert_eq!((&order["notBefore"], &order["notAfter"]), (&dated["notBefore"], &dated["notAfter"]), "reflected");
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    assert_eq!(leaf_lifetime(&mut honouring, dated.clone()), (start, Duration::from_secs(86_400)));
    let mut reversed = dated;
    reversed["notAfter"] = json!("2001-09-08T00:00:00Z");
    assert_eq!(honouring.new_order(reversed).problem(), "malformed");

    let named = |profile: &str| json!({ "identifiers": dns(&["a.test"]), "profile": profile });
    let mut profiles = world(&[Behaviour::ProfileRandom.into()]);
    assert_eq!(leaf_lifetime(&mut profiles, named("classic")).1, Duration::from_secs(90 * 86_400 + 3600 - 3600));
    assert_eq!(leaf_lifetime(&mut profiles, named("shortlived")).1, Duration::from_secs(160 * 3600));
    profiles.ca.behave(Behaviour::LeafLifetime.with(7200));
    assert_eq!(leaf_lifetime(&mut profiles, named("classic")).1, Duration::from_secs(7200));
}

#[test]
fn orders_and_authorizations_expire() {
    for (why, settings, statuses) in [
        ("neither", &[][..], ["ready", "valid"]),
        ("the order", &[Behaviour::OrderLifetime.with(60)], ["invalid", "valid"]),
        ("the authorization", &[Behaviour::AuthzLifetime.with(60)], ["invalid", "expired"]),
    ] {
        let (clock, start) = (Arc::new(AtomicU64::new(0)), OnceLock::new());
        let read = Arc::clone(&clock);
        let read = move || *start.get_or_init(SystemTime::now) + Duration::from_secs(read.load(Ordering::SeqCst));
        let mut world = world_of(TestCa::builder().clock(read), settings);
        let url = world.ready(&["a.test"]);
        let authorization = world.client.read(&url).json()["authorizations"][0].as_str().unwrap().to_string();
        let (_, pending) = world.client.order(&["b.test"]);
        let pending = pending["authorizations"][0].as_str().unwrap();
        clock.store(61, Ordering::SeqCst);
        let found = [&url, &authorization].map(|url| world.client.read(url).json()["status"].clone());
        assert_eq!(found, statuses, "{why}");
        let found = world.client.read(pending).json()["status"].clone();
        assert_eq!(found, if why == "the authorization" { "invalid" } else { "pending" }, "{why}");
    }
}

#[test]
fn same_order_again() {
    for (on, same) in [(false, false), (true, true)] {
        let mut world = world(&[Behaviour::SameOrderAgain.with(on.into())]);
        let first = world.new_order(json!({ "identifiers": dns(&["a.test", "b.test"]) }));
        let again = world.new_order(json!({ "identifiers": dns(&["B.test", "a.test", "a.test"]) }));
        assert_eq!((again.status, again.location() == first.location()), (201, same));
        let other = world.new_order(json!({ "identifiers": dns(&["a.test"]) }));
        assert_ne!(other.location(), first.location());
    }
}

/// Follows the pages of the orders list, at most so many.
fn pages(world: &mut World, most: usize) -> Vec<Value> {
    let account = world.client.kid.clone().unwrap();
    let mut next = Some(world.client.read(&account).json()["orders"].as_str().unwrap().to_string());
    let mut pages = Vec::new();
    while let Some(url) = next.take_if(|_| pages.len() < most) {
        let answer = world.client.read(&url);
        next = answer.links("next").pop();
        pages.push(answer.json());
    }
    pages
}

#[test]
fn the_list_of_orders_in_all_its_forms() {
    let page = Behaviour::OrdersPage.with(2);
    for (settings, want) in [
        (vec![], vec![5]),
        (vec![page], vec![2, 2, 1]),
        (vec![page, Behaviour::OrdersNextLost.into()], vec![2]),
        (vec![page, Behaviour::OrdersNextLoop.into()], vec![2, 2, 1, 2, 2]),
    ] {
        let mut world = world(&settings);
        let orders: Vec<_> = (0..5).map(|_| world.client.order(&["a.test"]).0).collect();
        let pages = pages(&mut world, 5);
        let found: Vec<Vec<String>> =
            pages.iter().map(|page| serde_json::from_value(page["orders"].clone()).unwrap()).collect();
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), want, "{settings:?}");
        assert_eq!(found[0], orders[..want[0]], "{settings:?}");
        assert_eq!(world.ca.breaches(), [], "{settings:?}");
    }
    for (behaviour, is_so) in [
        (Behaviour::OrdersBareArray, (|list| list.is_array()) as fn(&Value) -> bool),
        (Behaviour::OrdersString, |list| list["orders"].is_string()),
    ] {
        let mut world = world(&[behaviour.into()]);
        world.client.order(&["a.test"]);
        assert!(is_so(&pages(&mut world, 1)[0]), "{behaviour:?}");
    }
    let mut none = world(&[Behaviour::NoOrdersList.into()]);
    let account = none.client.kid.clone().unwrap();
    assert_eq!(none.client.read(&account).json().get("orders"), None);
}
