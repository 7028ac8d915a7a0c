//! A pair of Knots of which the second learns of changes late: all of them must be waited for.

use std::{net::Ipv4Addr, path::PathBuf};

use acme_account::SystemClock;
use acme_proto::TxtRecord;
use acme_solver::dns::{Propagation, Shows, Updater, Zones};
use anyhow::{bail, ensure};

use super::{
    Case, knot,
    name_server::{NameServer, Secret, Setup, Zone},
};
use std::time::Duration;

pub(crate) const CASES: &[Case] = &[Case { name: "knot-lagging-secondary", run: lagging_secondary }];

/// Polls its primary every two seconds, as the SOA record says.
fn pair(folder: PathBuf) -> anyhow::Result<(NameServer, NameServer)> {
    let zone = || Zone { name: "a.test", updates: true, records: "@ NS ns2\nns2 A 127.0.0.2\n" };
    let own = |name: &str| -> anyhow::Result<PathBuf> {
        let own = folder.join(name);
        std::fs::create_dir(&own)?;
        Ok(own)
    };
    let first = Setup { zones: vec![zone()], ..Setup::new(own("primary")?, Secret::SHA256)? };
    let mut second = Setup { zones: vec![zone()], ..Setup::new(own("secondary")?, Secret::SHA256)? };
    second.address = (Ipv4Addr::new(127, 0, 0, 2), first.address.port()).into();
    let primary = first.address;
    Ok((knot::start(first)?, knot::start_secondary(second, primary)?))
}

fn lagging_secondary(folder: PathBuf) -> anyhow::Result<()> {
    let (primary, _secondary) = pair(folder)?;
    let zones = Zones::new(primary.client()).port(primary.address.port());
    let look = Propagation::new(zones).interval(Duration::from_millis(200));
    let old = TxtRecord::new("_acme-challenge.a.test", "v");
    let updater = Updater::new([primary.address]).key(primary.key.key()?);
    updater.add("a.test", std::slice::from_ref(&old)).remove(0)?;
    let at_once = look.clone().timeout(Duration::ZERO).wait(std::slice::from_ref(&old), &SystemClock);
    let [name] = &at_once.names[..] else { bail!("one name is reported: {at_once:?}") };
    let lagging: Vec<_> = name.lagging().map(|seen| (seen.server.name.as_str(), &seen.shows)).collect();
    ensure!(matches!(lagging[..], [("ns2.a.test.", Shows::Values(values))] if values.is_empty()), "{at_once}");
    let later = look.timeout(Duration::from_secs(20)).wait(&[old], &SystemClock);
    ensure!(later.is_complete(), "{later}");
    Ok(())
}
