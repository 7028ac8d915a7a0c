//! Waiting until every authoritative server shows what was published: the CA may ask any of them, and a miss costs a failed validation.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, SystemTime};

use acme_account::Clock;
use acme_proto::TxtRecord;

use super::report::{NameReport, Report, Seen, Shows};
use super::resolvers::texts;
use super::{Answer, Client, DnsError, NameServer, Outcome, Place, RecordType, Zones};

/// Servers are asked again after this pause.
const INTERVAL: Duration = Duration::from_secs(5);

/// Servers get this long to show everything.
const TIMEOUT: Duration = Duration::from_secs(180);

/// One server gets this long for one answer, in two tries.
const ANSWER: Duration = Duration::from_secs(4);

/// So many servers are asked at the same time.
const AT_ONCE: usize = 16;

/// Asks every authoritative server for TXT records until all show them.
#[derive(Clone, Debug)]
pub struct Propagation {
    zones: Zones,
    servers: Vec<NameServer>,
    interval: Duration,
    timeout: Duration,
    answer: Duration,
    skip: bool,
}

impl Default for Propagation {
    /// With the resolvers of this computer.
    fn default() -> Self {
        Self::new(Zones::new(Client::system()))
    }
}

impl Propagation {
    /// Finds the servers this way.
    pub fn new(zones: Zones) -> Self {
        Self { zones, servers: Vec::new(), interval: INTERVAL, timeout: TIMEOUT, answer: ANSWER, skip: false }
    }

    /// Asks these servers, whatever the zone, and looks for none: for networks that see other servers than the CA does.
    pub fn servers(mut self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        self.servers = servers.into_iter().map(NameServer::from).collect();
        self
    }

    /// Asks again after this pause; 5 s when nothing is said.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Asks no more after this time; 180 s when nothing is said. The servers are asked once at least; answers are waited for a few seconds longer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Gives one server this long for one answer, in two tries; 4 s when nothing is said.
    pub fn answer_timeout(mut self, timeout: Duration) -> Self {
        self.answer = timeout;
        self
    }

    /// Asks nobody, and takes it for granted.
    pub fn skip(mut self) -> Self {
        self.skip = true;
        self
    }

    /// Where a name leads, if that is looked for and can be told.
    pub(crate) fn place(&self, name: &str) -> Option<Place> {
        let asks = !self.skip && self.servers.is_empty();
        asks.then(|| self.zones.place(name).ok()).flatten()
    }

    /// Asks the servers for all these records until every server shows them all or time is up. The report says which.
    ///
    /// Aliases of the names are followed, and each zone is looked for once. A server that shows a name is not asked for it again.
    pub fn wait(&self, records: &[TxtRecord], clock: &dyn Clock) -> Report {
        if self.skip {
            return Report::default();
        }
        let until = clock.now() + self.timeout;
        let mut check =
            Check { propagation: self, clock, until, zones: BTreeMap::new(), report: nothing_seen(records) };
        loop {
            check.find_servers();
            check.ask_servers();
            let left = until.duration_since(clock.now()).unwrap_or_default();
            if check.report.is_complete() || left.is_zero() {
                return check.report;
            }
            clock.sleep(self.interval.min(left));
        }
    }
}

/// Each name once, with all its values.
fn nothing_seen(records: &[TxtRecord]) -> Report {
    let mut names = BTreeMap::<_, Vec<_>>::new();
    for record in records {
        names.entry(record.name.to_ascii_lowercase()).or_default().push(record.value.clone());
    }
    let nothing = |(name, wanted)| NameReport { name, wanted, place: None, trouble: None, servers: Vec::new() };
    Report { names: names.into_iter().map(nothing).collect() }
}

/// A wait under way.
struct Check<'a> {
    propagation: &'a Propagation,
    clock: &'a dyn Clock,
    until: SystemTime,
    /// The servers of the zones found so far.
    zones: BTreeMap<String, Vec<NameServer>>,
    report: Report,
}

/// One question to come: the places of name and server in the report, and the name to ask for.
type Question = (usize, usize, String);

impl Check<'_> {
    /// A round that began in time may end a little later.
    fn is_late(&self) -> bool {
        self.clock.now() >= self.until + self.propagation.answer
    }

    /// For the names whose servers are not known yet. A resolver that does not answer gets no more questions in this round.
    fn find_servers(&mut self) {
        for index in 0..self.report.names.len() {
            if !self.report.names[index].servers.is_empty() || self.is_late() {
                continue;
            }
            let found = self.locate(index);
            let name = &mut self.report.names[index];
            let is_silent = matches!(found, Err(DnsError::NoAnswer { .. }));
            match found {
                Ok((place, servers)) => {
                    let unseen = |server| Seen { server, shows: Shows::NotAsked };
                    name.servers = servers.into_iter().map(unseen).collect();
                    (name.place, name.trouble) = (place, None);
                }
                Err(why) => name.trouble = Some(why),
            }
            if is_silent {
                return;
            }
        }
    }

    fn locate(&mut self, index: usize) -> Result<(Option<Place>, Vec<NameServer>), DnsError> {
        if !self.propagation.servers.is_empty() {
            return Ok((None, self.propagation.servers.clone()));
        }
        let place = self.propagation.zones.place(&self.report.names[index].name)?;
        let servers = match self.zones.get(&place.zone) {
            Some(servers) => servers.clone(),
            None => self.propagation.zones.servers(&place.zone)?,
        };
        self.zones.insert(place.zone.clone(), servers.clone());
        Ok((Some(place), servers))
    }

    /// Every server is asked for what it does not show yet; several servers at once.
    fn ask_servers(&mut self) {
        let questions: Vec<_> = self.questions().into_iter().collect();
        for some in questions.chunks(AT_ONCE) {
            let this = &*self;
            let seen: Vec<_> = thread::scope(|scope| {
                let asking = |(server, questions)| scope.spawn(move || this.ask(server, questions));
                let asked: Vec<_> = some.iter().map(|(server, questions)| asking((*server, questions))).collect();
                asked.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
            });
            for (name, server, shows) in seen {
                self.report.names[name].servers[server].shows = shows;
            }
        }
    }

    fn questions(&self) -> BTreeMap<SocketAddr, Vec<Question>> {
        let mut questions = BTreeMap::<_, Vec<_>>::new();
        for (index, name) in self.report.names.iter().enumerate() {
            let asked_for = name.place.as_ref().map_or(&name.name, |place| &place.name);
            for (number, seen) in name.servers.iter().enumerate().filter(|(_, seen)| !name.is_satisfied(seen)) {
                questions.entry(seen.server.address).or_default().push((index, number, asked_for.clone()));
            }
        }
        questions
    }

    /// Asks one server. When it does not answer it gets no more questions in this round.
    fn ask(&self, server: SocketAddr, questions: &[Question]) -> Vec<(usize, usize, Shows)> {
        let client = Client::new([server]).without_recursion().timeout(self.propagation.answer);
        let mut seen = Vec::new();
        for (name, number, asked_for) in questions {
            let is_silent = matches!(seen.last(), Some((_, _, Shows::Failed(DnsError::NoAnswer { .. }))));
            if is_silent || self.is_late() {
                break;
            }
            seen.push((*name, *number, shown(client.ask(asked_for, RecordType::Txt))));
        }
        seen
    }
}

fn shown(answer: Result<Answer, DnsError>) -> Shows {
    match answer {
        Ok(answer) if answer.outcome == Outcome::Referral => Shows::Lame,
        Ok(answer) => Shows::Values(texts(answer.data)),
        Err(why) if why.is_unreachable() => Shows::Unreachable(why),
        Err(why) => Shows::Failed(why),
    }
}
