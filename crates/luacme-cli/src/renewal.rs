//! When a certificate is renewed: as the CA suggests (RFC 9773), which `renewal.json` remembers, else by its lifetime.

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::time::SystemTime;

use acme_account::{Account, Error};
use acme_proto::{Identifier, LONG_TERM_PAUSE, Predecessor, RenewalSchedule};
use acme_x509::ari::certificate_id;
use acme_x509::{Certificate, Chain};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::issuance::Issuance;
use crate::lifetime;

/// What is remembered about the renewal of the current certificate.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct Renewal {
    /// The certificate this is about.
    pub(crate) certificate: Predecessor,
    /// What the CA suggested, and when to ask again.
    pub(crate) schedule: RenewalSchedule,
}

impl Renewal {
    /// What is remembered of this certificate. A file that cannot be read, or is about another one, is as good as none: the CA
    /// is asked anew.
    pub(crate) fn stored(folder: &Path, leaf: &Certificate) -> Result<Option<Self>, Failure> {
        let text = files::read(&folder.join("renewal.json"))?;
        let stored: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        let id = certificate_id(leaf).ok();
        Ok(stored.filter(|stored| Some(&stored.certificate.certificate_id) == id.as_ref()))
    }

    /// The beginning, for a certificate that this account has. `None` when nothing names it (RFC 9773 §4.1).
    pub(crate) fn new(leaf: &Certificate, account: &Account, identifiers: &[Identifier]) -> Option<Self> {
        let certificate = Predecessor {
            certificate_id: certificate_id(leaf).ok()?,
            directory_url: account.directory_url().to_owned(),
            account_url: account.url()?,
            identifiers: identifiers.to_vec(),
        };
        Some(Self { certificate, schedule: RenewalSchedule::default() })
    }

    /// Keeps it beside the certificate.
    pub(crate) fn keep(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join("renewal.json");
        let text = serde_json::to_string_pretty(self).map_err(|error| Failure::file("write", &path, error))?;
        files::write(&path, format!("{text}\n").as_bytes(), Readers::Everybody)
    }

    /// Asks the CA. An error is taken in, too: it says when to ask again.
    pub(crate) fn ask(&mut self, account: &Account, now: SystemTime, random: u64) -> Result<(), Error> {
        match account.renewal_info(&self.certificate.certificate_id) {
            Ok(answer) => {
                self.schedule.answered(&answer.info, answer.retry_after, now, random, LONG_TERM_PAUSE);
                Ok(())
            }
            Err(error) => {
                self.schedule.failed(error.poll_failure(), now, LONG_TERM_PAUSE);
                Err(error)
            }
        }
    }
}

/// When to renew a certificate with this validity: when fewer than `days` are left, if somebody said so; else at the moment
/// chosen from the CA's window, unless that is too late; else by its lifetime.
pub(crate) fn renew_at(
    renewal: Option<&Renewal>,
    days: Option<u32>,
    (start, end): (SystemTime, SystemTime),
) -> SystemTime {
    let chosen = renewal.and_then(|renewal| renewal.schedule.renew_at());
    let chosen = chosen.filter(|moment| *moment < end && days.is_none());
    chosen.unwrap_or_else(|| lifetime::due_at(days, start, end))
}

/// Chance for the moments of one run.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(0)
}

impl Issuance<'_> {
    /// Asks the CA when to renew the current certificate, if it is time to ask (RFC 9773 §4.3).
    pub(crate) fn ask_about_renewal(&self, identifiers: &[Identifier]) -> Result<(), Failure> {
        let Some((chain, renewal)) = self.current()? else { return Ok(()) };
        let Some(mut renewal) = renewal.or_else(|| Renewal::new(chain.leaf(), self.account, identifiers)) else {
            return Ok(());
        };
        let (now, Ok(end)) = (SystemTime::now(), chain.leaf().not_after()) else { return Ok(()) };
        if !renewal.schedule.is_poll_due(now, end) {
            return Ok(());
        }
        let asked = renewal.ask(self.account, now, random());
        renewal.keep(self.store.folder())?;
        asked.map_err(Failure::from)
    }

    /// What the new order says that it replaces (RFC 9773 §5). A CA that does not answer is no reason to fail here.
    pub(crate) fn replaces(&self, identifiers: &[Identifier]) -> Result<Option<String>, Failure> {
        let Some((_, Some(renewal))) = self.current()? else { return Ok(None) };
        let (Some(account), Ok(directory)) = (self.account.url(), self.account.directory()) else { return Ok(None) };
        Ok(renewal.certificate.replaces(directory, self.account.directory_url(), &account, identifiers))
    }

    /// The current certificate, and what is remembered of its renewal.
    fn current(&self) -> Result<Option<(Chain, Option<Renewal>)>, Failure> {
        let Some(chain) = self.store.current()? else { return Ok(None) };
        let renewal = Renewal::stored(self.store.folder(), chain.leaf())?;
        Ok(Some((chain, renewal)))
    }
}
