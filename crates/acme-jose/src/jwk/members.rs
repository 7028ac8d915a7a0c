//! Public keys out of the members of a JSON object.

use alloc::{format, vec::Vec};

use super::{Jwk, JwkError};
use crate::curve::Curve;
use crate::excerpt::excerpt;
use crate::json::Object;

impl Jwk {
    /// Reads a JWK; members it does not need are ignored, private ones too.
    ///
    /// # Errors
    /// When the text is not a JSON object, a member is missing or is not strict base64url, the point is not on the
    /// curve, or the kind of key is unknown or switched off.
    pub fn from_json(json: &[u8]) -> Result<Self, JwkError> {
        read(&Object::parse(json)?)
    }
}

pub(crate) fn read(members: &Object) -> Result<Jwk, JwkError> {
    match members.text("kty")? {
        "EC" => ec(members),
        "OKP" => match members.text("crv")? {
            "Ed25519" => Jwk::checked_ed25519(&members.octets("x")?),
            other => {
                Err(JwkError::Unsupported { found: format!("the curve {:?}", excerpt(other)), expected: "Ed25519" })
            }
        },
        "RSA" => Jwk::checked_rsa(&members.octets("n")?, &members.octets("e")?),
        other => Err(JwkError::Unsupported {
            found: format!("the key type {:?}", excerpt(other)),
            expected: "\"EC\", \"OKP\" or \"RSA\"",
        }),
    }
}

fn ec(members: &Object) -> Result<Jwk, JwkError> {
    let curve = curve(members)?;
    let mut point = Vec::from([4]);
    for member in ["x", "y"] {
        let coordinate = members.octets(member)?;
        if coordinate.len() != curve.width() {
            return Err(JwkError::Width { member, found: coordinate.len(), expected: curve.width() });
        }
        point.extend(coordinate);
    }
    Jwk::checked_ec(curve, point)
}

pub(crate) fn curve(members: &Object) -> Result<Curve, JwkError> {
    let name = members.text("crv")?;
    let unknown =
        || JwkError::Unsupported { found: format!("the curve {:?}", excerpt(name)), expected: Curve::EXPECTED };
    Curve::from_name(name).ok_or_else(unknown)
}
