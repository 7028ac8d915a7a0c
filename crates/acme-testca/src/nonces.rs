//! Nonces: handed out, counted once, sometimes forgotten (RFC 8555 §6.5).

use std::collections::HashMap;

use acme_jose::base64url;

use crate::behaviour::Behaviour;
use crate::problem::{ErrorType, Problem};
use crate::state::State;

/// Every nonce ever handed out.
#[derive(Default)]
pub(crate) struct Nonces(HashMap<String, Nonce>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nonce {
    Good,
    Spent,
    /// The CA lost it: not the client's fault.
    Forgotten,
}

impl Nonces {
    /// Whether it could still be used.
    pub(crate) fn is_good(&self, nonce: &str) -> bool {
        self.0.get(nonce) == Some(&Nonce::Good)
    }

    /// As a restart does that keeps nonces in memory only.
    pub(crate) fn forget(&mut self) {
        self.0.values_mut().filter(|nonce| **nonce == Nonce::Good).for_each(|nonce| *nonce = Nonce::Forgotten);
    }

    /// Uses it up.
    fn spend(&mut self, nonce: &str) -> Result<(), Problem> {
        let bad = |detail: String| Problem::new(ErrorType::BadNonce, detail);
        let Some(known) = self.0.get_mut(nonce) else {
            return Err(bad(format!("the nonce {nonce} does not come from this CA")).breaking("RFC 8555 §6.5"));
        };
        match std::mem::replace(known, Nonce::Spent) {
            Nonce::Good => Ok(()),
            Nonce::Spent => Err(bad(format!("the nonce {nonce} was used before")).breaking("RFC 8555 §6.5")),
            Nonce::Forgotten => Err(bad(format!("this CA has forgotten the nonce {nonce}"))),
        }
    }
}

impl State {
    pub(crate) fn new_nonce(&mut self) -> String {
        let nonce = self.random.text::<16>();
        self.nonces.0.insert(nonce.clone(), Nonce::Good);
        nonce
    }

    /// A nonce counts once, and not always even once.
    pub(crate) fn spend(&mut self, nonce: Option<&str>) -> Result<(), Problem> {
        self.signed_requests += 1;
        if self.number(Behaviour::Restart) == Some(self.signed_requests) {
            self.nonces.forget();
        }
        let Some(nonce) = nonce else {
            let missing = Problem::new(ErrorType::BadNonce, "the protected header has no nonce");
            return Err(missing.breaking("RFC 8555 §6.5"));
        };
        if base64url::decode(nonce).is_err() {
            let detail = format!("the nonce {nonce:?} is not base64url");
            return Err(Problem::malformed(detail).breaking("RFC 8555 §6.5.2"));
        }
        self.nonces.spend(nonce)?;
        let refused = Problem::new(ErrorType::BadNonce, "this CA refuses some good nonces: try again");
        if self.does(Behaviour::BadNonceAs500) {
            return Err(refused.status(500).untyped());
        }
        if self.does(Behaviour::NonceRejection) { Err(refused) } else { Ok(()) }
    }
}
