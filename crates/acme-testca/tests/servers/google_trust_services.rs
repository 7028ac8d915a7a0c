//! Google Trust Services: slow, and bindings that lapse.

use acme_account::{ExternalAccount, Terms};
use acme_jose::MacKey;
use acme_proto::ProblemType;
use acme_testca::{Behaviour, Resource};

use crate::client::{Client, contact};

#[test]
fn minutes_of_processing_are_waited_for() {
    let client = Client::at(&[Behaviour::LongValidation.with(14), Behaviour::LongProcessing.with(14)]);
    client.obtain(&["a.test"]).unwrap();
    assert!(client.clock.skipped().as_secs() > 60, "{:?}", client.clock.skipped());
    assert!(client.ca.requests().len() < 70, "ever less often");
}

#[test]
fn a_binding_that_lapsed_is_told() {
    let octets = [7; 32];
    let client = Client::with(|ca| ca.behave(Behaviour::EabExpired).external_account("kid-1", &octets));
    let binding = ExternalAccount::new("kid-1", MacKey::from_bytes(&octets));
    let error = client.account.register_bound(&[contact()], Terms::Agreed, &binding).unwrap_err();
    assert!(error.is_problem(&ProblemType::Unauthorized), "{error}");
    assert!(error.to_string().contains("has lapsed"), "{error}");
    assert_eq!(client.posts(Resource::NewAccount), 2, "looked for, then asked for, and not over and over");
}
