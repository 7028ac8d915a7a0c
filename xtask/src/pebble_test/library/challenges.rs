//! Challenges: the DNS kinds through challtestsrv, addresses over http-01.

use std::time::{Duration, SystemTime};

use acme_account::{Payload, PlacedOrder};
use acme_proto::{
    ChallengeStatus, ChallengeType, NewOrder, PersistChallenge, PersistTerms, Proof, Prover, TxtRecord, dns01_name,
};
use anyhow::{Context, bail, ensure};
use serde_json::Value;

use super::{Subscriber, order};
use crate::pebble_test::{Bench, cases::Case, server::Setup, skip::needs};

const PLAIN: Setup = Setup::PLAIN;

pub(super) const CASES: &[Case] = &[
    Case { name: "dns-01-apex-and-wildcard", setup: PLAIN, run: dns_01_apex_and_wildcard },
    Case { name: "dns-account-01", setup: PLAIN, run: dns_account_01 },
    Case { name: "dns-persist-01", setup: PLAIN, run: dns_persist_01 },
    Case { name: "dns-persist-01-terms", setup: PLAIN, run: dns_persist_01_terms },
    Case { name: "ip-address", setup: PLAIN, run: ip_address },
];

/// Both are proven below the same name: neither record may take the other's place (RFC 8555 §8.4).
fn dns_01_apex_and_wildcard(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::registered(bench, "holder")?;
    let both = order(&["both.test", "*.both.test"])?;
    holder.issue_by(&both, bench.names()?)?;
    ensure!(holder.events("Answered")? == 2 && holder.events("Unseen")? == 0, "two records were to be seen");
    let left = bench.names()?.txt(&dns01_name(&both.identifiers[0]))?;
    ensure!(left.is_empty(), "{left:?} were left behind");
    Ok(())
}

fn dns_account_01(bench: &Bench) -> anyhow::Result<()> {
    let kind = ChallengeType::DnsAccount01;
    let names = order(&["account.test", "*.account.test"])?;
    let (first, second) = (Subscriber::registered(bench, "first")?, Subscriber::registered(bench, "second")?);
    // Each account has a label of its own, so that both can order the same names at the same time.
    let placed = [offered(&first, &names, &kind)?, offered(&second, &names, &kind)?];
    let mut labels = Vec::new();
    for (holder, placed) in [&first, &second].into_iter().zip(&placed) {
        for proof in proofs(holder, placed, &kind)? {
            let Proof::DnsAccount01(record) = proof else { bail!("{proof:?} is not for {kind}") };
            bench.names()?.add_txt(&record)?;
            labels.push(record.name);
        }
    }
    labels.sort();
    labels.dedup();
    ensure!(labels.len() == 2, "{labels:?} are not one name for each account");
    for (holder, placed) in [first, second].into_iter().zip(placed) {
        answer(&holder, placed, &kind)?;
    }
    Ok(())
}

/// The record stays, and serves for the next order too.
fn dns_persist_01(bench: &Bench) -> anyhow::Result<()> {
    let kind = ChallengeType::DnsPersist01;
    let holder = Subscriber::registered(bench, "holder")?;
    let names = order(&["persist.test", "*.persist.test"])?;
    let placed = offered(&holder, &names, &kind)?;
    for proof in proofs(&holder, &placed, &kind)? {
        let Proof::DnsPersist01(record) = proof else { bail!("{proof:?} is not for {kind}") };
        bench.names()?.add_txt(&record)?;
    }
    answer(&holder, placed, &kind)?;
    answer(&holder, offered(&holder, &names, &kind)?, &kind)?;
    let stranger = Subscriber::registered(bench, "stranger")?;
    let placed = offered(&stranger, &names, &kind)?;
    ensure!(answer(&stranger, placed, &kind).is_err(), "the record served for another account");
    Ok(())
}

/// What a record allows is what Pebble takes it for.
fn dns_persist_01_terms(bench: &Bench) -> anyhow::Result<()> {
    let day = Duration::from_secs(86_400);
    let (kind, holder) = (ChallengeType::DnsPersist01, Subscriber::registered(bench, "holder")?);
    let until = |until| PersistTerms { until: Some(until), ..PersistTerms::default() };
    for (why, name, record_for, terms, served) in [
        ("it ends tomorrow", "tomorrow.test", "tomorrow.test", until(SystemTime::now() + day), true),
        ("it ended yesterday", "yesterday.test", "yesterday.test", until(SystemTime::now() - day), false),
        ("it is not for wildcards", "*.plain.test", "plain.test", PersistTerms::default(), false),
        (
            "it is for wildcards too",
            "*.wide.test",
            "wide.test",
            PersistTerms { wildcard: true, ..PersistTerms::default() },
            true,
        ),
    ] {
        let placed = offered(&holder, &order(&[name])?, &kind)?;
        bench.names()?.add_txt(&persist_record(&holder, &placed, record_for, &terms)?)?;
        let outcome = answer(&holder, placed, &kind);
        ensure!(outcome.is_ok() == served, "{name}: {why}, and yet: {:?}", outcome.err());
    }
    Ok(())
}

fn persist_record(
    holder: &Subscriber<'_>,
    placed: &PlacedOrder,
    name: &str,
    terms: &PersistTerms,
) -> anyhow::Result<TxtRecord> {
    let (account, url) = (&holder.account, holder.url()?);
    let thumbprint = account.key().public_key().thumbprint();
    let authorization = account.authorization(&placed.order.authorizations[0])?.authorization;
    let challenge = authorization.challenge(&ChallengeType::DnsPersist01).context("it was offered a moment ago")?;
    let meta = &account.directory()?.meta;
    let prover = Prover { account_url: &url, thumbprint: &thumbprint, meta };
    Ok(PersistChallenge::read(challenge, meta)?.record(&order(&[name])?.identifiers[0], &prover, terms)?)
}

/// An order, when this Pebble offers the challenge for it. Looked up in what Pebble sent, not in what was made of it.
fn offered(holder: &Subscriber<'_>, names: &NewOrder, kind: &ChallengeType) -> anyhow::Result<PlacedOrder> {
    let placed = holder.account.new_order(names)?;
    let first = holder.account.step(&placed.order.authorizations[0], &Payload::Empty)?;
    let sent: Value = serde_json::from_slice(first.body())?;
    let there = sent["challenges"].as_array().is_some_and(|all| all.iter().any(|one| one["type"] == kind.as_str()));
    needs(there, kind.as_str())?;
    Ok(placed)
}

/// What to publish for each authorization.
fn proofs(holder: &Subscriber<'_>, placed: &PlacedOrder, kind: &ChallengeType) -> anyhow::Result<Vec<Proof>> {
    let (account, url) = (&holder.account, holder.url()?);
    let thumbprint = account.key().public_key().thumbprint();
    let prover = Prover { account_url: &url, thumbprint: &thumbprint, meta: &account.directory()?.meta };
    let proof = |authorization: &String| {
        let authorization = account.authorization(authorization)?.authorization;
        let challenge = authorization.challenge(kind).with_context(|| format!("no {kind} is offered"))?;
        Ok(challenge.proof(&authorization.ordered_identifier(), &prover)?)
    };
    placed.order.authorizations.iter().map(proof).collect()
}

/// Answers the challenges of this type, and sees the order through to a certificate.
fn answer(holder: &Subscriber<'_>, placed: PlacedOrder, kind: &ChallengeType) -> anyhow::Result<()> {
    let authorizations = placed.order.authorizations.clone();
    for url in &authorizations {
        let authorization = holder.account.authorization(url)?.authorization;
        holder.account.respond(authorization.challenge(kind).with_context(|| format!("no {kind} is offered"))?)?;
    }
    holder.finish(placed)?;
    for url in &authorizations {
        let authorization = holder.account.authorization(url)?.authorization;
        let status = authorization.challenge(kind).map(|challenge| challenge.status.clone());
        ensure!(status == Some(ChallengeStatus::Valid), "{kind} of {} is {status:?}", authorization.identifier);
    }
    Ok(())
}

fn ip_address(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::registered(bench, "holder")?;
    holder.issue(&order(&["127.0.0.1"])?)?;
    holder.issue(&order(&["127.0.0.1", "name.test"])?)?;
    Ok(())
}
