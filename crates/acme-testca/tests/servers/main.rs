//! Our client against every awkward server that we know of, one file each, as docs/quirks.md lists them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod acme2certifier;
mod acmeeh;
mod anywhere;
mod boulder;
mod buypass;
mod client;
mod dogtag;
mod google_trust_services;
mod lets_encrypt;
mod others;
mod pebble;
mod sectigo;
mod serles;
mod solver;
mod ssl_com;
mod step_ca;
mod telia;
mod zerossl;
