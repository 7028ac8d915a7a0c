//! Dogtag: a bad nonce looks like a broken server.

use acme_account::Remedy;
use acme_testca::{Behaviour, Resource};

use crate::client::{Client, order};

#[test]
fn a_bad_nonce_as_a_server_error() {
    let client = Client::at(&[]);
    client.ca.behave(Behaviour::BadNonceAs500.with(1));
    let error = client.account.new_order(&order(&["a.test"])).unwrap_err();
    assert_eq!(error.remedy(), Remedy::Wait(None), "not the caller's fault: {error}");
    assert_eq!(error.refusal().unwrap().status, 500, "{error}");
    assert_eq!(client.posts(Resource::NewOrder), 1, "for all one knows it was carried out");
    client.obtain(&["a.test"]).unwrap();
}
