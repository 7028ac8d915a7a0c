//! SSL.com: accounts cannot be read, a challenge takes one answer, a binding is needed though the directory says not.

use acme_account::{ExternalAccount, Remedy, Terms};
use acme_jose::MacKey;
use acme_proto::ProblemType;
use acme_testca::{Behaviour, Resource};

use crate::client::{Client, contact};

#[test]
fn neither_account_nor_challenge_is_asked_twice() {
    let client = Client::at(&[
        Behaviour::AccountReadFails.into(),
        Behaviour::SecondChallengePostRefused.into(),
        Behaviour::PendingWhileValidating.into(),
        Behaviour::LongValidation.with(4),
    ]);
    client.obtain(&["a.test"]).unwrap();
    assert!(client.requests(Resource::Account).is_empty(), "the account is never refreshed");
    assert_eq!(client.posts(Resource::Challenge), 1);
    assert!(client.account.fetch().is_err(), "and whoever asks is told");
}

#[test]
fn a_binding_that_is_needed_unannounced() {
    let octets = [7; 32];
    let client = Client::with(|ca| ca.behave(Behaviour::EabUnannounced).external_account("kid-1", &octets));
    assert!(!client.account.directory().unwrap().meta.external_account_required);
    let error = client.account.register(&[contact()], Terms::Agreed).unwrap_err();
    assert!(error.is_problem(&ProblemType::ExternalAccountRequired), "{error}");
    assert_eq!(error.remedy(), Remedy::Person);
    let binding = ExternalAccount::new("kid-1", MacKey::from_bytes(&octets));
    client.account.register_bound(&[contact()], Terms::Agreed, &binding).unwrap();
}

#[test]
fn a_request_for_a_certificate_that_is_not_liked() {
    let client = Client::at(&[Behaviour::BadCsr.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert!(error.is_problem(&ProblemType::BadCsr), "at once, in the CA's words: {error}");
    assert_eq!(client.posts(Resource::Finalize), 1);
}
