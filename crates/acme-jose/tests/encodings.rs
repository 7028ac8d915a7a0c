//! base64url and ECDSA signatures, read strictly: two spellings never mean the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use acme_jose::{Algorithm, base64url, ecdsa_der_to_fixed, ecdsa_fixed_to_der};

#[test]
fn base64url_is_strict() {
    for (why, wire, want) in [
        ("nothing is no octets", "", Some(&[][..])),
        ("url alphabet", "-_8", Some(&[0xfb, 0xff])),
        ("the alphabet of MIME", "+/8", None),
        ("no padding (RFC 7515 §2)", "-_8=", None),
        ("padding only", "====", None),
        ("an impossible length", "A", None),
        ("an impossible length of five", "AAAAA", None),
        ("white space", "AA A", None),
        ("a line end", "AAAA\n", None),
        ("stray trailing bits", "-_9", None),
        ("stray trailing bits of two characters", "AB", None),
        ("their canonical form", "AA", Some(&[0])),
        ("not ASCII", "ÄÄ", None),
        ("a NUL", "AA\0A", None),
    ] {
        assert_eq!(base64url::decode(wire).ok().as_deref(), want, "{why}: {wire:?}");
    }
    for (wire, says) in [
        ("AA+A", "not base64url: '+' at 2 is outside the alphabet A-Z a-z 0-9 - _"),
        ("AA==", "not base64url: padding (`=`) is not allowed"),
        ("AAAAA", "not base64url: 5 characters are an impossible length"),
        ("AB", "not base64url: unused bits at the end are set"),
    ] {
        assert_eq!(base64url::decode(wire).unwrap_err().to_string(), says);
    }
}

#[test]
fn ecdsa_signatures_in_der() {
    let es256 = Algorithm::Es256;
    let fixed = |r: u8, s: u8| [vec![0; 31], vec![r], vec![0; 31], vec![s]].concat();
    for (why, der, want) in [
        ("small numbers are padded", vec![0x30, 6, 2, 1, 1, 2, 1, 2], Ok(fixed(1, 2))),
        ("the sign octet is dropped", vec![0x30, 7, 2, 2, 0, 0x80, 2, 1, 2], Ok(fixed(0x80, 2))),
        ("a negative number", vec![0x30, 6, 2, 1, 0x80, 2, 1, 2], Err("not a DER sequence")),
        ("a needless zero", vec![0x30, 7, 2, 2, 0, 1, 2, 1, 2], Err("not a DER sequence")),
        ("three numbers", vec![0x30, 9, 2, 1, 1, 2, 1, 2, 2, 1, 3], Err("not a DER sequence")),
        ("one number", vec![0x30, 3, 2, 1, 1], Err("not a DER sequence")),
        ("octets behind it", vec![0x30, 6, 2, 1, 1, 2, 1, 2, 0], Err("not a DER sequence")),
        ("nothing", vec![], Err("not a DER sequence")),
        ("a long form of the length", vec![0x30, 0x81, 6, 2, 1, 1, 2, 1, 2], Err("not a DER sequence")),
        (
            "a number of P-384",
            [vec![0x30, 38, 2, 33], vec![1; 33], vec![2, 1, 2]].concat(),
            Err("a number of 33 octets, expected at most 32 for ES256"),
        ),
    ] {
        match (ecdsa_der_to_fixed(es256, &der), want) {
            (Ok(found), Ok(want)) => assert_eq!(found, want, "{why}"),
            (Err(error), Err(says)) => assert!(error.to_string().contains(says), "{why}: {error}"),
            (found, _) => panic!("{why}: {found:?}"),
        }
    }
    for algorithm in [Algorithm::EdDsa, Algorithm::Rs256] {
        assert!(ecdsa_der_to_fixed(algorithm, &[0x30, 6, 2, 1, 1, 2, 1, 2]).is_err(), "{algorithm} has one form");
    }
    let error = ecdsa_fixed_to_der(es256, &[1; 63]).unwrap_err().to_string();
    assert_eq!(error, "cannot sign: found an ES256 signature of 63 octets, expected 64");
}
