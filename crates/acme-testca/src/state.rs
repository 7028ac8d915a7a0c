//! All that the CA remembers.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use acme_jose::Jwk;
use x509_cert::der::DateTime;

use crate::account::Account;
use crate::authorization::{Authorization, Challenge};
use crate::breach::Breach;
use crate::certificate::Certificate;
use crate::log::Request;
use crate::order::Order;
use crate::problem::Problem;
use crate::random::Random;

/// What tells one object from others of its kind: the end of its URL.
pub(crate) type Id = String;

/// Everything behind the one lock.
pub(crate) struct State {
    pub(crate) random: Random,
    /// Every nonce ever handed out, and whether it is still good.
    pub(crate) nonces: HashMap<String, bool>,
    pub(crate) accounts: HashMap<Id, Account>,
    pub(crate) orders: HashMap<Id, Order>,
    pub(crate) authorizations: HashMap<Id, Authorization>,
    pub(crate) challenges: HashMap<Id, Challenge>,
    pub(crate) certificates: HashMap<Id, Certificate>,
    pub(crate) requests: Vec<Request>,
    pub(crate) breaches: Vec<Breach>,
}

impl State {
    pub(crate) fn new(random: Random) -> Self {
        Self {
            random,
            nonces: HashMap::new(),
            accounts: HashMap::new(),
            orders: HashMap::new(),
            authorizations: HashMap::new(),
            challenges: HashMap::new(),
            certificates: HashMap::new(),
            requests: Vec::new(),
            breaches: Vec::new(),
        }
    }

    pub(crate) fn new_id(&mut self) -> Id {
        self.random.text::<9>()
    }

    pub(crate) fn new_nonce(&mut self) -> String {
        let nonce = self.random.text::<16>();
        self.nonces.insert(nonce.clone(), true);
        nonce
    }

    pub(crate) fn account_by_key(&self, key: &Jwk) -> Option<(&Id, &Account)> {
        self.accounts.iter().find(|(_, account)| account.key == *key)
    }
}

/// The status of an account, order, authorization or challenge (RFC 8555 §7.1.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Pending,
    Ready,
    Processing,
    Valid,
    Invalid,
    Deactivated,
}

impl Status {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Ready => "ready",
            Self::Processing => "processing",
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Deactivated => "deactivated",
        }
    }
}

/// One of `objects`, if it is `account`'s.
pub(crate) fn owned<'a, T: Owned>(objects: &'a HashMap<Id, T>, id: &str, account: &str) -> Result<&'a T, Problem> {
    let object = objects.get(id).ok_or_else(Problem::not_found)?;
    if object.owner() == account { Ok(object) } else { Err(Problem::unauthorized("this belongs to another account")) }
}

/// The same, to be changed.
pub(crate) fn owned_mut<'a, T: Owned>(
    objects: &'a mut HashMap<Id, T>,
    id: &str,
    account: &str,
) -> Result<&'a mut T, Problem> {
    owned(objects, id, account)?;
    objects.get_mut(id).ok_or_else(Problem::not_found)
}

/// Something that belongs to an account.
pub(crate) trait Owned {
    /// The account's id.
    fn owner(&self) -> &str;
}

/// A moment as RFC 3339 (RFC 8555 §7.1.3), `after` from now.
pub(crate) fn timestamp(after: Duration) -> String {
    // Only a clock before 1970 or after 9999 has no such form.
    DateTime::from_system_time(SystemTime::now() + after).map(|moment| moment.to_string()).unwrap_or_default()
}
