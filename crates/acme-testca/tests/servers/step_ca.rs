//! step-ca, Caddy: failures stay `pending`, lists are bare, the key cannot be changed.

use std::time::Duration;

use acme_account::ErrorKind;
use acme_proto::{OrderStatus, ProblemType};
use acme_testca::Behaviour;

use crate::client::{Client, key, order};
use crate::solver::Idle;

#[test]
fn a_failure_that_stays_pending_is_seen_at_once() {
    let client = Client::at(&[Behaviour::ChallengeErrorWhilePending.into()]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    let error = client.authorize(&client.account, &placed, &Idle).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotAuthorized(failures) if failures[0].problem.is_some()), "{error}");
    assert!(client.clock.skipped() < Duration::from_secs(30), "not at the deadline: {:?}", client.clock.skipped());
}

#[test]
fn the_error_of_an_earlier_run_is_not_that_of_this_one() {
    let client = Client::at(&[Behaviour::ChallengeErrorWhilePending.into()]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    client.authorize(&client.account, &placed, &Idle).unwrap_err();
    let placed = client.account.order(&placed.url).unwrap();
    assert_eq!(placed.order.status, OrderStatus::Pending);
    let placed = client.authorize(&client.account, &placed, &client.standalone()).unwrap();
    assert_eq!(placed.order.status, OrderStatus::Ready, "the port is open now");
}

#[test]
fn a_list_of_orders_that_is_a_bare_array() {
    let client = Client::at(&[Behaviour::OrdersBareArray.into()]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    assert_eq!(client.account.orders().unwrap(), [placed.url]);
}

#[test]
fn a_key_that_cannot_be_changed() {
    let client = Client::at(&[Behaviour::KeyChange501.into()]);
    let before = client.account.key().public_key();
    let error = client.account.change_key(key()).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 501);
    assert_eq!(client.account.key().public_key(), before);
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn an_account_that_was_ended() {
    let client = Client::at(&[Behaviour::Deactivated401.into()]);
    client.account.deactivate().unwrap();
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 401);
    assert!(error.is_problem(&ProblemType::Unauthorized), "{error}");
}
