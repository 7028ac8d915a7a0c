//! What is examined: names, the ways control of each is to be proven, and where to look.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use acme_proto::{ChallengeType, Identifier};
use acme_solver::NamePattern;
use acme_solver::dns::{Client, Zones};

use super::ca::{Authority, Place};
use crate::solver_settings::{BoundWay, SolverSettings, Way};

/// One question to DNS servers takes at most this long.
const QUESTION: Duration = Duration::from_secs(3);

/// What is examined.
pub(crate) struct Plan {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) settings: SolverSettings,
    pub(crate) authority: Authority,
    /// No check begins after this.
    pub(crate) until: Instant,
    /// The folder of everything, where it is noted what is put in place.
    pub(crate) dir: PathBuf,
}

/// One name.
pub(crate) struct Subject {
    pub(crate) identifier: Identifier,
    /// None were chosen: any may come.
    pub(crate) ways: Vec<BoundWay>,
    /// The one type of challenge to look into, if not all.
    kind: Option<ChallengeType>,
}

impl Plan {
    /// With so much time from now on.
    pub(crate) fn new(subjects: Vec<Subject>, settings: SolverSettings, authority: Authority, time: Duration) -> Self {
        Self { subjects, settings, authority, until: Instant::now() + time, dir: PathBuf::new() }
    }

    /// Notes in this folder what is put in place.
    pub(crate) fn noting_in(self, dir: &Path) -> Self {
        Self { dir: dir.to_owned(), ..self }
    }

    /// Asks the resolvers.
    pub(crate) fn client(&self) -> Client {
        let client = match self.settings.resolvers.as_slice() {
            [] => Client::system(),
            resolvers => Client::new(resolvers.iter().copied()),
        };
        client.timeout(QUESTION)
    }

    /// Asks a name server for what it knows itself.
    pub(crate) fn authoritative(server: SocketAddr) -> Client {
        Client::new([server]).without_recursion().timeout(QUESTION)
    }

    /// Whoever names a resolver on another port than 53 has name servers there too.
    pub(crate) fn zones(&self) -> Zones {
        Zones::new(self.client()).port(self.settings.resolvers.first().map_or(53, SocketAddr::port))
    }

    /// The port where the CA looks for http-01 of the names that a way is bound to.
    pub(crate) fn http_port(&self, names: &[String]) -> u16 {
        self.own_port(self.settings.http_addr(names)).unwrap_or(80)
    }

    /// The port where the CA looks for tls-alpn-01.
    pub(crate) fn tls_port(&self) -> u16 {
        self.own_port(self.settings.tls_addr).unwrap_or(443)
    }

    /// A CA on this computer is there for tests, and looks at the ports in the settings.
    fn own_port(&self, address: Option<SocketAddr>) -> Option<u16> {
        address.filter(|_| self.authority.place == Place::ThisComputer).map(|address| address.port())
    }

    /// The time that is left for another check.
    pub(crate) fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

impl Subject {
    /// With the ways that are for this name.
    pub(crate) fn new(identifier: Identifier, settings: &SolverSettings) -> Self {
        let (base, wildcard) = (identifier.base(), identifier.is_wildcard());
        let fits = |name: &String| NamePattern::parse(name).is_ok_and(|pattern| pattern.fits(&base, wildcard));
        let bound = settings.ways.iter().filter(|bound| bound.names.is_empty() || bound.names.iter().any(fits));
        let ways = bound.filter(|bound| bound.way != Way::Manual).cloned().collect();
        Self { ways, identifier, kind: None }
    }

    /// Looks into one type of challenge alone.
    pub(crate) fn only(mut self, kind: Option<ChallengeType>) -> Self {
        if let Some(kind) = &kind {
            self.ways.retain(|bound| types(bound).contains(kind));
        }
        self.kind = kind;
        self
    }

    /// The name without `*.`.
    pub(crate) fn base(&self) -> String {
        self.identifier.base().value()
    }

    /// Whether it has a place in DNS.
    pub(crate) fn is_domain(&self) -> bool {
        matches!(self.identifier, Identifier::Dns(_))
    }

    /// Whether the CA may look at the addresses of the name.
    pub(crate) fn needs_address(&self) -> bool {
        let by_address = |kind: &ChallengeType| matches!(kind, ChallengeType::Http01 | ChallengeType::TlsAlpn01);
        !self.identifier.is_wildcard() && self.kinds().iter().any(by_address)
    }

    /// Whether the CA may look for a TXT record.
    pub(crate) fn needs_record(&self) -> bool {
        self.is_domain() && self.kinds().contains(&ChallengeType::Dns01)
    }

    /// The types of challenges that can be met.
    pub(crate) fn kinds(&self) -> Vec<ChallengeType> {
        let all = || vec![ChallengeType::Http01, ChallengeType::Dns01, ChallengeType::TlsAlpn01];
        let mut kinds: Vec<_> = if self.ways.is_empty() { all() } else { self.ways.iter().flat_map(types).collect() };
        kinds.retain(|kind| !self.identifier.is_wildcard() || *kind == ChallengeType::Dns01);
        kinds.retain(|kind| self.kind.as_ref().is_none_or(|only| only == kind));
        kinds
    }
}

/// The types of challenges that a way can meet.
fn types(bound: &BoundWay) -> Vec<ChallengeType> {
    match &bound.way {
        Way::Webroot { .. } | Way::Stateless | Way::Standalone => vec![ChallengeType::Http01],
        Way::TlsAlpn => vec![ChallengeType::TlsAlpn01],
        Way::Rfc2136 { .. } | Way::AcmeDns { .. } | Way::Lexicon { .. } => vec![ChallengeType::Dns01],
        Way::Hook { challenges, .. } if !challenges.is_empty() => {
            challenges.iter().cloned().map(ChallengeType::from).collect()
        }
        Way::Hook { .. } | Way::Manual => vec![ChallengeType::Http01, ChallengeType::Dns01, ChallengeType::TlsAlpn01],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_ways() {
        let bound =
            |names: &[&str], way| BoundWay { names: names.iter().map(|name| (*name).to_owned()).collect(), way };
        let dns = Way::AcmeDns { url: "https://x.test".to_owned() };
        let settings = SolverSettings {
            ways: vec![bound(&["a.test"], Way::Standalone), bound(&["*.b.test"], dns), bound(&[], Way::Manual)],
            ..SolverSettings::default()
        };
        let (http, dns, tls) = (ChallengeType::Http01, ChallengeType::Dns01, ChallengeType::TlsAlpn01);
        for (why, name, only, ways, want) in [
            ("bound to it", "a.test", None, 1, vec![http.clone()]),
            ("bound to what is below", "x.b.test", None, 1, vec![dns.clone()]),
            ("bound to the wildcard", "*.b.test", None, 1, vec![dns.clone()]),
            ("a person may do anything", "c.test", None, 0, vec![http.clone(), dns.clone(), tls.clone()]),
            ("but wildcards are for DNS alone", "*.c.test", None, 0, vec![dns.clone()]),
            ("the challenge that failed", "c.test", Some(http.clone()), 0, vec![http.clone()]),
            ("not by the way that is bound", "a.test", Some(dns.clone()), 0, vec![dns.clone()]),
        ] {
            let subject = Subject::new(Identifier::parse(name).unwrap(), &settings).only(only);
            assert_eq!((subject.ways.len(), subject.kinds()), (ways, want), "{why}");
        }
    }
}
