//! Our client against every awkward server that we know of, one file each: a CA in a row of docs/quirks.md.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod acme2certifier;
mod acmeeh;
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
