//! Addresses that lead nowhere on the public Internet (RFC 6890 and the IANA registries of special-purpose addresses).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address is for, when no CA on the Internet can reach it.
pub(crate) fn reserved(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => reserved_v4(address),
        IpAddr::V6(address) => reserved_v6(address),
    }
}

fn reserved_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        _ if address.is_private() => "for private networks (RFC 1918)",
        _ if address.is_loopback() => "this computer itself (loopback)",
        _ if address.is_link_local() => "for one link alone (RFC 3927)",
        _ if address.is_documentation() => "for documentation (RFC 5737)",
        [100, 64..=127, ..] => "for carrier-grade NAT (RFC 6598)",
        [198, 18..=19, ..] => "for benchmarks (RFC 2544)",
        [192, 0, 0, _] => "for protocols (RFC 6890)",
        [0, ..] => "no address of a computer (RFC 1122)",
        [224..=239, ..] => "for multicast",
        [240..=255, ..] => "reserved (RFC 1112)",
        _ => return None,
    })
}

fn reserved_v6(address: Ipv6Addr) -> Option<&'static str> {
    Some(match address.segments() {
        _ if address.is_loopback() => "this computer itself (loopback)",
        _ if address.is_unspecified() => "no address of a computer (RFC 4291)",
        [0, 0, 0, 0, 0, 0xffff, ..] => "an IPv4 address in disguise (RFC 4291)",
        [0xfc00..=0xfdff, ..] => "for private networks (ULA, RFC 4193)",
        [0xfe80..=0xfebf, ..] => "for one link alone (RFC 4291)",
        [0xfec0..=0xfeff, ..] => "for private networks (RFC 3879)",
        [0xff00..=0xffff, ..] => "for multicast",
        [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => "for documentation (RFC 3849, RFC 9637)",
        [0x2001, 0x2, 0, ..] => "for benchmarks (RFC 5180)",
        [0x100, 0, 0, 0, ..] => "to be thrown away (RFC 6666)",
        [0x64, 0xff9b, 1, ..] => "for private networks (RFC 8215)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_addresses_are_told_from_public_ones() {
        for (address, want) in [
            ("127.0.0.1", "loopback"),
            ("10.1.2.3", "RFC 1918"),
            ("172.31.0.1", "RFC 1918"),
            ("192.168.0.1", "RFC 1918"),
            ("100.64.0.1", "carrier-grade"),
            ("100.127.255.255", "carrier-grade"),
            ("169.254.1.1", "one link"),
            ("192.0.2.1", "documentation"),
            ("198.51.100.1", "documentation"),
            ("203.0.113.1", "documentation"),
            ("198.19.0.1", "benchmarks"),
            ("0.0.0.0", "no address"),
            ("224.0.0.1", "multicast"),
            ("255.255.255.255", "reserved"),
            ("::1", "loopback"),
            ("::", "no address"),
            ("::ffff:8.8.8.8", "disguise"),
            ("fd00::1", "ULA"),
            ("fe80::1", "one link"),
            ("2001:db8::1", "documentation"),
            ("3fff::1", "documentation"),
            ("ff02::1", "multicast"),
            ("100::1", "thrown away"),
        ] {
            let found = reserved(address.parse().unwrap());
            assert!(found.is_some_and(|found| found.contains(want)), "{address}: {found:?}");
        }
        for address in
            ["8.8.8.8", "100.63.0.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "2606:4700::1", "2001:4860::1"]
        {
            assert_eq!(reserved(address.parse().unwrap()), None, "{address}");
        }
    }
}
