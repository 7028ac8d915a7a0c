//! `cargo xtask`: the chores of the workspace, one file per command.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod child;
mod ci;
mod demo;
mod deps;
mod import_test;
mod layers;
mod pebble_test;
mod ports;
mod quirks;
mod rfc_map;
mod shell;
mod solver_test;

/// Chores of the luacme workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything a change must pass: format, lints, docs, layers, dependencies, tests, Pebble
    Ci(ci::Arguments),
    /// Show luacme at work, with a CA that runs in this program
    Demo,
    /// Check that no crate depends on one it must not know
    Layers,
    /// Show what acme-jose brings along, and fail when that is too much
    Deps,
    /// Check docs/rfc-map.md and docs/quirks.md: each requirement, each quirk, and the tests that prove it
    RfcMap,
    /// Run the real luacme against the real Pebble
    PebbleTest(pebble_test::Arguments),
    /// Take accounts over that other clients made at Pebble: certbot, lego, acme.sh, dehydrated, uacme, as far as installed
    ImportTest(import_test::Arguments),
    /// Run the solvers against real servers: BIND, Knot, nginx and Pebble, which must be installed
    SolverTest(solver_test::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Ci(arguments) => ci::run(&arguments),
        Command::Demo => demo::run(),
        Command::Layers => layers::run(),
        Command::Deps => deps::run(),
        Command::RfcMap => rfc_map::run(),
        Command::PebbleTest(arguments) => pebble_test::run(&arguments),
        Command::ImportTest(arguments) => import_test::run(&arguments),
        Command::SolverTest(arguments) => solver_test::run(&arguments),
    }
}
