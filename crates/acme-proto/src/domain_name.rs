//! Domain names in the form that certificates and orders use (RFC 8555 §7.1.3 and §7.1.4, RFC 5890 §2.3.2).

use data_encoding::BASE32_NOPAD;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The longest name, without the dot at its end (RFC 1035 §2.3.4).
const MAX_NAME: usize = 253;

/// The longest label (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;

/// A name that a person typed, in lower case, as A-labels, without a dot at the end; perhaps with `*.` in front. The
/// error says why it cannot be one.
pub(crate) fn normalize(typed: &str) -> Result<String, &'static str> {
    check_kind(typed)?;
    let (prefix, base) = match typed.strip_prefix("*.") {
        Some(base) => ("*.", base),
        None => ("", typed),
    };
    if base.contains('*') {
        return Err("`*` may only stand alone in front, as in *.example.com");
    }
    let ascii = Uts46::new()
        .to_ascii(base.as_bytes(), AsciiDenyList::STD3, Hyphens::Check, DnsLength::Ignore)
        .map_err(|_| "its labels are not those of a host name")?;
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    check_labels(name)?;
    check_onion(name)?;
    match prefix.len() + name.len() > MAX_NAME {
        true => Err("it is longer than 253 characters"),
        false => Ok(format!("{prefix}{name}")),
    }
}

/// What people give in place of a name.
fn check_kind(typed: &str) -> Result<(), &'static str> {
    let has = |characters: &[char]| typed.contains(characters);
    match () {
        () if has(&['/']) => Err("it looks like a URL; give the name only"),
        () if has(&['@']) => Err("it looks like an e-mail address; give the name only"),
        () if has(&[',', ';']) => Err("it looks like several names; give them one by one"),
        () if has(&['[', ']']) => Err("brackets are for IPv6 addresses only, as in [2001:db8::1]"),
        () if has(&[':']) && has(&['%']) => Err("an address in a certificate has no zone"),
        () if typed.matches(':').count() > 1 => Err("it looks like an IPv6 address, but is not one"),
        () if has(&[':']) => Err("it looks like a name with a port; give the name only"),
        () if has(&['_']) => Err("`_` is not allowed in the names of hosts"),
        () => Ok(()),
    }
}

/// Certificates are for onion services of version 3 only (RFC 9799 §2): a key, a checksum, which is not looked at, and the
/// version, in base32.
fn check_onion(name: &str) -> Result<(), &'static str> {
    let mut labels = name.rsplit('.');
    if labels.next() != Some("onion") {
        return Ok(());
    }
    let address = BASE32_NOPAD.decode(labels.next().unwrap_or_default().to_ascii_uppercase().as_bytes());
    match address.is_ok_and(|octets| octets.len() == 35 && octets.last() == Some(&3)) {
        true => Ok(()),
        false => Err("it is not an onion address of version 3, which has 56 characters before .onion and ends in d"),
    }
}

fn check_labels(name: &str) -> Result<(), &'static str> {
    if name.is_empty() {
        return Err("it is empty");
    }
    if name.split('.').any(str::is_empty) {
        return Err("it has an empty label: two dots in a row, or a dot in front");
    }
    if name.split('.').any(|label| label.len() > MAX_LABEL) {
        return Err("a label is longer than 63 characters");
    }
    // No top-level domain consists of digits (RFC 3696 §2): some software would read such a name as an address.
    match name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
        true => Err("it looks like an IPv4 address, but is not one"),
        false => Ok(()),
    }
}
