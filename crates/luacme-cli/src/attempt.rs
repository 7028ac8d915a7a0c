//! One attempt at one certificate: hooks, the work itself, its place in the history, deployment.

use acme_proto::Identifier;

use crate::Done;
use crate::dehydrated;
use crate::deploy_hook::Deployment;
use crate::failure::Failure;
use crate::history::{History, Outcome};
use crate::interruption::undo_at_signals;
use crate::issuance::{Issuance, Obtained};

impl Issuance<'_> {
    /// Runs the pre-hooks, obtains the certificate, notes what became of it, deploys it, and runs the post-hooks in any case.
    pub(crate) fn attempt(&self, identifiers: &[Identifier]) -> Result<Done, Failure> {
        dehydrated::startup(self.hooks);
        let end = || {
            if let Err(failure) = self.hooks.after() {
                self.output.warn(&failure.what, &failure.todo);
            }
        };
        let work = || self.hooks.before().and_then(|()| self.obtain_and_deploy(identifiers));
        let outcome = undo_at_signals(end, work).and_then(|outcome| outcome);
        let after = self.hooks.after();
        dehydrated::exit(self.hooks, outcome.as_ref().err().map(|failure| failure.what.as_str()));
        match (outcome, after) {
            (Ok(done), Ok(())) => Ok(done),
            (Ok(_), Err(failure)) => Err(failure),
            (Err(failure), Ok(())) => Err(failure),
            // What went wrong with the certificate matters more.
            (Err(failure), Err(second)) => {
                self.output.warn(&second.what, &second.todo);
                Err(failure)
            }
        }
    }

    fn obtain_and_deploy(&self, identifiers: &[Identifier]) -> Result<Done, Failure> {
        let outcome = self.obtain(identifiers);
        let history = History::in_folder(self.store.folder());
        let noted = match &outcome {
            Ok(Obtained::Certificate(_)) => history.add(Outcome::Issued, "", None),
            Ok(Obtained::AwaitsPerson) => history.add(Outcome::AwaitsPerson, "", None),
            Err(failure) => {
                let detail = failure.said.as_deref().unwrap_or(&failure.what);
                history.add(Outcome::Failed, detail, failure.not_before)
            }
        };
        // What went wrong with the certificate matters more than that it could not be noted.
        match outcome.and_then(|obtained| noted.map(|()| obtained))? {
            Obtained::Certificate(chain) => {
                // The certificate counts, whatever the CA says of the next one.
                let _ = self.ask_about_renewal(identifiers);
                self.output.issued(self.store.name(), &chain, &self.store.live());
                Deployment { hooks: self.hooks }.make_up().map(|_| Done::Complete)
            }
            Obtained::AwaitsPerson => Ok(Done::AwaitsPerson),
        }
    }
}
