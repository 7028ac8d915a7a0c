//! TXT records kept by a name server that takes updates: one update for each zone, wherever the names lead.

use std::collections::BTreeMap;

use acme_account::SolverError;
use acme_proto::TxtRecord;

use super::update::Change;
use super::{Client, DnsError, Place, UpdateError, Updater, Zones};
use crate::TxtStore;

/// Keeps TXT records on name servers by dynamic update (RFC 2136).
#[derive(Clone)]
pub struct Rfc2136 {
    updater: Updater,
    zones: Zones,
    zone: Option<String>,
}

impl Rfc2136 {
    /// Sends with this updater. Where it has no server, updates go to the primary server that the SOA record of each zone names.
    ///
    /// Aliases are followed and zones found with the resolvers of this computer.
    pub fn new(updater: Updater) -> Self {
        Self { updater, zones: Zones::new(Client::system()), zone: None }
    }

    /// Follows aliases and finds zones this way.
    pub fn zones(mut self, zones: Zones) -> Self {
        self.zones = zones;
        self
    }

    /// Takes every name for one of this zone, and looks for nothing: for networks that see another zone than the world does.
    pub fn zone(mut self, zone: impl Into<String>) -> Self {
        self.zone = Some(zone.into());
        self
    }

    /// One result for each record. One update goes to each zone.
    fn change(&self, records: &[TxtRecord], change: Change) -> Vec<Result<(), UpdateError>> {
        let places = self.places(records);
        let mut zones = BTreeMap::<_, Vec<_>>::new();
        for (index, place) in places.iter().enumerate() {
            if let Ok(place) = place {
                let mut record = records[index].clone();
                record.name.clone_from(&place.name);
                zones.entry(&place.zone).or_default().push((index, record));
            }
        }
        let mut results: Vec<_> =
            places.iter().map(|place| place.clone().map(drop).map_err(UpdateError::Dns)).collect();
        for (zone, members) in zones {
            let (indices, members): (Vec<_>, Vec<_>) = members.into_iter().unzip();
            let outcome = match change {
                Change::Add => self.add_or_undo(zone, &members),
                Change::Remove => self.change_zone(zone, &members, change),
            };
            indices.into_iter().zip(outcome).for_each(|(index, result)| results[index] = result);
        }
        results
    }

    /// Each name is looked for once, and none any more when the resolvers are silent.
    fn places(&self, records: &[TxtRecord]) -> Vec<Result<Place, DnsError>> {
        let mut known = BTreeMap::<_, Result<Place, DnsError>>::new();
        let mut silence = None;
        for record in records {
            let find = || silence.clone().map_or_else(|| self.place(&record.name), Err);
            let place = known.entry(&record.name).or_insert_with(find);
            silence = place.clone().err().filter(|why| matches!(why, DnsError::NoAnswer { .. }));
        }
        records.iter().filter_map(|record| known.get(&record.name).cloned()).collect()
    }

    fn place(&self, name: &str) -> Result<Place, DnsError> {
        match &self.zone {
            Some(zone) => Ok(Place { name: name.to_owned(), aliases: Vec::new(), zone: zone.clone() }),
            None => self.zones.place(name),
        }
    }

    /// What may be there though it failed is removed, as far as that goes.
    fn add_or_undo(&self, zone: &str, records: &[TxtRecord]) -> Vec<Result<(), UpdateError>> {
        let outcome = self.change_zone(zone, records, Change::Add);
        let is_doubtful = |result: &Result<_, UpdateError>| result.as_ref().is_err_and(UpdateError::is_doubtful);
        let doubtful = records.iter().zip(&outcome).filter(|(_, result)| is_doubtful(result));
        let doubtful: Vec<_> = doubtful.map(|(record, _)| record.clone()).collect();
        self.change_zone(zone, &doubtful, Change::Remove);
        outcome
    }

    fn change_zone(&self, zone: &str, records: &[TxtRecord], change: Change) -> Vec<Result<(), UpdateError>> {
        if self.updater.has_server() {
            return self.updater.change(zone, records, change);
        }
        match self.zones.primary(zone) {
            Ok(servers) => self.updater.at(servers.iter().map(|server| server.address)).change(zone, records, change),
            Err(why) => vec![Err(why.into()); records.len()],
        }
    }
}

impl TxtStore for Rfc2136 {
    fn add(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        explained(records, self.change(records, Change::Add), "added to")
    }

    fn remove(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        explained(records, self.change(records, Change::Remove), "removed from")
    }
}

fn explained(records: &[TxtRecord], results: Vec<Result<(), UpdateError>>, what: &str) -> Vec<Result<(), SolverError>> {
    let explain = |(record, result): (&TxtRecord, Result<(), UpdateError>)| {
        result.map_err(|why| {
            let name = record.name.trim_end_matches('.');
            let message = format!("no TXT record could be {what} {name} by dynamic update (RFC 2136): {why}");
            SolverError::with_source(message, why.advice(), why)
        })
    };
    records.iter().zip(results).map(explain).collect()
}
