//! All that the CA remembers.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use acme_jose::Jwk;

use crate::account::Account;
use crate::authorization::Authorization;
use crate::behaviour::{Amount, Behaviour};
use crate::binding::ExternalKey;
use crate::breach::{Breach, Listener};
use crate::certificate::Certificate;
use crate::challenge::Challenge;
use crate::clock::Clock;
use crate::log::Request;
use crate::manners::Waits;
use crate::nonces::Nonces;
use crate::order::Order;
use crate::problem::Problem;
use crate::random::Random;
use crate::routes::Resource;
use crate::setting::Settings;
use crate::txt::TxtTable;

/// What tells one object from others of its kind: the end of its URL.
pub(crate) type Id = String;

/// Everything behind the one lock.
pub(crate) struct State {
    pub(crate) random: Random,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    pub(crate) nonces: Nonces,
    pub(crate) signed_requests: u64,
    pub(crate) accounts: HashMap<Id, Account>,
    pub(crate) external_keys: HashMap<String, ExternalKey>,
    pub(crate) orders: HashMap<Id, Order>,
    pub(crate) authorizations: HashMap<Id, Authorization>,
    pub(crate) challenges: HashMap<Id, Challenge>,
    pub(crate) certificates: HashMap<Id, Certificate>,
    pub(crate) txt: TxtTable,
    /// When certificates should be renewed, if a test has said so.
    pub(crate) renewal_window: Option<(SystemTime, SystemTime)>,
    pub(crate) waits: Waits,
    /// What the client was shown as decided.
    pub(crate) decided: HashSet<(Resource, Id)>,
    pub(crate) requests: Vec<Request>,
    pub(crate) breaches: Vec<Breach>,
    pub(crate) advice: Vec<Breach>,
    pub(crate) listener: Listener,
}

impl State {
    pub(crate) fn new(
        random: Random,
        clock: Clock,
        settings: Settings,
        external_keys: HashMap<String, ExternalKey>,
        listener: Listener,
    ) -> Self {
        Self {
            random,
            clock,
            settings,
            nonces: Nonces::default(),
            signed_requests: 0,
            accounts: HashMap::new(),
            external_keys,
            orders: HashMap::new(),
            authorizations: HashMap::new(),
            challenges: HashMap::new(),
            certificates: HashMap::new(),
            txt: TxtTable::default(),
            renewal_window: None,
            waits: Waits::default(),
            decided: HashSet::new(),
            requests: Vec::new(),
            breaches: Vec::new(),
            advice: Vec::new(),
            listener,
        }
    }

    pub(crate) fn new_id(&mut self) -> Id {
        self.random.text::<9>()
    }

    pub(crate) fn account_by_key(&self, key: &Jwk) -> Option<(&Id, &Account)> {
        self.accounts.iter().find(|(_, account)| account.key == *key)
    }

    /// Whether it happens this time: asking uses up one of the times, or draws a lot.
    pub(crate) fn does(&mut self, behaviour: Behaviour) -> bool {
        let Some(number) = self.settings.number(behaviour) else { return false };
        match behaviour.amount() {
            Amount::Always | Amount::Switch | Amount::Number(..) => true,
            Amount::Times(_) => self.settings.take(behaviour),
            Amount::Percent(_) => self.random.percent(u8::try_from(number).unwrap_or(100)),
        }
    }

    /// Whether a switch is on.
    pub(crate) fn has(&self, behaviour: Behaviour) -> bool {
        self.settings.number(behaviour).is_some()
    }

    /// The number of a behaviour that is on.
    pub(crate) fn number(&self, behaviour: Behaviour) -> Option<u64> {
        self.settings.number(behaviour)
    }

    /// Notes a breach.
    pub(crate) fn breach(&mut self, clause: &'static str, what: String) {
        let breach = Breach { clause, what };
        self.listener.tell(&breach);
        self.breaches.push(breach);
    }

    /// Notes a request that was of no use.
    pub(crate) fn advise(&mut self, clause: &'static str, what: String) {
        self.advice.push(Breach { clause, what });
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
    Expired,
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
            Self::Expired => "expired",
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
