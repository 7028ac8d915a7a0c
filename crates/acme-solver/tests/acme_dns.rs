//! acme-dns, played by a server that knows its two requests as they are documented.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use acme_account::{Limits, SolverError, Transport, TransportError, TransportErrorKind};
use acme_proto::{ChallengeType, TxtRecord};
use acme_solver::{AcmeDns, AcmeDnsCredentials, TxtStore as _};
use common::task;
use serde_json::{Value, json};

const URL: &str = "https://auth.test";

/// Two values at each subdomain: a third one takes the place of the oldest.
#[derive(Default)]
struct Server {
    values: Mutex<BTreeMap<String, Vec<String>>>,
    updates: Mutex<usize>,
}

impl Server {
    fn register(&self, body: &[u8]) -> (u16, Value) {
        let asked: Value = if body.is_empty() { json!({}) } else { serde_json::from_slice(body).unwrap() };
        let allowed = asked["allowfrom"].as_array().cloned().unwrap_or_default();
        if allowed.iter().any(|network| !network.as_str().unwrap().contains('/')) {
            return (400, json!({ "error": "invalid_allowfrom_cidr" }));
        }
        let mut values = self.values.lock().unwrap();
        let subdomain = format!("8e5700ea-{}", values.len());
        values.insert(subdomain.clone(), Vec::new());
        let fulldomain = format!("{subdomain}.auth.test");
        let username = format!("user-{subdomain}");
        (
            201,
            json!({ "allowfrom": allowed, "fulldomain": fulldomain, "subdomain": subdomain, "username": username,
            "password": "htB9mR9DYgcu9bX_afHF62erXaH2TS7bg9KW3F7Z" }),
        )
    }

    fn update(&self, request: &http::Request<Vec<u8>>) -> (u16, Value) {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let (subdomain, value) = (body["subdomain"].as_str().unwrap(), body["txt"].as_str().unwrap());
        let header = |name| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert!(request.headers()["X-Api-Key"].is_sensitive(), "a transport that notes requests leaves it out");
        let known = header("X-Api-User") == format!("user-{subdomain}") && header("X-Api-Key").starts_with("htB9");
        let mut all = self.values.lock().unwrap();
        match all.get_mut(subdomain) {
            Some(values) if known => {
                *self.updates.lock().unwrap() += 1;
                values.insert(0, value.to_owned());
                values.truncate(2);
                (200, json!({ "txt": value }))
            }
            _ => (401, json!({ "error": "forbidden" })),
        }
    }

    fn values(&self, credentials: &AcmeDnsCredentials) -> Vec<String> {
        self.values.lock().unwrap()[&credentials.subdomain].clone()
    }
}

impl Transport for Server {
    fn send(&self, request: http::Request<Vec<u8>>, _: Limits) -> Result<http::Response<Vec<u8>>, TransportError> {
        assert_eq!(
            (request.method().as_str(), &request.headers()["content-type"]),
            ("POST", &"application/json".parse().unwrap())
        );
        let (status, answer) = match request.uri().to_string().as_str() {
            "https://auth.test/register" => self.register(request.body()),
            "https://auth.test/update" => self.update(&request),
            _ => (404, json!({})),
        };
        Ok(http::Response::builder().status(status).body(answer.to_string().into()).unwrap())
    }
}

/// Always the same answer, or none.
struct Says(Option<(u16, &'static str)>);

impl Transport for Says {
    fn send(&self, _: http::Request<Vec<u8>>, _: Limits) -> Result<http::Response<Vec<u8>>, TransportError> {
        let (status, body) = self.0.ok_or_else(|| TransportError::new(TransportErrorKind::Connect, "refused"))?;
        Ok(http::Response::builder().status(status).body(body.into()).unwrap())
    }
}

fn record(name: &str, token: &str) -> TxtRecord {
    task(name, ChallengeType::Dns01, token).proof.txt_record().unwrap().clone()
}

fn credentials() -> AcmeDnsCredentials {
    AcmeDns::register(&Server::default(), URL, &[]).unwrap()
}

fn one(results: Vec<Result<(), SolverError>>) -> Result<(), SolverError> {
    assert_eq!(results.len(), 1);
    results.into_iter().next().unwrap()
}

#[test]
fn a_domain_and_its_wildcard_share_what_acme_dns_keeps() {
    let server = Arc::new(Server::default());
    let account = AcmeDns::register(&*server, "https://auth.test/", &[]).unwrap();
    let store = AcmeDns::new(server.clone(), [("A.test", account.clone())]);
    let records = [record("a.test", "one"), record("a.test", "two")];
    for again in ["first", "again"] {
        assert!(store.add(&records).iter().all(Result::is_ok), "{again}");
        assert_eq!(server.values(&account), [records[1].value.clone(), records[0].value.clone()], "{again}");
    }
    assert_eq!(*server.updates.lock().unwrap(), 2, "what is there is not sent again: it would push the other one out");
    let third = record("a.test", "three");
    let error = one(store.add(std::slice::from_ref(&third))).unwrap_err();
    assert!(error.to_string().contains("third value") && error.to_string().contains(&account.fulldomain), "{error}");
    assert_eq!(server.values(&account).len(), 2, "nothing was pushed out");
    assert!(store.remove(&records[..1]).iter().all(Result::is_ok));
    one(store.add(std::slice::from_ref(&third))).unwrap();
    assert_eq!(server.values(&account), [third.value, records[1].value.clone()], "the oldest gave way");
}

#[test]
fn each_domain_has_its_credentials() {
    let server = Arc::new(Server::default());
    let accounts =
        ["a.test", "_acme-challenge.b.test."].map(|name| (name, AcmeDns::register(&*server, URL, &[]).unwrap()));
    let store = AcmeDns::new(server.clone(), accounts.clone());
    let results = store.add(&[record("a.test", "one"), record("c.test", "one"), record("b.test", "one")]);
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    let error = results[1].as_ref().unwrap_err();
    assert!(error.to_string().contains("c.test") && error.advice().contains("register"), "{error}");
    assert!(accounts.iter().all(|(_, account)| server.values(account).len() == 1));
    one(store.remove(&[record("c.test", "one")])).unwrap();
}

#[test]
fn registration_tells_the_alias_to_publish() {
    let account = credentials();
    for domain in ["a.test", "*.a.test", "a.test."] {
        assert_eq!(account.cname(domain), "_acme-challenge.a.test. 3600 IN CNAME 8e5700ea-0.auth.test.");
    }
    assert_eq!(account.server_url.as_deref(), Some(URL));
    let allow = ["192.0.2.0/24".to_owned()];
    assert_eq!(AcmeDns::register(&Server::default(), URL, &allow).unwrap().allowfrom, allow);
    let error = AcmeDns::register(&Server::default(), URL, &["192.0.2.1".to_owned()]).unwrap_err();
    assert!(error.to_string().contains("invalid_allowfrom_cidr") && error.advice().contains("/24"), "{error}");
}

#[test]
fn credentials_of_other_clients_can_be_read() {
    for (why, server_url, text) in [
        (
            "lego",
            Some("https://auth.test"),
            r#"{"fulldomain": "s.auth.test", "subdomain": "s", "username": "u", "password": "p", "server_url": "https://auth.test"}"#,
        ),
        (
            "acme-dns-auth.py",
            None,
            r#"{"allowfrom": [], "fulldomain": "s.auth.test", "subdomain": "s", "username": "u", "password": "p"}"#,
        ),
    ] {
        let read: AcmeDnsCredentials = serde_json::from_str(text).unwrap();
        assert_eq!((read.subdomain.as_str(), read.password.as_str()), ("s", "p"), "{why}");
        assert_eq!(read.server_url.as_deref(), server_url, "{why}");
        let written = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<AcmeDnsCredentials>(&written).unwrap(), read, "{why}");
        assert!(!format!("{read:?}").contains("\"p\""), "{read:?}");
    }
}

#[test]
fn credentials_need_a_server() {
    let mut account = credentials();
    account.server_url = None;
    let store = || AcmeDns::new(Arc::new(Says(Some((404, "")))), [("a.test", account.clone())]);
    let error = one(store().add(&[record("a.test", "one")])).unwrap_err();
    assert!(error.to_string().contains("do not tell its server"), "{error}");
    let error = one(store().server(URL).add(&[record("a.test", "one")])).unwrap_err();
    assert!(error.to_string().contains("auth.test does not take"), "{error}");
}

#[test]
fn refusals_name_the_server_the_record_and_the_fix() {
    for (why, says, part, fix) in [
        ("keys of another server", Some((401, r#"{"error": "forbidden"}"#)), "\"forbidden\"", "allowfrom"),
        ("another value is confirmed", Some((200, r#"{"txt": "another"}"#)), "status 200", "URL"),
        ("no JSON", Some((200, "<html>\x1b[2J")), "<html>\\u{1b}", "URL"),
        ("moved", Some((301, "")), "status 301", "URL"),
        ("no such path", Some((404, "404 page not found")), "not found", "API"),
        ("out of order", Some((500, r#"{"error": "db_error"}"#)), "db_error", "later"),
        ("out of reach", None, "cannot connect", "reached"),
    ] {
        let store = AcmeDns::new(Arc::new(Says(says)), [("a.test", credentials())]);
        let error = one(store.add(&[record("a.test", "one")])).unwrap_err();
        let text = error.to_string();
        assert!([part, URL, "_acme-challenge.a.test."].iter().all(|part| text.contains(part)), "{why}: {text}");
        assert!(error.advice().contains(fix), "{why}: {}", error.advice());
        assert!(one(store.add(&[record("a.test", "one")])).is_err(), "{why}: what failed does not count as there");
    }
}

#[test]
fn answers_to_a_registration_are_not_believed_unseen() {
    for (why, status, body) in [
        ("no JSON", 201, "welcome, your password is hunter2"),
        ("something is missing", 201, r#"{"fulldomain": "s.auth.test", "password": "hunter2"}"#),
        (
            "a name that is no name",
            201,
            r#"{"fulldomain": "a.test. A 192.0.2.1\n", "subdomain": "s", "username": "u", "password": "hunter2"}"#,
        ),
        ("registration is not allowed", 404, ""),
    ] {
        let error = AcmeDns::register(&Says(Some((status, body))), URL, &[]).unwrap_err();
        assert!(error.to_string().contains(URL) && !error.to_string().contains("hunter2"), "{why}: {error}");
    }
    let error = AcmeDns::register(&Says(None), "no url", &[]).unwrap_err();
    assert!(error.to_string().contains("not the URL"), "{error}");
}

#[test]
fn values_of_other_kinds_are_refused_before_anything_is_sent() {
    let server = Arc::new(Server::default());
    let account = AcmeDns::register(&*server, URL, &[]).unwrap();
    let store = AcmeDns::new(server.clone(), [("a.test", account)]);
    for value in ["", "short", &"x".repeat(42), &"=".repeat(43), &"x".repeat(44)] {
        let mut record = record("a.test", "one");
        record.value = value.to_owned();
        let error = one(store.add(&[record])).unwrap_err();
        assert!(error.to_string().contains("dns-01 only"), "{error}");
    }
    assert_eq!(*server.updates.lock().unwrap(), 0);
}
