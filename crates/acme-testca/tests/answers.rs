//! Answers that are lost, damaged or oddly written, and what the CA has done behind them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_jose::{Jws, KeyType, Payload, PrivateKey, Signer as _, base64url};
use acme_testca::{Behaviour, Resource, Setting};
use client::{AGENT, Answer, Client, World, dns, world};
use serde_json::{Value, json};

/// Does what the behaviour is about; `None` when no answer came.
type Act = fn(&mut World, &mut Scene) -> Option<Answer>;

/// What an act has left for the second look.
#[derive(Default)]
struct Scene {
    url: String,
    payload: Option<Value>,
}

fn try_post(world: &mut World, url: &str, payload: &Value) -> Option<Answer> {
    world.client.try_post(url, &Payload::json(payload).unwrap())
}

fn try_read(world: &mut World, url: &str) -> Option<Answer> {
    world.client.try_post(url, &Payload::Empty)
}

fn new_order(world: &mut World, _: &mut Scene) -> Option<Answer> {
    let url = world.client.url("newOrder");
    try_post(world, &url, &json!({ "identifiers": dns(&["a.test", "b.test"]) }))
}

fn read_order(world: &mut World, scene: &mut Scene) -> Option<Answer> {
    if scene.url.is_empty() {
        scene.url = world.client.order(&["a.test"]).0;
    }
    let url = scene.url.clone();
    try_read(world, &url)
}

fn read_certificate(world: &mut World, scene: &mut Scene) -> Option<Answer> {
    if scene.url.is_empty() {
        scene.url = world.certificate(&["a.test"]);
    }
    let url = scene.url.clone();
    try_read(world, &url)
}

fn finalize(world: &mut World, scene: &mut Scene) -> Option<Answer> {
    let (order, url, payload) = world.finalizable(&["a.test"]);
    scene.url = order;
    try_post(world, &url, &payload)
}

fn answer_challenge(world: &mut World, scene: &mut Scene) -> Option<Answer> {
    let (_, challenge) = world.challenge("a.test");
    scene.url = challenge["url"].as_str().unwrap().to_string();
    let url = scene.url.clone();
    try_post(world, &url, &json!({}))
}

fn new_account(world: &mut World, _: &mut Scene) -> Option<Answer> {
    world.client = Client::new(&world.ca);
    let url = world.client.url("newAccount");
    try_post(world, &url, &json!({ "termsOfServiceAgreed": true }))
}

fn change_key(world: &mut World, scene: &mut Scene) -> Option<Answer> {
    let new = PrivateKey::generate(KeyType::P256).unwrap();
    let url = world.client.url("keyChange");
    let old: Value = serde_json::from_str(&world.client.key.public_key().to_json()).unwrap();
    scene.url = world.client.kid.clone().unwrap();
    let inner = Payload::json(&json!({ "account": scene.url, "oldKey": old })).unwrap();
    let inner = serde_json::to_value(Jws::sign_inner(&new, &url, &inner).unwrap()).unwrap();
    let answer = try_post(world, &url, &inner);
    if answer.as_ref().is_none_or(|answer| answer.status == 200) {
        world.client.key = new;
    }
    answer
}

fn revoke(world: &mut World, scene: &mut Scene) -> Option<Answer> {
    let chain = acme_x509::Chain::from_pem(world.chain(&["a.test"])).unwrap();
    let url = world.client.url("revokeCert");
    let payload = json!({ "certificate": base64url::encode(chain.leaf().der()) });
    let answer = try_post(world, &url, &payload);
    (scene.url, scene.payload) = (url, Some(payload));
    answer
}

/// Whether the request was carried out although nobody heard of it.
type Done = fn(&mut World, &Scene) -> bool;

#[test]
fn answers_are_lost_after_the_work_is_done() {
    let table: &[(Behaviour, Act, Resource, Done)] = &[
        (Behaviour::AnswerLostNewAccount, new_account, Resource::NewAccount, |w, _| {
            let url = w.client.url("newAccount");
            w.client.post(&url, json!({ "onlyReturnExisting": true })).status == 200
        }),
        (Behaviour::AnswerLostKeyChange, change_key, Resource::KeyChange, |w, scene| {
            w.client.read(&scene.url).status == 200
        }),
        (Behaviour::AnswerLostNewOrder, new_order, Resource::NewOrder, |w, _| {
            let account = w.client.kid.clone().unwrap();
            let orders = w.client.read(&account).json()["orders"].as_str().unwrap().to_string();
            w.client.read(&orders).json()["orders"].as_array().unwrap().len() == 1
        }),
        (Behaviour::AnswerLostChallenge, answer_challenge, Resource::Challenge, |w, scene| {
            w.client.wait(&scene.url, &["processing"])["status"] == "valid"
        }),
        (Behaviour::AnswerLostFinalize, finalize, Resource::Finalize, |w, scene| {
            w.client.wait(&scene.url, &["processing"])["status"] == "valid"
        }),
        (Behaviour::AnswerLostPoll, read_order, Resource::Order, |w, scene| w.client.read(&scene.url).status == 200),
        (Behaviour::AnswerLostCertificate, read_certificate, Resource::Certificate, |w, scene| {
            w.client.read(&scene.url).status == 200
        }),
        (Behaviour::AnswerLostRevoke, revoke, Resource::RevokeCert, |w, scene| {
            w.client.post(&scene.url, scene.payload.clone().unwrap()).problem() == "alreadyRevoked"
        }),
    ];
    for (behaviour, act, resource, done) in table {
        let (mut world, mut scene) = (world(&[]), Scene::default());
        world.ca.behave(*behaviour);
        assert!(act(&mut world, &mut scene).is_none(), "{behaviour:?}: an answer came");
        let last = world.ca.requests().pop().unwrap();
        assert_eq!((last.resource, last.status), (*resource, 0), "{behaviour:?}");
        world.client.reconnect(&world.ca);
        assert!(done(&mut world, &scene), "{behaviour:?}: it was not done");
        assert_eq!(world.ca.breaches(), [], "{behaviour:?}");
    }
}

#[test]
fn answers_are_replaced_damaged_or_cut_off_once() {
    type Check = fn(&Option<Answer>) -> bool;
    let is_504 = |answer: &Option<Answer>| {
        answer.as_ref().is_some_and(|a| a.status == 504 && a.header("Content-Type") == Some("text/html"))
    };
    let table: &[(Behaviour, Act, Check)] = &[
        (Behaviour::Html504, read_order, is_504),
        (Behaviour::Html504NewOrder, new_order, is_504),
        (Behaviour::Html504Finalize, finalize, is_504),
        (Behaviour::Html504Certificate, read_certificate, is_504),
        (Behaviour::HtmlCertificate, read_certificate, |answer| {
            answer.as_ref().is_some_and(|a| a.status == 200 && a.body.starts_with(b"<html>"))
        }),
        (Behaviour::CertificateCutOff, read_certificate, |answer| {
            answer.as_ref().is_some_and(|a| a.header("Transfer-Encoding") == Some("chunked"))
        }),
        (Behaviour::TruncatedBody, read_order, |answer| answer.is_none()),
        (Behaviour::RateLimited, new_order, |answer| {
            answer.as_ref().is_some_and(|a| a.problem() == "rateLimited" && a.links("help").len() == 1)
        }),
        (Behaviour::Busy, new_order, |answer| {
            answer.as_ref().is_some_and(|a| a.status == 503 && a.header("Retry-After") == Some("60"))
        }),
        (Behaviour::ServerInternal, new_order, |answer| {
            answer.as_ref().is_some_and(|a| (a.status, a.problem().as_str()) == (500, "serverInternal"))
        }),
        (Behaviour::UserActionRequired, new_order, |answer| {
            let answer = answer.as_ref().unwrap();
            let link = answer.links("terms-of-service").len() == 1;
            link && answer.problem() == "userActionRequired" && answer.json()["instance"].is_string()
        }),
        (Behaviour::PostRedirect, new_order, |answer| {
            answer.as_ref().is_some_and(|a| a.status == 307 && a.location().ends_with("/moved"))
        }),
        (Behaviour::BadCsr, finalize, |answer| answer.as_ref().is_some_and(|a| a.problem() == "badCSR")),
        (Behaviour::OrderNotReady, finalize, |answer| answer.as_ref().is_some_and(|a| a.problem() == "orderNotReady")),
    ];
    for (behaviour, act, check) in table {
        let (mut world, mut scene) = (world(&[]), Scene::default());
        world.ca.behave(*behaviour);
        let answer = act(&mut world, &mut scene);
        assert!(check(&answer), "{behaviour:?}: {:?}", answer.map(|answer| (answer.status, answer.json())));
        world.client.reconnect(&world.ca);
        let again = act(&mut world, &mut scene).unwrap();
        assert!(again.status < 300, "{behaviour:?}: a second time: {}", again.status);
    }
}

#[test]
fn answers_that_are_always_so() {
    type Check = fn(&Answer) -> bool;
    let table: &[(Behaviour, Act, Check)] = &[
        (Behaviour::Paused, new_order, |a| {
            let url = a.json()["detail"].to_string().contains("https://testca.invalid/unpause?");
            a.status == 429 && a.header("Retry-After").is_none() && url
        }),
        (Behaviour::HugeBody, new_order, |a| a.body.len() > 16 << 20),
        (Behaviour::DeepJson, new_order, |a| a.body.starts_with(b"[[[[") && a.body.len() == 100_000),
        (Behaviour::InvalidJson, new_order, |a| serde_json::from_slice::<Value>(&a.body).is_err()),
        (Behaviour::NoLocation, new_order, |a| a.status == 201 && a.header("Location").is_none()),
        (Behaviour::RelativeLocation, new_order, |a| a.location().starts_with('/')),
        (Behaviour::UnquotedLink, new_order, |a| a.header("Link").unwrap().ends_with(">;rel=index")),
        (Behaviour::DatesNull, new_order, |a| a.json().get("expires") == Some(&Value::Null)),
        (Behaviour::OffsetTimestamps, new_order, |a| a.json()["expires"].as_str().unwrap().ends_with("+00:00")),
        (Behaviour::OrdersString, new_order, |a| a.json()["orders"].is_string()),
        (Behaviour::NameDropped, new_order, |a| a.json()["identifiers"].as_array().unwrap().len() == 1),
        (Behaviour::KeyChange501, change_key, |a| a.status == 501 && a.problem() == "rejectedIdentifier"),
        (
            Behaviour::AccountReadFails,
            |world, _| {
                let account = world.client.kid.clone().unwrap();
                try_read(world, &account)
            },
            |a| a.status == 500,
        ),
        (
            Behaviour::NewAuthz404,
            |world, _| {
                let url = world.client.url("newAuthz");
                try_post(world, &url, &json!({ "identifier": { "type": "dns", "value": "a.test" } }))
            },
            |a| a.status == 404 && a.problem() == "malformed",
        ),
        (
            Behaviour::NullMembers,
            |world, _| {
                let url = world.client.url("newOrder");
                try_post(world, &url, &json!({ "identifiers": dns(&["a.test"]), "replaces": null }))
            },
            |a| a.status == 400 && a.problem() == "malformed",
        ),
        (
            Behaviour::UnknownUrlEmpty404,
            |world, _| Some(world.client.connection.send("GET", "/nothing", &[AGENT], b"")),
            |a| (a.status, a.body.len(), a.header("Content-Type")) == (404, 0, None),
        ),
    ];
    for (behaviour, act, check) in table {
        let mut plain = world(&[]);
        assert!(!check(&act(&mut plain, &mut Scene::default()).unwrap()), "{behaviour:?} without it");
        let mut world = world(&[]);
        world.ca.behave(*behaviour);
        for _ in 0..2 {
            let answer = act(&mut world, &mut Scene::default()).unwrap();
            assert!(check(&answer), "{behaviour:?}: {} {}", answer.status, answer.json());
        }
    }
}

#[test]
fn problems_of_all_kinds() {
    for (behaviour, kind) in [
        (None, "urn:ietf:params:acme:error:malformed"),
        (Some(Behaviour::UnknownProblemType), "urn:ietf:params:acme:error:outOfCoffee"),
        (Some(Behaviour::ProblemTypeNotUrn), "malformed"),
        (Some(Behaviour::ProblemAboutBlank), "about:blank"),
        (Some(Behaviour::ProblemEscapes), "urn:ietf:params:acme:error:malformed"),
    ] {
        let settings: Vec<_> = behaviour.into_iter().map(Setting::from).collect();
        let mut world = world(&settings);
        let problem = world.new_order(json!({})).json();
        assert_eq!(problem["type"], kind);
        let escapes = problem["detail"].as_str().unwrap().contains('\u{1b}');
        assert_eq!(escapes, behaviour == Some(Behaviour::ProblemEscapes), "{behaviour:?}");
        world.ca.behave(Behaviour::NonceRejection.with(100));
        let bad_nonce = world.new_order(json!({})).json();
        assert_eq!(
            bad_nonce["type"], "urn:ietf:params:acme:error:badNonce",
            "{behaviour:?}: so that a client can go on"
        );
    }
}

#[test]
fn retry_after_in_all_forms() {
    for (behaviour, want) in [
        (Behaviour::RetryAfter.with(7), Some("7")),
        (Behaviour::NoRetryAfter.into(), None),
        (Behaviour::RetryAfterHuge.into(), Some("7800000")),
        (Behaviour::RetryAfterMalformed.into(), Some("soon")),
        (Setting::from(Behaviour::RetryAfterDate), Some(" GMT")),
    ] {
        let mut world = world(&[]);
        world.ca.behave(behaviour);
        let answer = finalize(&mut world, &mut Scene::default()).unwrap();
        let found = answer.header("Retry-After");
        assert_eq!(found.is_some(), want.is_some(), "{behaviour}");
        assert!(found.unwrap_or_default().ends_with(want.unwrap_or_default()), "{behaviour}: {found:?}");
    }
}

#[test]
fn closes_after_answer() {
    let mut world = world(&[]);
    world.ca.behave(Behaviour::ClosesAfterAnswer);
    let path = client::path(&world.ca.directory_url()).to_string();
    let answer = world.client.connection.send("GET", &path, &[AGENT], b"");
    assert_eq!((answer.status, answer.header("Connection")), (200, None), "it does not say so");
    assert!(world.client.connection.is_closed());
}
