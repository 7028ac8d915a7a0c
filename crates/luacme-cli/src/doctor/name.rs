//! The addresses of a name: whether it exists, and whether all its name servers say the same.

use std::collections::BTreeSet;
use std::net::IpAddr;

use acme_proto::Identifier;
use acme_solver::dns::{Client, Code as DnsCode, Data, DnsError, NameServer, Outcome, RecordType};

use super::addresses::reserved;
use super::ca::Place;
use super::code::Code;
use super::finding::Finding;
use super::plan::{Plan, Subject};

/// The addresses that the resolvers know of a name.
pub(crate) fn addresses(plan: &Plan, subject: &Subject) -> Result<BTreeSet<IpAddr>, Finding> {
    if let Identifier::Ip(address) = subject.identifier {
        return Ok([address].into());
    }
    let name = subject.base();
    let finding = |code, evidence: String| Finding::of(&name, code, evidence);
    let client = plan.client();
    let mut found = BTreeSet::new();
    let mut server = None;
    for kind in [RecordType::A, RecordType::Aaaa] {
        let answer = client.ask(&name, kind).map_err(|why| finding(trouble(&why), why.to_string()))?;
        if answer.outcome == Outcome::NxDomain {
            return Err(finding(Code::DnsNxdomain, format!("{} answers: NXDOMAIN", answer.server)));
        }
        server = Some(answer.server);
        found.extend(answer.data.iter().filter_map(address));
    }
    match (found.is_empty(), server) {
        (true, Some(server)) => Err(finding(Code::DnsNoAddress, format!("{server} knows neither A nor AAAA records"))),
        _ => Ok(found),
    }
}

/// All there is to say of the addresses of a name in DNS.
pub(crate) fn check(plan: &Plan, subject: &Subject) -> Vec<Finding> {
    let found = match addresses(plan, subject) {
        Ok(found) => found,
        Err(finding) => return vec![finding],
    };
    let mut findings = unreachable(plan, subject, &found);
    if subject.is_domain() {
        findings.extend(servers(plan, &subject.base()));
    }
    findings
}

/// A CA on a private network can reach what is private.
fn unreachable(plan: &Plan, subject: &Subject, found: &BTreeSet<IpAddr>) -> Vec<Finding> {
    if plan.authority.place != Place::Internet {
        return Vec::new();
    }
    let say = |(address, what): (IpAddr, &str)| {
        Finding::of(subject.base(), Code::AddressReserved, format!("{address} is {what}"))
    };
    found.iter().filter_map(|address| reserved(*address).map(|what| (*address, what))).map(say).collect()
}

/// The name servers of the zone, each asked by itself.
fn servers(plan: &Plan, name: &str) -> Vec<Finding> {
    let zones = plan.zones();
    let located = zones.place(name).and_then(|place| Ok((zones.servers(&place.zone)?, place)));
    let (servers, place) = match located {
        Ok(located) => located,
        Err(why) => return vec![Finding::of(name, trouble(&why), why.to_string())],
    };
    let asked: Vec<_> = servers.iter().map(|server| (server, ask(server, &place.name))).collect();
    let mut findings = Vec::new();
    let mut answers = Vec::new();
    for (server, answer) in asked {
        match answer {
            Ok(addresses) => answers.push((server, addresses)),
            Err(why) if why.is_unreachable() => {}
            Err(why) => {
                findings.push(Finding::of(name, Code::DnsServerFailed, format!("{server} ({}): {why}", server.name)))
            }
        }
    }
    findings.extend(agreement(name, &answers));
    findings
}

fn ask(server: &NameServer, name: &str) -> Result<BTreeSet<IpAddr>, DnsError> {
    let client: Client = Plan::authoritative(server.address);
    let mut found = BTreeSet::new();
    for kind in [RecordType::A, RecordType::Aaaa] {
        found.extend(client.ask(name, kind)?.data.iter().filter_map(address));
    }
    Ok(found)
}

fn agreement(name: &str, answers: &[(&NameServer, BTreeSet<IpAddr>)]) -> Option<Finding> {
    let (first, others) = answers.split_first()?;
    let differs = others.iter().find(|(_, addresses)| *addresses != first.1);
    Some(match differs {
        Some(other) => {
            let say =
                |(server, addresses): &(&NameServer, BTreeSet<IpAddr>)| format!("{server}: {}", listed(addresses));
            Finding::of(name, Code::DnsServersDisagree, format!("{}; {}", say(first), say(other)))
        }
        None => Finding::of(name, Code::DnsAgrees, listed(&first.1)),
    })
}

fn listed(addresses: &BTreeSet<IpAddr>) -> String {
    match addresses.is_empty() {
        true => "no address".to_owned(),
        false => addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}

fn address(data: &Data) -> Option<IpAddr> {
    match data {
        Data::A(address) => Some((*address).into()),
        Data::Aaaa(address) => Some((*address).into()),
        _ => None,
    }
}

/// What a failed question means.
pub(crate) fn trouble(why: &DnsError) -> Code {
    match why {
        DnsError::Refused { code: DnsCode::ServFail, .. } => Code::DnsServfail,
        DnsError::Aliases { .. } => Code::DnsAliasesBroken,
        DnsError::NoZone { .. } | DnsError::NoServers { .. } => Code::DnsZoneUnknown,
        _ => Code::DnsUnanswered,
    }
}
