//! Changing the records of a zone by messages to its primary server (RFC 2136).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use acme_account::{Clock, SystemClock};
use acme_proto::TxtRecord;
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::rdata::tsig::TsigError;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use super::exchange::{Reply, exchange};
use super::record::{parse_name, text};
use super::{Code, DnsError, TsigKey, UpdateError, tsig};
use crate::deadline::Deadline;

/// How long resolvers may keep the records, in seconds: briefly, for they are gone soon.
const TTL: u32 = 60;

/// A message takes at most this long.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Longer messages go over TCP (RFC 2136 §2.1, RFC 1035 §4.2.1).
const MAX_UDP: usize = 512;

/// The records of one message, uncompressed, have at most so many octets: a message has at most 65535, and needs some for header and signature.
const MAX_RECORDS: usize = 64_000;

/// Changes TXT records on a name server.
#[derive(Clone)]
pub struct Updater {
    servers: Vec<SocketAddr>,
    key: Option<TsigKey>,
    ttl: u32,
    timeout: Duration,
    tcp: bool,
    clock: Arc<dyn Clock>,
}

/// What is to happen to records.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Add,
    Remove,
}

impl Updater {
    /// Sends to the first of these addresses that answers: those of the primary server of the zone.
    pub fn new(servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        let servers = servers.into_iter().collect();
        Self { servers, key: None, ttl: TTL, timeout: TIMEOUT, tcp: false, clock: Arc::new(SystemClock) }
    }

    /// Signs with this key, and wants the answers signed with it.
    pub fn key(mut self, key: TsigKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Gives the records this time to live in seconds; 60 when nothing is said.
    pub fn ttl(mut self, seconds: u32) -> Self {
        self.ttl = seconds;
        self
    }

    /// One message, with all its tries at all addresses, takes at most this long; 20 s when nothing is said.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends everything over TCP, not only what is longer than 512 octets.
    pub fn over_tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Takes the time for signatures from here.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Adds records to a zone, beside those that are there, in one message. Adding what is there changes nothing.
    ///
    /// One result for each record, in the same order. All have the same, unless there are so many (about 400) that they need several messages:
    /// then each message is made or refused as a whole.
    pub fn add(&self, zone: &str, records: &[TxtRecord]) -> Vec<Result<(), UpdateError>> {
        self.change(zone, records, Change::Add)
    }

    /// Removes exactly these records from a zone, name and value, in one message. Removing what is not there changes nothing.
    ///
    /// The results are as those of [`add`](Self::add).
    pub fn remove(&self, zone: &str, records: &[TxtRecord]) -> Vec<Result<(), UpdateError>> {
        self.change(zone, records, Change::Remove)
    }

    pub(super) fn change(&self, zone: &str, records: &[TxtRecord], change: Change) -> Vec<Result<(), UpdateError>> {
        let parts = parts(records).into_iter();
        parts.flat_map(|part| vec![self.send(zone, part, change); part.len()]).collect()
    }

    pub(super) fn at(&self, servers: impl IntoIterator<Item = SocketAddr>) -> Self {
        Self { servers: servers.into_iter().collect(), ..self.clone() }
    }

    pub(super) fn has_server(&self) -> bool {
        !self.servers.is_empty()
    }

    /// A change that was made already is made again when its answer got lost, which does no harm.
    fn send(&self, zone: &str, records: &[TxtRecord], change: Change) -> Result<(), UpdateError> {
        let zone = parse_name(zone)?;
        let message = self.message(&zone, records, change)?;
        let tries = u32::try_from(self.servers.len() * 2).unwrap_or(u32::MAX);
        let mut last = DnsError::NoResolver;
        for server in self.servers.iter().chain(&self.servers) {
            match self.try_at(*server, message.clone(), Deadline::after(self.timeout / tries)) {
                Ok((reply, mac)) => return self.judge(*server, &zone, &reply, &mac),
                Err(source) => last = DnsError::NoAnswer { server: *server, source: Arc::new(source) },
            }
        }
        Err(last.into())
    }

    fn message(&self, zone: &Name, records: &[TxtRecord], change: Change) -> Result<Message, DnsError> {
        let mut message = Message::new(Message::query().metadata.id, MessageType::Query, OpCode::Update);
        message.add_query(Query::query(zone.clone(), RecordType::SOA));
        for record in records {
            message.add_authority(self.record(record, change)?);
        }
        Ok(message)
    }

    /// As RFC 2136 §2.5 writes changes: class IN adds a record (§2.5.1), NONE removes it (§2.5.4).
    fn record(&self, record: &TxtRecord, change: Change) -> Result<Record, DnsError> {
        let strings = record.strings().into_iter().map(str::as_bytes).collect();
        let data = RData::TXT(TXT::from_bytes(strings));
        let (class, ttl) = match change {
            Change::Add => (DNSClass::IN, self.ttl),
            Change::Remove => (DNSClass::NONE, 0),
        };
        let mut record = Record::from_rdata(parse_name(&record.name)?, ttl, data);
        record.dns_class = class;
        Ok(record)
    }

    /// The answer, and the MAC of the request.
    fn try_at(&self, server: SocketAddr, mut message: Message, deadline: Deadline) -> io::Result<(Reply, Vec<u8>)> {
        let mac = match &self.key {
            Some(key) => tsig::sign(&mut message, key, self.clock.now())?,
            None => Vec::new(),
        };
        let is_long = message.to_vec().map_err(io::Error::other)?.len() > MAX_UDP;
        Ok((exchange(&message, server, self.tcp || is_long, deadline)?, mac))
    }

    fn judge(&self, server: SocketAddr, zone: &Name, reply: &Reply, mac: &[u8]) -> Result<(), UpdateError> {
        if let Some(key) = &self.key {
            self.judge_signature(server, key, reply, mac)?;
        }
        let zone = text(zone);
        let key = self.key.as_ref().map(TsigKey::name);
        match reply.message.metadata.response_code {
            ResponseCode::NoError => Ok(()),
            ResponseCode::NotAuth => Err(UpdateError::NotAuth { server, zone, key }),
            ResponseCode::NotZone => Err(UpdateError::NotZone { server, zone }),
            ResponseCode::Refused => Err(UpdateError::Refused { server, zone, key }),
            other => {
                let code = Code::new(other).unwrap_or(Code::Other(other.into()));
                Err(UpdateError::Other { server, zone, code })
            }
        }
    }

    /// An error may come without a signature, when the server cannot make one: whoever invents it gains nothing but the failure
    /// (RFC 8945 §5.3.2).
    fn judge_signature(&self, server: SocketAddr, key: &TsigKey, reply: &Reply, mac: &[u8]) -> Result<(), UpdateError> {
        let now = self.clock.now();
        let error = tsig::signature(&reply.message).and_then(|(_, tsig)| tsig.error);
        let is_failure = reply.message.metadata.response_code != ResponseCode::NoError;
        match tsig::signature(&reply.message) {
            Some(_) if error == Some(TsigError::BadKey) => Err(UpdateError::BadKey { server, key: key.name() }),
            Some(_) if error == Some(TsigError::BadSig) => Err(UpdateError::BadSignature { server, key: key.name() }),
            Some((_, tsig)) if error == Some(TsigError::BadTime) => {
                Err(UpdateError::BadTime { server, theirs: tsig::server_time(tsig), ours: now })
            }
            Some((_, tsig))
                if tsig::is_genuine(&reply.octets, &reply.message, key, mac) && tsig::is_timely(tsig, now) =>
            {
                Ok(())
            }
            None if is_failure => Ok(()),
            _ => Err(UpdateError::Forged { server, key: key.name() }),
        }
    }
}

/// Parts that fit into a message each.
fn parts(records: &[TxtRecord]) -> Vec<&[TxtRecord]> {
    let mut parts = Vec::new();
    let (mut start, mut length) = (0, 0);
    for (index, record) in records.iter().enumerate() {
        // The name, and ten octets before the strings, of which each has one more for its length.
        let size = record.name.len() + 2 + 10 + record.value.len() + record.strings().len();
        if length + size > MAX_RECORDS && index > start {
            parts.push(&records[start..index]);
            (start, length) = (index, 0);
        }
        length += size;
    }
    parts.push(&records[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}
