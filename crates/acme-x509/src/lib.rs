#![doc = include_str!("../README.md")]
#![warn(missing_debug_implementations)]

pub mod ari;
mod certificate;
mod chain;
mod challenge_certificate;
mod csr;
mod name;
mod pem;
mod preference;
mod san;
pub mod validity;

pub use certificate::{Certificate, CertificateError};
pub use chain::{Chain, ChainError};
pub use challenge_certificate::{ChallengeCertificateError, challenge_certificate};
pub use csr::{Csr, CsrError};
pub use name::Name;
pub use pem::PemError;
pub use preference::ChainPreference;
pub use san::SanError;
