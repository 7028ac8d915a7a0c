#![doc = include_str!("../README.md")]

mod csr;
mod name;
mod pem;
mod san;

pub use csr::{Csr, CsrError};
pub use name::Name;
pub use pem::PemError;
pub use san::SanError;
