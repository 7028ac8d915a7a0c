//! The command `luacme` as its users run it: the real binary, against a CA inside the test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod account;
mod account_file;
mod bad_storage;
mod certificate_names;
mod deploy_hook;
#[path = "../../../acme-solver/tests/dns_server/mod.rs"]
mod dns_server;
mod doctor;
mod export;
mod external_account;
mod flags;
mod getcert;
mod help;
mod hooks;
mod json;
mod layout;
mod manual;
mod quirks;
mod rate_limit;
mod refusals;
mod register;
mod renew;
mod request;
mod revoke;
mod run;
mod server;
mod settings;
mod several_cas;
mod solvers;
mod status;
mod step;
mod support;
mod terminal;
mod timer;
mod wire_log;
