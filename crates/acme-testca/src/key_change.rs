//! Account keys changed (RFC 8555 §7.3.5).

use acme_jose::{Jwk, Jws, ParsedKeyId};
use serde_json::{Map, Value, json};

use crate::Resource;
use crate::account::own;
use crate::behaviour::Behaviour;
use crate::ca::Call;
use crate::envelope::{Payload, check_url, refusal};
use crate::problem::Problem;
use crate::response::Response;

/// keyChange: two signatures, the old key's around the new key's (RFC 8555 §7.3.5).
pub(crate) fn change(call: &mut Call<'_>) -> Result<Response, Problem> {
    let new_key = new_key(call).map_err(|problem| problem.breaking("RFC 8555 §7.3.5"))?;
    if let Some((other, _)) = call.state.account_by_key(&new_key) {
        if call.state.has(Behaviour::KeyChangeIgnored) {
            return Ok(own(call.state, &call.account, &call.account)?.respond(&call.ca.routes, &call.account, 200));
        }
        let location = call.ca.routes.url_of(Resource::Account, other);
        return Err(Problem::malformed("the new key is the key of an account")
            .status(409)
            .header("Location", location));
    }
    let account = own(call.state, &call.account, &call.account)?;
    account.key = new_key;
    Ok(account.respond(&call.ca.routes, &call.account, 200))
}

/// The key of the inner JWS, if all of it is as it should be.
fn new_key(call: &mut Call<'_>) -> Result<Jwk, Problem> {
    let inner = Jws::from_json(&call.payload.octets).map_err(refusal)?;
    let header = inner.header().map_err(refusal)?;
    let ParsedKeyId::Jwk(key) = header.key.clone() else {
        return Err(Problem::malformed("the inner JWS has a kid, expected a jwk"));
    };
    if header.nonce.is_some() {
        return Err(Problem::malformed("the inner JWS has a nonce, expected none"));
    }
    check_url(&header, &call.payload.url)?;
    inner.verify(&key).map_err(|error| Problem::malformed(format!("the inner JWS: {error}")))?;
    check_inner(call, &Payload { octets: inner.payload(), url: String::new() }.object()?)?;
    Ok(key)
}

/// What the holder of the new key agrees to: to take over this account from this key.
fn check_inner(call: &mut Call<'_>, agreed: &Map<String, Value>) -> Result<(), Problem> {
    let account = own(call.state, &call.account, &call.account)?;
    if agreed.get("account") != Some(&json!(call.ca.routes.url_of(Resource::Account, &call.account))) {
        return Err(Problem::malformed("the inner account is not the outer kid"));
    }
    let old = agreed.get("oldKey").and_then(|old| Jwk::from_json(old.to_string().as_bytes()).ok());
    if old.as_ref() != Some(&account.key) {
        return Err(Problem::malformed("oldKey is not the key of the account"));
    }
    Ok(())
}
