//! The names a certificate stands for: DNS names (RFC 8555 §7.1.4) and IP addresses (RFC 8738).

use std::fmt;
use std::net::IpAddr;

/// One name of an order, a request or a certificate.
///
/// Names are compared as they stand, so a DNS name is kept in lower case ([`parse`](Self::parse) sees to it) and a
/// wildcard equals itself only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A DNS name in lower case, in A-labels (`xn--…`), or such a name behind `*.`.
    Dns(String),
    /// An IP address.
    Ip(IpAddr),
}

impl Name {
    /// An IP address when the text is one (without brackets or zone), a DNS name otherwise.
    ///
    /// ASCII letters are put in lower case. Nothing else is changed or checked: names in other alphabets are to be
    /// turned into A-labels before, and [`Csr::new`](crate::Csr::new) refuses what cannot stand in a certificate.
    pub fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(address) => Self::Ip(address),
            Err(_) => Self::Dns(text.to_ascii_lowercase()),
        }
    }

    /// Whether a certificate for the public can carry the name: labels of letters, digits, `-` and `_` in lower
    /// case, 1 to 63 octets each and 253 in all (RFC 1035 §2.3.4), `*` as the whole first label at most.
    pub(crate) fn is_well_formed(&self) -> bool {
        let Self::Dns(text) = self else { return true };
        let base = text.strip_prefix("*.").unwrap_or(text);
        Self::parse(base) == Self::Dns(base.to_string()) && base.len() <= 253 && base.split('.').all(is_label)
    }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// IPv6 addresses in the form of RFC 5952.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_displays() {
        for (why, text, is_ip, displayed) in [
            ("letters in lower case", "WWW.Example.COM", false, "www.example.com"),
            ("wildcard", "*.Example.com", false, "*.example.com"),
            ("IPv4", "192.0.2.1", true, "192.0.2.1"),
            ("IPv6 (RFC 5952)", "2001:DB8:0:0::1", true, "2001:db8::1"),
            ("IPv4-mapped (RFC 5952 §5)", "::ffff:192.0.2.1", true, "::ffff:192.0.2.1"),
            ("three numbers are no address", "192.0.2", false, "192.0.2"),
            ("a zone is no part of an address", "fe80::1%eth0", false, "fe80::1%eth0"),
        ] {
            let name = Name::parse(text);
            assert_eq!(matches!(name, Name::Ip(_)), is_ip, "{why}");
            assert_eq!(name.to_string(), displayed, "{why}");
        }
    }

    #[test]
    fn knows_what_a_certificate_can_carry() {
        let long = |labels: usize, rest: &str| format!("{}{rest}", "a234567.".repeat(labels));
        for (why, text, good) in [
            ("a name", "www.example.com".to_string(), true),
            ("a wildcard", "*.example.com".to_string(), true),
            ("an A-label", "xn--bcher-kva.example".to_string(), true),
            ("an underscore", "_a.example".to_string(), true),
            ("253 octets", long(31, "a2345"), true),
            ("254 octets", long(31, "a23456"), false),
            ("a label of 63", "a".repeat(63), true),
            ("a label of 64", "a".repeat(64), false),
            ("nothing", String::new(), false),
            ("no label", ".".to_string(), false),
            ("a final dot", "example.com.".to_string(), false),
            ("an empty label", "www..example".to_string(), false),
            ("a U-label", "bücher.example".to_string(), false),
            ("upper case that was not parsed", "WWW.example".to_string(), false),
            ("a wildcard alone", "*".to_string(), false),
            ("a wildcard in the middle", "www.*.example".to_string(), false),
            ("half a wildcard", "w*.example".to_string(), false),
            ("two wildcards", "*.*.example".to_string(), false),
            ("white space", "www.example ".to_string(), false),
            ("an address as a DNS name", "192.0.2.1".to_string(), false),
            ("a wildcard before an address", "*.192.0.2.1".to_string(), false),
            ("brackets", "[::1]".to_string(), false),
        ] {
            assert_eq!(Name::Dns(text.clone()).is_well_formed(), good, "{why}: {text}");
        }
        assert!(Name::parse("::1").is_well_formed());
    }
}
