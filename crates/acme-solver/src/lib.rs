#![doc = include_str!("../README.md")]

mod deadline;
pub mod dns;
mod fetch;
pub mod http01;
mod manual;
mod sight;

pub use manual::Manual;
