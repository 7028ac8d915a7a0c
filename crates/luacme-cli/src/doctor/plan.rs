//! What is examined: names, the ways control of each is to be proven, and where to look.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use acme_proto::{ChallengeType, Identifier};
use acme_solver::NamePattern;
use acme_solver::dns::{Client, Zones};

use super::ca::{Authority, Place};
use crate::solver_settings::{SolverSettings, Way};

/// One question to DNS servers takes at most this long.
const QUESTION: Duration = Duration::from_secs(3);

/// What is examined.
pub(crate) struct Plan {
    pub(crate) subjects: Vec<Subject>,
    pub(crate) settings: SolverSettings,
    pub(crate) ports: Ports,
    pub(crate) authority: Authority,
    /// No check begins after this.
    pub(crate) until: Instant,
}

/// One name.
pub(crate) struct Subject {
    pub(crate) identifier: Identifier,
    /// None were chosen: any may come.
    pub(crate) ways: Vec<Way>,
    /// The one type of challenge to look into, if not all.
    kind: Option<ChallengeType>,
}

/// The ports that CAs and resolvers look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) tls: u16,
    pub(crate) dns: u16,
}

impl Ports {
    /// Those of the Internet; for a CA on this computer, which is there for tests, the ones in the settings. Whoever names a
    /// resolver on another port than 53 has name servers there too.
    pub(crate) fn new(place: Place, settings: &SolverSettings) -> Self {
        let own = |address: Option<&SocketAddr>| address.filter(|_| place == Place::ThisComputer).map(SocketAddr::port);
        Self {
            http: own(settings.http_addr(&[]).as_ref()).unwrap_or(80),
            tls: own(settings.tls_addr.as_ref()).unwrap_or(443),
            dns: settings.resolvers.first().map_or(53, SocketAddr::port),
        }
    }
}

impl Plan {
    /// With so much time from now on.
    pub(crate) fn new(subjects: Vec<Subject>, settings: SolverSettings, authority: Authority, time: Duration) -> Self {
        let ports = Ports::new(authority.place, &settings);
        Self { subjects, settings, ports, authority, until: Instant::now() + time }
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

    pub(crate) fn zones(&self) -> Zones {
        Zones::new(self.client()).port(self.ports.dns)
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
        let ways = bound.map(|bound| bound.way.clone()).filter(|way| *way != Way::Manual).collect();
        Self { ways, identifier, kind: None }
    }

    /// Looks into one type of challenge alone.
    pub(crate) fn only(mut self, kind: Option<ChallengeType>) -> Self {
        if let Some(kind) = &kind {
            self.ways.retain(|way| types(way).contains(kind));
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
fn types(way: &Way) -> Vec<ChallengeType> {
    match way {
        Way::Webroot { .. } | Way::Stateless | Way::Standalone => vec![ChallengeType::Http01],
        Way::TlsAlpn => vec![ChallengeType::TlsAlpn01],
        Way::Rfc2136 { .. } | Way::AcmeDns { .. } | Way::Lexicon { .. } => vec![ChallengeType::Dns01],
        Way::Hook { challenges, .. } if !challenges.is_empty() => {
            challenges.iter().cloned().map(ChallengeType::from).collect()
        }
        Way::Hook { .. } | Way::Manual => vec![ChallengeType::Http01, ChallengeType::Dns01, ChallengeType::TlsAlpn01],
    }
}
