//! Whether the ports to listen on are free, and who holds them if not.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use super::code::Code;
use super::finding::Finding;
use super::holder::holder;

/// Where a listener is: at the address given, else at the port of every address.
pub(crate) fn listen_addresses(given: Option<SocketAddr>, port: u16) -> Vec<SocketAddr> {
    given.map_or_else(
        || vec![(Ipv4Addr::UNSPECIFIED, port).into(), (Ipv6Addr::UNSPECIFIED, port).into()],
        |given| vec![given],
    )
}

/// Whether a listener of ours would have its port. `wanted`: there will be one.
pub(crate) fn check(addresses: &[SocketAddr], wanted: bool) -> Finding {
    let (mut free, mut refused) = (Vec::new(), Vec::new());
    for address in addresses {
        match TcpListener::bind(address) {
            Ok(_) => free.push(address.to_string()),
            Err(why) => refused.push(refusal(*address, &why, wanted)),
        }
    }
    // A computer need not have both kinds of addresses.
    let missing = |finding: &Finding| finding.code == Code::PortUnusable;
    match refused.into_iter().find(|finding| free.is_empty() || !missing(finding)) {
        Some(finding) => finding,
        None => Finding::new(Code::PortFree, free.join(" and ")),
    }
}

fn refusal(address: SocketAddr, why: &io::Error, wanted: bool) -> Finding {
    match why.kind() {
        ErrorKind::AddrInUse => {
            let holder = holder(address.port()).unwrap_or_else(|| "a program that cannot be named".to_owned());
            let code = if wanted { Code::PortHeld } else { Code::PortInUse };
            Finding::new(code, format!("{address} is held by {holder}"))
        }
        ErrorKind::PermissionDenied => Finding::new(Code::PortForbidden, format!("{address}: {why}")),
        _ => Finding::new(Code::PortUnusable, format!("{address}: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_code() {
        for (kind, wanted, want) in [
            (ErrorKind::PermissionDenied, true, "port-forbidden"),
            (ErrorKind::AddrInUse, true, "port-held"),
            (ErrorKind::AddrInUse, false, "port-in-use"),
            (ErrorKind::AddrNotAvailable, true, "port-unusable"),
        ] {
            let found = refusal("127.0.0.1:1".parse().unwrap(), &kind.into(), wanted);
            assert_eq!(found.code.name(), want, "{kind:?}");
        }
    }
}
