//! Certificates: downloaded and revoked (RFC 8555 §7.4.2 and §7.6).

use std::collections::BTreeSet;
use std::time::SystemTime;

use acme_jose::{Jwk, base64url};
use acme_x509::CertificateError;
use serde_json::Value;

use crate::Resource;
use crate::authorization;
use crate::behaviour::Behaviour;
use crate::ca::{Ca, Call};
use crate::chain;
use crate::envelope::Envelope;
use crate::identifier::Identifier;
use crate::issue::Issued;
use crate::problem::{ErrorType, Problem};
use crate::response::Response;
use crate::state::{Id, Owned, State, owned};

/// An issued certificate.
pub(crate) struct Certificate {
    pub(crate) account: Id,
    pub(crate) names: BTreeSet<Identifier>,
    key: Jwk,
    der: Vec<u8>,
    /// How renewal information names it (RFC 9773 §4.1).
    pub(crate) renewal_id: String,
    pub(crate) validity: (SystemTime, SystemTime),
    /// For each root the leaf, the intermediate and the root, as PEM.
    chains: Vec<[String; 3]>,
    pub(crate) revoked: bool,
    /// The order that replaces it (RFC 9773 §5).
    pub(crate) replaced_by: Option<Id>,
}

impl Owned for Certificate {
    fn owner(&self) -> &str {
        &self.account
    }
}

impl Certificate {
    pub(crate) fn new(
        account: Id,
        names: BTreeSet<Identifier>,
        key: Jwk,
        validity: (SystemTime, SystemTime),
        issued: Issued,
    ) -> Result<Self, CertificateError> {
        let leaf = acme_x509::Certificate::from_der(&issued.der)?;
        let key_id = leaf.authority_key_id()?.unwrap_or_default();
        let renewal_id = format!("{}.{}", base64url::encode(&key_id), base64url::encode(leaf.serial()));
        let Issued { der, chains } = issued;
        Ok(Self { account, names, key, der, renewal_id, validity, chains, revoked: false, replaced_by: None })
    }
}

/// Who asks for a revocation.
enum Revoker {
    Account(Id),
    Key(Jwk),
}

/// A chain, leaf first (RFC 8555 §9.1), with links to the others (§7.4.2).
pub(crate) fn download(call: &Call<'_>) -> Result<Response, Problem> {
    call.payload.nothing()?;
    let (id, index) = call.id.split_once('/').unwrap_or((call.id, "0"));
    let certificate = owned(&call.state.certificates, id, &call.account)?;
    let index: usize = index.parse().map_err(|_| Problem::not_found())?;
    let chain = certificate.chains.get(index).ok_or_else(Problem::not_found)?;
    let text = chain::text(call.state, chain);
    let response = Response::text(200, "application/pem-certificate-chain", text);
    let others = (0..certificate.chains.len()).filter(|other| *other != index);
    let base = call.ca.routes.url_of(Resource::Certificate, id);
    Ok(others.fold(response, |response, other| {
        let url = if other == 0 { base.clone() } else { format!("{base}/{other}") };
        response.header("Link", format!("<{url}>;rel=\"alternate\""))
    }))
}

/// revokeCert, signed by an account or by the certificate's own key (RFC 8555 §7.6).
pub(crate) fn revoke(ca: &Ca, state: &mut State, envelope: Envelope) -> Result<Response, Problem> {
    let (revoker, payload) = if envelope.shows_key() {
        let (key, payload) = envelope.by_key()?;
        if state.has(Behaviour::CertKeyRevocation403) {
            return Err(Problem::unauthorized("this CA wants revocations to be signed by accounts"));
        }
        (Revoker::Key(key), payload)
    } else {
        let (account, payload) = envelope.by_account(ca, state)?;
        (Revoker::Account(account), payload)
    };
    let asked = payload.object()?;
    let text = asked.get("certificate").and_then(Value::as_str).unwrap_or_default();
    let der = base64url::decode(text)
        .map_err(|error| Problem::malformed(format!("certificate is {error}")).breaking("RFC 8555 §6.1"))?;
    check_reason(asked.get("reason"))?;
    let found = state.certificates.iter().find(|(_, certificate)| certificate.der == der);
    let (id, certificate) = found.ok_or_else(|| Problem::malformed("this CA did not issue it").status(404))?;
    if !may_revoke(state, &revoker, certificate) {
        return Err(Problem::unauthorized("neither the certificate's key nor an account that holds its names"));
    }
    if certificate.revoked {
        return Err(Problem::new(ErrorType::AlreadyRevoked, "the certificate is revoked already"));
    }
    let id = id.clone();
    if let Some(certificate) = state.certificates.get_mut(&id) {
        certificate.revoked = true;
    }
    Ok(Response::empty(200))
}

fn may_revoke(state: &State, revoker: &Revoker, certificate: &Certificate) -> bool {
    match revoker {
        Revoker::Key(key) => *key == certificate.key,
        Revoker::Account(account) if *account == certificate.account => true,
        Revoker::Account(account) => {
            certificate.names.iter().all(|name| authorization::valid(state, account, name).is_some())
        }
    }
}

/// A reason is a CRLReason (RFC 5280 §5.3.1); 7 is not used.
fn check_reason(reason: Option<&Value>) -> Result<(), Problem> {
    match reason.map(Value::as_u64) {
        None | Some(Some(0..=6 | 8..=10)) => Ok(()),
        _ => Err(Problem::new(ErrorType::BadRevocationReason, "a reason is one of 0 to 6 and 8 to 10")
            .breaking("RFC 5280 §5.3.1")),
    }
}
