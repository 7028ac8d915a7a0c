//! Messages signed with a shared secret (RFC 8945).
//!
//! hickory-proto knows the record, but its signatures come with the whole of DNSSEC, and keep the secret in memory that nobody wipes.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hickory_proto::op::{Header, Message, Query};
use hickory_proto::rr::rdata::TSIG;
use hickory_proto::rr::rdata::tsig::{self, TsigError};
use hickory_proto::rr::{DNSClass, Name, RData, Record};
use hickory_proto::serialize::binary::{BinDecodable as _, BinDecoder, BinEncoder};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Sha256, Sha512};

use super::{TsigAlgorithm, TsigKey};

/// Clocks may differ by so many seconds (RFC 8945 §10).
const FUDGE: u16 = 300;

/// Where the header has the number of additional records (RFC 1035 §4.1.1).
const ADDITIONAL_COUNT: std::ops::Range<usize> = 10..12;

/// Adds the signature to a message, and tells the MAC in it (RFC 8945 §5.1).
pub(super) fn sign(message: &mut Message, key: &TsigKey, now: SystemTime) -> io::Result<Vec<u8>> {
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let algorithm = match key.algorithm {
        TsigAlgorithm::HmacSha256 => tsig::TsigAlgorithm::HmacSha256,
        TsigAlgorithm::HmacSha512 => tsig::TsigAlgorithm::HmacSha512,
    };
    let unsigned = TSIG::new(algorithm, seconds, FUDGE, Vec::new(), message.metadata.id, None, Vec::new());
    let mac = key.mac(&[&message.to_vec().map_err(io::Error::other)?, &variables(key, &unsigned)?])?;
    let mut record = Record::from_rdata(key.name.clone(), 0, RData::TSIG(unsigned.set_mac(mac.clone())));
    record.dns_class = DNSClass::ANY;
    message.add_additional(record);
    Ok(mac)
}

/// The signature of a message, which must be its last record.
pub(super) fn signature(message: &Message) -> Option<(&Name, &TSIG)> {
    match message.additionals.last() {
        Some(Record { name, data: RData::TSIG(tsig), .. }) => Some((name, tsig)),
        _ => None,
    }
}

/// Whether the signature of an answer was made with the key, for the request with this MAC (RFC 8945 §5.3). A shortened MAC is none.
pub(super) fn is_genuine(octets: &[u8], message: &Message, key: &TsigKey, request_mac: &[u8]) -> bool {
    let Some((name, tsig)) = signature(message) else { return false };
    let verified = || {
        let length = u16::try_from(request_mac.len()).ok()?.to_be_bytes();
        let signed = without_signature(octets, tsig.oid)?;
        let variables = variables(key, tsig).ok()?;
        key.verify(&[&length, request_mac, &signed, &variables], &tsig.mac)
    };
    *name == key.name && verified().is_some()
}

/// Whether a signature was made at about this time (RFC 8945 §5.2.3).
pub(super) fn is_timely(tsig: &TSIG, now: SystemTime) -> bool {
    let signed = UNIX_EPOCH + Duration::from_secs(tsig.time);
    let apart = now.duration_since(signed).unwrap_or_else(|future| future.duration());
    apart <= Duration::from_secs(tsig.fudge.into())
}

/// The time that the server tells with the error BADTIME (RFC 8945 §5.2.3).
pub(super) fn server_time(tsig: &TSIG) -> Option<SystemTime> {
    let seconds: [u8; 6] = tsig.other.as_slice().try_into().ok().filter(|_| tsig.error == Some(TsigError::BadTime))?;
    let seconds = seconds.iter().fold(0, |seconds, octet| seconds << 8 | u64::from(*octet));
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// The message before it was signed: with its first id, without its last record (RFC 8945 §4.3.2).
fn without_signature(octets: &[u8], id: u16) -> Option<Vec<u8>> {
    let mut decoder = BinDecoder::new(octets);
    let counts = Header::read(&mut decoder).ok()?.counts;
    let others = counts.additionals.checked_sub(1)?;
    for _ in 0..counts.queries {
        Query::read(&mut decoder).ok()?;
    }
    for _ in 0..u32::from(counts.answers) + u32::from(counts.authorities) + u32::from(others) {
        Record::read(&mut decoder).ok()?;
    }
    let mut message = octets[..decoder.index()].to_vec();
    message[..2].copy_from_slice(&id.to_be_bytes());
    message[ADDITIONAL_COUNT].copy_from_slice(&others.to_be_bytes());
    Some(message)
}

/// What is signed beside the message (RFC 8945 §4.3.3).
fn variables(key: &TsigKey, tsig: &TSIG) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    tsig.emit_tsig_for_mac(&mut BinEncoder::new(&mut octets), &key.name).map_err(io::Error::other)?;
    Ok(octets)
}

impl TsigKey {
    fn mac(&self, parts: &[&[u8]]) -> io::Result<Vec<u8>> {
        macro_rules! mac {
            ($hash:ty) => {{
                let mut mac = Hmac::<$hash>::new_from_slice(&self.secret).map_err(io::Error::other)?;
                parts.iter().for_each(|part| mac.update(part));
                mac.finalize().into_bytes().to_vec()
            }};
        }
        Ok(match self.algorithm {
            TsigAlgorithm::HmacSha256 => mac!(Sha256),
            TsigAlgorithm::HmacSha512 => mac!(Sha512),
        })
    }

    /// In constant time.
    fn verify(&self, parts: &[&[u8]], mac: &[u8]) -> Option<()> {
        macro_rules! verify {
            ($hash:ty) => {{
                let mut expected = Hmac::<$hash>::new_from_slice(&self.secret).ok()?;
                parts.iter().for_each(|part| expected.update(part));
                expected.verify_slice(mac).ok()
            }};
        }
        match self.algorithm {
            TsigAlgorithm::HmacSha256 => verify!(Sha256),
            TsigAlgorithm::HmacSha512 => verify!(Sha512),
        }
    }
}

#[cfg(test)]
mod tests;
