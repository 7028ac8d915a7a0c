//! acmeeh: certificates at once, answers without a nonce, half a list.

use acme_testca::{Behaviour, Resource};

use crate::client::{Client, order};

#[test]
fn a_certificate_at_once() {
    let client = Client::at(&[Behaviour::FinalizeValidAtOnce.into()]);
    client.obtain(&["a.test"]).unwrap();
    let after = client.ca.requests().into_iter().skip_while(|request| request.resource != Resource::Finalize);
    let after: Vec<_> = after.map(|request| request.resource).collect();
    assert_eq!(after, [Resource::Finalize, Resource::Certificate], "nothing to wait for");
}

#[test]
fn a_nonce_is_fetched_where_none_came() {
    let client = Client::at(&[Behaviour::NoReplayNonce.into()]);
    client.obtain(&["a.test"]).unwrap();
    assert!(client.requests(Resource::NewNonce).len() > 5);
    let client = Client::at(&[Behaviour::BadReplayNonce.into()]);
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn a_list_of_orders_that_ends_early() {
    let client = Client::at(&[Behaviour::OrdersPage.with(2), Behaviour::OrdersNextLost.into()]);
    for name in ["a.test", "b.test", "c.test"] {
        client.account.new_order(&order(&[name])).unwrap();
    }
    assert_eq!(client.account.orders().unwrap().len(), 2);
    client.ca.stop(Behaviour::OrdersNextLost);
    assert_eq!(client.account.orders().unwrap().len(), 3, "all of them where the next page is named");
}

#[test]
fn timestamps_with_an_offset() {
    let client = Client::at(&[Behaviour::OffsetTimestamps.into()]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    let expires = placed.order.expires.clone().unwrap();
    assert!(expires.time() > std::time::SystemTime::now(), "{expires:?}");
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn problems_without_a_type() {
    let client = Client::at(&[Behaviour::ProblemAboutBlank.into(), Behaviour::BadCsr.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert!(error.to_string().contains("does not like the CSR"), "{error}");
}
