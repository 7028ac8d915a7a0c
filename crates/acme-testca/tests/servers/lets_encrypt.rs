//! Let's Encrypt: parts that lag behind each other, members that are missing, refusals that only a person can end.

use acme_account::ErrorKind;
use acme_proto::{NewOrder, ProblemType};
use acme_testca::{Behaviour, Resource};

use crate::client::{Client, order};

#[test]
fn no_address_in_a_common_name() {
    let client = Client::at(&[Behaviour::CnIpRefused.into()]);
    client.obtain(&["192.0.2.1", "a.test"]).unwrap();
    client.obtain(&["192.0.2.1"]).unwrap();
}

#[test]
fn an_order_that_lags_behind_its_authorizations() {
    let client = Client::at(&[Behaviour::StaleOrderAfterAuthz.with(5)]);
    client.obtain(&["a.test"]).unwrap();
    assert_eq!(client.posts(Resource::Finalize), 1, "not before the order says ready");
    let client = Client::at(&[Behaviour::OrderNotReady.with(2)]);
    client.obtain(&["a.test"]).unwrap();
    assert_eq!(client.posts(Resource::Finalize), 3, "orderNotReady leads back to the order");
}

#[test]
fn an_account_without_orders() {
    let client = Client::at(&[Behaviour::NoOrdersList.into()]);
    client.obtain(&["a.test"]).unwrap();
    let error = client.account.orders().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotOffered(_)), "{error}");
}

#[test]
fn a_refused_profile_is_told_as_it_came() {
    let client = Client::at(&[Behaviour::ProfileUnauthorized.into()]);
    let asked = NewOrder { profile: Some("shortlived".into()), ..order(&["a.test"]) };
    let error = client.obtain_by(&client.account, &asked).unwrap_err();
    assert!(error.is_problem(&ProblemType::Unauthorized), "{error}");
    assert!(error.to_string().contains("shortlived"), "{error}");
    assert_eq!(client.posts(Resource::NewOrder), 1, "no certificate of another profile in silence");
}

#[test]
fn a_paused_account_shows_the_page_to_open() {
    let client = Client::at(&[Behaviour::Paused.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), None);
    assert!(error.to_string().contains("https://testca.invalid/unpause?jwt=SECRET"), "{error}");
    assert_eq!(client.posts(Resource::NewOrder), 1, "time alone ends no pause");
}
