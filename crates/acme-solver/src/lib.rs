#![doc = include_str!("../README.md")]

mod deadline;
pub mod dns;
mod fetch;
pub mod http01;
mod manual;
mod sight;
mod txt_store;

pub use manual::Manual;
pub use txt_store::TxtStore;
