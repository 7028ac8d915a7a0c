//! Certificates: which chain, which profile, and how they are revoked.

use acme_account::Terms;
use acme_jose::Signer;
use acme_proto::{NewOrder, ProblemType, ProfileChoice, RevocationReason};
use acme_x509::{Certificate, Chain, ChainPreference};
use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::{Issued, Subscriber, order, refused};
use crate::pebble_test::{
    Bench,
    cases::Case,
    server::{SHORT_LIFE, Setup},
    skip::needs,
};

const PLAIN: Setup = Setup::PLAIN;

pub(super) const CASES: &[Case] = &[
    Case { name: "alternate-chains", setup: Setup { alternates: 2, ..PLAIN }, run: alternate_chains },
    Case { name: "revocation-by-account", setup: PLAIN, run: revocation_by_account },
    Case { name: "revocation-by-certificate-key", setup: PLAIN, run: revocation_by_certificate_key },
    Case { name: "profiles", setup: Setup { shortlived: true, ..PLAIN }, run: profiles },
];

/// Three chains from one leaf to three roots, each to be had by name and by fingerprint (RFC 8555 §7.4.2).
fn alternate_chains(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::registered(bench, "holder")?;
    let issued = holder.issue(&order(&["alternate.test"])?)?;
    let chains = holder.account.download_all(issued.order.certificate_url()?)?;
    let chains: Vec<Chain> = chains.iter().map(Chain::from_pem).collect::<Result<_, _>>()?;
    ensure!(chains.len() == 3, "{} chains instead of 3", chains.len());
    ensure!(chains.iter().all(|chain| chain.leaf() == issued.chain.leaf()), "the chains are not for one leaf");
    let roots = (0..3).map(|number| Ok(Chain::from_pem(bench.pebble.root(number)?)?.leaf().clone()));
    let roots: Vec<Certificate> = roots.collect::<anyhow::Result<_>>()?;
    for (number, root) in roots.iter().enumerate() {
        let name = root.issuer_common_name().context("a root without a name")?;
        for preference in
            [ChainPreference::IssuerName(name), ChainPreference::RootFingerprint(root.sha256_fingerprint())]
        {
            let chosen = preference.choose(&chains, &roots).with_context(|| format!("no chain for {preference:?}"))?;
            ensure!(root.issues(chosen.last()) && *chosen == chains[number], "{preference:?} chose another chain");
        }
    }
    let unknown = ChainPreference::IssuerName("Pebble Root CA".to_owned());
    ensure!(unknown.choose(&chains, &roots).is_none(), "a part of a name chose a chain");
    Ok(())
}

fn revocation_by_account(bench: &Bench) -> anyhow::Result<()> {
    let (holder, other) = (Subscriber::registered(bench, "holder")?, Subscriber::registered(bench, "other")?);
    let names = order(&["revoked.test"])?;
    for (reason, code) in [(RevocationReason::Superseded, json!(4)), (RevocationReason::Unspecified, Value::Null)] {
        let issued = holder.issue(&names)?;
        let der = issued.chain.leaf().der();
        refused(other.account.revoke(der, reason), &ProblemType::Unauthorized)?;
        ensure_status(bench, &issued, "Valid", &Value::Null)?;
        holder.account.revoke(der, reason)?;
        ensure_status(bench, &issued, "Revoked", &code)?;
        refused(holder.account.revoke(der, reason), &ProblemType::AlreadyRevoked)?;
    }
    Ok(())
}

/// Whoever has the certificate's key needs no account (RFC 8555 §7.6).
fn revocation_by_certificate_key(bench: &Bench) -> anyhow::Result<()> {
    let (holder, stranger) = (Subscriber::registered(bench, "holder")?, Subscriber::unregistered(bench, "stranger")?);
    let issued = holder.issue(&order(&["leaked.test"])?)?;
    let revoke = |key: &dyn Signer| {
        let der = issued.chain.leaf().der();
        stranger.account.revoke_with_certificate_key(key, der, RevocationReason::KeyCompromise)
    };
    refused(revoke(&*stranger.account.key()), &ProblemType::Unauthorized)?;
    ensure_status(bench, &issued, "Valid", &Value::Null)?;
    revoke(&issued.key)?;
    ensure_status(bench, &issued, "Revoked", &json!(1))?;
    refused(revoke(&issued.key), &ProblemType::AlreadyRevoked)?;
    refused(stranger.account.find(), &ProblemType::AccountDoesNotExist)
}

/// What the management interface says of a certificate.
fn ensure_status(bench: &Bench, issued: &Issued, status: &str, reason: &Value) -> anyhow::Result<()> {
    let serial: String = issued.chain.leaf().serial().iter().map(|octet| format!("{octet:02x}")).collect();
    let response = bench.pebble.manage(&format!("/cert-status-by-serial/{serial}"), None)?;
    let said: Value = serde_json::from_slice(response.body())
        .with_context(|| format!("the certificate's status is not told: {}", response.status()))?;
    ensure!(said["Status"] == status && said["Reason"] == *reason, "the certificate is {said}");
    Ok(())
}

fn profiles(bench: &Bench) -> anyhow::Result<()> {
    let holder = Subscriber::unregistered(bench, "holder")?;
    let directory: Value =
        serde_json::from_slice(holder.account.unsigned_request(&bench.pebble.directory_url())?.body())?;
    needs(directory["meta"]["profiles"].is_object(), "profiles in its directory")?;
    holder.account.register(&[], Terms::Agreed)?;
    let meta = &holder.account.directory()?.meta;
    for choice in [ProfileChoice::Preferred, ProfileChoice::Required] {
        for name in ["default", "shortlived"] {
            let profile = choice(name.to_owned()).decide(meta)?.map(str::to_owned);
            let issued = holder.issue(&NewOrder { profile, ..order(&["profile.test"])? })?;
            ensure!(issued.order.order.profile.as_deref() == Some(name), "{:?} instead of {name}", issued.order.order);
            let leaf = issued.chain.leaf();
            let life = leaf.not_after()?.duration_since(leaf.not_before()?)?;
            ensure!((life <= SHORT_LIFE) == (name == "shortlived"), "{name} gives {} s", life.as_secs());
        }
    }
    ensure!(ProfileChoice::Preferred("none-such".to_owned()).decide(meta)?.is_none(), "it is not offered");
    ensure!(ProfileChoice::Required("none-such".to_owned()).decide(meta).is_err(), "it is not offered");
    let unoffered = NewOrder { profile: Some("none-such".to_owned()), ..order(&["profile.test"])? };
    refused(holder.account.new_order(&unoffered), &ProblemType::InvalidProfile)
}
