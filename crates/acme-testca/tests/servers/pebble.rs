//! Pebble: made to be awkward.

use std::time::Duration;

use acme_account::{ErrorKind, Terms};
use acme_jose::{Payload, Signer as _};
use acme_proto::NewOrder;
use acme_testca::{Behaviour, Resource, Setting};

use crate::client::{Client, key, order};
use crate::solver::Txt;

#[test]
fn oddities_that_do_no_harm() {
    for setting in [
        Setting::from(Behaviour::RandomPaths),
        Behaviour::NonceRejection.with(5),
        Behaviour::NonceRejection.with(50),
        Behaviour::NonceOnPostOnly.into(),
        Behaviour::Shuffled.into(),
        Behaviour::NoReasonPhrase.into(),
        Behaviour::FinalizeProcessing.into(),
        Behaviour::ProfileRandom.into(),
        Behaviour::UnknownChallenge.into(),
        Behaviour::AnswerLostPoll.with(2),
        Behaviour::SecondChallengeHangs.into(),
    ] {
        let client = Client::at(&[setting]);
        client.obtain(&["a.test", "b.test", "c.test"]).unwrap_or_else(|error| panic!("{setting}: {error}"));
    }
}

#[test]
fn an_order_that_starts_ready() {
    for percent in [50, 100] {
        let client = Client::at(&[Behaviour::AuthorizationReuse.with(percent)]);
        client.obtain(&["a.test", "b.test"]).unwrap();
        let answered = client.posts(Resource::Challenge);
        client.obtain(&["a.test", "b.test"]).unwrap();
        assert!(percent < 100 || client.posts(Resource::Challenge) == answered, "nothing is proven twice");
    }
}

#[test]
fn pauses_as_dates() {
    let client = Client::at(&[
        Behaviour::RetryAfterDate.into(),
        Behaviour::RetryAfter.with(7),
        Behaviour::LongProcessing.with(3),
    ]);
    client.obtain(&["a.test"]).unwrap();
    assert!(client.clock.skipped() > Duration::from_secs(7), "{:?}", client.clock.skipped());
}

#[test]
fn a_404_without_a_body() {
    let client = Client::at(&[Behaviour::UnknownUrlEmpty404.into()]);
    let url = client.ca.directory_url().replace("/dir", "/gone");
    let error = client.account.step(&url, &Payload::Empty).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Http { status: 404, .. }), "{error}");
    assert!(error.to_string().contains("no body"), "{error}");
}

#[test]
fn one_challenge_of_each_authorization() {
    let client = Client::at(&[Behaviour::SecondChallengeHangs.into()]);
    client.obtain(&["a.test", "b.test"]).unwrap();
    assert_eq!(client.posts(Resource::Challenge), 2, "one for each name, never a second");
}

#[test]
fn a_key_change_that_is_granted_and_not_carried_out() {
    let client = Client::at(&[Behaviour::KeyChangeIgnored.into()]);
    let (taken, before) = (key(), client.account.key().public_key());
    client.account_of(taken.clone()).register(&[], Terms::Agreed).unwrap();
    let error = client.account.change_key(taken).unwrap_err();
    assert!(error.to_string().contains("another account"), "{error}");
    assert_eq!(client.account.key().public_key(), before);
    let new = key();
    client.account.change_key(new.clone()).unwrap();
    assert_eq!(client.account.key().public_key(), new.public_key());
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn an_unknown_predecessor_as_a_server_error() {
    let client = Client::at(&[Behaviour::ReplacesRefused.with(500)]);
    let asked = NewOrder { replaces: Some("a.b".into()), ..order(&["a.test"]) };
    client.obtain_by(&client.account, &asked).unwrap();
}

/// dns-01 of a name and of its wildcard: two values at one name, both there before the CA is told.
#[test]
fn two_txt_values_for_apex_and_wildcard() {
    let client = Client::at(&[]);
    let placed = client.account.new_order(&order(&["a.test", "*.a.test"])).unwrap();
    client.authorize(&client.account, &placed, &Txt(client.ca.clone())).unwrap();
}
