//! One question to some servers, and the answer with its evidence.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hickory_proto::op::{Edns, Message, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, Record};

use super::exchange::exchange;
use super::record::{parse_name, text};
use super::{Code, Data, DnsError, RecordType, system_resolvers};
use crate::deadline::Deadline;

/// Aliases are followed at most this often.
pub(super) const MAX_ALIASES: usize = 16;

/// One question takes at most this long when nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The longest answer over UDP, in octets: it passes every network unfragmented (RFC 9715 §3).
const MAX_UDP: u16 = 1232;

/// Asks questions of some servers.
#[derive(Clone, Debug)]
pub struct Client {
    servers: Vec<SocketAddr>,
    timeout: Duration,
    recursion: bool,
    tcp: bool,
}

impl Client {
    /// Asks these servers, one after the other, twice around, until one answers.
    pub fn new(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self { servers: servers.into_iter().collect(), timeout: TIMEOUT, recursion: true, tcp: false }
    }

    /// Asks the resolvers of this computer.
    pub fn system() -> Self {
        Self::new(system_resolvers())
    }

    /// One question, with all its tries at all servers, takes at most this long; 10 s when nothing is said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Asks the servers for what they know themselves: they are the authoritative ones.
    pub fn without_recursion(mut self) -> Self {
        self.recursion = false;
        self
    }

    /// Asks over TCP alone, not only when an answer is truncated.
    pub fn over_tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Asks for the records of one kind at a name (class IN). Aliases are followed as far as the answer shows them.
    ///
    /// # Errors
    /// When the name is none, or no server gives a usable answer; then what the last one did.
    pub fn ask(&self, name: &str, kind: RecordType) -> Result<Answer, DnsError> {
        let name = parse_name(name)?;
        let tries = u32::try_from(self.servers.len() * 2).unwrap_or(u32::MAX);
        let mut last = DnsError::NoResolver;
        for server in self.servers.iter().chain(&self.servers) {
            match self.ask_one(&name, kind, *server, Deadline::after(self.timeout / tries)) {
                Ok(answer) => return Ok(answer),
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    fn ask_one(
        &self,
        name: &Name,
        kind: RecordType,
        server: SocketAddr,
        deadline: Deadline,
    ) -> Result<Answer, DnsError> {
        let question = self.question(name, kind);
        let reply = exchange(&question, server, self.tcp, deadline);
        let message = reply.map_err(|source| DnsError::NoAnswer { server, source: Arc::new(source) })?.message;
        match Code::new(message.metadata.response_code) {
            Some(code) => Err(DnsError::Refused { server, code }),
            None => Ok(Answer::new(server, name, kind, &message)),
        }
    }

    fn question(&self, name: &Name, kind: RecordType) -> Message {
        let mut question = Message::query();
        question.add_query(Query::query(name.clone(), kind.into()));
        question.metadata.recursion_desired = self.recursion;
        let mut edns = Edns::new();
        edns.set_max_payload(MAX_UDP);
        question.set_edns(edns);
        question
    }
}

/// What a server answers to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Who answered.
    pub server: SocketAddr,
    /// Whether there are records, or a name at all.
    pub outcome: Outcome,
    /// What stands in the records.
    pub data: Vec<Data>,
    /// The aliases followed to them: what each stands for, in their order.
    pub aliases: Vec<String>,
    /// Whether the server says that it answers for the zone itself.
    pub authoritative: bool,
    /// The zone that has no such record, as the SOA record beside a negative answer says (RFC 2308 §2), or that a referral leads to.
    pub zone: Option<String>,
}

/// What there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Records of the kind.
    Records,
    /// The name, without records of the kind; NODATA of RFC 2308 §2.2.
    NoData,
    /// No such name; NXDOMAIN.
    NxDomain,
    /// The server does not know and names the servers of a zone below or beside its own (RFC 1034 §4.3.2).
    Referral,
}

impl Answer {
    fn new(server: SocketAddr, name: &Name, kind: RecordType, message: &Message) -> Self {
        let (data, aliases) = follow(name, kind, &message.answers);
        let authoritative = message.metadata.authoritative;
        let start = message.authorities.iter().find(|record| matches!(record.data, RData::SOA(_)));
        let cut = message.authorities.iter().find(|record| matches!(record.data, RData::NS(_)));
        let outcome = match message.metadata.response_code {
            _ if !data.is_empty() => Outcome::Records,
            ResponseCode::NXDomain => Outcome::NxDomain,
            _ if start.is_none() && cut.is_some() && !authoritative => Outcome::Referral,
            _ => Outcome::NoData,
        };
        Self {
            server,
            outcome,
            data,
            aliases: aliases.iter().map(text).collect(),
            authoritative,
            zone: start.or(cut).filter(|_| outcome != Outcome::Records).map(|record| text(&record.name)),
        }
    }
}

/// What stands in the records of a name or of what it is an alias of, and the aliases on the way.
fn follow(name: &Name, kind: RecordType, records: &[Record]) -> (Vec<Data>, Vec<Name>) {
    let mut aliases: Vec<Name> = Vec::new();
    loop {
        let name = aliases.last().unwrap_or(name);
        let of_name = || records.iter().filter(|record| record.dns_class == DNSClass::IN && record.name == *name);
        let wanted = of_name().filter(|record| record.record_type() == kind.into());
        let found: Vec<_> = wanted.filter_map(|record| Data::new(&record.data)).collect();
        let alias = of_name().find_map(|record| match &record.data {
            RData::CNAME(alias) => Some(alias.0.clone()),
            _ => None,
        });
        match alias {
            Some(alias) if found.is_empty() && aliases.len() < MAX_ALIASES => aliases.push(alias),
            _ => return (found, aliases),
        }
    }
}
