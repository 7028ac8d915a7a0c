//! `cargo xtask solver-test`: the solvers against the servers that people run; every case starts its own, on loopback.

use std::{
    fs,
    io::{Write, stdout},
    path::PathBuf,
    time::Instant,
};

use anyhow::ensure;

use crate::shell::{build_luacme, target};

mod bind;
mod knot;
mod lagging;
mod name_server;
mod nginx;
mod pebble;
mod update;

/// One case; it gets an empty folder.
pub(crate) struct Case {
    name: &'static str,
    run: fn(PathBuf) -> anyhow::Result<()>,
}

#[derive(Default, clap::Args)]
pub(crate) struct Arguments {
    /// Run only the cases whose names begin like this; may be given several times
    #[arg(long, value_name = "CASE")]
    only: Vec<String>,
    /// Name the cases and run none
    #[arg(long)]
    list: bool,
}

/// All cases, in the order they run.
fn all() -> impl Iterator<Item = &'static Case> {
    [update::CASES, lagging::CASES, pebble::CASES].into_iter().flatten()
}

/// Runs the cases and reports as `cargo test` does.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let wanted =
        |case: &&Case| arguments.only.is_empty() || arguments.only.iter().any(|start| case.name.starts_with(start));
    let chosen: Vec<_> = all().filter(wanted).collect();
    if arguments.list {
        chosen.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    build_luacme()?;
    println!("\nrunning {} tests", chosen.len());
    let began = Instant::now();
    let mut failed = 0;
    for case in &chosen {
        failed += usize::from(!passes(case)?);
    }
    println!(
        "\ntest result: {}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        chosen.len() - failed,
        all().count() - chosen.len(),
        began.elapsed().as_secs_f32()
    );
    ensure!(failed == 0, "{failed} of {} solver cases failed", chosen.len());
    Ok(())
}

fn passes(case: &Case) -> anyhow::Result<bool> {
    print!("test {} ... ", case.name);
    stdout().flush()?;
    let folder = target()?.join("solver-test").join(case.name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let outcome = (case.run)(folder.clone());
    match &outcome {
        Ok(()) => println!("ok"),
        Err(error) => println!("FAILED\n{error:#}\nlogs and configuration: {}", folder.display()),
    }
    Ok(outcome.is_ok())
}
