//! Accounts, orders, authorizations and challenges that do not go as usual.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use std::net::TcpListener;

use acme_jose::{KeyType, Payload, PrivateKey, Signer as _, base64url};
use acme_testca::{Behaviour, Resource, Setting, TestCa};
use client::{Client, World, csr, dns, world};
use serde_json::{Value, json};

fn account(world: &mut World) -> Value {
    let url = world.client.kid.clone().unwrap();
    world.client.read(&url).json()
}

#[test]
fn new_accounts() {
    let right = json!({ "termsOfServiceAgreed": true, "contact": ["mailto:a@example.com"] });
    for (why, behaviour, payload, status, kind, detail) in [
        ("terms", None, json!({}), 403, "userActionRequired", "agree"),
        ("terms", Some(Behaviour::TermsMalformed), json!({}), 400, "malformed", "agree"),
        (
            "no contact",
            Some(Behaviour::ContactRequired),
            json!({ "termsOfServiceAgreed": true }),
            400,
            "malformed",
            "Contact information is missing",
        ),
    ] {
        let builder = TestCa::builder();
        let ca = behaviour.into_iter().fold(builder, |builder, one| builder.behave(one)).start().unwrap();
        let mut client = Client::new(&ca);
        let url = client.url("newAccount");
        let refused = client.post(&url, payload);
        assert_eq!((refused.status, refused.problem().as_str()), (status, kind), "{why} {behaviour:?}");
        assert!(refused.json()["detail"].as_str().unwrap().contains(detail), "{why} {behaviour:?}");
        assert_eq!(client.post(&url, right.clone()).status, 201, "{why} {behaviour:?}");
    }
}

#[test]
fn contacts_and_deactivation() {
    let contact = |world: &mut World| account(world).get("contact").cloned();
    let mut ignored = world(&[Behaviour::ContactsIgnored.into()]);
    let url = ignored.client.kid.clone().unwrap();
    assert_eq!(contact(&mut ignored), None);
    assert_eq!(ignored.client.post(&url, json!({ "contact": ["mailto:b@example.com"] })).status, 200);
    assert_eq!(contact(&mut ignored), None);
    let mut bare = world(&[Behaviour::ContactsWithoutMailto.into()]);
    assert_eq!(contact(&mut bare), Some(json!(["a@example.com"])));

    for (behaviour, status) in [(Behaviour::Deactivated401, 401), (Behaviour::Deactivated403, 403)] {
        let mut world = world(&[behaviour.into()]);
        let url = world.client.kid.clone().unwrap();
        world.client.post(&url, json!({ "status": "deactivated" }));
        let refused = world.client.read(&url);
        assert_eq!((refused.status, refused.problem().as_str()), (status, "unauthorized"));
    }
    let mut forgotten = world(&[]);
    forgotten.ca.forget_accounts();
    let url = forgotten.client.kid.clone().unwrap();
    assert_eq!(forgotten.client.read(&url).problem(), "accountDoesNotExist");
}

#[test]
fn orders_once_they_are_no_longer_pending() {
    type Check = fn(&Value) -> bool;
    let table: &[(Behaviour, bool, Check)] = &[
        (Behaviour::AuthorizationsNull, true, |order| order.get("authorizations") == Some(&Value::Null)),
        (Behaviour::AuthorizationsMissing, true, |order| order.get("authorizations").is_none()),
        (Behaviour::FinalizeMissingOnceValid, true, |order| order.get("finalize").is_none()),
        (Behaviour::CertificateMissing, true, |order| order.get("certificate").is_none()),
        (Behaviour::FinalizeFails, true, |order| order["status"] == "invalid" && order["error"]["detail"].is_string()),
        (Behaviour::FailedOrderErrorNull, false, |order| order.get("error") == Some(&Value::Null)),
    ];
    for (behaviour, succeeds, check) in table {
        for on in [true, false] {
            let mut world = world(&[]);
            let (url, order) = world.client.order(&["a.test"]);
            if on {
                world.ca.behave(*behaviour);
            }
            assert!(world.client.read(&url).json()["authorizations"].is_array(), "{behaviour:?} while pending");
            if *succeeds {
                world.client.prove(&world.responder, &url);
                world.client.post(order["finalize"].as_str().unwrap(), csr(&key(), &["a.test"]));
            } else {
                let challenge = world.client.challenge(&order["authorizations"][0], "dns-01");
                world.client.post(challenge["url"].as_str().unwrap(), json!({}));
            }
            let order = world.client.wait(&url, &["pending", "processing"]);
            assert_eq!(check(&order), on, "{behaviour:?}: {order}");
        }
    }
}

fn key() -> PrivateKey {
    PrivateKey::generate(KeyType::P256).unwrap()
}

#[test]
fn stale_order_after_authz() {
    let mut world = world(&[Behaviour::StaleOrderAfterAuthz.with(3)]);
    let (url, order) = world.client.order(&["a.test"]);
    let authorization = order["authorizations"][0].as_str().unwrap();
    let challenge = world.client.challenge(&order["authorizations"][0], "http-01");
    world.responder.publish(&challenge, &world.client.key_authorization(&challenge));
    world.client.post(challenge["url"].as_str().unwrap(), json!({}));
    assert_eq!(world.client.wait(authorization, &["pending"])["status"], "valid");
    let early = world.client.post(order["finalize"].as_str().unwrap(), csr(&key(), &["a.test"]));
    assert_eq!(early.problem(), "orderNotReady");
    assert_eq!(world.ca.breaches().len(), 1, "the order did not say that it was ready");
    let statuses: Vec<_> = (0..4).map(|_| world.client.read(&url).json()["status"].clone()).collect();
    assert_eq!(statuses, ["pending", "pending", "pending", "ready"]);
}

#[test]
fn finalize_and_after() {
    let mut at_once = world(&[Behaviour::FinalizeValidAtOnce.into()]);
    let (_, finalize, payload) = at_once.finalizable(&["a.test"]);
    let answer = at_once.client.post(&finalize, payload).json();
    assert_eq!(answer["status"], "valid");
    assert_eq!(at_once.client.read(answer["certificate"].as_str().unwrap()).status, 200);

    let mut plain = world(&[]);
    let (_, finalize, payload) = plain.finalizable(&["a.test"]);
    let answer = plain.client.post(&finalize, payload);
    assert_eq!((answer.json()["status"].as_str(), answer.header("Location")), (Some("processing"), None));

    let mut long = world(&[Behaviour::LongProcessing.with(3)]);
    let (url, finalize, payload) = long.finalizable(&["a.test"]);
    long.client.post(&finalize, payload);
    let before = long.ca.requests().len();
    long.client.wait(&url, &["processing"]);
    let reads = long.ca.requests()[before..].iter().filter(|request| request.resource == Resource::Order).count();
    assert!(reads > 3, "{reads}");

    let mut never = world(&[Behaviour::NeverIssues.into()]);
    let (url, finalize, payload) = never.finalizable(&["a.test"]);
    never.client.post(&finalize, payload);
    assert!((0..20).all(|_| never.client.read(&url).json()["status"] == "processing"));
}

#[test]
fn cn_ip_refused() {
    for (common_name, refused) in [(None, false), (Some("a.test"), false), (Some("192.0.2.1"), true)] {
        let mut world = world(&[Behaviour::CnIpRefused.into()]);
        let identifiers = json!([{ "type": "dns", "value": "a.test" }, { "type": "ip", "value": "192.0.2.1" }]);
        let order = world.new_order(json!({ "identifiers": identifiers }));
        world.client.prove(&world.responder, &order.location());
        let finalize = order.json()["finalize"].as_str().unwrap().to_string();
        let payload = match common_name {
            None => csr(&key(), &["a.test", "192.0.2.1"]),
            Some(name) => json!({ "csr": base64url::encode(&with_common_name(&key(), name)) }),
        };
        let answer = world.client.post(&finalize, payload);
        assert_eq!(answer.status == 400, refused, "{common_name:?}: {}", answer.json());
    }
}

/// A CSR for both names with a subject: made from one without, and signed anew.
fn with_common_name(key: &PrivateKey, name: &str) -> Vec<u8> {
    use x509_cert::der::{Decode as _, Encode as _, asn1::BitString};
    let names = ["a.test", "192.0.2.1"].map(acme_x509::Name::parse);
    let mut request = x509_cert::request::CertReq::from_der(acme_x509::Csr::new(key, &names).unwrap().der()).unwrap();
    request.info.subject = format!("CN={name}").parse().unwrap();
    let signature = key.sign(&request.info.to_der().unwrap()).unwrap();
    let signature = acme_jose::ecdsa_fixed_to_der(acme_jose::Algorithm::Es256, &signature).unwrap();
    request.signature = BitString::from_bytes(&signature).unwrap();
    request.to_der().unwrap()
}

/// The statuses that reads of `url` show, and whether there is an error, `count` times.
fn looks(world: &mut World, url: &str, count: usize) -> Vec<(String, bool)> {
    let look = |_| {
        let object = world.client.read(url).json();
        (object["status"].as_str().unwrap().to_string(), object.get("error").is_some())
    };
    (0..count).map(look).collect()
}

#[test]
fn validations_that_take_their_time() {
    let mut never = world(&[Behaviour::NeverDecides.into()]);
    let (authorization, challenge) = never.challenge("a.test");
    let url = challenge["url"].as_str().unwrap();
    never.client.post(url, json!({}));
    assert!(looks(&mut never, url, 10).iter().all(|look| look.0 == "processing"));
    assert!(looks(&mut never, &authorization, 10).iter().all(|look| look.0 == "pending"));

    let mut silent = world(&[Behaviour::NeverDecides.into(), Behaviour::PendingWhileValidating.into()]);
    let (_, challenge) = silent.challenge("a.test");
    let url = challenge["url"].as_str().unwrap();
    assert_eq!(silent.client.post(url, json!({})).json()["status"], "pending");

    let mut long = world(&[Behaviour::LongValidation.with(3), Behaviour::ChallengeErrorThenValid.into()]);
    let (authorization, challenge) = long.challenge("a.test");
    let url = challenge["url"].as_str().unwrap();
    long.client.post(url, json!({}));
    let before = long.ca.requests().len();
    assert_eq!(looks(&mut long, url, 1), [("processing".to_string(), true)], "an error that does not last");
    assert_eq!(long.client.wait(&authorization, &["pending"])["status"], "valid");
    let reads = long.ca.requests()[before..].iter().filter(|request| request.payload.is_empty()).count();
    assert!(reads > 3, "{reads}");
    assert_eq!(looks(&mut long, url, 1), [("valid".to_string(), false)]);
}

#[test]
fn failures_as_they_are_shown() {
    for (behaviour, status, error) in [
        (None, "invalid", true),
        (Some(Behaviour::ChallengeErrorWhilePending), "pending", true),
        (Some(Behaviour::FailedAuthzNoError), "invalid", false),
    ] {
        let settings: Vec<_> = behaviour.into_iter().map(Setting::from).collect();
        let mut world = world(&settings);
        let (_, order) = world.client.order(&["a.test"]);
        let authorization = order["authorizations"][0].as_str().unwrap();
        let challenge = world.client.challenge(&order["authorizations"][0], "http-01");
        let url = challenge["url"].as_str().unwrap();
        world.client.post(url, json!({}));
        world.client.wait(url, &["processing"]);
        assert_eq!(looks(&mut world, url, 1), [(status.to_string(), error)], "{behaviour:?}");
        assert_eq!(world.client.read(authorization).json()["status"], status, "{behaviour:?}");
    }
}

#[test]
fn validates_in_post() {
    let mut world = world(&[Behaviour::ValidatesInPost.into()]);
    let (_, challenge) = world.challenge("a.test");
    let answer = world.client.post(challenge["url"].as_str().unwrap(), json!({}));
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("valid")));
    let (_, order) = world.client.order(&["b.test"]);
    let challenge = world.client.challenge(&order["authorizations"][0], "http-01");
    let refused = world.client.post(challenge["url"].as_str().unwrap(), json!({}));
    assert_eq!((refused.status, refused.problem().as_str()), (400, "incorrectResponse"));
}

#[test]
fn second_challenge_post_refused() {
    let settings = [Behaviour::SecondChallengePostRefused, Behaviour::NeverDecides, Behaviour::PendingWhileValidating];
    let mut world = world(&settings.map(Setting::from));
    let (_, challenge) = world.challenge("a.test");
    let url = challenge["url"].as_str().unwrap();
    assert_eq!(world.client.post(url, json!({})).json()["status"], "pending");
    let refused = world.client.post(url, json!({}));
    assert_eq!((refused.status, refused.problem().as_str()), (400, "malformed"));
    assert_eq!(world.ca.breaches().len(), 1);
}

#[test]
fn second_challenge_hangs() {
    let mut world = world(&[Behaviour::SecondChallengeHangs.into()]);
    let (_, order) = world.client.order(&["a.test"]);
    let other = world.client.challenge(&order["authorizations"][0], "dns-01");
    let challenge = world.client.challenge(&order["authorizations"][0], "http-01");
    world.responder.publish(&challenge, &world.client.key_authorization(&challenge));
    let url = challenge["url"].as_str().unwrap();
    world.client.post(url, json!({}));
    world.client.wait(url, &["processing"]);
    let World { mut client, ca, .. } = world;
    let url = other["url"].as_str().unwrap().to_string();
    let nonce = client.nonce();
    let body = client.sign(&url, &nonce, &Payload::EmptyObject);
    let hung = std::thread::spawn(move || {
        client
            .connection
            .try_send("POST", client::path(&url), &[client::AGENT, client::JOSE], body.as_bytes())
            .is_none()
    });
    while ca.requests().last().is_none_or(|request| (request.resource, request.status) != (Resource::Challenge, 0)) {
        std::thread::yield_now();
    }
    assert!(!hung.is_finished(), "it waits");
    drop(ca);
    assert!(hung.join().unwrap(), "it waited for nothing");
}

#[test]
fn fetch_four_times() {
    let mut world = world(&[Behaviour::FetchFourTimes.into()]);
    world.ready(&["a.test"]);
    assert_eq!(*world.responder.hosts.lock().unwrap(), ["a.test"; 4]);
}

#[test]
fn challenges_that_no_client_knows_or_should_trust() {
    let challenges = |settings: &[Setting]| {
        let mut world = world(settings);
        let (_, order) = world.client.order(&["a.test"]);
        let authorization = world.client.read(order["authorizations"][0].as_str().unwrap()).json();
        authorization["challenges"].as_array().unwrap().clone()
    };
    let unknown = challenges(&[Behaviour::UnknownChallenge.into()]);
    let shiny = unknown.iter().find(|one| one["type"] == "shiny-01").unwrap();
    assert_eq!((shiny.get("token"), shiny.get("issuer-domain-names")), (None, None));
    let traversal = challenges(&[Behaviour::TokenTraversal.into()]);
    assert!(traversal.iter().all(|one| one.get("token").is_none_or(|token| token == "../../etc/passwd")));
    assert!(traversal.iter().any(|one| one.get("token").is_some()));
}

#[test]
fn retry_after_around_challenges() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let ca = TestCa::builder()
        .http01_addr(silent.local_addr().unwrap())
        .behave(Behaviour::RetryAfterChallenge.with(9))
        .behave(Behaviour::RetryAfterWhenValid)
        .start()
        .unwrap();
    let mut client = Client::registered(&ca);
    let (_, order) = client.order(&["a.test"]);
    let authorization = order["authorizations"][0].as_str().unwrap();
    assert_eq!(client.read(authorization).header("Retry-After"), None, "nothing to wait for yet");
    let challenge = client.challenge(&order["authorizations"][0], "http-01");
    let answer = client.post(challenge["url"].as_str().unwrap(), json!({}));
    assert_eq!(answer.header("Retry-After"), Some("9"));
    assert_eq!(client.read(authorization).header("Retry-After"), Some("9"));

    let mut world = world(&[Behaviour::RetryAfterWhenValid.into()]);
    let (authorization, challenge) = world.challenge("a.test");
    world.client.post(challenge["url"].as_str().unwrap(), json!({}));
    world.client.wait(&authorization, &["pending"]);
    assert_eq!(world.client.read(&authorization).header("Retry-After"), Some("300"));
    assert_eq!(world.ca.breaches(), [], "there is nothing to wait for");
}

#[test]
fn cert_key_revocation_403() {
    let mut world = world(&[Behaviour::CertKeyRevocation403.into()]);
    let certificate_key = key();
    let chain = world.client.obtain(&world.responder, &certificate_key, &["a.test"]);
    let payload = json!({ "certificate": base64url::encode(acme_x509::Chain::from_pem(chain).unwrap().leaf().der()) });
    let url = world.client.url("revokeCert");
    let mut holder = Client::with_key(&world.ca, certificate_key);
    let refused = holder.post(&url, payload.clone());
    assert_eq!((refused.status, refused.problem().as_str()), (403, "unauthorized"));
    assert_eq!(world.client.post(&url, payload).status, 200);
    assert_eq!(world.new_order(json!({ "identifiers": dns(&["a.test"]) })).status, 201);
}
