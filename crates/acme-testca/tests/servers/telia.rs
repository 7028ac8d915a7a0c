//! Telia, Venafi, Entrust: members that are null, empty or missing.

use acme_testca::Behaviour;

use crate::client::Client;

#[test]
fn members_that_are_missing_are_not_missed() {
    for behaviour in [
        Behaviour::AuthorizationsNull,
        Behaviour::AuthorizationsMissing,
        Behaviour::ReplacesEmpty,
        Behaviour::FinalizeMissingOnceValid,
    ] {
        let client = Client::at(&[behaviour.into(), Behaviour::LongProcessing.with(1)]);
        client.obtain(&["a.test"]).unwrap_or_else(|error| panic!("{behaviour:?}: {error}"));
    }
}
