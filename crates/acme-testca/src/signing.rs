//! From a finalized order to its certificate, in the background.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::SystemTime;

use acme_jose::Jwk;

use crate::behaviour::Behaviour;
use crate::ca::{Ca, Call};
use crate::certificate::Certificate;
use crate::identifier::Identifier;
use crate::issue::{IssueError, Issued, Request};
use crate::order::Stage;
use crate::problem::{ErrorType, Problem};
use crate::state::{Id, State, owned_mut};

/// All that signing needs, so that it can be done without the lock.
struct Job {
    order: Id,
    names: BTreeSet<Identifier>,
    key: Jwk,
    validity: (SystemTime, SystemTime),
    serial: [u8; 16],
    /// Which intermediate signs.
    by: usize,
    fails: bool,
    /// The serial of another leaf for the alternate chains.
    other_leaf: Option<[u8; 16]>,
}

/// Sets the order to work: at once, in the background, or never.
pub(crate) fn begin(call: &mut Call<'_>, key: Jwk) -> Result<(), Problem> {
    let job = Job::new(call, key)?;
    owned_mut(&mut call.state.orders, call.id, &call.account)?.stage = Stage::Processing;
    if call.state.has(Behaviour::FinalizeValidAtOnce) {
        let outcome = job.run(call.ca);
        job.finish(call.state, outcome);
    } else if !call.state.has(Behaviour::NeverIssues) {
        let ca = Arc::clone(call.ca);
        call.ca.workers.spawn(move || {
            let outcome = job.run(&ca);
            job.finish(&mut ca.lock(), outcome);
        });
    }
    Ok(())
}

impl Job {
    fn new(call: &mut Call<'_>, key: Jwk) -> Result<Self, Problem> {
        let issuers = call.ca.issuer.intermediates();
        let (by, serial) = (call.state.random.choose(issuers), call.state.random.octets());
        let fails = call.state.does(Behaviour::FinalizeFails);
        let other_leaf = call.state.has(Behaviour::AlternateWrongLeaf).then(|| call.state.random.octets());
        let order = owned_mut(&mut call.state.orders, call.id, &call.account)?;
        let (dates, profile, mut names) = (order.dates.clone(), order.profile.clone(), order.identifiers.clone());
        if call.state.has(Behaviour::WrongNames) {
            names = BTreeSet::from([Identifier::Dns("wrong.test".to_string())]);
        }
        let key = if call.state.has(Behaviour::WrongLeaf) { call.ca.issuer.foreign_key().clone() } else { key };
        let validity = dates.validity(call.state, profile.as_deref());
        Ok(Self { order: call.id.to_string(), names, key, validity, serial, by, fails, other_leaf })
    }

    fn run(&self, ca: &Ca) -> Result<Issued, IssueError> {
        if self.fails {
            return Err("the CA's own check of CAA records failed".into());
        }
        let request = |serial| Request { key: &self.key, names: &self.names, serial, validity: self.validity };
        let mut issued = ca.issuer.issue(&request(self.serial), self.by)?;
        if let Some(serial) = self.other_leaf {
            let other = ca.issuer.issue(&request(serial), self.by)?;
            for (chain, other) in issued.chains.iter_mut().zip(other.chains).skip(1) {
                *chain = other;
            }
        }
        Ok(issued)
    }

    /// Tells the order.
    fn finish(self, state: &mut State, outcome: Result<Issued, IssueError>) {
        let certificate = state.new_id();
        let Some(order) = state.orders.get_mut(&self.order) else { return };
        let outcome = outcome.and_then(|issued| {
            let (account, names) = (order.account.clone(), order.identifiers.clone());
            Ok(Certificate::new(account, names, self.key, self.validity, issued)?)
        });
        match outcome {
            Ok(issued) => {
                order.stage = Stage::Valid(certificate.clone());
                state.certificates.insert(certificate, issued);
            }
            Err(error) => order.stage = Stage::Invalid(Problem::new(ErrorType::ServerInternal, error.to_string())),
        }
    }
}
