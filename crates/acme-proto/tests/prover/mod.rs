//! The account that proves control in these tests: its key is that of RFC 7638 §3.1.

use acme_jose::{Jwk, Thumbprint};
use acme_proto::{Challenge, Identifier, Meta, Prover};
use serde_json::Value;

pub(crate) fn vectors() -> Value {
    serde_json::from_str(include_str!("../vectors/challenges.json")).unwrap()
}

pub(crate) fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap()
}

pub(crate) fn thumbprint() -> Thumbprint {
    Jwk::from_json(vectors()["jwk"].to_string().as_bytes()).unwrap().thumbprint()
}

pub(crate) struct Setting {
    pub(crate) account_url: String,
    pub(crate) thumbprint: Thumbprint,
    pub(crate) meta: Meta,
}

impl Setting {
    pub(crate) fn new(account_url: &str, meta: Value) -> Self {
        let meta = serde_json::from_value(meta).unwrap();
        Self { account_url: account_url.to_owned(), thumbprint: thumbprint(), meta }
    }

    pub(crate) fn prover(&self) -> Prover<'_> {
        Prover { account_url: &self.account_url, thumbprint: &self.thumbprint, meta: &self.meta }
    }
}

pub(crate) fn challenge(json: Value) -> Challenge {
    serde_json::from_value(json).unwrap()
}

pub(crate) fn dns(name: &str) -> Identifier {
    Identifier::Dns(name.to_owned())
}
