//! ZeroSSL: HTML in place of answers, null refused, bindings that count once, neither key rollover nor renewal information.

use acme_account::{ErrorKind, ExternalAccount, Terms};
use acme_jose::MacKey;
use acme_proto::{AccountStatus, NewOrder, RevocationReason};
use acme_testca::{Behaviour, Resource};

use crate::client::{Client, contact, key, order};

#[test]
fn html_in_place_of_an_answer() {
    for setting in
        [Behaviour::Html504.with(5), Behaviour::Html504Finalize.with(1), Behaviour::Html504Certificate.with(2)]
    {
        let client = Client::at(&[setting]);
        client.obtain(&["a.test"]).unwrap_or_else(|error| panic!("{setting}: {error}"));
    }
    let client = Client::at(&[Behaviour::Html504NewOrder.with(1)]);
    client.obtain(&["a.test"]).unwrap();
    assert_eq!(client.posts(Resource::NewOrder), 1, "the list of orders tells that it stands");

    let client = Client::at(&[Behaviour::Html504NewOrder.with(2), Behaviour::NoOrdersList.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Http { status: 504, .. }), "{error}");
    for part in ["504", "text/html", "Gateway Time-out"] {
        assert!(error.to_string().contains(part), "{part:?} is missing in {error}");
    }
    assert!(error.may_have_been_carried_out());
    assert_eq!(client.posts(Resource::NewOrder), 2, "once more where there is no list, and no more");
}

#[test]
fn html_with_status_200_is_no_certificate() {
    let client = Client::at(&[Behaviour::HtmlCertificate.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert!(error.to_string().contains("text/html"), "{error}");
}

#[test]
fn null_is_never_sent() {
    let client = Client::with(|ca| ca.behave(Behaviour::NullMembers));
    let account = &client.account;
    account.register(&[], Terms::Agreed).unwrap();
    account.update_contacts(&[contact()]).unwrap();
    account.agree_to_terms().unwrap();
    let chain = client.obtain(&["a.test"]).unwrap();
    account.revoke(chain.leaf().der(), RevocationReason::Unspecified).unwrap();
    account.change_key(key()).unwrap();
    assert_eq!(account.deactivate().unwrap().status, AccountStatus::Deactivated);
}

#[test]
fn a_binding_is_used_once() {
    let octets = [7; 32];
    let client = Client::with(|ca| ca.behave(Behaviour::EabOnce).external_account("kid-1", &octets));
    let binding = ExternalAccount::new("kid-1", MacKey::from_bytes(&octets));
    let account_key = key();
    let first = client.account_of(account_key.clone());
    let url = first.register_bound(&[contact()], Terms::Agreed, &binding).unwrap().url;
    let again = client.account_of(account_key.clone());
    let found = again.register_bound(&[contact()], Terms::Agreed, &binding).unwrap();
    assert_eq!((found.url.as_str(), found.created), (url.as_str(), false));
    let before = client.posts(Resource::NewAccount);
    client.obtain_by(&client.account_of(account_key).with_url(url), &order(&["a.test"])).unwrap();
    assert_eq!(client.posts(Resource::NewAccount), before, "the URL is all that a later run needs");
    let error = client.account.register_bound(&[contact()], Terms::Agreed, &binding).unwrap_err();
    assert!(error.to_string().contains("kid-1"), "another account needs another one: {error}");
}

#[test]
fn neither_key_change_nor_renewal_information() {
    let client = Client::at(&[Behaviour::NoKeyChange.into(), Behaviour::NoRenewalInfo.into()]);
    for error in [client.account.change_key(key()).unwrap_err(), client.account.renewal_info("a.b").unwrap_err()] {
        assert!(matches!(error.kind(), ErrorKind::NotOffered(_)), "{error}");
    }
    client.obtain_by(&client.account, &NewOrder { replaces: Some("a.b".into()), ..order(&["a.test"]) }).unwrap();
    assert!(client.ca.advice().is_empty(), "replaces is left out: {:?}", client.ca.advice());
}
