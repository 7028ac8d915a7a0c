#![doc = include_str!("../README.md")]

mod acme_dns;
mod by_name;
mod deadline;
pub mod dns;
mod dns_solver;
mod fetch;
#[cfg(unix)]
pub mod hook;
pub mod http01;
pub mod journal;
#[cfg(unix)]
mod lexicon;
mod listener;
mod listeners;
mod look;
mod manual;
#[cfg(unix)]
pub mod program;
mod sight;
#[cfg(feature = "tls-alpn-01")]
pub mod tls_alpn01;
mod txt_store;

pub use acme_dns::{AcmeDns, AcmeDnsCredentials};
pub use by_name::{ByName, NamePattern};
pub use dns_solver::DnsSolver;
#[cfg(unix)]
pub use lexicon::Lexicon;
pub use look::Look;
pub use manual::Manual;
#[cfg(unix)]
pub use program::{OutputLine, ProgramError, Stream};
pub use txt_store::TxtStore;

/// A solver that gives too few results has done nothing that could be relied on.
fn silent() -> acme_account::SolverError {
    let advice = "report this to whoever wrote the solver";
    acme_account::SolverError::new("the solver does not say what became of it", advice)
}
