//! `luacme account show`, `update`, `orders` and `deactivate`.

use acme_testca::Behaviour;
use serde_json::{Value, json};

use crate::support::{Bench, tree};

fn account(bench: &Bench) -> Value {
    serde_json::from_str(&bench.read("account.json")).unwrap()
}

#[test]
fn the_account_is_shown() {
    let bench = Bench::registered();
    let thumbprint = bench.luacme(&["keyauth"]).succeeds().stdout.trim().to_owned();
    for (why, behaviour) in [("as it is", None), ("by key where it cannot be read", Some(Behaviour::AccountReadFails))]
    {
        behaviour.into_iter().for_each(|behaviour| bench.ca.behave(behaviour));
        let run = bench.luacme(&["account", "show"]).succeeds();
        run.prints("status      valid").prints(&thumbprint).prints("state/account.json");
        let last = bench.luacme(&["account", "show", "--json"]).succeeds().last();
        assert_eq!((&last["event"], &last["url"]), (&json!("account"), &account(&bench)["url"]), "{why}");
        assert_eq!((&last["status"], &last["thumbprint"]), (&json!("valid"), &json!(thumbprint)), "{why}");
    }
}

#[test]
fn the_account_file_may_come_first() {
    let bench = Bench::registered();
    bench
        .bare(&["state/account.json", "account", "show", "--ca-file", "ca.pem"])
        .succeeds()
        .prints("status      valid");
}

#[test]
fn without_an_account_there_is_none_to_show() {
    let bench = Bench::start();
    for verb in ["show", "rekey", "orders", "deactivate", "update"] {
        let run = bench.fails(1, &["account", verb]).complains("there is no account in state/account.json");
        assert!(run.part("what to do").contains("luacme register"), "{verb}");
    }
    assert_eq!(bench.requests(), 0);
}

#[test]
fn contacts_are_replaced() {
    let bench = Bench::registered();
    let update = |words: &[&str]| bench.luacme(&[&["account", "update"], words].concat());
    update(&["-m", "a@example.com", "mailto:b@example.com"])
        .succeeds()
        .prints("mailto:b@example.com, mailto:a@example.com");
    assert_eq!(account(&bench)["contacts"], json!(["mailto:b@example.com", "mailto:a@example.com"]));
    update(&["--agree-tos"]).succeeds().prints("mailto:a@example.com");
    update(&["--no-contacts"]).succeeds().prints("none that the CA shows");
    assert_eq!(account(&bench)["contacts"], json!([]));

    let before = tree(&bench.dir());
    bench.fails(2, &["account", "update"]).complains("nothing to update");
    bench.fails(2, &["account", "update", "-m", "mailto:a@x.test,b@x.test"]).complains("only one address");
    bench.fails(1, &["account", "update", "tel:+1234"]).complains("unsupportedContact");
    assert_eq!(tree(&bench.dir()), before);

    bench.ca.behave(Behaviour::ContactsIgnored);
    let run = update(&["-m", "c@example.com"]).succeeds();
    assert!(run.stderr.contains("warning: the CA shows 0 contacts after it was given 1"), "{}", run.stderr);
}

#[test]
fn all_pages_of_orders_are_listed() {
    let bench = Bench::with(|ca| ca.behave(Behaviour::OrdersPage.with(2)));
    bench.register().succeeds();
    for name in ["a.test", "b.test", "c.test", "d.test", "e.test"] {
        let order = format!(r#"{{"identifiers":[{{"type":"dns","value":"{name}"}}]}}"#);
        bench.luacme(&["step", "newOrder", &order]).succeeds();
    }
    assert_eq!(bench.luacme(&["account", "orders"]).succeeds().stdout.lines().count(), 5);
    let last = bench.luacme(&["account", "orders", "--json"]).succeeds().last();
    assert_eq!((&last["event"], last["orders"].as_array().unwrap().len()), (&json!("orders"), 5));
    bench.ca.behave(Behaviour::NoOrdersList);
    bench.fails(1, &["account", "orders"]).complains("does not list the orders");
}

#[test]
fn an_account_is_given_up_when_somebody_says_yes() {
    let bench = Bench::registered();
    let before = tree(&bench.dir());
    for words in [&["account", "deactivate"][..], &["account", "deactivate", "-n"]] {
        let run = bench.fails(2, words).complains("nobody is there to ask");
        assert!(run.part("what to do").contains("--yes"));
        assert_eq!(tree(&bench.dir()), before);
    }
    let (url, key) = (account(&bench)["url"].clone(), bench.read("account.key"));
    let last = bench.luacme(&["account", "deactivate", "--yes", "--json"]).succeeds().last();
    assert_eq!((&last["event"], &last["url"]), (&json!("account_deactivated"), &url));
    assert!(!bench.file("account.json").exists());
    assert_eq!(bench.read("account.deactivated.key"), key);
    let retired = bench.luacme(&["account", "show", "--account", "state/account.deactivated.json"]).exits(1);
    assert!(retired.part("what to do").contains("register anew"), "{}", retired.stderr);
    bench.register().succeeds();
    assert_ne!(account(&bench)["url"], url);
}

#[test]
fn an_account_that_was_given_up_elsewhere() {
    let bench = Bench::registered();
    let url = account(&bench)["url"].as_str().unwrap().to_owned();
    bench.luacme(&["step", &url, r#"{"status":"deactivated"}"#]).succeeds();
    for behaviour in [None, Some(Behaviour::Deactivated403)] {
        behaviour.into_iter().for_each(|behaviour| bench.ca.behave(behaviour));
        for words in [
            &["account", "show"][..],
            &["account", "update", "-m", "a@example.com"],
            &["account", "rekey"],
            &["account", "orders"],
            &["account", "deactivate", "--yes"],
            &["getcert", "a.test", "--manual"],
        ] {
            let run = bench.fails(1, words).complains("the CA said:");
            assert!(run.part("what to do").contains("deactivated"), "{words:?}: {}", run.stderr);
        }
    }
    assert!(bench.file("account.key").exists() && !bench.file("account.key.new").exists());
}
