//! A name server with records of its own: it finds what is asked for, follows aliases, and says in which zone there is nothing.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, NS, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::{Over, reply};

/// What all servers that share it know.
#[derive(Clone, Default)]
pub(crate) struct Records(Arc<Mutex<Vec<Record>>>);

impl Records {
    pub(crate) fn new(records: impl IntoIterator<Item = Record>) -> Self {
        Self(Arc::new(Mutex::new(records.into_iter().collect())))
    }

    pub(crate) fn add(&self, record: Record) {
        self.0.lock().unwrap().push(record);
    }

    /// Answers for these records.
    pub(crate) fn answer(&self, query: &Message, _: Over) -> Vec<Vec<u8>> {
        vec![self.find(query).to_vec().unwrap()]
    }

    /// The same, but never says in which zone there is nothing.
    pub(crate) fn answer_without_soa(&self, query: &Message, _: Over) -> Vec<Vec<u8>> {
        let mut answer = self.find(query);
        answer.authorities.clear();
        vec![answer.to_vec().unwrap()]
    }

    fn find(&self, query: &Message) -> Message {
        let records = self.0.lock().unwrap();
        let (mut name, kind) = (query.queries[0].name().clone(), query.queries[0].query_type());
        let mut answer = reply(query);
        answer.metadata.authoritative = true;
        for _ in 0..20 {
            let at_name = |record: &&Record| record.name == name;
            let found: Vec<_> = records.iter().filter(at_name).filter(|record| record.record_type() == kind).collect();
            answer.answers.extend(found.iter().map(|&record| record.clone()));
            let alias = records.iter().filter(at_name).find(|record| record.record_type() == RecordType::CNAME);
            match alias {
                Some(alias) if found.is_empty() => {
                    let RData::CNAME(target) = &alias.data else { unreachable!() };
                    answer.answers.push(alias.clone());
                    name = target.0.clone();
                }
                _ if found.is_empty() => {
                    deny(&records, &name, &mut answer);
                    break;
                }
                _ => break,
            }
        }
        answer
    }
}

fn deny(records: &[Record], name: &Name, answer: &mut Message) {
    if !records.iter().any(|record| name.zone_of(&record.name)) {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    let starts = records.iter().filter(|record| record.record_type() == RecordType::SOA);
    let around = starts.filter(|start| start.name.zone_of(name));
    answer.authorities.extend(around.max_by_key(|start| start.name.num_labels()).cloned());
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

pub(crate) fn start(zone: &str) -> Record {
    let soa = SOA::new(name("ns1.").append_domain(&name(zone)).unwrap(), name("admin.test."), 7, 1, 1, 1, 1);
    Record::from_rdata(name(zone), 1, RData::SOA(soa))
}

pub(crate) fn server(zone: &str, server: &str) -> Record {
    Record::from_rdata(name(zone), 1, RData::NS(NS(name(server))))
}

pub(crate) fn address(host: &str, address: &str) -> Record {
    let data = match IpAddr::from_str(address).unwrap() {
        IpAddr::V4(address) => RData::A(A(address)),
        IpAddr::V6(address) => RData::AAAA(AAAA(address)),
    };
    Record::from_rdata(name(host), 1, data)
}
