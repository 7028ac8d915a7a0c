#![doc = include_str!("../README.md")]

mod builder;
mod failure;
mod https;
mod phase;
mod proxy;
mod roots;

pub use builder::{BuildError, HttpsTransportBuilder};
pub use https::HttpsTransport;
pub use proxy::Proxy;
pub use roots::{Roots, RootsError, platform_roots};
