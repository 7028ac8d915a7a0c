//! What every name server showed of what was published.

use std::fmt;
use std::time::{Duration, SystemTime};

use acme_proto::PersistRecord;

use super::{DnsError, NameServer, Place};

/// What the name servers showed, for each name.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Each name once, in the order of the alphabet.
    pub names: Vec<NameReport>,
}

/// What the name servers showed of one name.
#[derive(Clone, Debug)]
pub struct NameReport {
    /// The name that the CA asks for.
    pub name: String,
    /// The TXT values it must have.
    pub wanted: Vec<String>,
    /// Where the name leads, once it is known; not looked for when the servers were named.
    pub place: Option<Place>,
    /// Why the servers of its zone are not known, if they are not.
    pub trouble: Option<DnsError>,
    /// What each of the servers showed last.
    pub servers: Vec<Seen>,
}

/// What one name server showed of one name.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The server.
    pub server: NameServer,
    /// What it showed last.
    pub shows: Shows,
}

/// What a name server showed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Shows {
    /// These TXT values, perhaps none.
    Values(Vec<String>),
    /// It names other servers instead: the zone names it as its server, and it does not keep the zone.
    Lame,
    /// No answer that could be used.
    Failed(DnsError),
    /// It is not to be reached from this computer: an IPv6 address from a network without, say. That does not count.
    Unreachable(DnsError),
    /// Time was up, or it had left another question without an answer.
    NotAsked,
}

impl Report {
    /// Whether every server shows every value.
    pub fn is_complete(&self) -> bool {
        self.incomplete().next().is_none()
    }

    /// The names of which a server does not show every value.
    pub fn incomplete(&self) -> impl Iterator<Item = &NameReport> {
        self.names.iter().filter(|name| !name.is_complete())
    }
}

impl NameReport {
    /// Whether every server that can be reached shows every value, and there is one.
    pub fn is_complete(&self) -> bool {
        self.lagging().next().is_none() && self.servers.iter().any(|seen| self.is_satisfied(seen))
    }

    /// How much longer the standing record (dns-persist-01) that the servers show serves; `None` for other records.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let values = self.servers.iter().filter_map(|seen| match &seen.shows {
            Shows::Values(values) => Some(values),
            _ => None,
        });
        let wanted: Vec<_> = self.wanted.iter().filter_map(|wanted| PersistRecord::parse(wanted)).collect();
        let standing = values.flatten().filter_map(|value| PersistRecord::parse(value));
        let serving = standing.filter(|found| wanted.iter().any(|wanted| found.covers(wanted)));
        serving.map(|found| found.remaining(SystemTime::now())).max()
    }

    /// The servers that do not show every value.
    pub fn lagging(&self) -> impl Iterator<Item = &Seen> {
        self.servers.iter().filter(|seen| !matches!(seen.shows, Shows::Unreachable(_)) && !self.is_satisfied(seen))
    }

    pub(super) fn is_satisfied(&self, seen: &Seen) -> bool {
        let shown =
            |values: &[String]| self.wanted.iter().all(|wanted| values.iter().any(|value| serves(value, wanted)));
        matches!(&seen.shows, Shows::Values(values) if shown(values))
    }
}

/// Whether a value is the wanted one, or a standing record (dns-persist-01) of somebody else's making that does the same.
fn serves(value: &str, wanted: &str) -> bool {
    let standing = || Some((PersistRecord::parse(value)?, PersistRecord::parse(wanted)?));
    let covers = |(found, wanted): (PersistRecord, PersistRecord)| {
        found.covers(&wanted) && !found.remaining(SystemTime::now()).is_zero()
    };
    value == wanted || standing().is_some_and(covers)
}

/// One line for each name that lacks something.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.incomplete().map(NameReport::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for NameReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        let lagging: Vec<_> = self.lagging().map(Seen::to_string).collect();
        match &self.trouble {
            Some(trouble) => write!(f, "{name}: its name servers are not known: {trouble}"),
            None if self.servers.is_empty() => write!(f, "{name}: its name servers are not known: time was up"),
            None if lagging.is_empty() && !self.is_complete() => {
                write!(f, "{name}: none of its name servers can be reached from here")
            }
            None if lagging.is_empty() => write!(f, "{name}: every name server shows it"),
            None => write!(f, "{name}: {}", lagging.join("; ")),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.server;
        match &self.shows {
            Shows::Values(values) if values.is_empty() => write!(f, "{server} shows no TXT record"),
            Shows::Values(values) => write!(f, "{server} shows {values:?}"),
            Shows::Lame => write!(f, "{server} does not keep the zone and names other servers"),
            Shows::Failed(why) => write!(f, "{server} cannot tell: {why}"),
            Shows::Unreachable(why) => write!(f, "{server} cannot be reached from here: {why}"),
            Shows::NotAsked => {
                write!(f, "{server} was not asked: it left another question without an answer, or time was up")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::SocketAddr;
    use std::sync::Arc;

    use super::*;

    fn failure(kind: io::ErrorKind) -> DnsError {
        DnsError::NoAnswer { server: SocketAddr::from(([192, 0, 2, 1], 53)), source: Arc::new(kind.into()) }
    }

    #[test]
    fn every_server_that_can_be_reached_counts() {
        let shows = |values: &[&str]| Shows::Values(values.iter().map(|&value| value.to_owned()).collect());
        let failed = || Shows::Failed(failure(io::ErrorKind::TimedOut));
        let unreachable = || Shows::Unreachable(failure(io::ErrorKind::NetworkUnreachable));
        for (why, servers, want) in [
            ("both values", vec![shows(&["v", "w"])], true),
            ("others beside them", vec![shows(&["x", "w", "v"])], true),
            ("one of two", vec![shows(&["v"])], false),
            ("another server lags", vec![shows(&["v", "w"]), shows(&[])], false),
            ("another is silent", vec![shows(&["v", "w"]), failed()], false),
            ("another knows nothing of it", vec![shows(&["v", "w"]), Shows::Lame], false),
            ("another was not asked", vec![shows(&["v", "w"]), Shows::NotAsked], false),
            ("another has no way to it", vec![shows(&["v", "w"]), unreachable()], true),
            ("none has a way to it", vec![unreachable()], false),
            ("none is known", vec![], false),
        ] {
            let server = NameServer::from(SocketAddr::from(([192, 0, 2, 1], 53)));
            let servers = servers.into_iter().map(|shows| Seen { server: server.clone(), shows }).collect();
            let wanted = vec!["v".to_owned(), "w".to_owned()];
            let name = NameReport { name: "a.test.".to_owned(), wanted, place: None, trouble: None, servers };
            assert_eq!(name.is_complete(), want, "{why}");
            let report = Report { names: vec![name] };
            assert_eq!((report.is_complete(), report.to_string().is_empty()), (want, want), "{why}: {report}");
        }
    }
}
