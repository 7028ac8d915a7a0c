//! `cargo xtask ci`: everything a change must pass, cheapest first, stopping at the first failure.

use std::time::Instant;

use anyhow::Context;
use clap::ValueEnum;

use crate::{
    deps, layers, pebble_test, rfc_map,
    shell::{cargo, root, run as run_command, target},
    solver_test,
};

/// Issuances of the slow Pebble case; by hand it is thirty.
const SLOW_CASE_RUNS: u32 = 5;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Leave a step out; may be given several times
    #[arg(long, value_name = "STEP")]
    skip: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Step {
    Fmt,
    Clippy,
    Doc,
    Layers,
    Deps,
    RfcMap,
    NoStd,
    Features,
    Test,
    PebbleTest,
    SolverTest,
}

/// Runs the steps in order.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let all = Instant::now();
    for step in Step::value_variants().iter().filter(|step| !arguments.skip.contains(step)) {
        println!("==> {}", step.name());
        let began = Instant::now();
        step.run().with_context(|| format!("ci stopped at step {}", step.name()))?;
        println!("<== {} passed in {:.1} s\n", step.name(), began.elapsed().as_secs_f32());
    }
    println!("ci: all steps passed in {:.1} s", all.elapsed().as_secs_f32());
    Ok(())
}

impl Step {
    fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Fmt => run_command(&mut cargo(["fmt", "--all", "--check"])),
            Self::Clippy => run_command(
                cargo(["clippy", "--locked", "--workspace", "--all-targets", "--all-features"])
                    .args(["--", "--deny", "warnings"]),
            ),
            Self::Doc => run_command(
                cargo(["doc", "--locked", "--workspace", "--no-deps", "--all-features"])
                    .env("RUSTDOCFLAGS", "--deny warnings"),
            ),
            Self::Layers => layers::run(),
            Self::Deps => deps::run(),
            Self::RfcMap => rfc_map::run(),
            Self::NoStd => no_std(),
            Self::Features => features(),
            Self::Test => run_command(&mut cargo(["test", "--locked", "--workspace"])),
            Self::PebbleTest => pebble_test::run(&pebble_test::Arguments::with_runs(SLOW_CASE_RUNS)),
            Self::SolverTest => solver_test::run(&solver_test::Arguments::default()),
        }
    }

    /// As `--skip` names it.
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Runs the program that proves acme-jose needs no standard library; it is a workspace of its own.
fn no_std() -> anyhow::Result<()> {
    let program = root().join("checks/no-std/Cargo.toml");
    run_command(
        cargo(["run", "--locked", "--manifest-path"]).arg(program).arg("--target-dir").arg(target()?.join("no-std")),
    )
}

/// acme-jose with none of its features, and each of them alone: the workspace's own tests turn all of them on.
fn features() -> anyhow::Result<()> {
    let alone = ["--quiet", "--locked", "--package", "acme-jose", "--no-default-features"];
    run_command(cargo(["test"]).args(alone))?;
    for feature in ["p384", "p521", "ed25519", "rsa"] {
        run_command(cargo(["check", "--tests"]).args(alone).args(["--features", feature]))?;
    }
    Ok(())
}
