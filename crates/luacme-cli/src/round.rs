//! One round over several certificates: each is brought up to date, whatever becomes of the others.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use acme_account::Account;
use jiff::Timestamp;
use serde_json::json;

use crate::Done;
use crate::arguments::Shared;
use crate::certificate_folder::CertificateFolder;
use crate::certificate_store::CertificateStore;
use crate::client;
use crate::deploy_hook::Deployment;
use crate::failure::{Exit, Failure};
use crate::getcert::identifiers;
use crate::hooks::Hooks;
use crate::issuance::Issuance;
use crate::outlook::{Outlook, Standing};
use crate::output::Output;
use crate::request_settings::RequestSettings;
use crate::solver_choice::clean_up_after_others;
use crate::state::State;

/// What is the same for all certificates of a round.
pub(crate) struct Round<'a> {
    shared: &'a Shared,
    state: &'a State,
    /// Whether to renew what is not due, and during pauses.
    force: bool,
    hook_timeout: Duration,
    output: &'a Output,
    /// By directory URL and account file: certificates of one CA share its answers.
    accounts: RefCell<BTreeMap<(String, PathBuf), Rc<Account>>>,
    /// The CAs that were warned of.
    warned: RefCell<BTreeSet<String>>,
    tally: Tally,
    /// What comes next of all that was seen.
    next: RefCell<Option<(SystemTime, String)>>,
}

/// How many certificates ended how.
#[derive(Default)]
struct Tally {
    renewed: Cell<u32>,
    failed: Cell<u32>,
    paused: Cell<u32>,
    worst: Cell<Option<Worst>>,
}

/// What may go wrong, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Worst {
    TryLater,
    AwaitsPerson,
    Hook,
    Failed,
}

impl<'a> Round<'a> {
    pub(crate) fn new(
        shared: &'a Shared,
        state: &'a State,
        force: bool,
        hook_timeout: Duration,
        output: &'a Output,
    ) -> Self {
        Self {
            shared,
            state,
            force,
            hook_timeout,
            output,
            accounts: RefCell::default(),
            warned: RefCell::default(),
            tally: Tally::default(),
            next: RefCell::default(),
        }
    }

    /// Renews those that are due, and tells how each ended.
    pub(crate) fn renew(&self, folders: &[CertificateFolder]) -> Result<Done, Failure> {
        self.work(folders, &AtomicBool::new(false))?;
        self.tell();
        Ok(self.tally.done())
    }

    /// Renews those that are due, until it is to stop.
    pub(crate) fn work(&self, folders: &[CertificateFolder], stop: &AtomicBool) -> Result<(), Failure> {
        clean_up_after_others(&self.state.dir, self.shared, self.hook_timeout, self.output)?;
        folders.iter().take_while(|_| !stop.load(Ordering::SeqCst)).for_each(|folder| self.one(folder));
        Ok(())
    }

    /// Whether anything came of it.
    pub(crate) fn is_eventful(&self) -> bool {
        self.tally.renewed.get() + self.tally.failed.get() > 0
    }

    fn one(&self, folder: &CertificateFolder) {
        let now = SystemTime::now();
        if let Ok(outlook) = Outlook::read(folder, now)
            && !self.force
            && outlook.is_idle(now)
        {
            return self.note_next(&outlook);
        }
        let ended = Outlook::read(folder, SystemTime::now()).and_then(|outlook| {
            let ended = match self.bring_up_to_date(folder, &outlook) {
                Err(failure) if failure.ca_is_down && outlook.has_time(SystemTime::now()) => {
                    let server = outlook.settings.as_ref().map(|settings| settings.server.as_str());
                    self.warn(server.unwrap_or_default(), &failure);
                    Ok(None)
                }
                ended => ended,
            };
            ended.map_err(|failure| Failure { what: format!("{}: {}", folder.name(), failure.what), ..failure })
        });
        match ended {
            Ok(None) => {}
            Ok(Some(Done::AwaitsPerson)) => self.tally.add(Worst::AwaitsPerson),
            Ok(Some(_)) => self.tally.renewed.set(self.tally.renewed.get() + 1),
            Err(failure) => {
                self.tally.add(Worst::of(failure.exit));
                self.output.failure(&failure);
            }
        }
        if let Ok(outlook) = Outlook::read(folder, now) {
            self.note_next(&outlook);
        }
    }

    fn note_next(&self, outlook: &Outlook) {
        if outlook.settings.is_some() {
            let found = (outlook.next_attempt(SystemTime::now()), outlook.name.clone());
            let next = self.next.take();
            self.next.replace(Some(next.map_or_else(|| found.clone(), |next| next.min(found.clone()))));
        }
    }

    /// `None` when nothing was renewed.
    fn bring_up_to_date(&self, folder: &CertificateFolder, outlook: &Outlook) -> Result<Option<Done>, Failure> {
        let now = SystemTime::now();
        if outlook.settings.is_none() || (!self.force && outlook.is_idle(now)) {
            return Ok(None);
        }
        let store = CertificateStore::open(&self.state.dir, folder.name())?;
        // Another run may have been at work until a moment ago.
        let outlook = Outlook::read(folder, now)?;
        let Some(settings) = &outlook.settings else { return Ok(None) };
        check_clock(&outlook, now)?;
        let shared = settings.flags(self.shared);
        let state = State::locate(&Shared { dir: Some(self.state.dir.clone()), ..shared.clone() })?;
        let (limit, output) = (self.hook_timeout, self.output);
        let hooks = Hooks { state: &state, shared: &shared, store: &store, settings, limit, output };
        if outlook.undeployed {
            Deployment { hooks: &hooks }.make_up()?;
            if !self.force && outlook.is_settled(now) {
                return Ok(None);
            }
        }
        let issuance = Issuance {
            account: &*self.account(&shared, &state, settings)?,
            dir: &state.dir,
            store: &store,
            settings,
            hooks: &hooks,
            shared: &shared,
            hook_timeout: limit,
            output,
        };
        let identifiers = identifiers(&settings.names)?;
        if !self.force {
            if outlook.is_poll_due(now)
                && let Err(failure) = issuance.ask_about_renewal(&identifiers)
            {
                self.warn(&settings.server, &failure);
            }
            let outlook = Outlook::read(folder, now)?;
            if outlook.standing(now) == Standing::Good {
                return Ok(None);
            }
            if let Some(page) = outlook.leaf.as_ref().and_then(|leaf| leaf.explanation_url.as_deref()) {
                self.output.warn(&format!("the CA explains when to renew {}", outlook.name), &format!("see {page}"));
            }
            if let Some(end) = outlook.past.pause_end(now) {
                self.skip(&outlook, end);
                return Ok(None);
            }
        }
        issuance.attempt(&identifiers).map(Some)
    }

    /// The account for a certificate, made once for all that share it.
    fn account(&self, shared: &Shared, state: &State, settings: &RequestSettings) -> Result<Rc<Account>, Failure> {
        let place = (settings.server.clone(), state.account.clone());
        if let Some(account) = self.accounts.borrow().get(&place) {
            return Ok(Rc::clone(account));
        }
        let account = client::stored(shared, state, self.output)?.ok_or_else(|| state.no_account())?;
        let account = Rc::new(account);
        self.accounts.borrow_mut().insert(place, Rc::clone(&account));
        Ok(account)
    }

    /// A CA is warned of once.
    fn warn(&self, about: &str, failure: &Failure) {
        if failure.ca_is_down && self.warned.borrow_mut().insert(about.to_owned()) {
            self.output
                .warn(&format!("{about}: {}", failure.what), "nothing yet: it is tried again, and there is time");
        }
    }

    fn skip(&self, outlook: &Outlook, end: SystemTime) {
        self.tally.paused.set(self.tally.paused.get() + 1);
        let (until, name) = (moment(end), &outlook.name);
        let detail = outlook.past.last.as_ref().map(|last| last.detail.clone()).unwrap_or_default();
        let object = json!({"event": "paused", "name": name, "not_before": until, "detail": detail});
        self.output.result(object, &format!("{name} is due, but not tried again before {until}: {detail}"));
    }

    /// How many ended how, and what is next.
    pub(crate) fn tell(&self) {
        let Tally { renewed, failed, paused, .. } = &self.tally;
        let next = self.next.borrow();
        let counts = match (renewed.get(), failed.get(), paused.get()) {
            (0, 0, 0) => "nothing was due".to_owned(),
            (renewed, failed, paused) => format!("{renewed} renewed, {failed} failed, {paused} to be tried later"),
        };
        let (then, object) = match &*next {
            None => ("there are no certificates".to_owned(), json!(null)),
            Some((at, name)) => {
                (format!("the next is {name}, on {}", moment(*at)), json!({"name": name, "at": moment(*at)}))
            }
        };
        let object = json!({
            "event": "round", "renewed": renewed.get(), "failed": failed.get(), "paused": paused.get(), "next": object,
        });
        self.output.result(object, &format!("{counts}; {then}"));
    }
}

/// Without the right time nothing can be decided, and no CA's certificate is believed.
fn check_clock(outlook: &Outlook, now: SystemTime) -> Result<(), Failure> {
    match &outlook.leaf {
        Some(leaf) if outlook.standing(now) == Standing::NotYetValid => Err(Failure::new(
            format!("this computer's clock says {}, but the certificate begins {}", moment(now), moment(leaf.start)),
            "set the clock",
        )),
        _ => Ok(()),
    }
}

/// A moment, to the second.
pub(crate) fn moment(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "an unknown time".to_owned(), |time| format!("{time:.0}"))
}

impl Tally {
    fn add(&self, ended: Worst) {
        self.failed.set(self.failed.get() + 1);
        self.worst.set(self.worst.get().max(Some(ended)));
    }

    /// What everything amounts to: the worst. Pauses alone count when nothing else came of it.
    fn done(&self) -> Done {
        match self.worst.get() {
            Some(Worst::Failed) => Done::SomeFailed(Exit::Failed),
            Some(Worst::Hook) => Done::SomeFailed(Exit::Hook),
            Some(Worst::AwaitsPerson) => Done::AwaitsPerson,
            Some(Worst::TryLater) => Done::SomeFailed(Exit::TryLater),
            None if self.paused.get() > 0 && self.renewed.get() == 0 => Done::SomeFailed(Exit::TryLater),
            None => Done::Complete,
        }
    }
}

impl Worst {
    fn of(exit: Exit) -> Self {
        match exit {
            Exit::Failed | Exit::Usage => Self::Failed,
            Exit::Hook => Self::Hook,
            Exit::TryLater => Self::TryLater,
        }
    }
}
