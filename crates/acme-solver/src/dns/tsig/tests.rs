//! Signatures as BIND makes and accepts them.

use super::*;

const VECTORS: &str = include_str!("../../../tests/vectors/tsig-bind.txt");
const SIGNED: Duration = Duration::from_secs(0x6b05_0106);

struct Vector {
    key: TsigKey,
    request: Vec<u8>,
    reply: Vec<u8>,
}

fn vectors() -> Vec<Vector> {
    let lines: Vec<_> = VECTORS.lines().filter(|line| !line.starts_with('#')).collect();
    let key = |algorithm: &str| {
        let text = format!("{algorithm}:acme.key:c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IG9jdGV0cw==");
        TsigKey::parse(&text).unwrap()
    };
    let vectors = lines.chunks(3).map(|vector| Vector {
        key: key(vector[0]),
        request: octets(vector[1]),
        reply: octets(vector[2]),
    });
    let vectors: Vec<_> = vectors.collect();
    assert_eq!(vectors.len(), 2, "one for each algorithm");
    vectors
}

fn octets(hex: &str) -> Vec<u8> {
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn mac(request: &[u8]) -> Vec<u8> {
    let request = Message::from_vec(request).unwrap();
    signature(&request).unwrap().1.mac.clone()
}

fn genuine(reply: &[u8], key: &TsigKey, mac: &[u8]) -> bool {
    Message::from_vec(reply).is_ok_and(|message| is_genuine(reply, &message, key, mac))
}

#[test]
fn requests_are_signed_as_bind_wants_them() {
    for vector in vectors() {
        let mut message = Message::from_vec(&vector.request).unwrap();
        message.additionals.clear();
        let made = sign(&mut message, &vector.key, UNIX_EPOCH + SIGNED).unwrap();
        assert_eq!((made, message.to_vec().unwrap()), (mac(&vector.request), vector.request), "{:?}", vector.key);
    }
}

#[test]
fn answers_of_bind_are_genuine_and_no_others() {
    for Vector { key, request, reply } in vectors() {
        let mac = mac(&request);
        assert!(genuine(&reply, &key, &mac), "{key:?}");
        for index in 0..reply.len() {
            let mut other = reply.clone();
            other[index] ^= 1;
            let is_free = is_unsigned(&reply, index);
            assert_eq!(genuine(&other, &key, &mac), is_free, "{key:?}: octet {index} is changed");
        }
        assert!(!genuine(&reply, &key, &mac[1..]), "to another request");
        let wrong = TsigKey::parse(&format!("{}:acme.key:d3Jvbmc=", key.algorithm)).unwrap();
        assert!(!genuine(&reply, &wrong, &mac), "another secret");
        let unsigned = without_signature(&reply, 1).unwrap();
        assert!(!genuine(&unsigned, &key, &mac) && without_signature(&unsigned, 1).is_none(), "no signature");
    }
}

/// The id, which forwarders may change, and class and time to live of the signature, which have one value only (RFC 8945 §4.3.3).
fn is_unsigned(reply: &[u8], index: usize) -> bool {
    let class = reply.windows(4).position(|octets| octets == [0, 250, 0, 255]).unwrap() + 2;
    index < 2 || (class..class + 6).contains(&index)
}

#[test]
fn a_signature_holds_for_five_minutes() {
    let reply = vectors().remove(0).reply;
    let message = Message::from_vec(&reply).unwrap();
    let (_, tsig) = signature(&message).unwrap();
    for (apart, want) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let now = UNIX_EPOCH + Duration::from_secs(SIGNED.as_secs().checked_add_signed(apart).unwrap());
        assert_eq!(is_timely(tsig, now), want, "{apart} s");
    }
}

#[test]
fn a_server_may_tell_its_time() {
    for (why, error, other, want) in [
        ("with BADTIME", Some(TsigError::BadTime), &[0, 0, 0, 0, 1, 1][..], Some(257)),
        ("with another error", Some(TsigError::BadSig), &[0, 0, 0, 0, 1, 1], None),
        ("without an error", None, &[0, 0, 0, 0, 1, 1], None),
        ("too short", Some(TsigError::BadTime), &[1, 1], None),
        ("not at all", Some(TsigError::BadTime), &[], None),
    ] {
        let algorithm = tsig::TsigAlgorithm::HmacSha256;
        let tsig = TSIG::new(algorithm, 0, FUDGE, Vec::new(), 1, error, other.to_vec());
        assert_eq!(server_time(&tsig), want.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)), "{why}");
    }
}
