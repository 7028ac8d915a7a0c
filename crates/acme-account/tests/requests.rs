//! Requests: what is signed, where it goes, what is not followed and not sent twice (RFC 8555 §6.1 to §6.4).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::time::Duration;

use acme_account::{Account, Error, ErrorKind, Operation, Payload, TransportErrorKind};
use acme_proto::{Identifier, NewOrder};
use ca::{ACCOUNT, Answer, Ca, at, order};
use serde_json::json;

fn ok() -> Answer {
    Answer::json(200, json!({}))
}

fn name() -> NewOrder {
    NewOrder::new([Identifier::parse("a.example").unwrap()])
}

#[test]
fn the_three_forms_of_a_payload() {
    let ca = Ca::new();
    ca.on("/x", ok()).on("/x", ok()).on("/x", ok());
    let account = ca.account();
    let payloads = [Payload::Empty, Payload::EmptyObject, Payload::json(&json!({"a": 1})).unwrap()];
    for payload in &payloads {
        account.step(&at("/x"), payload).unwrap();
    }
    let wire: Vec<_> = ca.posts().iter().map(|seen| seen.body["payload"].clone()).collect();
    assert_eq!(wire, ["", "e30", "eyJhIjoxfQ"], "POST-as-GET is not {{}} (RFC 8555 §6.3, §7.5.1)");
}

#[test]
fn reading_is_post_as_get_and_answering_a_challenge_is_not() {
    let ca = Ca::new();
    let challenges = [("http-01", "pending")];
    let found = ca::authorization("a.example", "pending", &challenges);
    let challenge = found["challenges"][0].clone();
    ca.on("/authz/1", Answer::json(200, found)).on("/a.example/http-01", Answer::json(200, challenge));
    ca.on("/order/1", Answer::json(200, order("pending", &[]))).on("/cert/1", Answer::certificate());
    let account = ca.account();
    let found = account.authorization(&at("/authz/1")).unwrap();
    account.respond(&found.authorization.challenges[0]).unwrap();
    account.order(&at("/order/1")).unwrap();
    account.download(&at("/cert/1")).unwrap();
    let payloads: Vec<_> = ca.posts().into_iter().map(|seen| seen.payload).collect();
    assert_eq!(payloads, ["", "{}", "", ""]);
    let get = ca.seen().into_iter().filter(|seen| seen.method == "GET").count();
    assert_eq!(get, 1, "the directory only (T-08)");
}

#[test]
fn the_account_signs_by_its_url_and_new_account_by_the_key() {
    let ca = Ca::new();
    let account = ca.account();
    for (url, payload, kid) in [
        ("/new-order", Payload::EmptyObject, Some(ACCOUNT)),
        ("/directory", Payload::Empty, Some(ACCOUNT)),
        ("/new-nonce", Payload::Empty, Some(ACCOUNT)),
        ("/revoke", Payload::EmptyObject, Some(ACCOUNT)),
        ("/new-acct", Payload::EmptyObject, None),
    ] {
        ca.on(url, ok()).on(url, ok());
        account.step(&at(url), &payload).unwrap();
        account.signed_request(&at(url), &payload).unwrap();
        for seen in ca.posts().iter().rev().take(2) {
            assert_eq!(seen.kid.as_deref(), kid, "{url}");
        }
    }
    ca.on("/new-order", ok());
    account.step("newOrder", &Payload::EmptyObject).unwrap();
    assert_eq!(ca.posts().last().unwrap().kid.as_deref(), Some(ACCOUNT));

    // Calls that know what they ask for.
    let answer = || Answer::json(200, order("ready", &[])).with("location", "/order/1");
    ca.on("/new-order", answer()).on("/order/1", answer()).on("/finalize/1", answer());
    ca.on("/cert/1", Answer::certificate());
    let placed = account.new_order(&NewOrder::new([Identifier::parse("a.example").unwrap()])).unwrap();
    account.finalize(&account.order(&placed.url).unwrap(), b"csr").unwrap();
    account.download(&at("/cert/1")).unwrap();
    assert!(ca.posts().iter().rev().take(4).all(|seen| seen.kid.as_deref() == Some(ACCOUNT)));
}

#[test]
fn new_account_is_known_before_anything_was_asked() {
    let ca = Ca::new();
    ca.on("/new-acct", ok());
    ca.account().step(&at("/new-acct"), &Payload::EmptyObject).unwrap();
    assert_eq!(ca.posts()[0].kid, None, "even by URL, even first of all");
}

#[test]
fn without_an_account_url_orders_are_not_even_sent() {
    let ca = Ca::new();
    ca.on("/revoke", ok());
    let account = ca.stranger();
    for (why, outcome) in [
        ("an order", account.new_order(&name()).map(drop)),
        ("an authorization", account.authorization(&at("/authz/1")).map(drop)),
        ("a certificate", account.download(&at("/cert/1")).map(drop)),
    ] {
        let error = outcome.unwrap_err();
        assert!(error.to_string().contains("register"), "{why}: {error}");
    }
    assert!(ca.posts().is_empty());
    // A certificate's key may revoke it without any account (RFC 8555 §7.6).
    account.step("revokeCert", &Payload::EmptyObject).unwrap();
    assert_eq!(ca.posts()[0].kid, None);
}

#[test]
fn downloading_says_what_is_wanted() {
    let ca = Ca::new();
    ca.on("/cert/1", Answer::certificate()).on("/order/1", Answer::json(200, order("ready", &[])));
    let account = ca.account();
    account.download(&at("/cert/1")).unwrap();
    account.order(&at("/order/1")).unwrap();
    let accept: Vec<_> = ca.posts().iter().map(|seen| seen.headers.get("accept").cloned()).collect();
    assert_eq!(accept[0].as_ref().unwrap(), "application/pem-certificate-chain");
    assert_eq!(accept[1], None);
}

#[test]
fn urls_stay_byte_for_byte() {
    for url in [
        "https://ca.example:443/x",
        "https://CA.Example/%7Ex",
        "https://ca.example/a/../b//c/./d",
        "https://ca.example/x?y=1&z=%2F",
        "https://ca.example",
        "https://ca.example/",
        "HTTPS://ca.example/x",
    ] {
        let ca = Ca::new();
        ca.on(url, ok());
        ca.account().step(url, &Payload::Empty).unwrap();
        assert_eq!(ca.posts()[0].url, url);
        let location = Answer::json(201, order("pending", &[])).with("location", url);
        ca.on("/new-order", location);
        assert_eq!(ca.account().new_order(&name()).unwrap().url, url, "from Location");
    }
}

#[test]
fn relative_references_are_resolved() {
    for (reference, want) in [
        ("/order/1", "https://ca.example/order/1"),
        ("order/1", "https://ca.example/acme/order/1"),
        ("../order/1", "https://ca.example/order/1"),
        ("//other.example/1", "https://other.example/1"),
        ("?id=1", "https://ca.example/acme/new-order?id=1"),
        ("/order?next=https://other.example/", "https://ca.example/order?next=https://other.example/"),
    ] {
        let ca = Ca::new();
        ca.set_directory("newOrder", json!(at("/acme/new-order")));
        ca.on("/acme/new-order", Answer::json(201, order("pending", &[])).with("location", reference));
        assert_eq!(ca.account().new_order(&name()).unwrap().url, want);
        ca.on("/acme/new-order", ok().with("link", &format!("<{reference}>;rel=\"up\", <{reference}>;rel=index")));
        let response = ca.account().step("newOrder", &Payload::EmptyObject).unwrap();
        assert_eq!(response.links("up"), [want]);
    }
}

#[test]
fn links_of_several_headers_and_of_one_are_the_same() {
    let ca = Ca::new();
    let (one, two) = ("<https://ca.example/a>;rel=\"alternate\"", "</b>; rel=Alternate");
    ca.on("/x", ok().with("link", one).with("LINK", two)).on("/x", ok().with("link", &format!("{one}, {two}")));
    let account = ca.account();
    for _ in 0..2 {
        let response = account.step(&at("/x"), &Payload::Empty).unwrap();
        assert_eq!(response.links("alternate"), [at("/a"), at("/b")]);
    }
}

#[test]
fn nothing_goes_over_plain_http() {
    let insecure = "http://ca.example/x";
    let refused = |error: Error| assert!(matches!(error.kind(), ErrorKind::Insecure), "{error}");
    let ca = Ca::new();
    let plain = Account::new(ca.account().key(), "http://ca.example/directory", ca.clone());
    refused(plain.directory().unwrap_err());
    assert!(ca.log().is_empty(), "not even one request");

    let account = ca.account();
    account.directory().unwrap();
    let before = ca.log();
    refused(account.step(insecure, &Payload::Empty).unwrap_err());
    refused(account.signed_request(insecure, &Payload::Empty).unwrap_err());
    refused(account.unsigned_request(insecure).unwrap_err());
    refused(account.order(insecure).unwrap_err());
    refused(account.authorization(insecure).unwrap_err());
    refused(account.download(insecure).unwrap_err());
    assert_eq!(ca.log(), before, "and no nonce is asked for in vain");

    for member in ["newNonce", "newAccount", "newOrder"] {
        let ca = Ca::new();
        ca.set_directory(member, json!(insecure));
        let error = match member {
            "newAccount" => ca.account().find().unwrap_err(),
            _ => ca.account().new_order(&name()).unwrap_err(),
        };
        refused(error);
        assert!(ca.posts().is_empty(), "{member}");
    }
}

#[test]
fn redirects_are_followed_when_reading_the_directory() {
    for (hops, good) in [(1, true), (5, true), (6, false)] {
        let ca = Ca::new();
        ca.instead("GET", "/directory", Answer::empty(307).with("location", "/hop/1"));
        for hop in 1..hops {
            let target = at(&format!("/hop/{}", hop + 1));
            ca.instead(
                "GET",
                &format!("/hop/{hop}"),
                Answer::empty([301, 302, 303, 308][hop % 4]).with("location", &target),
            );
        }
        let directory = json!({"newNonce": at("/n"), "newAccount": at("/a"), "newOrder": at("/o")});
        ca.instead("GET", &format!("/hop/{hops}"), Answer::json(200, directory));
        let outcome = ca.account().directory().map(|directory| directory.new_order.clone());
        assert_eq!(outcome.ok(), good.then(|| at("/o")), "{hops} hops");
    }
}

#[test]
fn redirects_do_not_leave_https() {
    let ca = Ca::new();
    ca.instead("GET", "/directory", Answer::empty(302).with("location", "http://ca.example/directory"));
    let error = ca.account().directory().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Insecure), "{error}");
    assert_eq!(error.url(), "http://ca.example/directory");
    assert_eq!(ca.log().len(), 1);
}

#[test]
fn a_signed_request_follows_no_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let ca = Ca::new();
        ca.on("/new-order", Answer::empty(status).with("location", "/elsewhere"));
        let error = ca.account().new_order(&name()).unwrap_err();
        assert_eq!(ca.posts().len(), 1, "{status}");
        let text = error.to_string();
        assert!(text.contains(&status.to_string()) && text.contains(&at("/elsewhere")), "{text}");
        ca.on("/x", Answer::empty(status).with("location", "/elsewhere"));
        let raw = ca.account().signed_request(&at("/x"), &Payload::Empty).unwrap();
        assert_eq!((raw.status(), raw.location()), (status, Some(at("/elsewhere"))), "the caller may look at it");
    }
}

#[test]
fn a_read_without_an_answer_is_signed_anew() {
    for kind in [TransportErrorKind::Timeout, TransportErrorKind::Broken] {
        let ca = Ca::new();
        ca.on("/order/1", Answer::lost(kind)).on("/order/1", Answer::lost(kind));
        ca.on("/order/1", Answer::json(200, order("ready", &[])));
        ca.account().order(&at("/order/1")).unwrap();
        let nonces: std::collections::HashSet<_> = ca.posts().into_iter().map(|seen| seen.nonce).collect();
        assert_eq!(nonces.len(), 3, "{kind}");
    }
}

#[test]
fn a_read_that_never_gets_an_answer_ends() {
    let ca = Ca::new();
    ca.always(Answer::lost(TransportErrorKind::Timeout));
    let error = ca.account().order(&at("/order/1")).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::Transport(error) if error.kind() == TransportErrorKind::Timeout),
        "{error}"
    );
    assert_eq!(ca.posts().len(), 3);
    assert_eq!(ca.sleeps(), [] as [Duration; 0]);
}

#[test]
fn a_read_that_fails_for_another_reason_is_not_repeated() {
    for (why, answer) in [
        ("too large: it would be again", Answer::lost(TransportErrorKind::TooLarge)),
        ("not trusted", Answer::lost(TransportErrorKind::Tls)),
        ("the CA said no", Answer::problem(403, "unauthorized", "no")),
        ("an error page", Answer::text(502, "text/html", "<html>")),
    ] {
        let ca = Ca::new();
        ca.always(answer);
        ca.account().order(&at("/order/1")).unwrap_err();
        assert_eq!(ca.posts().len(), 1, "{why}");
    }
}

#[test]
fn directory_and_nonces_are_asked_for_again_when_no_answer_comes() {
    let ca = Ca::new();
    ca.instead("GET", "/directory", Answer::lost(TransportErrorKind::Broken));
    ca.instead("HEAD", "/new-nonce", Answer::lost(TransportErrorKind::Timeout));
    ca.on("/x", ok());
    ca.account().step(&at("/x"), &Payload::Empty).unwrap();
    let log = ca.log();
    assert_eq!(log, ["GET /directory", "GET /directory", "HEAD /new-nonce", "HEAD /new-nonce", "POST /x"]);

    let ca = Ca::new();
    (0..9).for_each(|_| _ = ca.instead("HEAD", "/new-nonce", Answer::lost(TransportErrorKind::Timeout)));
    let error = ca.account().order(&at("/order/1")).unwrap_err();
    assert_eq!(error.operation(), Operation::NewNonce);
    assert!(!error.may_have_been_carried_out(), "only a nonce was asked for");
    assert_eq!(ca.count("HEAD /new-nonce"), 3);
}

#[test]
fn what_changes_something_is_never_sent_twice() {
    let lost = || Answer::lost(TransportErrorKind::Timeout);
    let ca = Ca::new();
    ca.on("/finalize/1", lost()).on("/a.example/http-01", lost()).on("/x", lost());
    let account = ca.account();
    let order = ca.order("ready", &[]);
    let challenge = ca::authorization("a.example", "pending", &[("http-01", "pending")])["challenges"][0].clone();
    for (why, error) in [
        ("finalize", account.finalize(&order, b"csr").unwrap_err()),
        ("a challenge", account.respond(&serde_json::from_value(challenge).unwrap()).unwrap_err()),
        ("any step", account.step(&at("/x"), &Payload::EmptyObject).unwrap_err()),
    ] {
        assert!(error.may_have_been_carried_out() && error.is_transient(), "{why}: {error}");
    }
    assert_eq!(ca.posts().len(), 3);
    assert!(ca.is_done());
}

#[test]
fn the_directory_is_fetched_once() {
    let ca = Ca::new();
    ca.on("/new-order", Answer::json(201, order("pending", &[])).with("location", "/order/1"));
    ca.on("/order/1", Answer::json(200, order("pending", &[])));
    let account = ca.account();
    account.directory().unwrap();
    account.new_order(&name()).unwrap();
    account.order(&at("/order/1")).unwrap();
    assert_eq!(ca.count("GET /directory"), 1);
}

#[test]
fn a_directory_that_could_not_be_read_is_fetched_again() {
    let ca = Ca::new();
    ca.instead("GET", "/directory", Answer::text(200, "text/html", "<html>a parking page</html>"));
    let account = ca.account();
    let error = account.directory().unwrap_err();
    assert!(error.to_string().contains("not an ACME directory"), "{error}");
    account.directory().unwrap();
}

#[test]
fn resources_the_ca_does_not_have() {
    let ca = Ca::new();
    ca.set_directory("newAuthz", json!(null));
    let account = ca.account();
    for (why, error) in [
        ("pre-authorization (D-02)", account.new_dns_authz("a.example").unwrap_err()),
        ("by name", account.step("newAuthz", &Payload::EmptyObject).unwrap_err()),
        ("never heard of", account.step("newThing", &Payload::EmptyObject).unwrap_err()),
    ] {
        assert!(matches!(error.kind(), ErrorKind::NotOffered(_)), "{why}: {error}");
    }
    assert!(ca.posts().is_empty());
}
