//! `luacme getcert`: obtain a certificate, unless a good one is there.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use acme_account::{Account, Authorized, PlacedOrder, Solver, Step};
use acme_jose::{PrivateKey, Signer as _};
use acme_proto::{Identifier, NewOrder};
use acme_solver::Manual;
use acme_x509::validity::due_at;
use acme_x509::{Chain, Csr, Name};
use jiff::Timestamp;

use crate::Done;
use crate::arguments::{Getcert, Shared};
use crate::certificate_store::{CertificateStore, Pending};
use crate::client;
use crate::deploy_hook::Deployment;
use crate::failure::Failure;
use crate::history::{History, Outcome};
use crate::output::Output;
use crate::request_settings::RequestSettings;
use crate::solver_choice;
use crate::state::{State, new_key, parse_key};

pub(crate) fn run(shared: &Shared, verb: &Getcert, output: &Output) -> Result<Done, Failure> {
    let identifiers = identifiers(verb)?;
    let folder_name = folder_name(verb, &identifiers)?;
    let state = State::locate(shared)?;
    let account = match client::stored(shared, &state, output)? {
        Some(account) => account,
        None => register(shared, &state, output)?,
    };
    let store = CertificateStore::open(&state.dir, &folder_name)?;
    let settings = RequestSettings::new(account.directory_url(), verb, &identifiers, store.settings()?.as_ref());
    let deployment = Deployment::new(&state, &store, &settings, Duration::from_secs(verb.hook_timeout), output);
    if !verb.force
        && let Some(chain) = good_certificate(&store, &settings)?
    {
        output.not_due(store.name(), &chain, &store.live());
        keep_hooks(&store, verb, &settings)?;
        return deployment.make_up().map(|()| Done::Complete);
    }
    let history = History::in_folder(store.folder());
    if !verb.force {
        history.check_pause(store.name(), Timestamp::now())?;
    }
    let run = Run { account: &account, store: &store, settings: &settings, deployment: &deployment, shared, output };
    let outcome = run.obtain(&identifiers);
    let noted = match &outcome {
        Ok(Done::Complete) => history.add(Outcome::Issued, "", None),
        Ok(Done::AwaitsPerson) => history.add(Outcome::AwaitsPerson, "", None),
        Err(failure) => {
            let detail = failure.said.as_deref().unwrap_or(&failure.what);
            history.add(Outcome::Failed, detail, failure.not_before)
        }
    };
    // What went wrong with the certificate matters more than that it could not be noted.
    match outcome.and_then(|done| noted.map(|()| done))? {
        Done::Complete => deployment.make_up().map(|()| Done::Complete),
        done => Ok(done),
    }
}

/// Keeps hooks given anew although nothing is due: they are for the next certificate.
fn keep_hooks(store: &CertificateStore, verb: &Getcert, settings: &RequestSettings) -> Result<(), Failure> {
    match store.settings()? {
        Some(before) if !verb.deploy_hook.is_empty() && before.deploy_hooks != settings.deploy_hooks => {
            store.keep_settings(&RequestSettings { deploy_hooks: settings.deploy_hooks.clone(), ..before })
        }
        _ => Ok(()),
    }
}

/// The names of the command line, in the form certificates use, each once.
fn identifiers(verb: &Getcert) -> Result<Vec<Identifier>, Failure> {
    let mut identifiers = Vec::new();
    for text in verb.names.iter().chain(&verb.domains) {
        let identifier = Identifier::parse(text)
            .map_err(|error| Failure::usage(error.to_string(), "give names like www.example.com or *.example.com"))?;
        if !identifiers.contains(&identifier) {
            identifiers.push(identifier);
        }
    }
    Ok(identifiers)
}

/// The folder of the certificate: what `--cert-name` says, else the first name without `*.`.
fn folder_name(verb: &Getcert, identifiers: &[Identifier]) -> Result<String, Failure> {
    let name = match (&verb.cert_name, identifiers) {
        (Some(name), _) => name.clone(),
        (None, [first, ..]) => first.base().value(),
        (None, []) => String::new(),
    };
    let plain =
        !name.is_empty() && !name.starts_with('.') && name.chars().all(|c| c.is_alphanumeric() || "-_.:@+".contains(c));
    match plain {
        true => Ok(name),
        false => Err(Failure::usage(format!("{name:?} cannot name a folder"), "use letters, digits, `-`, `_` and `.`")),
    }
}

/// The current certificate, when it is the one asked for, of this CA, and not due yet: more than a third of its life is left.
fn good_certificate(store: &CertificateStore, settings: &RequestSettings) -> Result<Option<Chain>, Failure> {
    let Some(chain) = store.current()? else { return Ok(None) };
    let unchanged =
        store.settings()?.is_none_or(|before| before.key_type == settings.key_type && before.server == settings.server);
    let leaf = chain.leaf();
    let (Ok(found), Ok(start), Ok(end)) = (leaf.names(), leaf.not_before(), leaf.not_after()) else { return Ok(None) };
    let wanted: BTreeSet<_> = settings.names.iter().map(|name| Name::parse(name)).collect();
    let good =
        unchanged && found.into_iter().collect::<BTreeSet<_>>() == wanted && SystemTime::now() < due_at(start, end);
    Ok(good.then_some(chain))
}

fn register(shared: &Shared, state: &State, output: &Output) -> Result<Account, Failure> {
    let directory = crate::server::asked_or_default(shared)?;
    let contacts = client::contacts(&shared.email)?;
    client::register(shared, state, &directory, &contacts, output)
}

/// One run at one certificate.
struct Run<'a> {
    account: &'a Account,
    store: &'a CertificateStore,
    settings: &'a RequestSettings,
    deployment: &'a Deployment<'a>,
    shared: &'a Shared,
    output: &'a Output,
}

impl Run<'_> {
    fn obtain(&self, identifiers: &[Identifier]) -> Result<Done, Failure> {
        let (placed, pending) = self.order(identifiers)?;
        let key = self.key()?;
        let names: Vec<_> = identifiers.iter().map(|identifier| Name::parse(&identifier.value())).collect();
        let csr = Csr::new(&key, &names).map_err(|error| {
            Failure::usage(format!("cannot ask for a certificate for these names: {error}"), "leave out what it names")
        })?;
        let solver = solver_choice::solver(&self.settings.solver, &pending.shown);
        match self.authorize_and_issue(placed, &csr, &*solver) {
            Ok(Issued::Chain(pem)) => self.finish(&key, &pem, &names),
            Ok(Issued::AwaitsPerson(tasks)) => {
                let shown = tasks.iter().map(|(task, _)| Manual::mark(task)).collect();
                self.store.keep_pending(&Pending { shown, ..pending })?;
                self.output.manual(&tasks);
                Ok(Done::AwaitsPerson)
            }
            Err(error) => {
                if !can_go_on(&error) {
                    self.store.drop_pending()?;
                }
                Err(error.into())
            }
        }
    }

    /// The order of the unfinished run when it is still of use, else a new one.
    fn order(&self, identifiers: &[Identifier]) -> Result<(PlacedOrder, Pending), Failure> {
        if let Some(pending) = self.store.pending()?
            && pending.directory == self.account.directory_url()
            && Some(&pending.account) == self.account.url().as_ref()
            && (&pending.names, pending.key_type) == (&self.settings.names, self.settings.key_type)
            && let Some(placed) = self.resumed(&pending.order)?
        {
            return Ok((placed, pending));
        }
        self.store.drop_pending()?;
        let placed = self.account.new_order(&NewOrder::new(identifiers.iter().cloned()))?;
        let pending = Pending {
            directory: self.account.directory_url().to_owned(),
            account: self.account.url().unwrap_or_default(),
            order: placed.url.clone(),
            names: self.settings.names.clone(),
            key_type: self.settings.key_type,
            shown: Vec::new(),
        };
        self.store.keep_pending(&pending)?;
        Ok((placed, pending))
    }

    /// An order that is still of use: the CA knows it, something can come of it, and if it was finalized, so it was with
    /// the key we have.
    fn resumed(&self, url: &str) -> Result<Option<PlacedOrder>, Failure> {
        let placed = match self.account.order(url) {
            Ok(placed) => placed,
            Err(error)
                if error.refusal().is_some()
                    || matches!(error.kind(), acme_account::ErrorKind::Http { status: 404, .. }) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(match Step::for_status(&placed.order.status) {
            Step::Abandon => None,
            Step::Wait | Step::Download if self.store.pending_key()?.is_none() => None,
            _ => Some(placed),
        })
    }

    /// The key of the certificate: that of the unfinished run, else a new one, stored before the CA hears of it.
    fn key(&self) -> Result<PrivateKey, Failure> {
        if let Some(pem) = self.store.pending_key()? {
            return parse_key(&self.store.pending_key_file(), &pem);
        }
        let (key, pem) = new_key(self.settings.key_type)?;
        self.store.keep_pending_key(&pem)?;
        Ok(key)
    }

    fn authorize_and_issue(
        &self,
        placed: PlacedOrder,
        csr: &Csr,
        solver: &dyn Solver,
    ) -> Result<Issued, acme_account::Error> {
        let wait = Duration::from_secs(self.shared.timeout);
        let placed = match Step::for_status(&placed.order.status) {
            Step::Authorize => match self.account.authorize(&placed, solver, wait)? {
                Authorized::All(placed) => placed,
                Authorized::AwaitsPerson(tasks) => return Ok(Issued::AwaitsPerson(tasks)),
            },
            _ => placed,
        };
        self.account.issue(placed, csr.der(), wait).map(Issued::Chain)
    }

    /// Checks what the CA sent before anything of it is installed.
    fn finish(&self, key: &PrivateKey, pem: &str, names: &[Name]) -> Result<Done, Failure> {
        let refuse = |error: acme_x509::ChainError| {
            Failure::new(
                format!("the CA's certificate for {} is not installed: {error}", self.store.name()),
                "tell whoever runs the CA, then run the same command again",
            )
        };
        let chain = Chain::from_pem(pem).and_then(|chain| chain.check(&key.public_key(), names).map(|()| chain));
        let chain = chain.inspect_err(|_| self.store.drop_pending().unwrap_or_default()).map_err(refuse)?;
        let key_pem =
            key.to_pkcs8_pem().map_err(|error| Failure::new(error.to_string(), "run the same command again"))?;
        self.deployment.announce()?;
        let files = self.store.store(&key_pem, &chain)?;
        self.store.keep_settings(self.settings)?;
        self.store.drop_pending()?;
        self.output.issued(self.store.name(), &chain, &files);
        Ok(Done::Complete)
    }
}

/// How far a run came.
enum Issued {
    /// To a certificate chain, as PEM.
    Chain(String),
    /// To where a person must act.
    AwaitsPerson(Vec<(acme_account::Task, String)>),
}

/// Whether running again can go on with the same order.
fn can_go_on(error: &acme_account::Error) -> bool {
    use acme_account::ErrorKind::{NotAuthorized, OrderChanged, OrderLost};
    !matches!(error.kind(), NotAuthorized(_) | OrderLost { .. } | OrderChanged { .. })
}
