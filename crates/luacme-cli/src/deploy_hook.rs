//! Deployment: what is run once the files of a new certificate are in place.
//!
//! A note in the certificate's folder says that there is something to deploy. It is made before the files change and goes when
//! every hook went well, so that neither a failure nor a crash leaves a certificate undeployed for ever.

use std::path::PathBuf;

use crate::dehydrated;
use crate::failure::{Exit, Failure};
use crate::files::{self, Readers};
use crate::hooks::{Hooks, Moment};

/// What follows a new certificate.
pub(crate) struct Deployment<'a> {
    pub(crate) hooks: &'a Hooks<'a>,
}

impl Deployment<'_> {
    /// Notes that there will be something to deploy. To be called before the files change.
    pub(crate) fn announce(&self) -> Result<(), Failure> {
        let settings = self.hooks.settings;
        match settings.deploy_hooks.is_empty() && !dehydrated::is_used(&settings.solver) {
            true => Ok(()),
            false => files::write(&self.note(), b"", Readers::Everybody),
        }
    }

    /// Runs every hook if there is something to deploy, also those after one that failed. Whether there was.
    pub(crate) fn make_up(&self) -> Result<bool, Failure> {
        if files::read(&self.note())?.is_none() {
            return Ok(false);
        }
        let mut failed = self.hooks.run_all(Moment::Deploy, &self.hooks.settings.deploy_hooks);
        failed.extend(dehydrated::deploy(self.hooks)?);
        match failed.is_empty() {
            true => files::remove(&self.note()).map(|()| true),
            false => Err(Failure {
                exit: Exit::Hook,
                ..Failure::new(
                    format!(
                        "the certificate for {} is in place, but not deployed: {}",
                        self.hooks.store.name(),
                        failed.join("; ")
                    ),
                    "mend what the hook complains of, then run the same command again: it runs the hooks again",
                )
            }),
        }
    }

    fn note(&self) -> PathBuf {
        self.hooks.store.undeployed()
    }
}
