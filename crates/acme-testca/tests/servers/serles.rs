//! serles: validation within the POST, texts where lists belong, no `meta`.

use acme_account::{ErrorKind, Terms};
use acme_testca::{Behaviour, Setting};

use crate::client::{Client, contact, order};
use crate::solver::Idle;

#[test]
fn what_it_says_is_read() {
    let behaviours = [
        Behaviour::OrdersString,
        Behaviour::NoTerms,
        Behaviour::NoMeta,
        Behaviour::ValidatesInPost,
        Behaviour::UnquotedLink,
        Behaviour::ContactsWithoutMailto,
    ];
    let client = Client::with(|ca| behaviours.into_iter().fold(ca, |ca, behaviour| ca.behave(behaviour)));
    let found = client.account.register(&[contact()], Terms::NotAgreed).unwrap();
    assert_eq!(found.account.contact, ["a@example.com"], "as it came");
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    assert_eq!(client.account.orders().unwrap(), [placed.url]);
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn a_failure_within_the_post_is_told_with_its_reason() {
    let client = Client::at(&[Setting::from(Behaviour::ValidatesInPost)]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    let error = client.authorize(&client.account, &placed, &Idle).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotAuthorized(failures) if failures[0].problem.is_some()), "{error}");
    assert!(error.to_string().contains("a.test"), "{error}");
}
