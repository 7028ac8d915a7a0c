//! Where a record really stands: behind which aliases, in which zone, on which servers.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::client::MAX_ALIASES;
use super::record::{parse_name, text};
use super::{Client, Data, DnsError, Outcome, RecordType};

/// The port of name servers (RFC 1035 §4.2).
const PORT: u16 = 53;

/// Finds zones and their name servers with the help of resolvers.
#[derive(Clone, Debug)]
pub struct Zones {
    client: Client,
    port: u16,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The name itself, or the last of the aliases: here the record must stand.
    pub name: String,
    /// The names that the aliases stand for, in their order; none when the name is no alias.
    pub aliases: Vec<String>,
    /// The innermost zone around that name.
    pub zone: String,
}

/// A name server at one of its addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameServer {
    /// Its name; the address where it is known by no other.
    pub name: String,
    /// One of its addresses.
    pub address: SocketAddr,
}

impl Zones {
    /// Asks with this client, whose servers must recurse or know all the zones.
    pub fn new(client: Client) -> Self {
        Self { client, port: PORT }
    }

    /// Expects name servers on this port rather than on 53.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Follows the aliases (CNAME) of a name, at most 16, and finds the zone around the last. A part that is delegated (NS), be it the name alone,
    /// is a zone of its own.
    ///
    /// # Errors
    /// When the name is none, a question finds no answer, the aliases lead in a circle, or no zone below the root is found.
    pub fn place(&self, name: &str) -> Result<Place, DnsError> {
        let mut chain = Vec::new();
        let mut name = text(&parse_name(name)?);
        loop {
            let answer = self.client.ask(&name, RecordType::Cname)?;
            let target = answer.data.into_iter().find_map(|data| match data {
                Data::Cname(target) => Some(target),
                _ => None,
            });
            chain.push(name.clone());
            match target {
                Some(target) if chain.contains(&target) || chain.len() > MAX_ALIASES => {
                    chain.push(target);
                    return Err(DnsError::Aliases { chain });
                }
                Some(target) => name = target,
                // A negative answer tells the zone already.
                None => {
                    let zone = answer.zone.filter(|zone| encloses(zone, &name)).map_or_else(|| self.zone(&name), Ok)?;
                    return Ok(Place { aliases: chain.split_off(1), name, zone });
                }
            }
        }
    }

    /// The innermost zone around a name: the first name from it upwards with an SOA record of its own.
    ///
    /// # Errors
    /// When the name is none, a question finds no answer, or no zone below the root is found.
    pub fn zone(&self, name: &str) -> Result<String, DnsError> {
        let mut at = parse_name(name)?;
        while !at.is_root() {
            let answer = self.client.ask(&text(&at), RecordType::Soa)?;
            if answer.outcome == Outcome::Records && answer.aliases.is_empty() {
                return Ok(text(&at));
            }
            if let Some(zone) = answer.zone.filter(|zone| encloses(zone, &text(&at))) {
                return Ok(zone);
            }
            at = at.base_name();
        }
        Err(DnsError::NoZone { name: name.to_owned() })
    }

    /// The authoritative servers of a zone, each at every address it has. Those that cannot be found are left out.
    ///
    /// # Errors
    /// When the NS records cannot be read, or none of the servers has an address.
    pub fn servers(&self, zone: &str) -> Result<Vec<NameServer>, DnsError> {
        let found = self.client.ask(zone, RecordType::Ns)?.data;
        let names = found.into_iter().filter_map(|data| if let Data::Ns(name) = data { Some(name) } else { None });
        self.at_addresses(zone, names.collect())
    }

    /// The server that takes updates of a zone, as its SOA record names it (RFC 2136 §4.3), at every address it has.
    ///
    /// # Errors
    /// When the SOA record cannot be read, or the server has no address.
    pub fn primary(&self, zone: &str) -> Result<Vec<NameServer>, DnsError> {
        let found = self.client.ask(zone, RecordType::Soa)?.data;
        let names = found
            .into_iter()
            .filter_map(|data| if let Data::Soa { primary, .. } = data { Some(primary) } else { None });
        self.at_addresses(zone, names.collect())
    }

    fn at_addresses(&self, zone: &str, names: Vec<String>) -> Result<Vec<NameServer>, DnsError> {
        let mut servers = Vec::new();
        let mut trouble = None;
        for name in &names {
            for kind in [RecordType::A, RecordType::Aaaa] {
                match self.client.ask(name, kind) {
                    Ok(answer) => servers.extend(answer.data.iter().filter_map(|data| self.server(name, data))),
                    Err(why) => trouble = Some(why),
                }
            }
        }
        match servers.is_empty() {
            true => Err(trouble.unwrap_or(DnsError::NoServers { zone: zone.to_owned(), servers: names })),
            false => Ok(servers),
        }
    }

    fn server(&self, name: &str, address: &Data) -> Option<NameServer> {
        let address: IpAddr = match address {
            Data::A(address) => (*address).into(),
            Data::Aaaa(address) => (*address).into(),
            _ => return None,
        };
        Some(NameServer { name: name.to_owned(), address: SocketAddr::new(address, self.port) })
    }
}

impl From<SocketAddr> for NameServer {
    fn from(address: SocketAddr) -> Self {
        Self { name: address.ip().to_string(), address }
    }
}

impl fmt::Display for NameServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name == self.address.ip().to_string() {
            true => write!(f, "{}", self.address),
            false => write!(f, "{} ({})", self.name, self.address),
        }
    }
}

/// Whether a zone, which is not the root, holds a name.
fn encloses(zone: &str, name: &str) -> bool {
    zone == name || name.strip_suffix(zone).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_holds_whole_labels_below_it() {
        for (zone, name, want) in [
            ("a.test.", "a.test.", true),
            ("a.test.", "x.a.test.", true),
            ("a.test.", "xa.test.", false),
            ("x.a.test.", "a.test.", false),
            (".", "a.test.", false),
        ] {
            assert_eq!(encloses(zone, name), want, "{zone} around {name}");
        }
    }
}
