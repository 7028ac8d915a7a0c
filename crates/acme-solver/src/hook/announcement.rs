//! What hooks of the style dehydrated are told besides challenges.

use std::ffi::OsString;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use acme_account::SolverError;
use acme_proto::Identifier;

use super::call::harmless;
use super::{Hook, Style};
use crate::program::Call;

/// Something in the life of a certificate that hooks of the style dehydrated are told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Announcement<'a> {
    /// `startup_hook`: a run begins.
    Startup,
    /// `deploy_cert DOMAIN KEY CERT FULLCHAIN CHAIN TIMESTAMP`: there is a new certificate.
    DeployCert {
        /// The first name in it.
        domain: &'a Identifier,
        /// Where it is.
        files: CertificateFiles<'a>,
        /// When it was made.
        made: SystemTime,
    },
    /// `unchanged_cert DOMAIN KEY CERT FULLCHAIN CHAIN`: the certificate is still good.
    UnchangedCert {
        /// The first name in it.
        domain: &'a Identifier,
        /// Where it is.
        files: CertificateFiles<'a>,
    },
    /// `exit_hook [ERROR]`: a run ends, perhaps with an error. Of what a CA may have written only harmless characters are told.
    Exit(Option<&'a str>),
}

/// The files of a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateFiles<'a> {
    /// The private key.
    pub key: &'a Path,
    /// The certificate alone.
    pub certificate: &'a Path,
    /// The certificate and its chain.
    pub full_chain: &'a Path,
    /// The chain alone.
    pub chain: &'a Path,
}

impl Announcement<'_> {
    fn verb(&self) -> &'static str {
        match self {
            Self::Startup => "startup_hook",
            Self::DeployCert { .. } => "deploy_cert",
            Self::UnchangedCert { .. } => "unchanged_cert",
            Self::Exit(_) => "exit_hook",
        }
    }

    fn args(&self) -> Vec<OsString> {
        let mut args = vec![self.verb().into()];
        match self {
            Self::Startup | Self::Exit(None) => {}
            Self::Exit(Some(error)) => args.push(harmless(error).into()),
            Self::DeployCert { domain, files, made } => {
                args.extend(files.args(domain));
                let seconds = made.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
                args.push(seconds.to_string().into());
            }
            Self::UnchangedCert { domain, files } => args.extend(files.args(domain)),
        }
        args
    }
}

impl CertificateFiles<'_> {
    fn args(&self, domain: &Identifier) -> [OsString; 5] {
        let [key, certificate, full_chain, chain] = [self.key, self.certificate, self.full_chain, self.chain];
        [domain.value().into(), key.into(), certificate.into(), full_chain.into(), chain.into()]
    }
}

impl Hook {
    /// Tells a hook of the style dehydrated; hooks of other styles know no such calls, so nothing happens.
    ///
    /// # Errors
    /// When the program fails.
    pub fn announce(&self, announcement: &Announcement<'_>) -> Result<(), SolverError> {
        if self.style != Style::Dehydrated {
            return Ok(());
        }
        let call = Call { args: announcement.args(), ..Call::default() };
        self.run(&self.program, &call).map(drop).map_err(|why| {
            let path = self.program.path();
            let message =
                format!("the hook {} (style {}, {}) failed: {why}", path.display(), self.style, announcement.verb());
            SolverError::with_source(message, why.advice(path), why)
        })
    }
}
