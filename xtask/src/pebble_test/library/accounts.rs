//! Accounts: bound, with another key, other contacts, at their end, and what they ordered.

use std::sync::Arc;

use acme_account::{Account, ExternalAccount, Limits, LiveKey, Terms, Transport, TransportError, TransportErrorKind};
use acme_jose::{Jws, MacAlgorithm, MacKey};
use acme_proto::{AccountStatus, Contact, ProblemType};
use acme_transport::HttpsTransport;
use anyhow::{Context, ensure};

use super::{Subscriber, new_key, order, refused};
use crate::pebble_test::{
    Bench,
    cases::Case,
    server::{EXTERNAL_KEY, Setup},
};

const PLAIN: Setup = Setup::PLAIN;

pub(super) const CASES: &[Case] = &[
    Case { name: "external-account", setup: Setup { bound: true, ..PLAIN }, run: external_account },
    Case { name: "key-change", setup: PLAIN, run: key_change },
    Case { name: "key-change-answer-lost", setup: PLAIN, run: key_change_answer_lost },
    Case { name: "contacts", setup: PLAIN, run: contacts },
    Case { name: "deactivation", setup: PLAIN, run: deactivation },
    Case { name: "orders-paging", setup: PLAIN, run: orders_paging },
];

fn external_account(bench: &Bench) -> anyhow::Result<()> {
    let (id, key) = EXTERNAL_KEY;
    let binding = |id: &str| ExternalAccount::new(id, MacKey::from_bytes(key));
    let first = Subscriber::unregistered(bench, "first")?;
    ensure!(first.account.directory()?.meta.external_account_required, "the directory does not ask for a binding");
    refused(first.account.register(&[], Terms::Agreed), &ProblemType::ExternalAccountRequired)?;
    let wrong = ExternalAccount::new(id, MacKey::from_bytes(&[7; 64]));
    refused(first.account.register_bound(&[], Terms::Agreed, &wrong), &ProblemType::Unauthorized)?;
    let made = first.account.register_bound(&[], Terms::Agreed, &binding(id))?;
    ensure!(made.created, "the account was there already");

    let unbound = Arc::new(Unbound(bench.pebble.transport()?));
    let again = Subscriber::over(bench, "again", first.account.key(), unbound)?;
    let found = again.account.register_bound(&[], Terms::Agreed, &binding(id))?;
    ensure!(!found.created && found.url == made.url, "{} was not found again: {found:?}", made.url);

    for algorithm in [MacAlgorithm::Hs384, MacAlgorithm::Hs512] {
        let other = Subscriber::unregistered(bench, algorithm.name())?;
        other.account.register_bound(&[], Terms::Agreed, &binding(id).with_algorithm(algorithm))?;
    }
    Ok(())
}

/// Carries no binding. Pebble would not say: it does not look at one that comes with a key it knows.
struct Unbound(HttpsTransport);

impl Transport for Unbound {
    fn send(&self, request: http::Request<Vec<u8>>, limits: Limits) -> Result<http::Response<Vec<u8>>, TransportError> {
        let payload = Jws::from_json(request.body()).map(|jws| jws.payload()).unwrap_or_default();
        match String::from_utf8_lossy(&payload).contains("externalAccountBinding") {
            true => Err(TransportError::new(TransportErrorKind::Broken, "a binding was sent")),
            false => self.0.send(request, limits),
        }
    }
}

fn key_change(bench: &Bench) -> anyhow::Result<()> {
    let (holder, neighbour) = (Subscriber::registered(bench, "holder")?, Subscriber::registered(bench, "neighbour")?);
    let (old, new) = (holder.account.key(), new_key()?);
    ensure!(holder.account.settle_key_change(Arc::clone(&new))? == LiveKey::Old, "nothing was changed yet");
    holder.account.change_key(Arc::clone(&new))?;
    holder.issue(&order(&["changed.test"])?)?;

    let found = Subscriber::with_key(bench, "new-key", new)?.account.find()?;
    ensure!(found.url == holder.url()?, "the new key leads to {}", found.url);
    refused(Subscriber::with_key(bench, "old-key", old)?.account.find(), &ProblemType::AccountDoesNotExist)?;

    let theirs = neighbour.account.key();
    // 2.4.0 refuses; 2.10.1 answers 200 and changes nothing.
    ensure!(holder.account.change_key(Arc::clone(&theirs)).is_err(), "the key is another account's");
    ensure!(holder.account.settle_key_change(theirs)? == LiveKey::Old, "the key leads to another account");
    holder.issue(&order(&["changed.test"])?)?;
    Ok(())
}

/// The CA carries the change out, and nobody hears of it (RFC 8555 §7.3.5).
fn key_change_answer_lost(bench: &Bench) -> anyhow::Result<()> {
    let (key, new) = (new_key()?, new_key()?);
    let directory = Account::new(Arc::clone(&key), bench.pebble.directory_url(), Arc::new(bench.pebble.transport()?));
    let url = directory.directory()?.key_change.clone().context("no keyChange in the directory")?;
    let holder = Subscriber::over(bench, "holder", key, Arc::new(Deaf { inner: bench.pebble.transport()?, url }))?;
    holder.account.register(&[], Terms::Agreed)?;
    let error = holder.account.change_key(Arc::clone(&new)).err().context("the answer was not lost")?;
    ensure!(error.may_have_been_carried_out(), "{error}");
    ensure!(holder.account.settle_key_change(new)? == LiveKey::New, "the change was carried out");
    holder.issue(&order(&["settled.test"])?)?;
    Ok(())
}

/// Hears no answer from one URL.
struct Deaf {
    inner: HttpsTransport,
    url: String,
}

impl Transport for Deaf {
    fn send(&self, request: http::Request<Vec<u8>>, limits: Limits) -> Result<http::Response<Vec<u8>>, TransportError> {
        let deaf = request.uri() == self.url.as_str();
        let response = self.inner.send(request, limits)?;
        if deaf { Err(TransportError::new(TransportErrorKind::Broken, "the answer is lost")) } else { Ok(response) }
    }
}

fn contacts(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::unregistered(bench, "holder")?;
    holder.account.register(&[Contact::parse("first@example.com")?], Terms::Agreed)?;
    for wanted in [&["mailto:a@example.com", "mailto:b@example.com"][..], &["mailto:c@example.com"], &[]] {
        let contacts = wanted.iter().map(|contact| Contact::parse(contact)).collect::<Result<Vec<_>, _>>()?;
        let told = holder.account.update_contacts(&contacts)?.contact;
        let kept = holder.account.fetch()?.contact;
        ensure!(told == wanted && kept == wanted, "{wanted:?} became {told:?}, then {kept:?}");
    }
    refused(holder.account.update_contacts(&[Contact::parse("tel:+15550100")?]), &ProblemType::UnsupportedContact)
}

fn deactivation(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::registered(bench, "holder")?;
    let placed = holder.account.new_order(&order(&["early.test"])?)?;
    let status = holder.account.deactivate()?.status;
    ensure!(status == AccountStatus::Deactivated, "the account is {status}");
    refused(holder.account.new_order(&order(&["late.test"])?), &ProblemType::Unauthorized)?;
    refused(holder.account.order(&placed.url), &ProblemType::Unauthorized)?;
    let again = Subscriber::with_key(bench, "again", holder.account.key())?;
    refused(again.account.register(&[], Terms::Agreed), &ProblemType::Unauthorized)
}

/// Pages of three: none, one that is full, one that is not.
fn orders_paging(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::registered(bench, "holder")?;
    let mut placed = Vec::new();
    for (number, pages) in [(0, 1), (3, 1), (7, 3)] {
        while placed.len() < number {
            placed.push(holder.account.new_order(&order(&[&format!("{}.test", placed.len())])?)?.url);
        }
        let before = holder.events("/list-orderz/")?;
        let mut listed = holder.account.orders()?;
        // A request and a response each.
        let read = (holder.events("/list-orderz/")? - before) / 2;
        ensure!(read == pages, "{number} orders were read from {read} pages instead of {pages}");
        listed.sort();
        let mut wanted = placed.clone();
        wanted.sort();
        ensure!(listed == wanted, "{wanted:?} were placed, {listed:?} are listed");
    }
    Ok(())
}
