//! What becomes of an account: contacts, terms, a new key, the end (RFC 8555 §7.3.2 to §7.3.6).

use std::collections::HashSet;
use std::sync::Arc;

use acme_jose::{Jws, Payload, Signer};
use acme_proto::{
    Account as AccountObject, AccountUpdate, Contact, Delegation, KeyChange, ProblemType, Resource, StatusChange,
    delegation_urls, order_urls,
};

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::request::KeyUse;

/// So many pages of a list are read; more would be a server that never ends.
const MAX_PAGES: usize = 100;

/// So many URLs of a list are kept.
const MAX_URLS: usize = 10_000;

/// Which key a CA knows an account by, after a change whose answer was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveKey {
    /// The old one: the change was not carried out.
    Old,
    /// The new one: the change was carried out.
    New,
}

impl Account {
    /// The account as the CA sees it now: a POST-as-GET to its URL (RFC 8555 §7.3.2). Some CAs refuse it, so nothing
    /// here asks for it on its own.
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn fetch(&self) -> Result<AccountObject, Error> {
        self.read(&self.account_url()?, Operation::Account)?.json(Operation::Account)
    }

    /// Gives the CA other contacts; none at all removes them (RFC 8555 §7.3.2). Some CAs keep no contacts and say nothing:
    /// compare with what comes back.
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn update_contacts(&self, contacts: &[Contact]) -> Result<AccountObject, Error> {
        self.update(&AccountUpdate { contact: Some(contacts.to_vec()), ..AccountUpdate::default() })
    }

    /// Agrees to changed terms of service, because a person did (RFC 8555 §7.3.3).
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn agree_to_terms(&self) -> Result<AccountObject, Error> {
        self.update(&AccountUpdate { terms_of_service_agreed: true, ..AccountUpdate::default() })
    }

    /// Gives the account up, for ever (RFC 8555 §7.3.6). Its certificates stay as they are.
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn deactivate(&self) -> Result<AccountObject, Error> {
        self.update(&StatusChange::Deactivated)
    }

    fn update(&self, message: &impl serde::Serialize) -> Result<AccountObject, Error> {
        let (operation, url) = (Operation::Account, self.account_url()?);
        let payload = self.payload(message, operation, &url)?;
        self.post(&url, KeyUse::Account, &payload, operation)?.success(operation)?.json(operation)
    }

    /// The URLs of the account's orders, from all pages (RFC 8555 §7.1.2.1): the first 10 000, of the first 100 pages. Many
    /// CAs do not list them.
    ///
    /// # Errors
    /// [`ErrorKind::NotOffered`] where the account names no list; what the CA refuses.
    pub fn orders(&self) -> Result<Vec<String>, Error> {
        self.list(self.fetch()?.orders, "orders", order_urls)
    }

    /// The URLs of the delegations that the account may use, from all pages (RFC 9115 §2.3.1): the first 10 000, of the first
    /// 100 pages. Unproven against public CAs.
    ///
    /// # Errors
    /// As [`orders`](Self::orders).
    pub fn delegations(&self) -> Result<Vec<String>, Error> {
        self.list(self.fetch()?.delegations, "delegations", delegation_urls)
    }

    /// A delegation (RFC 9115 §2.3.1.3). Unproven against public CAs.
    ///
    /// # Errors
    /// What the CA refuses.
    pub fn delegation(&self, url: &str) -> Result<Delegation, Error> {
        self.read(url, Operation::List)?.json(Operation::List)
    }

    /// Every page of a list, once: a server that leads in circles ends it.
    fn list(
        &self,
        first: Option<String>,
        name: &str,
        urls: fn(&[u8]) -> Option<Vec<String>>,
    ) -> Result<Vec<String>, Error> {
        let not_offered = || Error::new(Operation::List, &self.directory_url, ErrorKind::NotOffered(name.to_owned()));
        let mut next = Some(first.ok_or_else(not_offered)?);
        let (mut seen, mut found) = (HashSet::new(), Vec::new());
        while let Some(page) = next.take()
            && seen.len() < MAX_PAGES
            && found.len() < MAX_URLS
            && seen.insert(page.clone())
        {
            let response = self.read(&page, Operation::List)?;
            found.extend(urls(response.body()).ok_or_else(|| response.unusable(Operation::List, "it is no list"))?);
            next = response.links("next").into_iter().next();
        }
        found.truncate(MAX_URLS);
        Ok(found)
    }

    /// Changes the account key (RFC 8555 §7.3.5): both keys sign, and from then on the new one counts here too.
    ///
    /// Store the new key, marked as not in use yet, before this is called: if the answer is lost,
    /// [`settle_key_change`](Self::settle_key_change) finds out which of the two counts. Answers to pending challenges
    /// change with the key.
    ///
    /// Success is checked by asking which account the new key has: Pebble 2.10.1 answers 200 to a change onto the key of
    /// another account, and whoever then drops the old key has lost the account. That no answer comes to this question
    /// changes nothing.
    ///
    /// # Errors
    /// A new key that is the one in use, before anything is sent (RFC 8555 §11.1); what the CA refuses; a 409 says that the
    /// new key has an account already, as does [`ErrorKind::Unusable`]; [`ErrorKind::KeyUnsettled`] when the CA does not know
    /// the new key right after it took it. Where [it may have been carried out](Error::may_have_been_carried_out), settle it.
    pub fn change_key(&self, new: Arc<dyn Signer>) -> Result<(), Error> {
        let operation = Operation::KeyChange;
        let url = self.resource(Resource::KeyChange.name(), operation)?;
        if new.public_key() == self.key().public_key() {
            let why = "the new key is the one in use: make another one (RFC 8555 §11.1)";
            return Err(Error::not_sent(operation, url, why));
        }
        let message = KeyChange::new(self.account_url()?, self.key().public_key());
        let inner = Jws::sign_inner(&*new, &url, &self.payload(&message, operation, &url)?)
            .map_err(|error| Error::new(operation, &url, ErrorKind::Sign(error)))?;
        let payload: Payload = self.payload(&inner, operation, &url)?;
        let response = self.post(&url, KeyUse::Account, &payload, operation)?.success(operation)?;
        match self.find_by(&*new) {
            Ok(other) if self.url().is_some_and(|known| known != other) => {
                let why = format!("the key is not changed, since the new one is that of another account: {other}");
                return Err(response.unusable(operation, why));
            }
            Err(error) if error.is_problem(&ProblemType::AccountDoesNotExist) => {
                return Err(Error::new(operation, url, ErrorKind::KeyUnsettled));
            }
            _ => {}
        }
        self.use_key(new);
        Ok(())
    }

    /// Finds out which key counts after a change whose answer was lost, by asking with both; from then on that one is used
    /// here.
    ///
    /// # Errors
    /// When the CA knows neither, or no answer comes.
    pub fn settle_key_change(&self, new: Arc<dyn Signer>) -> Result<LiveKey, Error> {
        match self.find_by(&*new) {
            Ok(url) if self.url().is_none_or(|known| known == url) => {
                self.use_key(new);
                Ok(LiveKey::New)
            }
            Ok(_) => self.find().map(|_| LiveKey::Old),
            Err(error) if error.is_problem(&ProblemType::AccountDoesNotExist) => self.find().map(|_| LiveKey::Old),
            Err(error) => Err(error),
        }
    }

    /// The account URL; when it is not known the CA is asked for it.
    fn account_url(&self) -> Result<String, Error> {
        match self.url() {
            Some(url) => Ok(url),
            None => self.find().map(|found| found.url),
        }
    }
}
