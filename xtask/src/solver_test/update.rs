//! Dynamic updates (RFC 2136) against BIND and Knot.

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use acme_account::Clock;
use acme_proto::TxtRecord;
use acme_solver::{
    TxtStore,
    dns::{Data, RecordType, Rfc2136, TsigKey, UpdateError, Updater, Zones},
};
use anyhow::{Context, ensure};

use super::{
    Case, bind, knot,
    name_server::{NameServer, Secret, Setup},
};

/// Starts one of the servers.
pub(crate) type Start = fn(Setup) -> anyhow::Result<NameServer>;

/// The same for both servers.
pub(crate) const CASES: &[Case] = &[
    Case { name: "bind-apex-and-wildcard", run: |folder| apex_and_wildcard(bind::start, folder) },
    Case { name: "knot-apex-and-wildcard", run: |folder| apex_and_wildcard(knot::start, folder) },
    Case { name: "bind-sha512-ipv6-tcp", run: |folder| sha512_ipv6_tcp(bind::start, folder) },
    Case { name: "knot-sha512-ipv6-tcp", run: |folder| sha512_ipv6_tcp(knot::start, folder) },
    Case { name: "bind-hundred-names", run: |folder| hundred_names(bind::start, folder) },
    Case { name: "knot-hundred-names", run: |folder| hundred_names(knot::start, folder) },
    Case { name: "bind-thousand-names", run: |folder| thousand_names(bind::start, folder) },
    Case { name: "knot-thousand-names", run: |folder| thousand_names(knot::start, folder) },
    Case { name: "bind-refusals", run: |folder| refusals(bind::start, folder) },
    Case { name: "knot-refusals", run: |folder| refusals(knot::start, folder) },
];

const NAME: &str = "_acme-challenge.a.test.";

fn begin(start: Start, folder: PathBuf, key: Secret) -> anyhow::Result<(NameServer, Updater)> {
    let server = start(Setup::new(folder, key)?)?;
    let updater = Updater::new([server.address]).key(key.key()?);
    Ok((server, updater))
}

/// Two values at one name, added beside a third and removed one by one.
fn apex_and_wildcard(start: Start, folder: PathBuf) -> anyhow::Result<()> {
    let (server, updater) = begin(start, folder, Secret::SHA256)?;
    let store = Rfc2136::new(updater).zones(Zones::new(server.client()));
    let [apex, wildcard] = ["for-the-apex", "for-the-wildcard"].map(|value| TxtRecord::new(NAME, value));
    all(store.add(&[apex.clone(), wildcard.clone()]))?;
    all(store.add(&[apex.clone(), wildcard.clone()]))?;
    shows(&server, NAME, &["for-the-apex", "for-the-wildcard", "unrelated"])?;
    all(store.remove(std::slice::from_ref(&apex)))?;
    shows(&server, NAME, &["for-the-wildcard", "unrelated"])?;
    all(store.remove(&[apex, wildcard]))?;
    shows(&server, NAME, &["unrelated"])
}

fn sha512_ipv6_tcp(start: Start, folder: PathBuf) -> anyhow::Result<()> {
    let (server, updater) = begin(start, folder, Secret::SHA512)?;
    let record = TxtRecord::new(NAME, "v");
    all(updater.add("a.test", std::slice::from_ref(&record)))?;
    shows(&server, NAME, &["unrelated", "v"])?;
    all(updater.over_tcp().remove("a.test", std::slice::from_ref(&record)))?;
    shows(&server, NAME, &["unrelated"])?;
    let ipv6 = server.ipv6.context("there is no IPv6 on loopback")?;
    let updater = Updater::new([ipv6]).key(Secret::SHA512.key()?);
    all(updater.add("a.test", &[record]))?;
    shows(&server, NAME, &["unrelated", "v"])
}

fn hundred_names(start: Start, folder: PathBuf) -> anyhow::Result<()> {
    let (server, updater) = begin(start, folder, Secret::SHA256)?;
    let store = Rfc2136::new(updater).zones(Zones::new(server.client()));
    let records: Vec<_> =
        (0..100).map(|n| TxtRecord::new(&format!("_acme-challenge.n{n}.a.test"), "v".repeat(43))).collect();
    let before = serial(&server)?;
    all(store.add(&records))?;
    let between = serial(&server)?;
    for record in &records {
        shows(&server, &record.name, &[&record.value])?;
    }
    all(store.remove(&records))?;
    let after = serial(&server)?;
    ensure!((between - before, after - between) == (1, 1), "one update each: serials {before}, {between}, {after}");
    shows(&server, &records[99].name, &[])
}

/// More than a message holds.
fn thousand_names(start: Start, folder: PathBuf) -> anyhow::Result<()> {
    let (server, updater) = begin(start, folder, Secret::SHA256)?;
    let records: Vec<_> =
        (0..1000).map(|n| TxtRecord::new(&format!("_acme-challenge.n{n}.a.test"), "v".repeat(43))).collect();
    let before = serial(&server)?;
    all(updater.add("a.test", &records))?;
    ensure!(serial(&server)? - before == 2, "two updates hold a thousand names");
    shows(&server, &records[999].name, &[&records[999].value])?;
    all(updater.remove("a.test", &records))?;
    shows(&server, &records[0].name, &[])
}

/// A clock that is an hour slow.
struct Slow;

impl Clock for Slow {
    fn now(&self) -> SystemTime {
        SystemTime::now() - Duration::from_secs(3600)
    }

    fn sleep(&self, _: Duration) {}
}

/// Nothing is published, and each error says what is wrong.
fn refusals(start: Start, folder: PathBuf) -> anyhow::Result<()> {
    let (server, updater) = begin(start, folder, Secret::SHA256)?;
    let unsigned = Updater::new([server.address]);
    let key = |text: &str| TsigKey::parse(text);
    let wrong_secret = unsigned.clone().key(key("hmac-sha256:acme.key:d3Jvbmc=")?);
    let wrong_name = unsigned.clone().key(key("hmac-sha256:other.key:d3Jvbmc=")?);
    let wrong_algorithm = unsigned.clone().key(Secret::SHA512.key()?);
    let slow = updater.clone().clock(Arc::new(Slow));
    type Is = fn(&UpdateError) -> bool;
    let cases: [(&str, &Updater, &str, &str, Is); 8] = [
        ("a wrong secret", &wrong_secret, "a.test", NAME, |why| matches!(why, UpdateError::BadSignature { .. })),
        ("an unknown key", &wrong_name, "a.test", NAME, |why| matches!(why, UpdateError::BadKey { .. })),
        ("another algorithm", &wrong_algorithm, "a.test", NAME, |why| matches!(why, UpdateError::BadKey { .. })),
        ("a slow clock", &slow, "a.test", NAME, |why| {
            matches!(why, UpdateError::BadTime { theirs: Some(_), .. }) && why.to_string().contains(" s ahead")
        }),
        ("no key", &unsigned, "a.test", NAME, |why| {
            matches!(why, UpdateError::Refused { key: None, .. } | UpdateError::NotAuth { key: None, .. })
        }),
        ("a zone that refuses", &updater, "fixed.test", "x.fixed.test", |why| {
            matches!(why, UpdateError::Refused { key: Some(_), .. } | UpdateError::BadKey { .. })
        }),
        ("another zone", &updater, "other.test", "x.other.test", |why| matches!(why, UpdateError::NotAuth { .. })),
        ("a name outside", &updater, "a.test", "x.b.test", |why| matches!(why, UpdateError::NotZone { .. })),
    ];
    for (what, updater, zone, name, is) in cases {
        let results = updater.add(zone, &[TxtRecord::new(name, "v")]);
        let why = results.into_iter().next().and_then(Result::err).with_context(|| format!("{what} is accepted"))?;
        ensure!(is(&why), "{what}: {why:?}");
    }
    shows(&server, NAME, &["unrelated"])
}

fn all<E: std::error::Error + Send + Sync + 'static>(results: Vec<Result<(), E>>) -> anyhow::Result<()> {
    Ok(results.into_iter().collect::<Result<(), E>>()?)
}

pub(crate) fn serial(server: &NameServer) -> anyhow::Result<u32> {
    match server.client().ask("a.test", RecordType::Soa)?.data[..] {
        [Data::Soa { serial, .. }] => Ok(serial),
        ref other => anyhow::bail!("{other:?} is no SOA record"),
    }
}

pub(crate) fn shows(server: &NameServer, name: &str, want: &[&str]) -> anyhow::Result<()> {
    let mut found = server.client().ask(name, RecordType::Txt)?.data;
    found.sort_by_key(|data| format!("{data:?}"));
    let want: Vec<_> = want.iter().map(|&value| Data::Txt(value.to_owned())).collect();
    ensure!(found == want, "{name} shows {found:?}, and should show {want:?}");
    Ok(())
}
