//! The request of a finalize (RFC 8555 §7.4).

use std::collections::BTreeSet;
use std::net::IpAddr;

use acme_jose::{Jwk, base64url};
use acme_x509::Csr;
use serde_json::Value;
use x509_cert::der::Decode as _;
use x509_cert::request::CertReq;

use crate::behaviour::Behaviour;
use crate::envelope::Payload;
use crate::identifier::Identifier;
use crate::order::Order;
use crate::problem::{ErrorType, Problem};
use crate::state::State;

/// The key to certify, if the CSR asks for just what was ordered.
pub(crate) fn checked(state: &State, order: &Order, payload: &Payload) -> Result<Jwk, Problem> {
    let bad = |detail: String| Problem::new(ErrorType::BadCsr, detail);
    let asked = payload.object()?;
    let text = asked.get("csr").and_then(Value::as_str).unwrap_or_default();
    let der = base64url::decode(text).map_err(|error| bad(format!("csr is {error}")).breaking("RFC 8555 §6.1"))?;
    if state.has(Behaviour::CnIpRefused) && common_name_is_address(&der) {
        return Err(bad("CN contains IP address".into()));
    }
    let csr = Csr::from_der(&der).map_err(|error| bad(error.to_string()).breaking("RFC 8555 §7.4"))?;
    let names = csr.names().iter().map(Identifier::from).collect();
    if names != order.identifiers {
        let detail = format!("the CSR is for {}; the order for {}", list(&names), list(&order.identifiers));
        return Err(bad(detail).breaking("RFC 8555 §7.4"));
    }
    if state.account_by_key(csr.public_key()).is_some() {
        return Err(bad("the key of the CSR is an account key".into()).breaking("RFC 8555 §11.1"));
    }
    Ok(csr.public_key().clone())
}

fn common_name_is_address(der: &[u8]) -> bool {
    let Ok(request) = CertReq::from_der(der) else { return false };
    // As text a subject is CN=…,O=….
    let subject = request.info.subject.to_string();
    let common_names = subject.split(',').filter_map(|part| part.trim().strip_prefix("CN="));
    common_names.into_iter().any(|name| name.parse::<IpAddr>().is_ok())
}

fn list(identifiers: &BTreeSet<Identifier>) -> String {
    identifiers.iter().map(Identifier::to_string).collect::<Vec<_>>().join(", ")
}
