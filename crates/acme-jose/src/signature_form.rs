//! The two forms of an ECDSA signature: DER, and the fixed width of JWS (RFC 7518 §3.4).

use alloc::{format, vec, vec::Vec};

use pkcs8::der::{self, Decode, Encode, Reader, asn1::UintRef};

use crate::{Algorithm, SignError};

/// An ECDSA signature as DER (`SEQUENCE { r, s }`, what OpenSSL, PKCS#11 wrappers and cloud KMS give) in the form
/// JWS wants: R ‖ S, each left-padded with zeros to the width of the field (RFC 7518 §3.4).
///
/// # Errors
/// When `signature` is not that DER, when a number is wider than the field, or when `algorithm` is not ECDSA.
pub fn ecdsa_der_to_fixed(algorithm: Algorithm, signature: &[u8]) -> Result<Vec<u8>, SignError> {
    let width = half_width(algorithm)?;
    let (r, s) = parse_der(signature)
        .map_err(|_| SignError::new("found an ECDSA signature that is not a DER sequence of two integers from 0"))?;
    let mut fixed = vec![0; 2 * width];
    for (number, half) in [r.as_bytes(), s.as_bytes()].into_iter().zip(fixed.chunks_mut(width)) {
        let found = number.len();
        let too_wide = || format!("found a number of {found} octets, expected at most {width} for {algorithm}");
        let start = width.checked_sub(found).ok_or_else(|| SignError::new(too_wide()))?;
        half[start..].copy_from_slice(number);
    }
    Ok(fixed)
}

/// The other way round: R ‖ S as DER, the form X.509 wants.
///
/// # Errors
/// When `signature` has not the length that `algorithm` asks for, or `algorithm` is not ECDSA.
pub fn ecdsa_fixed_to_der(algorithm: Algorithm, signature: &[u8]) -> Result<Vec<u8>, SignError> {
    let width = half_width(algorithm)?;
    if signature.len() != 2 * width {
        return Err(SignError::new(format!(
            "found an {algorithm} signature of {} octets, expected {}",
            signature.len(),
            2 * width
        )));
    }
    let (r, s) = signature.split_at(width);
    encode_der(r, s).map_err(|error| SignError::new(format!("cannot write the signature as DER: {error}")))
}

fn half_width(algorithm: Algorithm) -> Result<usize, SignError> {
    let len = algorithm.ecdsa_signature_len().ok_or_else(|| {
        SignError::new(format!(
            "found {algorithm}, expected an ECDSA algorithm: only those have two forms of a signature"
        ))
    })?;
    Ok(len / 2)
}

fn parse_der(signature: &[u8]) -> der::Result<(UintRef<'_>, UintRef<'_>)> {
    let mut reader = der::SliceReader::new(signature)?;
    let pair = reader.sequence(|inner| Ok::<_, der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?)))?;
    reader.finish()?;
    Ok(pair)
}

fn encode_der(r: &[u8], s: &[u8]) -> der::Result<Vec<u8>> {
    vec![UintRef::new(r)?, UintRef::new(s)?].to_der()
}
