//! From an order to a certificate in its folder: proof, request, download, storage.

use std::path::Path;
use std::time::{Duration, SystemTime};

use acme_account::{Account, Authorized, Error, ErrorKind, PlacedOrder, Solver, Step, Task, Untried};
use acme_proto::Identifier;
use acme_solver::Manual;
use acme_solver::journal::Journaled;
use acme_x509::{Chain, ChainError};

use crate::acme_dns;
use crate::arguments::Shared;
use crate::certificate_store::{CertificateStore, Pending};
use crate::chain_choice;
use crate::deploy_hook::Deployment;
use crate::failure::Failure;
use crate::hooks::Hooks;
use crate::interruption::undo_at_signals;
use crate::lifetime;
use crate::order_request;
use crate::output::Output;
use crate::request_key::{CertificateRequest, RequestKey};
use crate::request_settings::RequestSettings;
use crate::solver_choice::{self, SolverMaker};

/// One run at one certificate.
pub(crate) struct Issuance<'a> {
    pub(crate) account: &'a Account,
    /// The folder of everything.
    pub(crate) dir: &'a Path,
    pub(crate) store: &'a CertificateStore,
    pub(crate) settings: &'a RequestSettings,
    pub(crate) hooks: &'a Hooks<'a>,
    pub(crate) shared: &'a Shared,
    /// How long a hook may take.
    pub(crate) hook_timeout: Duration,
    pub(crate) output: &'a Output,
}

impl Issuance<'_> {
    /// Obtains the certificate and stores it, or comes to where a person must act.
    pub(crate) fn obtain(&self, identifiers: &[Identifier]) -> Result<Obtained, Failure> {
        let maker = |shown| SolverMaker { shown, ..self.maker() };
        lifetime::check_clock(SystemTime::now())?;
        // What cannot be used shows before an order is placed.
        maker(&[]).solver()?;
        self.settings.key_access.check()?;
        if acme_dns::register_missing(self.dir, self.shared, &self.settings.solver, identifiers, self.output)? {
            return Ok(Obtained::AwaitsPerson);
        }
        let (placed, mut pending) = self.order(identifiers)?;
        let request = RequestKey::new(self.store, self.settings)?.request(identifiers)?;
        let solver = maker(&pending.shown.clone()).solver()?;
        let journal = solver_choice::journal(self.dir);
        let solver = Journaled::new(&solver, &journal, self.maker().note()?);
        let prove = || self.prove(placed, &mut pending, request.csr.der(), &solver);
        let issued = undo_at_signals(|| self.undo(&solver), prove)??;
        match issued {
            Issued::Chain(pem) => {
                if !pending.shown.is_empty() {
                    self.output.may_be_removed();
                }
                let pem = chain_choice::preferred(self, &pending.order, pem)?;
                self.finish(&request, &pem).map(Obtained::Certificate)
            }
            Issued::AwaitsPerson(tasks) => {
                let shown = tasks.iter().map(|(task, _)| Manual::mark(task)).collect();
                self.store.keep_pending(&Pending { shown, ..pending })?;
                self.output.manual(&tasks);
                Ok(Obtained::AwaitsPerson)
            }
        }
    }

    /// At a signal: takes away what is in place.
    fn undo(&self, solver: &Journaled<'_>) {
        self.output.interrupted();
        for (task, error) in solver.clean_up_now() {
            self.output.warn(&format!("the answer for {} is left behind: {error}", task.identifier), error.advice());
        }
    }

    /// How long to wait for the CA's decisions.
    fn wait(&self) -> Duration {
        Duration::from_secs(self.shared.timeout)
    }

    fn maker(&self) -> SolverMaker<'_> {
        let Self { settings, dir, shared, hook_timeout, output, .. } = *self;
        SolverMaker { settings: &settings.solver, shown: &[], dir, shared, hook_timeout, output }
    }

    /// The order of the unfinished run when it is still of use, else a new one.
    fn order(&self, identifiers: &[Identifier]) -> Result<(PlacedOrder, Pending), Failure> {
        if let Some(pending) = self.store.pending()?
            && pending.directory == self.account.directory_url()
            && Some(&pending.account) == self.account.url().as_ref()
            && self.asked_for(&pending)?
            && let Some(placed) = self.resumed(&pending.order)?
        {
            return Ok((placed, pending));
        }
        self.store.drop_pending()?;
        self.place(identifiers)
    }

    /// Whether the unfinished run was for the same.
    fn asked_for(&self, pending: &Pending) -> Result<bool, Failure> {
        let Pending { names, key_type, csr, profile, .. } = pending;
        let RequestSettings { profile: required, preferred_profile: preferred, .. } = self.settings;
        Ok((names, *key_type) == (&self.settings.names, self.settings.key_type)
            && *csr == self.settings.csr_text()?
            && profile.as_ref() == required.as_ref().or(preferred.as_ref()))
    }

    fn place(&self, identifiers: &[Identifier]) -> Result<(PlacedOrder, Pending), Failure> {
        let placed = self.account.new_order(&order_request::new(self, identifiers)?)?;
        let pending = Pending {
            directory: self.account.directory_url().to_owned(),
            account: self.account.url().unwrap_or_default(),
            order: placed.url.clone(),
            names: self.settings.names.clone(),
            key_type: self.settings.key_type,
            csr: self.settings.csr_text()?,
            profile: self.settings.profile.clone().or(self.settings.preferred_profile.clone()),
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
            Err(error) if error.refusal().is_some() || matches!(error.kind(), ErrorKind::Http { status: 404, .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        Ok(match Step::for_status(&placed.order.status) {
            Step::Abandon => None,
            Step::Wait | Step::Download if self.settings.csr.is_none() && self.store.pending_key()?.is_none() => None,
            _ => Some(placed),
        })
    }

    /// Proves control and has the certificate issued. A way that failed gives place to the next for the same name, in a new order.
    fn prove(
        &self,
        mut placed: PlacedOrder,
        pending: &mut Pending,
        csr_der: &[u8],
        solver: &dyn Solver,
    ) -> Result<Issued, Failure> {
        let untried = Untried::new(solver);
        while Step::for_status(&placed.order.status) == Step::Authorize {
            match self.account.authorize(&placed, &untried, self.wait()) {
                Ok(Authorized::All(proven)) => {
                    placed = proven;
                    break;
                }
                Ok(Authorized::AwaitsPerson(tasks)) => return Ok(Issued::AwaitsPerson(tasks)),
                Err(error) if untried.exclude(&error) => {
                    self.output.falls_back(&error.into());
                    (placed, *pending) = self.place(&placed.order.identifiers)?;
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
        self.account.issue(placed, csr_der, self.wait()).map(Issued::Chain).map_err(|error| self.failed(error))
    }

    /// Keeps the order only if another run can go on with it.
    fn failed(&self, error: Error) -> Failure {
        let dropped = if can_go_on(&error) { Ok(()) } else { self.store.drop_pending() };
        let fits = match error.kind() {
            ErrorKind::NoChallenge { .. } => false,
            ErrorKind::Solver { error, .. } => !error.is_declined(),
            _ => true,
        };
        let mut failure = dropped.err().unwrap_or_else(|| error.into());
        if !fits {
            let ways: Vec<_> = self.settings.solver.ways.iter().map(ToString::to_string).collect();
            failure.what.push_str(&format!("; configured: {}", ways.join(", ")));
        }
        failure
    }

    /// Checks what the CA sent before anything of it is installed.
    fn finish(&self, request: &CertificateRequest, pem: &str) -> Result<Box<Chain>, Failure> {
        let refuse = |error: ChainError| {
            Failure::new(
                format!("the CA's certificate for {} is not installed: {error}", self.store.name()),
                "tell whoever runs the CA, then run the same command again",
            )
        };
        let (key, names) = (request.csr.public_key(), request.csr.names());
        let chain = Chain::from_pem(pem).and_then(|chain| chain.check(key, names).map(|()| chain));
        let chain = chain.inspect_err(|_| self.store.drop_pending().unwrap_or_default()).map_err(refuse)?;
        Deployment { hooks: self.hooks }.announce()?;
        let key_pem = request.key_pem.as_ref().map(|pem| pem.as_str());
        self.store.store(key_pem, &chain, &self.settings.key_access)?;
        self.store.keep_settings(self.settings)?;
        self.store.drop_pending()?;
        Ok(Box::new(chain))
    }
}

/// What became of a run.
pub(crate) enum Obtained {
    /// A certificate, in its folder.
    Certificate(Box<Chain>),
    /// A person must act.
    AwaitsPerson,
}

/// How far a run came.
enum Issued {
    /// To a certificate chain, as PEM.
    Chain(String),
    /// To where a person must act.
    AwaitsPerson(Vec<(Task, String)>),
}

/// Whether running again can go on with the same order.
fn can_go_on(error: &Error) -> bool {
    use ErrorKind::{NotAuthorized, OrderChanged, OrderLost};
    !matches!(error.kind(), NotAuthorized(_) | OrderLost { .. } | OrderChanged { .. })
}
