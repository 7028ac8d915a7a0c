//! External account binding (RFC 8555 §7.3.4).

use acme_jose::{Jwk, Jws, MacKey, ParsedAlgorithm, ParsedHeader, ParsedKeyId};
use serde_json::{Map, Value};

use crate::behaviour::Behaviour;
use crate::envelope::check_url;
use crate::problem::{ErrorType, Problem};
use crate::state::State;

const CLAUSE: &str = "RFC 8555 §7.3.4";

/// A key that the CA gave to a customer.
#[derive(Clone, Debug)]
pub(crate) struct ExternalKey {
    pub(crate) octets: Vec<u8>,
    pub(crate) used: bool,
}

impl State {
    /// Whether a new account must show a binding.
    pub(crate) fn needs_binding(&self) -> bool {
        !self.external_keys.is_empty() && !self.has(Behaviour::EabIgnored)
    }

    /// Refuses a key that counted before, where keys count once: even for an account that is there already, which
    /// needs none (RFC 8555 §7.3.1).
    pub(crate) fn refuse_spent_binding(&self, asked: &Map<String, Value>) -> Result<(), Problem> {
        let Some(binding) = asked.get("externalAccountBinding") else { return Ok(()) };
        if !self.needs_binding() || !self.has(Behaviour::EabOnce) {
            return Ok(());
        }
        let ParsedKeyId::Kid(kid) = inner(binding)?.1.key else { return Ok(()) };
        if self.external_keys.get(&kid).is_some_and(|key| key.used) {
            return Err(Problem::unauthorized(format!("the external account key {kid:?} was used before")));
        }
        Ok(())
    }

    /// The binding of a new account, if there is one that counts. Its key is then used.
    pub(crate) fn binding(
        &mut self,
        asked: &Map<String, Value>,
        account_key: &Jwk,
        url: &str,
    ) -> Result<Option<Value>, Problem> {
        if !self.needs_binding() {
            return Ok(None);
        }
        let Some(binding) = asked.get("externalAccountBinding") else {
            let detail = "a new account here needs an external account binding";
            return Err(Problem::new(ErrorType::ExternalAccountRequired, detail));
        };
        let kid = self.verify(binding, account_key, url)?;
        if let Some(key) = self.external_keys.get_mut(&kid) {
            key.used = true;
        }
        Ok(Some(binding.clone()))
    }

    /// The key id of a binding that is right in all respects.
    fn verify(&self, binding: &Value, account_key: &Jwk, url: &str) -> Result<String, Problem> {
        let (jws, header) = inner(binding)?;
        let broken = |detail: &str| Problem::malformed(format!("the binding {detail}")).breaking(CLAUSE);
        let ParsedAlgorithm::Mac(algorithm) = header.algorithm else {
            return Err(broken("is signed, expected a MAC"));
        };
        let ParsedKeyId::Kid(kid) = &header.key else { return Err(broken("has a jwk, expected a kid")) };
        if header.nonce.is_some() {
            return Err(broken("has a nonce, expected none"));
        }
        check_url(&header, url).map_err(|problem| problem.breaking(CLAUSE))?;
        if Jwk::from_json(&jws.payload()).ok().as_ref() != Some(account_key) {
            return Err(broken("is of another key than the account's"));
        }
        let refused = |detail: &str| Problem::unauthorized(format!("the external account key {kid:?} {detail}"));
        let key = self.external_keys.get(kid).ok_or_else(|| refused("is unknown"))?;
        if self.has(Behaviour::EabExpired) {
            return Err(refused("has lapsed"));
        }
        let wrong = |_| refused("did not make this MAC").breaking(CLAUSE);
        MacKey::from_bytes(&key.octets).verify(algorithm, &jws).map_err(wrong)?;
        Ok(kid.clone())
    }
}

/// The JWS in the binding: an object, not a text (RFC 8555 §7.3.4).
fn inner(binding: &Value) -> Result<(Jws, ParsedHeader), Problem> {
    let refused = |error| Problem::malformed(format!("the binding: {error}")).breaking(CLAUSE);
    let jws = Jws::from_json(binding.to_string().as_bytes()).map_err(refused)?;
    let header = jws.header().map_err(refused)?;
    Ok((jws, header))
}
