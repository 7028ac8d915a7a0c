//! Directories and nonces of all kinds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod client;

use acme_testca::{Behaviour, Setting, TestCa};
use client::{AGENT, Answer, Client, Connection, path, world};
use serde_json::Value;

fn ca(setting: impl Into<Setting>) -> TestCa {
    TestCa::builder().behave(setting).start().unwrap()
}

fn open(ca: &TestCa) -> (Connection, Answer) {
    let mut connection = Connection::open(ca.root_pem(), &ca.directory_url());
    let url = ca.directory_url();
    let path = if path(&url).is_empty() { "/" } else { path(&url) };
    let answer = connection.send("GET", path, &[AGENT], b"");
    (connection, answer)
}

#[test]
fn directories_of_all_kinds() {
    type Check = fn(&TestCa, &Answer, &Value) -> bool;
    let table: &[(Behaviour, Check)] = &[
        (Behaviour::UserAgentRequired, |_, answer, _| answer.status == 200),
        (Behaviour::RandomDirectoryEntry, |_, _, directory| directory.as_object().unwrap().len() == 9),
        (Behaviour::DirectoryNoPath, |ca, _, _| path(&ca.directory_url()).is_empty()),
        (Behaviour::DirectoryRedirectHttp, |_, answer, _| {
            answer.status == 302 && answer.location().starts_with("http://127.0.0.1:")
        }),
        (Behaviour::HttpUrls, |_, _, directory| directory["newOrder"].as_str().unwrap().starts_with("http:")),
        (Behaviour::NoMeta, |_, _, directory| directory.get("meta").is_none()),
        (Behaviour::NoTerms, |_, _, directory| directory["meta"].get("termsOfService").is_none()),
        (Behaviour::CaaIdentitiesNull, |_, _, directory| directory["meta"].get("caaIdentities") == Some(&Value::Null)),
        (Behaviour::NoKeyChange, |_, _, directory| directory.get("keyChange").is_none()),
        (Behaviour::NoRevokeCert, |_, _, directory| directory.get("revokeCert").is_none()),
        (Behaviour::NoNewAuthz, |_, _, directory| directory.get("newAuthz").is_none()),
        (Behaviour::NoRenewalInfo, |_, _, directory| directory.get("renewalInfo").is_none()),
        (Behaviour::HugeDirectory, |_, answer, _| answer.body.len() > 16 << 20),
    ];
    for (behaviour, check) in table {
        let (ca, plain) = (ca(*behaviour), TestCa::builder().start().unwrap());
        let (_, answer) = open(&ca);
        assert!(check(&ca, &answer, &answer.json()), "{behaviour:?}: {} {}", answer.status, answer.json());
        let (_, answer) = open(&plain);
        let always = matches!(behaviour, Behaviour::UserAgentRequired | Behaviour::RandomDirectoryEntry);
        let whole = answer.status == 200 && answer.json()["meta"].is_object();
        assert!(whole && (always || !check(&plain, &answer, &answer.json())), "not {behaviour:?}");
    }
}

#[test]
fn the_directory_is_behind_redirects_or_away() {
    let behind = ca(Behaviour::DirectoryRedirect.with(3));
    let (mut connection, mut answer) = open(&behind);
    for _ in 0..3 {
        assert_eq!(answer.status, 302);
        answer = connection.send("GET", path(&answer.location()), &[AGENT], b"");
    }
    assert!(answer.status == 200 && answer.json()["newOrder"].is_string());
    let away = ca(Behaviour::Directory503);
    let (mut connection, answer) = open(&away);
    assert_eq!((answer.status, answer.header("Content-Type")), (503, Some("text/html")));
    assert_eq!(connection.send("GET", "/dir", &[AGENT], b"").status, 200, "once only");
}

#[test]
fn no_user_agent_no_directory() {
    let ca = TestCa::builder().start().unwrap();
    let mut connection = Connection::open(ca.root_pem(), &ca.directory_url());
    assert_eq!(connection.send("GET", "/dir", &[], b"").status, 400);
    assert_eq!(ca.breaches()[0].clause, "RFC 8555 §6.1");
}

#[test]
fn nonce_204() {
    for (behaviour, status) in [(None, 200), (Some(Behaviour::Nonce204), 204)] {
        let ca = TestCa::builder().behave(Behaviour::Nonce204.with(behaviour.is_some().into())).start().unwrap();
        let mut client = Client::new(&ca);
        let url = client.url("newNonce");
        let head = client.connection.send("HEAD", path(&url), &[AGENT], b"");
        assert_eq!((head.status, head.header("Replay-Nonce").is_some()), (status, true));
    }
}

#[test]
fn replay_nonces_are_missing_or_malformed() {
    for (behaviour, want) in [(Behaviour::NoReplayNonce, None), (Behaviour::BadReplayNonce, Some("a+b="))] {
        let ca = ca(behaviour);
        let mut client = Client::registered(&ca);
        let account = client.kid.clone().unwrap();
        assert_eq!(client.read(&account).header("Replay-Nonce"), want, "{behaviour:?}");
        client.nonce();
        ca.stop(behaviour);
        assert_ne!(client.read(&account).header("Replay-Nonce"), want, "{behaviour:?}, no longer");
    }
}

#[test]
fn bad_nonces_are_nobodys_breach() {
    let mut as_500 = world(&[Behaviour::BadNonceAs500.with(0)]);
    let account = as_500.client.kid.clone().unwrap();
    as_500.ca.behave(Behaviour::BadNonceAs500);
    let answer = as_500.client.read(&account);
    assert_eq!((answer.status, answer.json().get("type")), (500, None));
    assert_eq!(as_500.client.read(&account).status, 200, "once only");

    let mut restarted = world(&[Behaviour::Restart.with(2)]);
    let account = restarted.client.kid.clone().unwrap();
    assert_eq!(restarted.client.read(&account).problem(), "badNonce", "the second signed request");
    assert_eq!(restarted.client.read(&account).status, 200);
    let nonce = restarted.client.nonce();
    restarted.ca.forget_nonces();
    let body = restarted.client.sign(&account, &nonce, &acme_jose::Payload::Empty);
    assert_eq!(restarted.client.send_body(&account, &body).problem(), "badNonce");
    for ca in [as_500.ca, restarted.ca] {
        assert_eq!(ca.breaches(), []);
    }
}
