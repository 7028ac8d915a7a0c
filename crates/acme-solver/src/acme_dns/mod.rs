//! TXT records by acme-dns: a name server for `_acme-challenge` records alone, with an API over HTTP.

mod api;
mod credentials;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use acme_account::{SolverError, Transport};
use acme_proto::TxtRecord;

use crate::TxtStore;
use api::Api;

pub use credentials::AcmeDnsCredentials;

/// So many values acme-dns keeps at one subdomain: as many as a name and its wildcard need. One more takes the place of the
/// oldest.
const SLOTS: usize = 2;

/// The values that acme-dns takes have this length: that of dns-01 and dns-account-01.
const VALUE: usize = 43;

/// Keeps the values of TXT records in acme-dns, where aliases (CNAME) of the names lead.
///
/// acme-dns cannot remove a value: the next ones take its place. So nothing is done at clean-up; a value that stays proves
/// nothing to anybody, since it belongs to one challenge and one account key.
pub struct AcmeDns {
    transport: Arc<dyn Transport>,
    server: Option<String>,
    accounts: BTreeMap<String, AcmeDnsCredentials>,
    /// The values that are needed now, by subdomain.
    needed: Mutex<BTreeMap<String, Vec<String>>>,
}

impl AcmeDns {
    /// With the credentials for each domain name, without `*.`: the form in which lego and the hook of acme-dns's author keep
    /// them in a JSON file. The full name of a record may stand in the place of a domain.
    pub fn new<N: AsRef<str>>(
        transport: Arc<dyn Transport>,
        accounts: impl IntoIterator<Item = (N, AcmeDnsCredentials)>,
    ) -> Self {
        let accounts = accounts.into_iter().map(|(name, credentials)| (normal(name.as_ref()), credentials));
        Self { transport, server: None, accounts: accounts.collect(), needed: Mutex::default() }
    }

    /// The server of credentials that do not name theirs.
    pub fn server(mut self, url: impl Into<String>) -> Self {
        self.server = Some(url.into());
        self
    }

    /// Registers at a server, for one domain. The credentials are to be kept, for they cannot be had again, and
    /// [the alias](AcmeDnsCredentials::cname) is to be published in the zone of the domain.
    ///
    /// With networks in `allow_from`, such as `192.0.2.0/24`, only from there values are taken.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses.
    pub fn register(
        transport: &dyn Transport,
        server: &str,
        allow_from: &[String],
    ) -> Result<AcmeDnsCredentials, SolverError> {
        Api { transport, server }.register(allow_from)
    }

    /// The credentials for a record, by its name or by its domain.
    fn credentials(&self, record: &TxtRecord) -> Result<&AcmeDnsCredentials, SolverError> {
        let name = normal(&record.name);
        let domain = name.strip_prefix("_acme-challenge.");
        let found = self.accounts.get(&name).or_else(|| self.accounts.get(domain?));
        found.ok_or_else(|| {
            SolverError::new(
                format!("there are no credentials of acme-dns for {}", domain.unwrap_or(&name)),
                "register the domain with acme-dns, and publish the CNAME that this shows",
            )
        })
    }

    fn add_one(&self, record: &TxtRecord) -> Result<(), SolverError> {
        let credentials = self.credentials(record)?;
        if !(record.value.len() == VALUE
            && record.value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)))
        {
            return Err(SolverError::new(
                format!("acme-dns cannot hold the record {}: it takes values of dns-01 only", record.name),
                "use dns-01 for this name, or another way",
            ));
        }
        // Held while the server is asked: a value that another thread adds meanwhile would count too late.
        let mut needed = self.needed.lock().unwrap_or_else(PoisonError::into_inner);
        let values = needed.entry(credentials.subdomain.clone()).or_default();
        if values.contains(&record.value) {
            return Ok(());
        }
        if values.len() == SLOTS {
            return Err(SolverError::new(
                format!(
                    "{} would need a third value in acme-dns, which keeps two at {}",
                    record.name, credentials.fulldomain
                ),
                "register each domain by itself; only a domain and its wildcard can share credentials",
            ));
        }
        let server = credentials.server_url.as_deref().filter(|url| !url.is_empty()).or(self.server.as_deref());
        let server = server.ok_or_else(|| {
            SolverError::new(
                format!("the credentials of acme-dns for {} do not tell its server", record.name),
                "add the URL of the server as \"server_url\", or name the server",
            )
        })?;
        Api { transport: &*self.transport, server }.update(credentials, record)?;
        values.push(record.value.clone());
        Ok(())
    }
}

impl TxtStore for AcmeDns {
    fn add(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        records.iter().map(|record| self.add_one(record)).collect()
    }

    /// Makes room for other values; those of these records stay until then.
    fn remove(&self, records: &[TxtRecord]) -> Vec<Result<(), SolverError>> {
        let mut needed = self.needed.lock().unwrap_or_else(PoisonError::into_inner);
        let remove = |record: &TxtRecord| {
            let values = self.credentials(record).ok().and_then(|found| needed.get_mut(&found.subdomain));
            values.into_iter().for_each(|values| values.retain(|value| *value != record.value));
            Ok(())
        };
        records.iter().map(remove).collect()
    }

    fn alias(&self, record: &TxtRecord) -> Option<String> {
        self.credentials(record).ok().map(|found| found.fulldomain.clone())
    }
}

fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
