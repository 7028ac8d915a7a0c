//! Delegations: a name's owner lets somebody else have certificates for it (RFC 9115). Unproven against public CAs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::lenient;

/// A delegation as the owner's server shows it (RFC 9115 §2.3.1.3).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Delegation {
    /// What the request for the certificate must look like (RFC 9115 §4), as data: nothing is checked against it here.
    pub csr_template: Value,
    /// The CNAME records the owner adds, name to target.
    #[serde(default, deserialize_with = "lenient::or_default")]
    pub cname_map: BTreeMap<String, String>,
}

impl Delegation {
    /// The domain names that the template writes out; an order must name them all (RFC 9115 §2.3.2). Wildcards of the
    /// template, which leave a name open, are not among them.
    pub fn names(&self) -> Vec<&str> {
        let names = self.csr_template.pointer("/extensions/subjectAltName/DNS").and_then(Value::as_array);
        let written = names.into_iter().flatten().filter_map(Value::as_str);
        written.filter(|name| !matches!(*name, "*" | "**")).collect()
    }
}
