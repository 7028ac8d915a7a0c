//! Let's Encrypt's server as it was measured.

use std::collections::BTreeSet;
use std::time::Duration;

use acme_account::{ErrorKind, ExternalAccount, Terms};
use acme_jose::MacKey;
use acme_proto::{Identifier, NewOrder, OrderStatus, ProblemType};
use acme_testca::{Behaviour, Resource, Setting};

use crate::client::{Client, contact, order};
use crate::solver::{Idle, Staying};

#[test]
fn oddities_that_do_no_harm() {
    for setting in [
        Setting::from(Behaviour::FetchFourTimes),
        Behaviour::PendingWhileValidating.into(),
        Behaviour::NoRetryAfter.into(),
        Behaviour::Restart.with(4),
        Behaviour::Restart.with(6),
        Behaviour::KidExact.into(),
        Behaviour::ChainBlankLines.into(),
        Behaviour::RandomDirectoryEntry.into(),
        Behaviour::RandomIssuer.into(),
        Behaviour::NoOrdersList.into(),
        Behaviour::NoNewAuthz.into(),
        Behaviour::ContactsIgnored.into(),
    ] {
        let client = Client::at(&[setting]);
        client.obtain(&["a.test", "b.test"]).unwrap_or_else(|error| panic!("{setting}: {error}"));
    }
}

#[test]
fn a_challenge_under_validation_from_an_earlier_run() {
    let client = Client::at(&[
        Behaviour::SecondChallengePostRefused.into(),
        Behaviour::PendingWhileValidating.into(),
        Behaviour::LongValidation.with(20),
    ]);
    let placed = client.account.new_order(&order(&["a.test"])).unwrap();
    let solver = Staying(client.standalone());
    let early = client.account.authorize(&placed, &solver, Duration::from_secs(2)).unwrap_err();
    assert!(matches!(early.kind(), ErrorKind::OutOfTime { .. }), "{early}");
    let placed = client.account.order(&placed.url).unwrap();
    let placed = client.authorize(&client.account, &placed, &solver).unwrap();
    assert_eq!(placed.order.status, OrderStatus::Ready);
    assert_eq!(client.posts(Resource::Challenge), 2, "it said pending, so it was answered again");
    let breaches: Vec<_> = client.expected_breaches().into_iter().map(|breach| breach.clause).collect();
    assert_eq!(breaches, ["RFC 8555 §8.2"]);
}

#[test]
fn a_pause_beyond_the_deadline_is_told() {
    let client = Client::at(&[Behaviour::RetryAfterHuge.into(), Behaviour::LongProcessing.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    let ErrorKind::OutOfTime { asked: Some(asked), .. } = error.kind() else { panic!("{error}") };
    assert_eq!(asked.as_secs(), 86_400, "clamped to a day");
    assert!(client.clock.skipped() < Duration::from_secs(60), "and not waited for");
}

#[test]
fn limits_say_until_when() {
    let client = Client::at(&[Behaviour::RateLimited.into()]);
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert!(error.is_rate_limited());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(error.refusal().unwrap().help.as_deref(), Some("https://testca.invalid/rate-limits"));
}

#[test]
fn the_same_names_are_the_same_order() {
    let client = Client::at(&[Behaviour::SameOrderAgain.into()]);
    let account = &client.account;
    let first = account.new_order(&order(&["b.test", "A.test", "a.test"])).unwrap();
    let again = account.new_order(&order(&["a.test", "B.test"])).unwrap();
    assert_eq!(again.url, first.url);
    client.authorize(account, &first, &client.standalone()).unwrap();
    let ready = account.new_order(&order(&["a.test", "b.test"])).unwrap();
    assert_eq!((&ready.url, &ready.order.status), (&first.url, &OrderStatus::Ready), "with 201, ready as it is");
    client.obtain(&["b.test", "a.test"]).unwrap();
}

#[test]
fn why_an_order_failed_is_in_its_authorization() {
    let client = Client::at(&[Behaviour::FailedOrderErrorNull.into()]);
    let account = &client.account;
    let placed = account.new_order(&order(&["a.test"])).unwrap();
    let error = client.authorize(account, &placed, &Idle).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotAuthorized(failures) if failures[0].problem.is_some()), "{error}");
    let placed = account.order(&placed.url).unwrap();
    let error = account.issue(placed, b"never sent", Duration::ZERO).unwrap_err();
    let ErrorKind::OrderLost { problem, .. } = error.kind() else { panic!("{error}") };
    assert!(problem.is_some(), "in a later run too");
}

#[test]
fn contacts_that_come_back_empty() {
    let client = Client::at(&[Behaviour::ContactsIgnored.into()]);
    assert!(client.account.update_contacts(&[contact()]).unwrap().contact.is_empty(), "for the caller to see");
}

#[test]
fn terms_that_nobody_agreed_to() {
    let client = Client::with(|ca| ca.behave(Behaviour::TermsMalformed));
    let error = client.account.register(&[], Terms::NotAgreed).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TermsNotAgreed { .. }), "{error}");
    assert_eq!(client.posts(Resource::NewAccount), 0, "so the CA need not say malformed");
}

#[test]
fn a_predecessor_of_another_issuer() {
    let client = Client::at(&[Behaviour::ReplacesRefused.with(404)]);
    let asked = NewOrder { replaces: Some("a.b".into()), ..order(&["a.test"]) };
    client.obtain_by(&client.account, &asked).unwrap();
    assert_eq!(client.posts(Resource::NewOrder), 2, "once with it, once without");
}

#[test]
fn neither_pre_authorization_nor_bindings() {
    let client = Client::with(|ca| ca.behave(Behaviour::NoNewAuthz).behave(Behaviour::EabIgnored));
    let binding = ExternalAccount::new("kid-1", MacKey::from_bytes(&[7; 32]));
    client.account.register_bound(&[contact()], Terms::Agreed, &binding).unwrap();
    let error = client.account.new_dns_authz("a.test").unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotOffered(_)), "{error}");
    client.obtain(&["a.test"]).unwrap();
}

#[test]
fn names_it_does_not_issue_for_are_named() {
    let client = Client::at(&[Behaviour::PublicSuffixOnly.into()]);
    let error = client.obtain(&["a.test", "b.example"]).unwrap_err();
    for part in ["a.test", "b.example", "public suffix"] {
        assert!(error.to_string().contains(part), "{part:?} is missing in {error}");
    }
}

#[test]
fn addresses_need_a_profile() {
    let client = Client::at(&[Behaviour::IpNeedsProfile.into()]);
    let error = client.obtain(&["192.0.2.1"]).unwrap_err();
    assert!(error.is_problem(&ProblemType::RejectedIdentifier), "{error}");
    assert!(error.to_string().contains("shortlived"), "{error}");
    let asked = NewOrder { profile: Some("shortlived".into()), ..order(&["192.0.2.1"]) };
    let chain = client.obtain_by(&client.account, &asked).unwrap();
    assert_eq!(chain.leaf().names().unwrap().len(), 1);
}

#[test]
fn an_account_that_was_ended() {
    let client = Client::at(&[Behaviour::Deactivated403.into()]);
    client.account.deactivate().unwrap();
    let error = client.obtain(&["a.test"]).unwrap_err();
    assert_eq!(error.refusal().unwrap().status, 403);
    assert!(error.is_problem(&ProblemType::Unauthorized), "{error}");
}

#[test]
fn names_come_back_sorted_and_lower_cased() {
    let client = Client::at(&[]);
    let placed = client.account.new_order(&order(&["Z.test", "a.test", "z.test"])).unwrap();
    let names: BTreeSet<_> = placed.order.identifiers.iter().map(Identifier::value).collect();
    assert_eq!(names, BTreeSet::from(["a.test".to_owned(), "z.test".to_owned()]));
}
