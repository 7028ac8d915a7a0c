//! The resolvers of this computer, and the plainest question to them.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::{Client, Data, DnsError, RecordType};

/// The values of the TXT records of a name, with or without a dot at its end, the strings of each record joined. None when there are none, or no such name.
///
/// The resolvers are asked one after the other, twice around, until one answers; all of that takes at most `timeout`.
/// Aliases (CNAME) are followed as far as the answer shows them: the resolvers are expected to recurse.
///
/// # Errors
/// When the name is none, or no resolver gives a usable answer; then what the last one did.
pub fn txt(name: &str, resolvers: &[SocketAddr], timeout: Duration) -> Result<Vec<String>, DnsError> {
    let answer = Client::new(resolvers.iter().copied()).timeout(timeout).ask(name, RecordType::Txt)?;
    Ok(texts(answer.data))
}

pub(super) fn texts(data: Vec<Data>) -> Vec<String> {
    data.into_iter().filter_map(|data| if let Data::Txt(text) = data { Some(text) } else { None }).collect()
}

/// The resolvers of this computer, as `/etc/resolv.conf` names them (resolv.conf(5)); none where there is no such file.
pub fn system_resolvers() -> Vec<SocketAddr> {
    std::fs::read_to_string("/etc/resolv.conf").map(|text| parse_resolv_conf(&text)).unwrap_or_default()
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
