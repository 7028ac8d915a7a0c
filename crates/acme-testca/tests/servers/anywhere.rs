//! What belongs to no server in particular: answers that are lost, damaged or hostile.

use std::collections::BTreeSet;

use acme_account::{ErrorKind, Terms};
use acme_testca::{Behaviour, Resource, Setting};

use crate::client::{Client, contact, order};

#[test]
fn mishaps_that_do_no_harm() {
    for setting in [
        Setting::from(Behaviour::AnswerLostChallenge),
        Behaviour::AnswerLostFinalize.into(),
        Behaviour::AnswerLostCertificate.into(),
        Behaviour::TruncatedBody.into(),
        Behaviour::RetryAfterMalformed.into(),
        Behaviour::ChainCrlf.into(),
        Behaviour::PersistHashed.into(),
    ] {
        let client = Client::at(&[setting]);
        client.obtain(&["a.test", "b.test"]).unwrap_or_else(|error| panic!("{setting}: {error}"));
    }
    let client = Client::at(&[Behaviour::ChallengeErrorThenValid.into(), Behaviour::LongValidation.with(3)]);
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn an_order_whose_answer_was_lost_is_gone_on_with() {
    let client = Client::at(&[Behaviour::AnswerLostNewOrder.into()]);
    client.obtain(&["a.test", "b.test"]).unwrap();
    assert_eq!(client.posts(Resource::NewOrder), 1, "the list of orders tells that it stands");
}

#[test]
fn what_no_certificate_can_come_of_is_an_error() {
    for (behaviour, says) in [
        (Behaviour::Busy, "busy, come again later"),
        (Behaviour::ServerInternal, "the database is gone"),
        (Behaviour::UserActionRequired, "the terms of service have changed"),
        (Behaviour::PostRedirect, "which only a plain GET follows"),
        (Behaviour::ProfileGone, "not offered any more"),
        (Behaviour::CertificateMissing, "names no certificate"),
        (Behaviour::NameDropped, "other identifiers than asked for"),
        (Behaviour::NoLocation, "names no order URL"),
        (Behaviour::FinalizeFails, "the order is invalid"),
        (Behaviour::NeverIssues, "still at work"),
        (Behaviour::NeverDecides, "still at work"),
        (Behaviour::TokenTraversal, "token"),
        (Behaviour::HugeBody, "too large"),
        (Behaviour::DeepJson, "cannot be used"),
        (Behaviour::InvalidJson, "cannot be used"),
    ] {
        let client = Client::at(&[]);
        client.ca.behave(behaviour);
        let error = client.obtain(&["a.test", "b.test"]).expect_err(behaviour.name());
        assert!(error.to_string().contains(says), "{behaviour:?}: {error}");
    }
}

#[test]
fn a_chain_that_is_not_ours_is_refused() {
    for behaviour in [
        Behaviour::WrongLeaf,
        Behaviour::WrongNames,
        Behaviour::ChainEmpty,
        Behaviour::ChainReversed,
        Behaviour::ChainWithKey,
        // RFC 8555 §9.1 has none.
        Behaviour::ChainText,
    ] {
        let client = Client::at(&[behaviour.into()]);
        let chain = client.obtain_unchecked(&client.account, &order(&["a.test"])).unwrap();
        assert!(chain.is_err(), "{behaviour:?}");
    }
}

#[test]
fn a_directory_that_cannot_be_used() {
    for behaviour in [Behaviour::Directory503, Behaviour::HugeDirectory, Behaviour::HttpUrls] {
        let client = Client::with(|ca| ca.behave(behaviour));
        client.account.register(&[contact()], Terms::Agreed).expect_err(behaviour.name());
    }
    let client = Client::with(|ca| ca.behave(Behaviour::Directory503.with(1)));
    client.account.register(&[contact()], Terms::Agreed).unwrap_err();
    client.account.register(&[contact()], Terms::Agreed).expect("a directory that failed is fetched again");
}

#[test]
fn a_list_of_orders_that_leads_in_circles_ends() {
    let client = Client::at(&[Behaviour::OrdersPage.with(1), Behaviour::OrdersNextLoop.into()]);
    for name in ["a.test", "b.test"] {
        client.account.new_order(&order(&[name])).unwrap();
    }
    let orders: BTreeSet<_> = client.account.orders().unwrap().into_iter().collect();
    assert_eq!(orders.len(), 2);
}

#[test]
fn escape_sequences_of_a_ca_are_kept_as_text() {
    let client = Client::at(&[Behaviour::ProblemEscapes.into(), Behaviour::BadCsr.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    let ErrorKind::Refused(refusal) = error.kind() else { panic!("{error}") };
    assert!(refusal.problem.detail.as_ref().unwrap().contains("does not like the CSR"));
}

#[test]
fn types_from_after_our_time_are_kept() {
    let client = Client::at(&[Behaviour::UnknownProblemType.into(), Behaviour::BadCsr.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert!(error.to_string().contains("outOfCoffee"), "{error}");
}
