//! An order whose answer was lost is looked for before it is placed again (RFC 8555 §6.5, §7.1.2.1).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod ca;

use std::sync::Arc;

use acme_account::{Error, PlacedOrder, TransportErrorKind};
use acme_proto::{Identifier, NewOrder, ProblemType};
use ca::flow::log;
use ca::{ACCOUNT, Answer, Ca, order};
use serde_json::{Value, json};

fn lost() -> Answer {
    Answer::lost(TransportErrorKind::Broken)
}

fn name() -> NewOrder {
    NewOrder::new([Identifier::parse("a.example").unwrap()])
}

fn placed(url: &str) -> Answer {
    Answer::json(201, order("pending", &[])).with("location", url)
}

/// The account, and where its orders are listed.
fn listing() -> Answer {
    Answer::json(200, json!({"status": "valid", "orders": ca::at("/orders")}))
}

fn list(urls: &[&str]) -> Answer {
    Answer::json(200, json!({"orders": urls.iter().map(|url| ca::at(url)).collect::<Vec<_>>()}))
}

fn run(ca: &Arc<Ca>, order: &NewOrder) -> Result<PlacedOrder, Error> {
    let outcome = ca.account().new_order(order);
    assert!(ca.is_done(), "the script was not fetched to its end: {:?}", ca.log());
    outcome
}

// Rows: T-17
#[test]
fn the_newest_open_order_for_the_same_is_the_lost_one() {
    let found = |change: fn(&mut Value)| {
        let mut found = order("pending", &[]);
        change(&mut found);
        Answer::json(200, found)
    };
    let plain = name();
    let replacing = NewOrder { replaces: Some("aki.serial".into()), ..name() };
    let wishing = NewOrder { profile: Some("short".into()), ..name() };
    let limited =
        NewOrder { not_after: Some(serde_json::from_value(json!("2027-02-01T00:00:00Z")).unwrap()), ..name() };
    for (why, asked, answer, is_it) in [
        ("pending", &plain, found(|_| {}), true),
        ("ready", &plain, found(|it| it["status"] = json!("ready")), true),
        ("not over yet", &plain, found(|it| it["expires"] = json!("2027-02-01T00:00:00Z")), true),
        ("over", &plain, found(|it| it["expires"] = json!("2027-01-01T00:00:00Z")), false),
        ("issued", &plain, found(|it| it["status"] = json!("valid")), false),
        ("finalized by somebody", &plain, found(|it| it["status"] = json!("processing")), false),
        ("failed", &plain, found(|it| it["status"] = json!("invalid")), false),
        ("other names", &plain, found(|it| it["identifiers"][0]["value"] = json!("b.example")), false),
        (
            "a name more",
            &plain,
            found(|it| {
                it["identifiers"] =
                    json!([{"type": "dns", "value": "a.example"}, {"type": "dns", "value": "b.example"}])
            }),
            false,
        ),
        ("a renewal", &plain, found(|it| it["replaces"] = json!("aki.serial")), false),
        ("the same renewal", &replacing, found(|it| it["replaces"] = json!("aki.serial")), true),
        ("no renewal", &replacing, found(|_| {}), false),
        ("the CA's own profile", &plain, found(|it| it["profile"] = json!("classic")), true),
        ("the same profile", &wishing, found(|it| it["profile"] = json!("short")), true),
        ("another profile", &wishing, found(|it| it["profile"] = json!("classic")), false),
        (
            "it renews by itself",
            &plain,
            found(|it| it["auto-renewal"] = json!({"end-date": "2027-02-01T00:00:00Z", "lifetime": 86400})),
            false,
        ),
        ("a validity that nobody can compare", &limited, found(|_| {}), false),
    ] {
        let ca = Ca::new();
        ca.set_directory("renewalInfo", json!(ca::at("/ari")));
        ca.on("/new-order", lost()).on(ACCOUNT, listing()).on("/orders", list(&["/order/8", "/order/9"]));
        ca.on("/order/9", answer);
        if !is_it {
            ca.on("/order/8", found(|it| it["status"] = json!("valid"))).on("/new-order", placed("/order/10"));
        }
        let url = run(&ca, asked).unwrap_or_else(|error| panic!("{why}: {error}")).url;
        assert_eq!(url, ca::at(if is_it { "/order/9" } else { "/order/10" }), "{why}");
    }
}

// Rows: T-17
#[test]
fn where_no_order_is_found_it_is_placed_once_more() {
    let gateway = || Answer::text(504, "text/html", "<html>");
    for (why, looks) in [
        ("the account cannot be read", vec![(ACCOUNT, Answer::problem(405, "malformed", "no"))]),
        ("no list (Boulder)", vec![(ACCOUNT, Answer::json(200, json!({"status": "valid"})))]),
        ("a list that is not there", vec![(ACCOUNT, listing()), ("/orders", Answer::problem(404, "malformed", "no"))]),
        ("an empty list", vec![(ACCOUNT, listing()), ("/orders", list(&[]))]),
        (
            "a listed order that is gone",
            vec![
                (ACCOUNT, listing()),
                ("/orders", list(&["/order/8", "/order/9"])),
                ("/order/9", Answer::problem(404, "malformed", "no")),
            ],
        ),
    ] {
        for first in [lost(), gateway()] {
            let ca = Ca::new();
            ca.on("/new-order", first);
            looks.iter().for_each(|(url, answer)| _ = ca.on(url, answer.clone()));
            ca.on("/new-order", placed("/order/2"));
            assert_eq!(run(&ca, &name()).unwrap().url, ca::at("/order/2"), "{why}");
            let orders: Vec<_> = ca.posts().into_iter().filter(|seen| seen.url == ca::at("/new-order")).collect();
            assert_ne!(orders[0].nonce, orders[1].nonce, "{why}: signed anew");
            assert_ne!(orders[0].body["signature"], orders[1].body["signature"], "{why}");
        }
    }
}

#[test]
fn an_order_is_not_placed_over_and_over() {
    let no_list = || Answer::json(200, json!({"status": "valid"}));
    let ca = Ca::new();
    ca.on("/new-order", lost()).on(ACCOUNT, no_list()).on("/new-order", lost());
    let error = run(&ca, &name()).unwrap_err();
    assert!(error.may_have_been_carried_out() && error.is_transient(), "{error}");

    let ca = Ca::new();
    ca.on("/new-order", lost()).on(ACCOUNT, no_list()).on("/new-order", Answer::lost(TransportErrorKind::Connect));
    assert!(run(&ca, &name()).unwrap_err().may_have_been_carried_out(), "the first may stand");

    let ca = Ca::new();
    ca.on("/new-order", lost()).on(ACCOUNT, no_list()).on("/new-order", Answer::problem(429, "rateLimited", "no"));
    assert!(run(&ca, &name()).unwrap_err().is_problem(&ProblemType::RateLimited), "what the CA says counts");
}

#[test]
fn what_was_not_lost_is_not_placed_again() {
    for (why, answer) in [
        ("a load balancer's limit (T-16)", Answer::text(503, "text/html", "busy").with("retry-after", "9")),
        ("an error inside the CA", Answer::problem(500, "serverInternal", "no")),
        ("a refusal", Answer::problem(403, "unauthorized", "no")),
        ("more than can be read", Answer::lost(TransportErrorKind::TooLarge)),
        ("no connection", Answer::lost(TransportErrorKind::Connect)),
    ] {
        let ca = Ca::new();
        ca.on("/new-order", answer);
        run(&ca, &name()).expect_err(why);
        assert_eq!(log(&ca), ["POST /new-order"], "{why}");
    }
}

#[test]
fn few_of_many_listed_orders_are_looked_at() {
    let ca = Ca::new();
    let urls: Vec<_> = (0..100).map(|n| format!("/order/{n}")).collect();
    let listed: Vec<_> = urls.iter().map(String::as_str).collect();
    ca.on("/new-order", lost()).on(ACCOUNT, listing()).on("/orders", list(&listed));
    urls.iter().rev().take(16).for_each(|url| _ = ca.on(url, Answer::json(200, order("valid", &[]))));
    ca.on("/new-order", placed("/order/100"));
    assert_eq!(run(&ca, &name()).unwrap().url, ca::at("/order/100"));
}

/// It is told that the certificate has a successor already: the order whose answer was lost (RFC 9773 §5).
#[test]
fn a_lost_order_may_have_replaced_already() {
    let ca = Ca::new();
    ca.set_directory("renewalInfo", json!(ca::at("/ari")));
    ca.on("/new-order", lost()).on(ACCOUNT, Answer::json(200, json!({"status": "valid"})));
    ca.on("/new-order", Answer::problem(409, "alreadyReplaced", "it is")).on("/new-order", placed("/order/2"));
    let replacing = NewOrder { replaces: Some("aki.serial".into()), ..name() };
    assert_eq!(run(&ca, &replacing).unwrap().url, ca::at("/order/2"));
}
