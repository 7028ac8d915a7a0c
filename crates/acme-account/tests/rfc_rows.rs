//! What goes out on the wire when an account, a certificate or an order is changed: who signs, what is in it. The rows are
//! those of docs/rfc-map.md.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_account::{
    Account, Error, ErrorKind, ExternalAccount, Limits, LiveKey, PlacedOrder, Remedy, Terms, Transport, TransportError,
    TransportErrorKind, Untried,
};
use acme_jose::{Jwk, Jws, KeyType, MacAlgorithm, MacKey, ParsedKeyId, PrivateKey, Signer, base64url};
use acme_proto::{ChallengeType, Contact, Identifier, NewOrder, PollFailure, ProblemType, RevocationReason, Token};
use ca::{ACCOUNT, Answer, Ca, FakeSolver, at, authorization, order, problem};
use serde_json::{Value, json};

/// A CA whose answers are a list, whoever signed.
#[derive(Default)]
struct Server {
    directory: Mutex<Value>,
    answers: Mutex<VecDeque<Result<http::Response<Vec<u8>>, TransportError>>>,
    seen: Mutex<Vec<Seen>>,
}

/// One request, GET of the directory and HEAD of newNonce left out.
#[derive(Clone)]
struct Seen {
    method: String,
    url: String,
    body: Vec<u8>,
}

impl Seen {
    fn jws(&self) -> Jws {
        Jws::from_json(&self.body).unwrap()
    }

    fn payload(&self) -> Value {
        serde_json::from_slice(&self.jws().payload()).unwrap_or(Value::Null)
    }

    fn is_get(&self) -> bool {
        self.method == "GET"
    }

    /// The account URL, for requests that an account signs with this key.
    fn by_account(&self, key: &Jwk) -> bool {
        self.jws().verify(key) == Ok(()) && self.jws().header().unwrap().key == ParsedKeyId::Kid(ACCOUNT.into())
    }

    fn by_key(&self, key: &Jwk) -> bool {
        self.jws().verify(key) == Ok(()) && self.jws().header().unwrap().key == ParsedKeyId::Jwk(key.clone())
    }
}

impl Transport for Server {
    fn send(&self, request: http::Request<Vec<u8>>, _: Limits) -> Result<http::Response<Vec<u8>>, TransportError> {
        let (method, url) = (request.method().to_string(), request.uri().to_string());
        if url == at("/directory") {
            return reply(200, &[], &self.directory.lock().unwrap().to_string());
        }
        let mut seen = self.seen.lock().unwrap();
        let nonce = format!("nonce-{}", seen.len());
        if method == "HEAD" {
            return reply(200, &[("replay-nonce", &nonce)], "");
        }
        seen.push(Seen { method, url, body: request.into_body() });
        let mut answer = self.answers.lock().unwrap().pop_front().expect("no more requests than answers")?;
        answer.headers_mut().insert("replay-nonce", nonce.parse().unwrap());
        Ok(answer)
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Result<http::Response<Vec<u8>>, TransportError> {
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    Ok(response.body(body.as_bytes().to_vec()).unwrap())
}

impl Server {
    fn new() -> Arc<Self> {
        let server = Self::default();
        *server.directory.lock().unwrap() = json!({
            "newNonce": at("/new-nonce"), "newAccount": at("/new-acct"), "newOrder": at("/new-order"),
            "revokeCert": at("/revoke"), "keyChange": at("/key-change"), "renewalInfo": at("/ari/"),
        });
        Arc::new(server)
    }

    fn answer(&self, status: u16, headers: &[(&str, &str)], body: &Value) -> &Self {
        self.answers.lock().unwrap().push_back(reply(status, headers, &body.to_string()));
        self
    }

    fn refuse(&self, status: u16, kind: &str) -> &Self {
        self.answer(status, &[("content-type", "application/problem+json")], &problem(kind, "no"))
    }

    fn lose(&self) -> &Self {
        self.answers.lock().unwrap().push_back(Err(TransportError::new(TransportErrorKind::Timeout, "lost")));
        self
    }

    fn account(self: &Arc<Self>, key: &Arc<PrivateKey>) -> Account {
        Account::new(key.clone(), at("/directory"), self.clone()).with_url(ACCOUNT)
    }

    fn without(&self, member: &str) {
        self.directory.lock().unwrap().as_object_mut().unwrap().remove(member);
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn urls(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.url).collect()
    }
}

fn key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(KeyType::P256).unwrap())
}

/// The protected header of a JWS, and what is in it by name.
fn protected(jws: &Value) -> (Value, Vec<String>) {
    let header = base64url::decode(jws["protected"].as_str().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let names = header.as_object().unwrap().keys().cloned().collect();
    (header, names)
}

fn jwk(key: &PrivateKey) -> Value {
    serde_json::from_str(&key.public_key().to_json()).unwrap()
}

// Rows: R-01, R-02, R-03, R-04, R-08, A-05, DP-09, SEC-01
#[test]
fn a_new_key_is_signed_by_both_and_counts_from_then_on() {
    let (server, old, new) = (Server::new(), key(), key());
    let found = json!({"status": "valid"});
    server.answer(200, &[], &json!({})).answer(200, &[("location", ACCOUNT)], &found).answer(200, &[], &found);
    let account = server.account(&old);
    let token = Token::parse("abc").unwrap();
    let of = |key: &PrivateKey| format!("abc.{}", key.public_key().thumbprint());
    assert_eq!(account.key_authorization(&token).as_str(), of(&old), "SEC-01: of our own key");

    account.change_key(new.clone()).unwrap();
    let outer = server.seen().remove(0);
    assert_eq!(outer.url, at("/key-change"));
    assert!(outer.by_account(&old.public_key()), "R-01: by the old key, under the account URL");
    let header = outer.jws().header().unwrap();
    assert_eq!((header.url.as_deref(), header.nonce.is_some()), (Some(at("/key-change").as_str()), true));

    let inner = outer.payload();
    let names: Vec<_> = inner.as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["payload", "protected", "signature"], "R-04: JSON, not text");
    let (header, names) = protected(&inner);
    assert_eq!(names, ["alg", "jwk", "url"], "R-02: neither nonce nor kid");
    assert_eq!((&header["jwk"], &header["url"]), (&jwk(&new), &json!(at("/key-change"))));
    let inner = Jws::from_json(inner.to_string().as_bytes()).unwrap();
    assert_eq!(inner.verify(&new.public_key()), Ok(()), "R-02: by the new key");
    let said: Value = serde_json::from_slice(&inner.payload()).unwrap();
    assert_eq!(said, json!({"account": ACCOUNT, "oldKey": jwk(&old)}), "R-03");

    let asked = &server.seen()[1];
    assert_eq!(
        asked.payload(),
        json!({"onlyReturnExisting": true}),
        "that it counts is checked, since the old key may go"
    );
    assert!(asked.by_key(&new.public_key()));
    account.fetch().unwrap();
    assert!(server.seen()[2].by_account(&new.public_key()), "A-05: the new key under the same URL");
    assert_eq!(account.key_authorization(&token).as_str(), of(&new), "R-08, DP-09: answers change with the key");
}

// Rows: K-10
#[test]
fn the_key_in_use_is_no_new_key() {
    let (server, own) = (Server::new(), key());
    let same = Arc::new(PrivateKey::from_pem(&own.to_pkcs8_pem().unwrap()).unwrap());
    let error = server.account(&own).change_key(same).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotSent { .. }), "{error}");
    assert!(server.seen().is_empty());
}

// Rows: R-07
#[test]
fn a_refused_key_change_leaves_the_old_key() {
    let (server, old) = (Server::new(), key());
    server.refuse(409, "malformed");
    let account = server.account(&old);
    let error = account.change_key(key()).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 409);
    assert_eq!(account.key().public_key(), old.public_key());
}

/// Pebble 2.10.1 does nothing and answers 200 when the new key has an account.
#[test]
fn a_key_change_that_did_not_happen_is_not_believed() {
    let valid = json!({"status": "valid"});
    for (why, location, believed) in
        [("it is ours", ACCOUNT, true), ("it is another's", "https://ca.example/acct/2", false)]
    {
        let (server, old, new) = (Server::new(), key(), key());
        server.answer(200, &[], &valid).answer(200, &[("location", location)], &valid);
        let account = server.account(&old);
        let outcome = account.change_key(new.clone());
        let counts = if believed { new } else { old };
        assert_eq!(account.key().public_key(), counts.public_key(), "{why}");
        assert_eq!(outcome.is_ok(), believed, "{why}");
        assert!(outcome.err().is_none_or(|error| error.to_string().contains("acct/2")), "{why}");
        assert_eq!(account.url().unwrap(), ACCOUNT, "{why}: our own stays");
    }
    let (server, old, new) = (Server::new(), key(), key());
    server.answer(200, &[], &valid).refuse(400, "accountDoesNotExist");
    let account = server.account(&old);
    let error = account.change_key(new.clone()).unwrap_err();
    assert!(error.may_have_been_carried_out(), "the CA says both: {error}");
    assert!(matches!(error.kind(), ErrorKind::KeyUnsettled) && error.remedy() == Remedy::TryAgain, "{error}");
    assert_eq!(account.key().public_key(), old.public_key(), "until it is settled");
    server.answer(200, &[("location", ACCOUNT)], &valid);
    assert_eq!(account.settle_key_change(new.clone()).unwrap(), LiveKey::New, "one that lagged behind");

    let (server, new) = (Server::new(), key());
    server.answer(200, &[], &valid).refuse(500, "serverInternal");
    let account = server.account(&key());
    account.change_key(new.clone()).unwrap();
    assert_eq!(account.key().public_key(), new.public_key(), "trouble contradicts nothing");
}

// Rows: R-06
#[test]
fn a_key_change_without_an_answer_is_settled_by_asking_with_both() {
    let known = |server: &Server| {
        server.answer(200, &[("location", ACCOUNT)], &json!({"status": "valid"}));
    };
    for (why, carried_out, live) in [("it was carried out", true, LiveKey::New), ("it was not", false, LiveKey::Old)] {
        let (server, old, new) = (Server::new(), key(), key());
        server.lose();
        let account = server.account(&old);
        assert!(account.change_key(new.clone()).unwrap_err().may_have_been_carried_out(), "{why}");
        assert_eq!(account.key().public_key(), old.public_key(), "{why}: not yet");
        if !carried_out {
            server.refuse(400, "accountDoesNotExist");
        }
        known(&server);
        assert_eq!(account.settle_key_change(new.clone()).unwrap(), live, "{why}");
        let asked = &server.seen()[1..];
        assert!(asked.iter().all(|seen| seen.payload() == json!({"onlyReturnExisting": true})), "{why}");
        assert!(asked[0].by_key(&new.public_key()), "{why}");
        assert!(carried_out || asked[1].by_key(&old.public_key()), "{why}");
        let counts = if carried_out { new } else { old };
        assert_eq!(account.key().public_key(), counts.public_key(), "{why}");
    }
}

/// The new key has an account, another one than ours.
// Rows: R-06
#[test]
fn a_key_of_another_account_is_not_settled_on() {
    let (server, old, new) = (Server::new(), key(), key());
    let valid = json!({"status": "valid"});
    server.answer(200, &[("location", "https://ca.example/acct/2")], &valid);
    server.answer(200, &[("location", ACCOUNT)], &valid);
    let account = server.account(&old);
    assert_eq!(account.settle_key_change(new).unwrap(), LiveKey::Old);
    assert!(server.seen()[1].by_key(&old.public_key()), "the old one is asked with too");
    assert_eq!((account.key().public_key(), account.url().as_deref()), (old.public_key(), Some(ACCOUNT)));
}

// Rows: R-06
#[test]
fn a_question_without_an_answer_settles_nothing() {
    type Fail = fn(&Server);
    let trouble: [(&str, Fail); 4] = [
        ("no answer", |server| _ = server.lose()),
        ("the CA is in trouble", |server| _ = server.refuse(500, "serverInternal")),
        ("a gateway", |server| _ = server.answer(504, &[("content-type", "text/html")], &json!("<html>"))),
        ("a limit", |server| _ = server.refuse(429, "rateLimited")),
    ];
    for (why, fail) in trouble {
        let (server, old) = (Server::new(), key());
        fail(&server);
        // What would be taken for an answer about the old key.
        server.answer(200, &[("location", ACCOUNT)], &json!({"status": "valid"}));
        let account = server.account(&old);
        account.settle_key_change(key()).expect_err(why);
        assert_eq!(server.seen().len(), 1, "{why}");
        assert_eq!(account.key().public_key(), old.public_key(), "{why}");
    }
}

// Rows: R-10, W-01
#[test]
fn what_the_directory_does_not_list_is_not_asked_for() {
    let server = Server::new();
    server.without("keyChange");
    server.without("renewalInfo");
    let account = server.account(&key());
    for error in [account.change_key(key()).unwrap_err(), account.renewal_info("aki.serial").unwrap_err()] {
        assert!(matches!(error.kind(), ErrorKind::NotOffered(_)), "{error}");
    }
    assert!(server.seen().is_empty());
}

// Rows: X-01, X-03, X-04, X-05, X-06, X-08, X-10, D-05
#[test]
fn an_account_is_bound_once_and_only_when_it_is_made() {
    let (server, own) = (Server::new(), key());
    server.refuse(400, "accountDoesNotExist");
    server.answer(201, &[("location", ACCOUNT)], &json!({"status": "valid"}));
    server.answer(200, &[], &json!({"status": "valid"})).answer(
        200,
        &[("location", ACCOUNT)],
        &json!({"status": "valid"}),
    );
    let binding = ExternalAccount::new("kid/with=", MacKey::from_bytes(b"shared"));
    let account = server.account(&own);
    account.register_bound(&[], Terms::Agreed, &binding).unwrap();
    account.update_contacts(&[]).unwrap();
    assert!(!account.register_bound(&[], Terms::Agreed, &binding).unwrap().created, "X-10: found");

    let seen = server.seen();
    assert_eq!(seen[0].payload(), json!({"onlyReturnExisting": true}), "X-10: it is looked for first");
    let bound = &seen[1].payload()["externalAccountBinding"];
    let (header, names) = protected(bound);
    assert_eq!(names, ["alg", "kid", "url"], "X-05: no nonce");
    assert_eq!((&header["alg"], &header["kid"]), (&json!("HS256"), &json!("kid/with=")), "X-03");
    assert_eq!(header["url"], json!(seen[1].jws().header().unwrap().url), "X-04");
    let jws = Jws::from_json(bound.to_string().as_bytes()).unwrap();
    assert_eq!(MacKey::from_bytes(b"shared").verify(MacAlgorithm::Hs256, &jws), Ok(()), "X-07");
    assert_eq!(String::from_utf8(jws.payload()).unwrap(), own.public_key().to_json(), "X-06");
    assert!(seen[1].by_key(&own.public_key()), "X-06: the same key as outside");
    let again: Vec<_> = seen[2..].iter().map(Seen::payload).collect();
    assert_eq!(again, [json!({"contact": []}), json!({"onlyReturnExisting": true})], "X-08: at no other time");
}

// Rows: A-10, A-11, A-13, A-16
#[test]
fn an_account_is_read_changed_and_ended_at_its_url() {
    let (server, own) = (Server::new(), key());
    for status in ["valid", "valid", "valid", "valid", "deactivated"] {
        server.answer(200, &[], &json!({"status": status}));
    }
    let account = server.account(&own);
    account.fetch().unwrap();
    account.update_contacts(&[Contact::parse("a@b.example").unwrap()]).unwrap();
    account.update_contacts(&[]).unwrap();
    account.agree_to_terms().unwrap();
    assert_eq!(account.deactivate().unwrap().status.as_str(), "deactivated");
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.url == ACCOUNT && seen.by_account(&own.public_key())));
    let payloads: Vec<_> = seen.iter().map(|seen| String::from_utf8(seen.jws().payload()).unwrap()).collect();
    assert_eq!(
        payloads,
        [
            "",
            r#"{"contact":["mailto:a@b.example"]}"#,
            r#"{"contact":[]}"#,
            r#"{"termsOfServiceAgreed":true}"#,
            r#"{"status":"deactivated"}"#,
        ]
    );
}

// Rows: A-15, U-06
#[test]
fn every_page_of_orders_is_read_once() {
    let server = Server::new();
    server.answer(200, &[], &json!({"status": "valid", "orders": at("/orders")}));
    server.answer(200, &[("link", "</orders?2>;rel=\"next\"")], &json!({"orders": [at("/order/1"), at("/order/2")]}));
    server.answer(200, &[("link", "</orders>;rel=next")], &json!({"orders": [at("/order/3")]}));
    let found = server.account(&key()).orders().unwrap();
    assert_eq!(found, [at("/order/1"), at("/order/2"), at("/order/3")]);
    assert_eq!(server.urls(), [ACCOUNT.to_owned(), at("/orders"), at("/orders?2")], "and no page twice");
    assert!(server.seen().iter().all(|seen| seen.jws().payload().is_empty()), "POST-as-GET");
}

#[test]
fn a_list_is_read_to_a_bound() {
    let listing = |server: &Server| _ = server.answer(200, &[], &json!({"status": "valid", "orders": at("/orders")}));
    let server = Server::new();
    listing(&server);
    for page in 0..101 {
        let (next, order) = (format!("</orders?{page}>;rel=\"next\""), at(&format!("/order/{page}")));
        server.answer(200, &[("link", &next)], &json!({"orders": [order]}));
    }
    assert_eq!(server.account(&key()).orders().unwrap().len(), 100, "pages without end");
    assert_eq!(server.seen().len(), 1 + 100);

    let server = Server::new();
    listing(&server);
    let orders: Vec<_> = (0..6_000).map(|order| at(&format!("/order/{order}"))).collect();
    for page in 0..3 {
        server.answer(200, &[("link", &format!("</orders?{page}>;rel=\"next\""))], &json!({"orders": orders}));
    }
    assert_eq!(server.account(&key()).orders().unwrap().len(), 10_000, "large pages");
    assert_eq!(server.seen().len(), 1 + 2);
}

// Rows: V-01, V-02, V-06, J-07
#[test]
fn a_certificate_is_revoked_by_the_account_or_by_its_own_key() {
    let (server, own, certificate_key) = (Server::new(), key(), key());
    let empty = || server.answers.lock().unwrap().push_back(reply(200, &[("content-length", "0")], ""));
    empty();
    empty();
    let account = server.account(&own);
    account.revoke(&[0xfb, 0xff], RevocationReason::Superseded).unwrap();
    let stranger = Account::new(own.clone(), at("/directory"), server.clone());
    stranger.revoke_with_certificate_key(&*certificate_key, &[0xfb, 0xff], RevocationReason::Unspecified).unwrap();
    let seen = server.seen();
    assert_eq!(server.urls(), [at("/revoke"), at("/revoke")], "no account is looked for");
    assert!(seen[0].by_account(&own.public_key()));
    assert!(seen[1].by_key(&certificate_key.public_key()));
    assert_eq!(seen[0].payload(), json!({"certificate": "-_8", "reason": 4}));
    assert_eq!(seen[1].payload(), json!({"certificate": "-_8"}));
}

// Rows: W-02, W-31
#[test]
fn renewal_information_is_asked_for_without_a_signature() {
    let server = Server::new();
    let window = json!({"suggestedWindow": {"start": "2025-01-03T00:00:00Z", "end": "2025-01-05T00:00:00Z"}});
    server.answer(200, &[("retry-after", "21600")], &window);
    let answer = server.account(&key()).renewal_info("aki.serial").unwrap();
    assert_eq!(answer.retry_after, Some(Duration::from_secs(21_600)));
    let seen = server.seen().remove(0);
    assert!(seen.is_get() && seen.body.is_empty());
    assert_eq!(seen.url, at("/ari/aki.serial"), "one slash, no query");
}

// Rows: W-16
#[test]
fn trouble_of_the_server_is_temporary_whether_it_is_explained_or_not() {
    use PollFailure::{LongTerm, Temporary};
    for (why, status, content_type, want) in [
        ("explained", 500, "application/problem+json", Temporary),
        ("explained", 503, "application/problem+json", Temporary),
        ("a gateway", 502, "text/html", Temporary),
        ("not known", 404, "application/problem+json", LongTerm),
        ("nothing there", 404, "text/html", LongTerm),
        ("refused", 403, "application/problem+json", LongTerm),
    ] {
        let server = Server::new();
        server.answer(status, &[("content-type", content_type)], &problem("serverInternal", "no"));
        let error = server.account(&key()).renewal_info("aki.serial").unwrap_err();
        assert_eq!(error.poll_failure(), want, "{status}, {why}: {error}");
    }
    let server = Server::new();
    (0..3).for_each(|_| _ = server.lose());
    assert_eq!(server.account(&key()).renewal_info("aki.serial").unwrap_err().poll_failure(), Temporary, "no answer");
}

fn names() -> NewOrder {
    NewOrder::new([Identifier::parse("a.example").unwrap()])
}

// Rows: W-20, W-21, W-23, W-24
#[test]
fn an_order_refused_because_of_what_it_replaces_is_placed_once_without_it() {
    let replacing = NewOrder { replaces: Some("aki.serial".into()), ..names() };
    let (with, without) = (json!("aki.serial"), Value::Null);
    for (why, refusals, listed, want) in [
        ("it is taken", &[][..], true, &[&with][..]),
        ("no renewal information", &[], false, &[&without]),
        ("replaced already", &[(409, "alreadyReplaced")], true, &[&with, &without]),
        ("the old name of that", &[(409, "conflict")], true, &[&with, &without]),
        ("not this CA's", &[(404, "malformed")], true, &[&with, &without]),
        ("not this account's", &[(403, "unauthorized")], true, &[&with, &without]),
        ("malformed", &[(400, "malformed")], true, &[&with, &without]),
        ("a type from after our time", &[(400, "notOurs")], true, &[&with, &without]),
        ("unknown to Pebble 2.10.1", &[(500, "serverInternal")], true, &[&with, &without]),
    ] {
        let server = Server::new();
        refusals.iter().for_each(|(status, kind)| _ = server.refuse(*status, kind));
        server.answer(201, &[("location", "/order/1")], &order("pending", &[]));
        if !listed {
            server.without("renewalInfo");
        }
        server.account(&key()).new_order(&replacing).unwrap();
        let sent: Vec<_> = server.seen().iter().map(|seen| seen.payload()["replaces"].clone()).collect();
        assert_eq!(sent.iter().collect::<Vec<_>>(), want, "{why}");
    }
    for (why, refusals) in [
        ("and not over and over", &[(409, "alreadyReplaced"), (409, "alreadyReplaced")][..]),
        ("a limit is something else", &[(429, "rateLimited")]),
        ("whatever its status", &[(403, "rateLimited")]),
        ("so is a name that is refused", &[(400, "rejectedIdentifier")]),
        ("or of a type that is", &[(400, "unsupportedIdentifier")]),
        ("CAA", &[(403, "caa")]),
        ("names that are refused, each for its reason", &[(403, "compound")]),
        ("the account's binding", &[(403, "externalAccountRequired")]),
        ("the terms", &[(403, "userActionRequired")]),
        ("the account", &[(400, "accountDoesNotExist")]),
        ("the profile", &[(400, "invalidProfile")]),
        ("so is being busy", &[(503, "serverInternal")]),
    ] {
        let server = Server::new();
        refusals.iter().for_each(|(status, kind)| _ = server.refuse(*status, kind));
        server.account(&key()).new_order(&replacing).unwrap_err();
        assert_eq!(server.seen().len(), refusals.len(), "{why}");
    }
}

// Rows: Q-05
#[test]
fn a_refused_profile_reaches_the_caller_whatever_it_is_called() {
    for (status, kind, want) in [
        (400, "invalidProfile", ProblemType::InvalidProfile),
        (403, "unauthorized", ProblemType::Unauthorized),
        (400, "malformed", ProblemType::Malformed),
    ] {
        let server = Server::new();
        server.refuse(status, kind);
        let wish = NewOrder { profile: Some("shortlived".into()), ..names() };
        let error = server.account(&key()).new_order(&wish).unwrap_err();
        assert!(error.is_problem(&want), "{kind}: {error}");
        assert_eq!(server.seen().len(), 1, "{kind}: it is not placed again");
        assert_eq!(server.seen()[0].payload()["profile"], "shortlived");
    }
}

// Rows: C-01, P-10, DA-05, DP-14, J-13
#[test]
fn every_kind_of_challenge_is_answered_alike() {
    for kind in ["http-01", "dns-01", "tls-alpn-01", "dns-account-01", "dns-persist-01"] {
        let server = Server::new();
        let challenge = json!({"type": kind, "url": at("/challenge/1"), "status": "pending"});
        server.answer(200, &[], &challenge);
        server.account(&key()).respond(&serde_json::from_value(challenge).unwrap()).unwrap();
        let seen = server.seen().remove(0);
        assert_eq!((seen.url.clone(), seen.jws().payload()), (at("/challenge/1"), b"{}".to_vec()), "{kind}");
    }
}

// Rows: G-07, U-03
#[test]
fn every_alternate_chain_is_read_once() {
    let server = Server::new();
    let chain = |headers: &[(&str, &str)], text: &str| {
        let pem = ("content-type", "application/pem-certificate-chain");
        server.answers.lock().unwrap().push_back(reply(200, &[headers, &[pem]].concat(), text));
    };
    let (first, second) = ("leaf -----END first", "leaf -----END second");
    chain(&[("link", "</cert/1/1>;rel=\"alternate\", <2>;rel=alternate")], first);
    chain(&[], second);
    chain(&[], first);
    assert_eq!(server.account(&key()).download_all(&at("/cert/1")).unwrap(), [first, second]);
    assert_eq!(server.urls(), [at("/cert/1"), at("/cert/1/1"), at("/cert/2")], "relative to where the link stood");
    assert!(server.seen().iter().all(|seen| seen.jws().payload().is_empty()), "POST-as-GET");
}

#[test]
fn few_of_many_alternate_chains_are_read() {
    let server = Server::new();
    let links: Vec<_> = (0..12).map(|n| format!("</cert/1/{n}>;rel=\"alternate\"")).collect();
    for n in 0..13 {
        let headers = [("link", links.join(", ")), ("content-type", "application/pem-certificate-chain".into())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        server.answers.lock().unwrap().push_back(reply(200, &headers, &format!("leaf -----END {n}")));
    }
    assert_eq!(server.account(&key()).download_all(&at("/cert/1")).unwrap().len(), 1 + 10);
    assert_eq!(server.seen().len(), 1 + 10);
}

// Rows: Z-09, Z-10
#[test]
fn an_abandoned_order_gives_its_pending_authorizations_up() {
    let server = Server::new();
    server.answer(201, &[("location", "/order/1")], &order("pending", &["/authz/a", "/authz/b"]));
    server.answer(200, &[], &authorization("a.example", "valid", &[]));
    server.answer(200, &[], &authorization("a.example", "pending", &[]));
    server.answer(200, &[], &authorization("a.example", "deactivated", &[]));
    let account = server.account(&key());
    let placed = account.new_order(&names()).unwrap();
    account.abandon(&placed).unwrap();
    assert_eq!(server.urls()[1..], [at("/authz/a"), at("/authz/b"), at("/authz/b")]);
    assert_eq!(server.seen()[3].payload(), json!({"status": "deactivated"}));
}

/// An order that renews by itself, as it was placed.
fn star(server: &Arc<Server>, account: &Account, status: &str, by_get: bool) -> PlacedOrder {
    let mut found = order(status, &[]);
    found["auto-renewal"] =
        json!({"end-date": "2025-01-20T00:00:00Z", "lifetime": 86400, "allow-certificate-get": by_get});
    found["star-certificate"] = json!(at("/star/1"));
    server.answer(200, &[], &found);
    account.order(&at("/order/1")).unwrap()
}

// Rows: SR-04, SR-05, SR-06
#[test]
fn the_certificate_of_a_renewing_order_is_read_as_was_agreed() {
    for by_get in [true, false] {
        let server = Server::new();
        let account = server.account(&key());
        let placed = star(&server, &account, "valid", by_get);
        let headers = [
            ("content-type", "application/pem-certificate-chain"),
            ("cert-not-before", "Thu, 03 Oct 2019 00:00:00 GMT"),
            ("cert-not-after", "Thu, 10 Oct 2019 00:00:00 GMT"),
        ];
        server.answers.lock().unwrap().push_back(reply(200, &headers, "chain"));
        let (chain, validity) = account.star_certificate(&placed).unwrap();
        assert_eq!((chain.as_str(), validity.is_some()), ("chain", true));
        let seen = server.seen().pop().unwrap();
        assert_eq!((seen.url.as_str(), seen.is_get()), (at("/star/1").as_str(), by_get));
    }
}

// Rows: SR-07
#[test]
fn only_a_valid_order_that_renews_is_cancelled() {
    for (status, good) in [("valid", true), ("processing", false), ("canceled", false)] {
        let server = Server::new();
        let account = server.account(&key());
        let placed = star(&server, &account, status, false);
        if good {
            server.answer(200, &[], &order("canceled", &[]));
        }
        let outcome: Result<PlacedOrder, Error> = account.cancel(&placed);
        assert_eq!(outcome.is_ok(), good, "{status}");
        let sent: Vec<_> = server.seen()[1..].iter().map(|seen| (seen.url.clone(), seen.payload())).collect();
        let want = (at("/order/1"), json!({"status": "canceled"}));
        assert_eq!(sent, if good { vec![want] } else { vec![] }, "{status}");
    }
}

// Rows: Z-06
#[test]
fn a_way_that_failed_is_not_tried_again_in_the_next_order() {
    let ca = Ca::new();
    let both = |status| authorization("a.example", status, &[("http-01", status), ("dns-01", "pending")]);
    ca.on("/authz/1", Answer::json(200, both("pending")));
    ca.on("/a.example/http-01", Answer::json(200, both("pending")["challenges"][0].clone()));
    ca.on("/order/1", Answer::json(200, order("invalid", &["/authz/1"])));
    ca.on("/authz/1", Answer::json(200, both("invalid")));
    let kinds = FakeSolver::new(&ca, &[ChallengeType::Http01, ChallengeType::Dns01]);
    let solver = Untried::new(&kinds);
    let account = ca.account();
    let wait = Duration::from_secs(60);
    let error = account.authorize(&ca.order("pending", &["/authz/1"]), &solver, wait).unwrap_err();
    assert!(solver.exclude(&error), "dns-01 is left: {error}");

    ca.on("/authz/2", Answer::json(200, both("pending")));
    ca.on("/a.example/dns-01", Answer::json(200, both("pending")["challenges"][1].clone()));
    ca.on("/order/1", Answer::json(200, order("invalid", &["/authz/2"])));
    ca.on("/authz/2", Answer::json(200, authorization("a.example", "invalid", &[("dns-01", "invalid")])));
    let error = account.authorize(&ca.order("pending", &["/authz/2"]), &solver, wait).unwrap_err();
    assert!(!solver.exclude(&error), "nothing is left");
    assert!(ca.is_done());
}

// Rows: E-12
#[test]
fn each_error_says_what_helps() {
    for (status, kind, want) in [
        (400, "malformed", Remedy::FixInput),
        (400, "rejectedIdentifier", Remedy::FixInput),
        (403, "userActionRequired", Remedy::Person),
        (403, "externalAccountRequired", Remedy::Person),
        (429, "rateLimited", Remedy::Wait(None)),
        (500, "serverInternal", Remedy::Wait(None)),
        (403, "orderNotReady", Remedy::TryAgain),
    ] {
        let server = Server::new();
        server.refuse(status, kind);
        let error = server.account(&key()).new_order(&names()).unwrap_err();
        assert_eq!(error.remedy(), want, "{kind}");
    }
    let server = Server::new();
    server.lose().answer(200, &[], &json!({"status": "valid"})).lose();
    assert_eq!(server.account(&key()).new_order(&names()).unwrap_err().remedy(), Remedy::TryAgain, "no answer");
}

/// An order that came to nothing, or whose answers cannot be used: each says what helps against it.
// Rows: E-12
#[test]
fn each_way_to_fail_says_what_helps() {
    let lost = |problem: Value| json!({"status": "invalid", "error": problem});
    let ready = json!({"status": "ready", "finalize": at("/finalize/1")});
    for (why, answer, want) in [
        ("no reason is given: perhaps it goes well next time", lost(Value::Null), Remedy::TryAgain),
        ("the names are refused", lost(problem("caa", "no")), Remedy::FixInput),
        ("the CA is at fault", lost(problem("serverInternal", "no")), Remedy::Wait(None)),
        ("a limit, told in the order", lost(problem("rateLimited", "no")), Remedy::Wait(None)),
        ("not an order", json!([]), Remedy::Person),
        ("no certificate", json!({"status": "valid"}), Remedy::Person),
        ("the account's own key", ready, Remedy::FixInput),
    ] {
        let (server, own) = (Server::new(), key());
        let account = server.account(&own);
        server.answer(200, &[], &answer);
        let csr = own.public_key().to_spki_der().unwrap();
        let outcome =
            account.order(&at("/order/1")).and_then(|placed| account.issue(placed, &csr, Duration::from_secs(1)));
        assert_eq!(outcome.unwrap_err().remedy(), want, "{why}");
    }
    let server = Server::new();
    *server.directory.lock().unwrap() = json!({"hello": "world"});
    assert_eq!(server.account(&key()).find().unwrap_err().remedy(), Remedy::FixInput, "what is there is no CA");
    let stranger = Account::new(key(), at("/directory"), Server::new());
    assert_eq!(stranger.order(&at("/order/1")).unwrap_err().remedy(), Remedy::FixInput, "nobody registered");
    assert_eq!(stranger.order("http://ca.example").unwrap_err().remedy(), Remedy::FixInput, "not https");
}
