//! dns-01 and its kin through whoever keeps the TXT records of the zone (RFC 8555 §8.4).

use std::sync::Arc;
use std::time::Duration;

use acme_account::{Clock, Readiness, Solver, SolverError, SystemClock, Task};
use acme_proto::{ChallengeType, Identifier, Proof, TxtRecord};

use crate::TxtStore;
use crate::dns::{NameReport, Propagation};

/// A standing record that ends within this time is told of: by then a certificate wants to be renewed.
const SOON: Duration = Duration::from_secs(30 * 86_400);

/// Publishes TXT records, waits until every name server shows them, and takes them away again.
pub struct DnsSolver {
    store: Box<dyn TxtStore>,
    types: Vec<ChallengeType>,
    propagation: Propagation,
    clock: Arc<dyn Clock>,
}

impl DnsSolver {
    /// Publishes through this store.
    pub fn new(store: impl TxtStore + 'static) -> Self {
        let types = vec![ChallengeType::Dns01];
        Self { store: Box::new(store), types, propagation: Propagation::default(), clock: Arc::new(SystemClock) }
    }

    /// Meets these challenge types, the preferred one first, rather than dns-01 alone.
    ///
    /// dns-account-01 needs a store that takes any name below the domain. The record of dns-persist-01 stays for good, and
    /// lets the account prove control whenever it wants: it is for those who ask for it, never the way out when dns-01 fails.
    pub fn offering(mut self, types: impl IntoIterator<Item = ChallengeType>) -> Self {
        self.types = types.into_iter().collect();
        self
    }

    /// Looks this way whether the name servers show the records.
    pub fn propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = propagation;
        self
    }

    /// Waits by this clock.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl Solver for DnsSolver {
    /// Addresses are not proven through DNS (RFC 8738 §7).
    fn challenge_types(&self, identifier: &Identifier, _: bool) -> Vec<ChallengeType> {
        match identifier {
            Identifier::Dns(_) => self.types.clone(),
            _ => Vec::new(),
        }
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        with_records(tasks, |records| self.store.add(records))
    }

    /// Waits for all of them together: they are on their way at the same time.
    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        let missing: Vec<_> = tasks.iter().map(|task| self.missing_alias(task)).collect();
        if missing.iter().all(Option::is_none) {
            return look(tasks, &self.propagation, &*self.clock);
        }
        let unseen = || Ok(Readiness::Unseen("not looked for, since another name lacks its CNAME".to_owned()));
        missing.into_iter().map(|missing| missing.map_or_else(unseen, Err)).collect()
    }

    /// What dns-persist-01 asks for stays.
    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let stays = |task: &Task| matches!(task.proof, Proof::DnsPersist01(_));
        let going: Vec<_> = tasks.iter().filter(|task| !stays(task)).cloned().collect();
        let mut results = with_records(&going, |records| self.store.remove(records)).into_iter();
        tasks
            .iter()
            .map(|task| if stays(task) { Ok(()) } else { results.next().unwrap_or_else(|| Err(silent())) })
            .collect()
    }
}

impl DnsSolver {
    /// Says so when the name does not lead to where the store keeps the record: no wait would mend that.
    fn missing_alias(&self, task: &Task) -> Option<SolverError> {
        let record = task.proof.txt_record()?;
        let target = normal(&self.store.alias(record)?);
        let place = self.propagation.place(&record.name)?;
        let mut names = std::iter::once(&place.name).chain(&place.aliases);
        let name = normal(&record.name);
        (!names.any(|found| normal(found) == target)).then(|| {
            SolverError::new(
                format!("the CNAME {name} → {target} is not set"),
                format!(
                    "add `{name}. CNAME {target}.` to the zone, once and for good, then run the same command again"
                ),
            )
        })
    }
}

fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Waits for the records of all these tasks together.
pub(crate) fn look(
    tasks: &[Task],
    propagation: &Propagation,
    clock: &dyn Clock,
) -> Vec<Result<Readiness, SolverError>> {
    let records: Vec<_> = tasks.iter().filter_map(|task| task.proof.txt_record().cloned()).collect();
    let report = propagation.wait(&records, clock);
    tasks
        .iter()
        .map(|task| {
            let record = task.proof.txt_record().ok_or_else(|| no_record(task))?;
            let is_it = |name: &&NameReport| name.name.eq_ignore_ascii_case(&record.name);
            report.names.iter().find(is_it).map_or(Ok(Readiness::Ready), judge)
        })
        .collect()
}

/// Does one thing with the records of all these tasks at once.
fn with_records(
    tasks: &[Task],
    act: impl FnOnce(&[TxtRecord]) -> Vec<Result<(), SolverError>>,
) -> Vec<Result<(), SolverError>> {
    let records: Vec<_> = tasks.iter().filter_map(|task| task.proof.txt_record().cloned()).collect();
    if records.is_empty() {
        return tasks.iter().map(|task| Err(no_record(task))).collect();
    }
    let mut results = act(&records).into_iter();
    tasks
        .iter()
        .map(|task| match task.proof.txt_record() {
            Some(_) => results.next().unwrap_or_else(|| Err(silent())),
            None => Err(no_record(task)),
        })
        .collect()
}

/// A server that shows something else will fail the CA; servers that cannot be asked from here may yet answer the CA.
fn judge(name: &NameReport) -> Result<Readiness, SolverError> {
    match name.lagging().next() {
        None if name.is_complete() => Ok(standing(name)),
        None => Ok(Readiness::Unseen(name.to_string())),
        Some(_) => Err(SolverError::new(
            format!("not every name server shows the record: {name}"),
            "give the servers more time with --dns-wait, mend the one that lags, or leave the look out with --no-dns-check",
        )),
    }
}

/// What there is to say of a record that is there (draft-ietf-acme-dns-persist-02 §9.4).
pub(crate) fn standing(name: &NameReport) -> Readiness {
    match name.remaining() {
        Some(left) if left < SOON => {
            let days = left.as_secs() / 86_400;
            let advice = "publish one with a later persistUntil, and leave it there";
            Readiness::Remarkable(format!("the record at {} ends in {days} days: {advice}", name.name))
        }
        _ => Readiness::Ready,
    }
}

fn no_record(task: &Task) -> SolverError {
    SolverError::new(
        format!("{} of {} needs no record in the DNS", task.kind, task.identifier),
        "choose a solver that offers this challenge type",
    )
}

fn silent() -> SolverError {
    SolverError::new("the store does not say what became of the record", "report this to whoever wrote the store")
}
