//! The command `luacme` as its users run it: the real binary, against a CA inside the test.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod getcert;
mod json;
mod layout;
mod manual;
mod rate_limit;
mod refusals;
mod settings;
mod step;
mod support;
