//! What is seen at several servers.

use acme_account::{ErrorKind, Terms};
use acme_testca::{Behaviour, Resource};

use crate::client::{Client, contact};

#[test]
fn oddities_that_do_no_harm() {
    for behaviour in
        [Behaviour::CaaIdentitiesNull, Behaviour::DatesNull, Behaviour::Nonce204, Behaviour::RelativeLocation]
    {
        let client = Client::at(&[behaviour.into()]);
        client.obtain(&["a.test"]).unwrap_or_else(|error| panic!("{behaviour:?}: {error}"));
    }
}

#[test]
fn a_directory_behind_redirects() {
    for (redirects, found) in [(1, true), (5, true), (6, false)] {
        let client = Client::with(|ca| ca.behave(Behaviour::DirectoryRedirect.with(redirects)));
        assert_eq!(client.account.register(&[contact()], Terms::Agreed).is_ok(), found, "{redirects}");
    }
    let client = Client::with(|ca| ca.behave(Behaviour::DirectoryRedirectHttp));
    let error = client.account.register(&[contact()], Terms::Agreed).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Insecure), "from https to https only: {error}");
    assert_eq!(client.posts(Resource::NewAccount), 0);
}
