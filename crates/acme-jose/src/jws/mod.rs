//! JSON Web Signature, the flattened JSON form and nothing else (RFC 7515 §7.2.2).

mod error;
mod header;
mod inner;
mod parsed;
mod payload;

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

pub use error::JwsError;
pub use header::{Header, KeyId};
pub use inner::InnerJws;
pub use parsed::{ParsedAlgorithm, ParsedHeader, ParsedKeyId};
pub use payload::{Payload, PayloadText};

pub(crate) use header::{WireHeader, WireKey};

use crate::excerpt::excerpt;
use crate::json::{self, Object};
use crate::{Algorithm, Jwk, SignError, Signer, VerifyError, base64url};

/// A flattened JWS: the three members, as they stand on the wire.
///
/// A MAC cannot sign an outer one (RFC 8555 §6.2): a [`MacKey`](crate::MacKey) is not a [`Signer`].
///
/// ```compile_fail,E0277
/// use acme_jose::{Header, Jws, KeyId, MacKey, Payload};
///
/// let key = MacKey::from_bytes(b"a shared secret");
/// let header = Header { key: KeyId::Jwk, nonce: "oFvnlFP1wIhRlYS2jTaXbA", url: "https://ca.example/new-account" };
/// let jws = Jws::sign(&key, &header, &Payload::EmptyObject);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws {
    protected: String,
    payload: String,
    signature: String,
}

impl Jws {
    /// Signs an outer JWS, one that has a nonce.
    ///
    /// # Errors
    /// What the signer says, or that its algorithm or its signature does not fit its public key.
    pub fn sign(signer: &dyn Signer, header: &Header<'_>, payload: &Payload) -> Result<Self, SignError> {
        let public = signer.public_key();
        let key = match header.key {
            KeyId::Jwk => WireKey::Jwk(&public),
            KeyId::Kid(kid) => WireKey::Kid(kid),
        };
        let header = WireHeader { alg: signer.algorithm().name(), key, nonce: Some(header.nonce), url: header.url };
        Self::build(&header, payload, |input| signature(signer, &public, input))
    }

    /// Signs an inner JWS, which has no nonce and shows the signer's own key: proof that its holder agrees to what
    /// the outer JWS around it asks (RFC 8555 §7.3.5).
    ///
    /// # Errors
    /// As [`sign`](Self::sign).
    pub fn sign_inner(signer: &dyn Signer, url: &str, payload: &Payload) -> Result<InnerJws, SignError> {
        let public = signer.public_key();
        let header = WireHeader { alg: signer.algorithm().name(), key: WireKey::Jwk(&public), nonce: None, url };
        Self::build(&header, payload, |input| signature(signer, &public, input)).map(InnerJws)
    }

    pub(crate) fn build(
        header: &WireHeader<'_>,
        payload: &Payload,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, SignError>,
    ) -> Result<Self, SignError> {
        let protected = base64url::encode(header.to_json().as_bytes());
        let payload = base64url::encode(payload.octets());
        let signature = base64url::encode(&sign(format!("{protected}.{payload}").as_bytes())?);
        Ok(Self { protected, payload, signature })
    }

    /// The JSON text: `protected`, `payload`, `signature` in this order. The same input gives the same text, but for
    /// signers that add randomness.
    pub fn to_json(&self) -> String {
        json::write(&self.members())
    }

    fn members(&self) -> [(&'static str, &str); 3] {
        [("protected", &self.protected), ("payload", &self.payload), ("signature", &self.signature)]
    }

    /// Reads a flattened JWS without checking its signature.
    ///
    /// # Errors
    /// When it is not a JSON object, has other members than the three, one of them is not strict base64url, or the
    /// protected header is not a JSON object or uses `b64` or `crit`.
    pub fn from_json(json: &[u8]) -> Result<Self, JwsError> {
        let members = Object::parse(json)?;
        check_form(&members)?;
        let text = |member| members.octets(member).and_then(|_| members.text(member)).map(str::to_string);
        let jws = Self { protected: text("protected")?, payload: text("payload")?, signature: text("signature")? };
        parsed::members(&jws.protected)?;
        Ok(jws)
    }

    /// The payload's octets. Believe them only after [`verify`](Self::verify) or
    /// [`MacKey::verify`](crate::MacKey::verify).
    pub fn payload(&self) -> Vec<u8> {
        base64url::decode(&self.payload).unwrap_or_default()
    }

    /// The protected header.
    ///
    /// # Errors
    /// When it names no known algorithm, holds both `jwk` and `kid` or neither, or has a member of the wrong type.
    pub fn header(&self) -> Result<ParsedHeader, JwsError> {
        ParsedHeader::read(&parsed::members(&self.protected)?)
    }

    /// Checks the signature under a public key.
    ///
    /// # Errors
    /// When the header names another algorithm than the key's, or the signature is wrong.
    pub fn verify(&self, key: &Jwk) -> Result<(), VerifyError> {
        let named = self.alg()?;
        match Algorithm::from_name(&named) {
            Some(algorithm) => key.verify(algorithm, self.signing_input().as_bytes(), &self.signature()),
            None => Err(VerifyError::Algorithm { found: excerpt(&named), expected: key.algorithm().name() }),
        }
    }

    /// The `alg` of the protected header, whatever else the header holds.
    pub(crate) fn alg(&self) -> Result<String, VerifyError> {
        let members = parsed::members(&self.protected).map_err(|_| VerifyError::NoAlgorithm)?;
        members.text("alg").map(str::to_string).map_err(|_| VerifyError::NoAlgorithm)
    }

    /// What is signed: the strings as they were sent (RFC 7515 §5.1).
    pub(crate) fn signing_input(&self) -> String {
        format!("{}.{}", self.protected, self.payload)
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        base64url::decode(&self.signature).unwrap_or_default()
    }
}

/// The signer's signature, if it has the length that goes with the algorithm and the key.
fn signature(signer: &dyn Signer, public: &Jwk, input: &[u8]) -> Result<Vec<u8>, SignError> {
    let algorithm = signer.algorithm();
    if algorithm != public.algorithm() {
        return Err(SignError::new(format!(
            "found a signer for {algorithm} whose public key goes with {}, expected one and the same algorithm",
            public.algorithm()
        )));
    }
    let (signature, expected) = (signer.sign(input)?, public.signature_len());
    if signature.len() == expected {
        return Ok(signature);
    }
    let hint = if algorithm.ecdsa_signature_len().is_some() { " (ecdsa_der_to_fixed makes them from DER)" } else { "" };
    Err(SignError::new(format!(
        "found an {algorithm} signature of {} octets, expected {expected}{hint}",
        signature.len()
    )))
}

/// Whether these are the members of the flattened form, and no others (RFC 8555 §6.2).
fn check_form(members: &Object) -> Result<(), JwsError> {
    if let Some(signatures) = members.get("signatures") {
        return Err(JwsError::GeneralForm { signatures: signatures.as_array().map_or(0, Vec::len) });
    }
    if members.get("header").is_some() {
        return Err(JwsError::UnprotectedHeader);
    }
    match members.names().find(|name| !["protected", "payload", "signature"].contains(name)) {
        Some(other) => Err(JwsError::UnknownMember(excerpt(other))),
        None => Ok(()),
    }
}

impl Serialize for Jws {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        for (name, value) in self.members() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
