//! TXT records, asked of resolvers over UDP, and over TCP when the answer does not fit (RFC 1035 §4.2).

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RData, RecordType};
use thiserror::Error;

use crate::deadline::{Deadline, timed_out};

/// Aliases are followed within an answer at most this often.
const MAX_ALIASES: usize = 16;

/// The values of the TXT records of a name, with or without a dot at its end, the strings of each record joined. None when there are none, or no such name.
///
/// The resolvers are asked one after the other, twice around, until one answers; all of that takes at most `timeout`.
/// Aliases (CNAME) are followed as far as the answer shows them: the resolvers are expected to recurse.
///
/// # Errors
/// When the name is none, or no resolver gives a usable answer; then what the last one did.
pub fn txt(name: &str, resolvers: &[SocketAddr], timeout: Duration) -> Result<Vec<String>, DnsError> {
    let mut name = Name::from_ascii(name).map_err(|_| DnsError::Name(name.to_owned()))?;
    name.set_fqdn(true);
    let attempts = u32::try_from(resolvers.len() * 2).unwrap_or(u32::MAX);
    let mut last = DnsError::NoResolver;
    for resolver in resolvers.iter().chain(resolvers) {
        match ask(&name, *resolver, Deadline::after(timeout / attempts)) {
            Ok(values) => return Ok(values),
            Err(why) => last = why,
        }
    }
    Err(last)
}

/// The resolvers of this computer, as `/etc/resolv.conf` names them (resolv.conf(5)); none where there is no such file.
pub fn system_resolvers() -> Vec<SocketAddr> {
    std::fs::read_to_string("/etc/resolv.conf").map(|text| parse_resolv_conf(&text)).unwrap_or_default()
}

/// Why there is no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DnsError {
    /// It is not a domain name.
    #[error("{0:?} is not a domain name")]
    Name(String),
    /// There is nobody to ask.
    #[error("no resolver is known; name one")]
    NoResolver,
    /// A resolver answers that it cannot tell.
    #[error("{resolver} answers: {code}")]
    Refused {
        /// Who answered.
        resolver: SocketAddr,
        /// The response code.
        code: String,
    },
    /// No answer, or none that can be read.
    #[error("{resolver}: {source}")]
    NoAnswer {
        /// Who was asked.
        resolver: SocketAddr,
        /// What happened.
        source: io::Error,
    },
}

fn parse_resolv_conf(text: &str) -> Vec<SocketAddr> {
    let resolvers: Vec<SocketAddr> = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver")?.split_whitespace().next()?.parse().ok())
        .map(|address| SocketAddr::new(address, 53))
        .collect();
    match resolvers.is_empty() {
        true => vec![(Ipv4Addr::LOCALHOST, 53).into()],
        false => resolvers,
    }
}

fn ask(name: &Name, resolver: SocketAddr, deadline: Deadline) -> Result<Vec<String>, DnsError> {
    let answer = exchange(name, resolver, deadline).map_err(|source| DnsError::NoAnswer { resolver, source })?;
    match answer.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(values(name, &answer)),
        code => Err(DnsError::Refused { resolver, code: code.to_string() }),
    }
}

fn exchange(name: &Name, resolver: SocketAddr, deadline: Deadline) -> io::Result<Message> {
    let mut query = Message::query();
    query.add_query(Query::query(name.clone(), RecordType::TXT));
    query.metadata.recursion_desired = true;
    let octets = query.to_vec().map_err(io::Error::other)?;
    let answer = over_udp(&query, &octets, resolver, deadline)?;
    match answer.metadata.truncation {
        true => over_tcp(&query, &octets, resolver, deadline),
        false => Ok(answer),
    }
}

fn over_udp(query: &Message, octets: &[u8], resolver: SocketAddr, deadline: Deadline) -> io::Result<Message> {
    let any = match resolver {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(resolver)?;
    socket.send(octets)?;
    let mut buffer = [0; 4096];
    loop {
        socket.set_read_timeout(Some(deadline.left()?))?;
        let length = socket.recv(&mut buffer).map_err(timed_out)?;
        // What is not the answer may be forged: only time ends the wait for the true one (RFC 5452 §9.1).
        match Message::from_vec(&buffer[..length]) {
            Ok(answer) if answers(&answer, query) => return Ok(answer),
            _ => {}
        }
    }
}

fn over_tcp(query: &Message, octets: &[u8], resolver: SocketAddr, deadline: Deadline) -> io::Result<Message> {
    let stream = TcpStream::connect_timeout(&resolver, deadline.left()?)?;
    let length = u16::try_from(octets.len()).map_err(io::Error::other)?;
    deadline.write_all(&stream, &[&length.to_be_bytes(), octets].concat())?;
    let mut length = [0; 2];
    read_exact(&stream, &mut length, deadline)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    read_exact(&stream, &mut answer, deadline)?;
    match Message::from_vec(&answer).map_err(io::Error::other)? {
        answer if answers(&answer, query) => Ok(answer),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is to another question")),
    }
}

fn read_exact(stream: &TcpStream, mut buffer: &mut [u8], deadline: Deadline) -> io::Result<()> {
    while !buffer.is_empty() {
        match deadline.read(stream, buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => buffer = &mut buffer[count..],
        }
    }
    Ok(())
}

fn answers(answer: &Message, query: &Message) -> bool {
    answer.metadata.id == query.metadata.id
        && answer.metadata.message_type == MessageType::Response
        && answer.queries == query.queries
}

/// The TXT values of a name or of what it is an alias of.
fn values(name: &Name, answer: &Message) -> Vec<String> {
    let mut name = name;
    for _ in 0..MAX_ALIASES {
        let of_name = || answer.answers.iter().filter(|r| r.dns_class == DNSClass::IN && r.name == *name);
        let found: Vec<_> = of_name().filter_map(|record| text(&record.data)).collect();
        let alias = of_name().find_map(|record| match &record.data {
            RData::CNAME(alias) => Some(&alias.0),
            _ => None,
        });
        match alias {
            Some(alias) if found.is_empty() => name = alias,
            _ => return found,
        }
    }
    Vec::new()
}

fn text(data: &RData) -> Option<String> {
    match data {
        RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolv_conf_names_the_resolvers() {
        for (why, text, want) in [
            ("one", "nameserver 192.0.2.1\n", &["192.0.2.1:53"][..]),
            (
                "others stand between",
                "search a.test\nnameserver\t192.0.2.1 \noptions x\nnameserver ::1\n",
                &["192.0.2.1:53", "[::1]:53"],
            ),
            ("comments", "# nameserver 192.0.2.9\n;nameserver 192.0.2.9\nnameserver 192.0.2.1 # x", &["192.0.2.1:53"]),
            ("none means the computer itself", "", &["127.0.0.1:53"]),
        ] {
            let found: Vec<_> = parse_resolv_conf(text).iter().map(SocketAddr::to_string).collect();
            assert_eq!(found, want, "{why}");
        }
    }
}
