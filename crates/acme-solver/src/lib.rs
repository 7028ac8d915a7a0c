#![doc = include_str!("../README.md")]

mod deadline;
pub mod dns;
mod dns_solver;
mod fetch;
pub mod http01;
mod manual;
mod sight;
mod txt_store;

pub use dns_solver::DnsSolver;
pub use manual::Manual;
pub use txt_store::TxtStore;
