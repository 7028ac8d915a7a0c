//! Renewal information, and orders that replace a certificate (RFC 9773).

use std::time::{Duration, SystemTime};

use acme_account::{ErrorKind, Terms};
use acme_proto::{LONG_TERM_PAUSE, NewOrder, PollFailure, Predecessor, RenewalSchedule, Timestamp};
use acme_x509::ari::certificate_id;
use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::{Issued, Subscriber, order};
use crate::pebble_test::{Bench, cases::Case, server::Setup, skip::needs};

const PLAIN: Setup = Setup::PLAIN;

pub(super) const CASES: &[Case] = &[
    Case { name: "renewal-info", setup: PLAIN, run: renewal_info },
    Case { name: "renewal-info-window-set", setup: PLAIN, run: renewal_info_window_set },
    Case { name: "replaces", setup: PLAIN, run: replaces },
    Case { name: "replaces-of-another-account", setup: PLAIN, run: replaces_of_another_account },
];

/// A new account, when this Pebble gives renewal information.
fn holder<'a>(bench: &'a Bench, name: &str) -> anyhow::Result<Subscriber<'a>> {
    let holder = Subscriber::unregistered(bench, name)?;
    let directory: Value =
        serde_json::from_slice(holder.account.unsigned_request(&bench.pebble.directory_url())?.body())?;
    needs(directory["renewalInfo"].is_string(), "renewalInfo in its directory")?;
    holder.account.register(&[], Terms::Agreed)?;
    Ok(holder)
}

fn renewal_info(bench: &Bench) -> anyhow::Result<()> {
    let holder = holder(bench, "holder")?;
    let issued = holder.issue(&order(&["renewal.test"])?)?;
    let leaf = issued.chain.leaf();
    let (start, end, now) = (leaf.not_before()?, leaf.not_after()?, SystemTime::now());
    let posts = holder.events("POST")?;
    let id = certificate_id(leaf)?;
    let answer = holder.account.renewal_info(&id)?;
    ensure!(holder.events("POST")? == posts, "the question was signed");
    let window = &answer.info.suggested_window;
    ensure!(start < window.start() && window.end() <= end, "{window:?} is not within the certificate's life");

    let mut schedule = RenewalSchedule::default();
    ensure!(schedule.is_poll_due(now, end), "the first question is due at once");
    schedule.answered(&answer.info, answer.retry_after, now, 1 << 63, LONG_TERM_PAUSE);
    let pause = answer.retry_after.context("Pebble says when to ask again")?;
    ensure!(schedule.is_due(now, None) == Some(false), "a new certificate is due");
    ensure!(schedule.is_due(window.end(), None) == Some(true), "it is not due when the window is over");
    ensure!(!schedule.is_poll_due(now + pause - Duration::from_secs(1), end), "asked before {pause:?} are over");
    ensure!(schedule.is_poll_due(now + pause, end), "not asked when {pause:?} are over");

    let (issuer, _) = id.split_once('.').context("an identifier has two parts")?;
    let error = holder.account.renewal_info(&format!("{issuer}.AIdlQyE")).err();
    let error = error.context("there is renewal information for a certificate nobody has")?;
    ensure!(error.refusal().is_some_and(|refusal| refusal.status == 404), "{error}");
    Ok(())
}

/// Whatever the CA says of the window, through the management interface.
fn renewal_info_window_set(bench: &Bench) -> anyhow::Result<()> {
    let holder = holder(bench, "holder")?;
    let issued = holder.issue(&order(&["window.test"])?)?;
    let (id, now) = (certificate_id(issued.chain.leaf())?, SystemTime::now());
    let day = Duration::from_secs(86_400);
    let window = |start: SystemTime, end: SystemTime| {
        let time = |time: SystemTime| Timestamp::try_from(time).map(String::from).map_err(anyhow::Error::from);
        anyhow::Ok(json!({ "start": time(start)?, "end": time(end)? }))
    };
    for (why, start, end, due) in [
        ("the window is over", now - 2 * day, now - day, true),
        ("it begins tomorrow", now + day, now + 2 * day, false),
    ] {
        let info = json!({ "suggestedWindow": window(start, end)?, "explanationURL": "https://ca.test/why" });
        set_renewal_info(bench, &issued, &info.to_string())?;
        let answer = holder.account.renewal_info(&id)?;
        let mut schedule = RenewalSchedule::default();
        schedule.answered(&answer.info, answer.retry_after, now, 0, LONG_TERM_PAUSE);
        ensure!(schedule.is_due(now, None) == Some(due), "{why}: {schedule:?}");
        ensure!(schedule.explanation_url() == Some("https://ca.test/why"), "the page about it is lost: {schedule:?}");
    }
    for (why, text) in [
        ("it ends before it begins", json!({ "suggestedWindow": window(now + day, now)? }).to_string()),
        ("it has no window", "{}".to_owned()),
        ("it is cut off", r#"{ "suggestedWindow": {"#.to_owned()),
    ] {
        set_renewal_info(bench, &issued, &text)?;
        let error = holder.account.renewal_info(&id).err().with_context(|| format!("{why}, and it was used"))?;
        ensure!(matches!(error.kind(), ErrorKind::Unusable { .. }), "{why}: {error}");
        ensure!(error.poll_failure() == PollFailure::LongTerm, "{why}: {error}");
    }
    Ok(())
}

/// Has Pebble answer with this text, whatever it is.
fn set_renewal_info(bench: &Bench, issued: &Issued, text: &str) -> anyhow::Result<()> {
    let say = json!({ "Certificate": issued.chain.leaf().to_pem(), "ARIResponse": text });
    let response = bench.pebble.manage("/set-renewal-info/", Some(&say))?;
    // A certificate that Pebble does not know is a 404 too, but one with a problem document.
    needs(response.status() != 404 || !response.body().starts_with(b"404 page"), "/set-renewal-info/")?;
    ensure!(response.status() == 200, "/set-renewal-info/ answers {}", response.status());
    Ok(())
}

fn predecessor(holder: &Subscriber<'_>, issued: &Issued) -> anyhow::Result<Predecessor> {
    Ok(Predecessor {
        certificate_id: certificate_id(issued.chain.leaf())?,
        directory_url: holder.account.directory_url().to_owned(),
        account_url: holder.url()?,
        identifiers: issued.order.order.identifiers.clone(),
    })
}

/// An order for the names that replaces the certificate, where this account may say so.
fn successor(holder: &Subscriber<'_>, before: &Predecessor, names: &[&str]) -> anyhow::Result<NewOrder> {
    let order = order(names)?;
    let (directory, directory_url) = (holder.account.directory()?, holder.account.directory_url());
    let replaces = before.replaces(directory, directory_url, &holder.url()?, &order.identifiers);
    Ok(NewOrder { replaces, ..order })
}

/// Once is accepted; the second time Pebble refuses, and the order is placed without it.
fn replaces(bench: &Bench) -> anyhow::Result<()> {
    let holder = holder(bench, "holder")?;
    let before = predecessor(&holder, &holder.issue(&order(&["old.test"])?)?)?;
    let again = successor(&holder, &before, &["old.test", "more.test"])?;
    let issued = holder.issue(&again)?;
    ensure!(issued.order.order.replaces.as_ref() == Some(&before.certificate_id), "{:?}", issued.order.order);
    ensure!(holder.events("ReplacesRefused")? == 0, "a good `replaces` was refused");

    let issued = holder.issue(&again)?;
    ensure!(issued.order.order.replaces.is_none(), "replaced twice: {:?}", issued.order.order);
    ensure!(holder.events("ReplacesRefused")? == 1, "Pebble was to refuse the second successor");
    ensure!(holder.events("(alreadyReplaced)")? == 1, "Pebble was to say alreadyReplaced");
    ensure!(successor(&holder, &before, &["other.test"])?.replaces.is_none(), "no name in common");
    Ok(())
}

fn replaces_of_another_account(bench: &Bench) -> anyhow::Result<()> {
    let (holder, other) = (holder(bench, "holder")?, holder(bench, "other")?);
    let before = predecessor(&holder, &holder.issue(&order(&["theirs.test"])?)?)?;
    ensure!(successor(&other, &before, &["theirs.test"])?.replaces.is_none(), "it is not this account's");
    let said = NewOrder { replaces: Some(before.certificate_id), ..order(&["theirs.test"])? };
    let issued = other.issue(&said)?;
    ensure!(issued.order.order.replaces.is_none(), "{:?}", issued.order.order);
    ensure!(other.events("ReplacesRefused")? == 1, "Pebble was to refuse it");
    Ok(())
}
