//! Sectigo: a directory without a path, and `Retry-After` where there is nothing to wait for.

use std::time::Duration;

use acme_testca::Behaviour;

use crate::client::Client;

#[test]
fn a_directory_without_a_path() {
    let client = Client::at(&[Behaviour::DirectoryNoPath.into()]);
    assert_eq!(client.ca.directory_url().matches('/').count(), 2, "{}", client.ca.directory_url());
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn a_pause_counts_only_while_there_is_something_to_wait_for() {
    let client = Client::at(&[Behaviour::RetryAfterWhenValid.into()]);
    client.obtain(&["a.test", "b.test"]).unwrap();
    assert!(client.clock.skipped() < Duration::from_secs(60), "{:?}", client.clock.skipped());

    let client = Client::at(&[Behaviour::RetryAfterChallenge.with(40), Behaviour::LongValidation.with(1)]);
    client.obtain(&["a.test"]).unwrap();
    assert!(client.clock.skipped() > Duration::from_secs(30), "{:?}", client.clock.skipped());
}
