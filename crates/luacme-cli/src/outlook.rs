//! What is known of a certificate without asking anybody: how it stands, and what comes next.

use std::time::{Duration, SystemTime};

use acme_x509::Certificate;

use crate::certificate_folder::CertificateFolder;
use crate::failure::Failure;
use crate::getcert::is_for;
use crate::history::Past;
use crate::renewal::{self, Renewal};
use crate::request_settings::RequestSettings;
use crate::revoked::is_revoked;

/// A clock that is behind the start of a certificate by more than this is wrong: a day.
const CLOCK_ERROR: Duration = Duration::from_secs(86_400);

/// One certificate, as it is on disk.
pub(crate) struct Outlook {
    pub(crate) name: String,
    /// How it was asked for; `None` when it was never obtained.
    pub(crate) settings: Option<RequestSettings>,
    /// The certificate in use, if it can be read.
    pub(crate) leaf: Option<Leaf>,
    pub(crate) past: Past,
    /// Whether deploy hooks are still to be run.
    pub(crate) undeployed: bool,
}

/// The certificate in use.
pub(crate) struct Leaf {
    pub(crate) names: Vec<String>,
    pub(crate) issuer: String,
    pub(crate) start: SystemTime,
    pub(crate) end: SystemTime,
    /// When it is due.
    pub(crate) renew_at: SystemTime,
    /// What the CA suggests.
    pub(crate) window: Option<(SystemTime, SystemTime)>,
    /// The CA's page about why.
    pub(crate) explanation_url: Option<String>,
    /// When to ask the CA about that.
    poll_at: SystemTime,
    /// Whether it is for the names that are asked for, and not revoked from here.
    as_asked: bool,
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Good,
    /// It works, and is to be renewed.
    Due,
    Expired,
    /// It begins in the future: the clock of this computer is wrong.
    NotYetValid,
    /// There is none, or it cannot be read.
    Missing,
}

impl Outlook {
    pub(crate) fn read(folder: &CertificateFolder, now: SystemTime) -> Result<Self, Failure> {
        let settings = folder.settings()?;
        let chain = folder.current()?;
        let leaf = chain.as_ref().map(|chain| Leaf::read(chain.leaf(), folder, settings.as_ref(), now));
        Ok(Self {
            name: folder.name().to_owned(),
            leaf: leaf.transpose()?.flatten(),
            past: folder.history().past()?,
            undeployed: folder.undeployed().exists(),
            settings,
        })
    }

    pub(crate) fn standing(&self, now: SystemTime) -> Standing {
        match &self.leaf {
            None => Standing::Missing,
            Some(leaf) if now + CLOCK_ERROR < leaf.start => Standing::NotYetValid,
            Some(leaf) if leaf.end <= now => Standing::Expired,
            Some(leaf) if leaf.renew_at <= now || !leaf.as_asked => Standing::Due,
            Some(_) => Standing::Good,
        }
    }

    /// Whether the CA is to be asked when to renew.
    pub(crate) fn is_poll_due(&self, now: SystemTime) -> bool {
        self.leaf.as_ref().is_some_and(|leaf| leaf.poll_at <= now && now < leaf.end)
    }

    /// Whether there is nothing to do at all.
    pub(crate) fn is_idle(&self, now: SystemTime) -> bool {
        self.settings.is_none() || self.is_settled(now) && !self.undeployed
    }

    /// Whether there is nothing to do but deploy.
    pub(crate) fn is_settled(&self, now: SystemTime) -> bool {
        self.standing(now) == Standing::Good && !self.is_poll_due(now)
    }

    /// When it is renewed or tried again.
    pub(crate) fn next_attempt(&self, now: SystemTime) -> SystemTime {
        let due = match (&self.leaf, self.standing(now)) {
            (Some(leaf), Standing::Good) => leaf.renew_at,
            _ => now,
        };
        self.past.pause_end(now).map_or(due, |end| end.max(due))
    }

    /// When there is something to do: also a question to the CA.
    pub(crate) fn next_action(&self, now: SystemTime) -> SystemTime {
        let attempt = self.next_attempt(now);
        self.leaf.as_ref().map_or(attempt, |leaf| attempt.min(leaf.poll_at))
    }

    /// Whether there is so much time left that a failure is no reason to worry: more than half of the reserve.
    pub(crate) fn has_time(&self, now: SystemTime) -> bool {
        self.leaf.as_ref().is_some_and(|leaf| {
            let reserve = leaf.end.duration_since(leaf.renew_at.max(leaf.start)).unwrap_or_default();
            leaf.end.duration_since(now).is_ok_and(|left| left > reserve / 2)
        })
    }
}

impl Leaf {
    /// `None` when the certificate says no time.
    fn read(
        leaf: &Certificate,
        folder: &CertificateFolder,
        settings: Option<&RequestSettings>,
        now: SystemTime,
    ) -> Result<Option<Self>, Failure> {
        let (Ok(start), Ok(end)) = (leaf.not_before(), leaf.not_after()) else { return Ok(None) };
        let renewal = Renewal::stored(folder.folder(), leaf)?;
        let renew_at = renewal::renew_at(renewal.as_ref(), settings.and_then(|settings| settings.days), (start, end));
        let schedule = renewal.map(|renewal| renewal.schedule);
        Ok(Some(Self {
            names: leaf.names().unwrap_or_default().iter().map(ToString::to_string).collect(),
            issuer: leaf.issuer_common_name().unwrap_or_else(|| leaf.issuer()),
            start,
            end,
            renew_at,
            window: schedule
                .as_ref()
                .and_then(|schedule| schedule.window())
                .map(|window| (window.start(), window.end())),
            explanation_url: schedule.as_ref().and_then(|schedule| schedule.explanation_url()).map(str::to_owned),
            poll_at: schedule.map_or(now, |schedule| schedule.next_poll(now)),
            as_asked: settings.is_none_or(|settings| is_for(leaf, &settings.names))
                && !is_revoked(folder.folder(), leaf)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn standings() {
        let start = SystemTime::UNIX_EPOCH + 500_000 * HOUR;
        let outlook = |as_asked| Outlook {
            name: "a.test".to_owned(),
            settings: None,
            leaf: Some(Leaf {
                names: Vec::new(),
                issuer: String::new(),
                start,
                end: start + 900 * HOUR,
                renew_at: start + 600 * HOUR,
                window: None,
                explanation_url: None,
                poll_at: start,
                as_asked,
            }),
            past: Past::default(),
            undeployed: false,
        };
        for (why, now, want, has_time) in [
            ("1970", SystemTime::UNIX_EPOCH, Standing::NotYetValid, true),
            ("a clock that is behind a little", start - HOUR, Standing::Good, true),
            ("new", start, Standing::Good, true),
            ("not due", start + 599 * HOUR, Standing::Good, true),
            ("due", start + 600 * HOUR, Standing::Due, true),
            ("half of the reserve is gone", start + 750 * HOUR, Standing::Due, false),
            ("over", start + 900 * HOUR, Standing::Expired, false),
        ] {
            assert_eq!((outlook(true).standing(now), outlook(true).has_time(now)), (want, has_time), "{why}");
        }
        assert_eq!(outlook(false).standing(start), Standing::Due, "other names are asked for");
    }
}
