//! An account: a key, a directory, a way to send requests.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use acme_jose::{InnerJws, Signer};
use acme_proto::{
    Account as AccountObject, AccountStatus, Contact, KeyAuthorization, NewAccount, ProblemType, Resource, Token,
};

use crate::error::{Error, ErrorKind};
use crate::operation::Operation;
use crate::request::KeyUse;
use crate::{Clock, Event, ExternalAccount, Limits, Nonces, Observer, Response, Silent, SystemClock, Transport};

/// An account at a CA. Threads can share it.
///
/// It asks for nothing on its own: the directory is fetched when first needed, a nonce when none is at hand.
pub struct Account {
    key: RwLock<Arc<dyn Signer>>,
    pub(crate) directory_url: String,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) limits: Limits,
    pub(crate) nonces: Nonces,
    pub(crate) exchanges: AtomicU64,
    pub(crate) directory: OnceLock<acme_proto::Directory>,
    pub(crate) fetching: Mutex<()>,
    url: RwLock<Option<String>>,
}

/// Whether the CA's terms of service are agreed to. Only a person can say so (RFC 8555 §7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// A person agreed.
    Agreed,
    /// Nobody agreed yet.
    NotAgreed,
}

/// An account as the CA showed it just now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Registered {
    /// The URL of the account, which is its name for ever (RFC 8555 §7.3).
    pub url: String,
    /// Whether it was made just now; `false` means it was found, and that nothing of it was changed (§7.3.1).
    pub created: bool,
    /// The account.
    pub account: AccountObject,
}

impl Account {
    /// An account with this key at the CA with this directory.
    pub fn new(key: Arc<dyn Signer>, directory_url: impl Into<String>, transport: Arc<dyn Transport>) -> Self {
        Self {
            key: RwLock::new(key),
            directory_url: directory_url.into(),
            transport,
            clock: Arc::new(SystemClock),
            observer: Arc::new(Silent),
            limits: Limits::default(),
            nonces: Nonces::default(),
            exchanges: AtomicU64::new(1),
            directory: OnceLock::new(),
            fetching: Mutex::new(()),
            url: RwLock::new(None),
        }
    }

    /// The account URL of an earlier [`register`](Self::register): no request is needed to find it then.
    #[must_use]
    pub fn with_url(self, url: impl Into<String>) -> Self {
        self.remember(url.into());
        self
    }

    /// Another clock than the computer's.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Someone who is told what happens.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// Other limits for each request.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The account key; after a change, the new one.
    pub fn key(&self) -> Arc<dyn Signer> {
        Arc::clone(&self.key.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn use_key(&self, key: Arc<dyn Signer>) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    /// The URL of the directory.
    pub fn directory_url(&self) -> &str {
        &self.directory_url
    }

    /// The nonces at hand.
    pub fn nonces(&self) -> &Nonces {
        &self.nonces
    }

    /// The account URL, once it is known.
    pub fn url(&self) -> Option<String> {
        self.url.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, url: String) {
        *self.url.write().unwrap_or_else(PoisonError::into_inner) = Some(url);
    }

    /// The answer to a challenge with this token (RFC 8555 §8.1).
    pub fn key_authorization(&self, token: &Token) -> KeyAuthorization {
        KeyAuthorization::new(token, &self.key().public_key().thumbprint())
    }

    /// Makes the account, or finds it when this key has one already (RFC 8555 §7.3, §7.3.1).
    ///
    /// # Errors
    /// [`ErrorKind::TermsNotAgreed`], before anything is sent, when the CA has terms and nobody agreed; whatever the CA
    /// refuses; an account that is not `valid`.
    pub fn register(&self, contacts: &[Contact], terms: Terms) -> Result<Registered, Error> {
        self.check_terms(terms)?;
        self.create(contacts, terms, None)
    }

    /// The same for a CA that wants the account bound to one it knows already (RFC 8555 §7.3.4).
    ///
    /// A binding often counts only once, so the account is looked for first; the binding is sent only when there is none.
    ///
    /// # Errors
    /// As [`register`](Self::register).
    pub fn register_bound(
        &self,
        contacts: &[Contact],
        terms: Terms,
        binding: &ExternalAccount,
    ) -> Result<Registered, Error> {
        self.check_terms(terms)?;
        match self.find() {
            Err(error) if error.is_problem(&ProblemType::AccountDoesNotExist) => {
                let url = self.resource(Resource::NewAccount.name(), Operation::NewAccount)?;
                let bound = binding.sign(&*self.key(), &url)?;
                self.create(contacts, terms, Some(bound))
            }
            found => found,
        }
    }

    fn check_terms(&self, terms: Terms) -> Result<(), Error> {
        match (terms, &self.directory()?.meta.terms_of_service) {
            (Terms::NotAgreed, Some(terms)) => {
                let kind = ErrorKind::TermsNotAgreed { terms: terms.clone() };
                Err(Error::new(Operation::NewAccount, &self.directory_url, kind))
            }
            _ => Ok(()),
        }
    }

    fn create(&self, contacts: &[Contact], terms: Terms, bound: Option<InnerJws>) -> Result<Registered, Error> {
        self.new_account(
            KeyUse::Embedded,
            &NewAccount {
                contact: contacts.to_vec(),
                terms_of_service_agreed: terms == Terms::Agreed,
                external_account_binding: bound,
                ..NewAccount::default()
            },
        )
    }

    /// Finds the account of this key, and never makes one (RFC 8555 §7.3.1).
    ///
    /// # Errors
    /// A refusal of type `accountDoesNotExist` when there is none.
    pub fn find(&self) -> Result<Registered, Error> {
        self.new_account(KeyUse::Embedded, &NewAccount { only_return_existing: true, ..NewAccount::default() })
    }

    /// Finds the account of another key than ours.
    pub(crate) fn find_by(&self, key: &dyn Signer) -> Result<String, Error> {
        let only_return_existing = NewAccount { only_return_existing: true, ..NewAccount::default() };
        self.new_account_response(KeyUse::Other(key), &only_return_existing).map(|(_, location)| location)
    }

    fn new_account(&self, key: KeyUse<'_>, message: &NewAccount) -> Result<Registered, Error> {
        let (response, location) = self.new_account_response(key, message)?;
        let account: AccountObject = response.json(Operation::NewAccount)?;
        if account.status != AccountStatus::Valid {
            return Err(response.unusable(Operation::NewAccount, format!("the account is {}", account.status)));
        }
        self.remember(location.clone());
        let created = response.status() == 201;
        self.observer.event(&Event::Registered { url: &location, created });
        Ok(Registered { url: location, created, account })
    }

    fn new_account_response(&self, key: KeyUse<'_>, message: &NewAccount) -> Result<(Response, String), Error> {
        let operation = Operation::NewAccount;
        let url = self.resource(Resource::NewAccount.name(), operation)?;
        let payload = self.payload(message, operation, &url)?;
        let response = self.post(&url, key, &payload, operation)?.success(operation)?;
        let location = response.location().ok_or_else(|| response.unusable(operation, "it names no account URL"))?;
        Ok((response, location))
    }
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Account({}, {:?})", self.directory_url, self.url())
    }
}
