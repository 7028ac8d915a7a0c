//! `cargo xtask pebble-test`: the real `luacme` against the real Pebble, one Pebble per case.

use std::{
    fs,
    io::{Write, stdout},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::ensure;

use crate::shell::{build_luacme, target};
use cases::{CASES, Case};
use server::Pebble;
use tools::Tools;

mod cases;
mod child;
mod client;
mod issued;
mod server;
mod tools;
mod web;

/// Of each log, the last lines shown when a case fails.
const TAIL: usize = 15;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only this case; may be given several times
    #[arg(long, value_name = "CASE", value_parser = clap::builder::PossibleValuesParser::new(CASES.iter().map(|case| case.name)))]
    only: Vec<String>,
    /// Name the cases and run none
    #[arg(long)]
    list: bool,
    /// How often the case nonce-50-thirty issues
    #[arg(long, value_name = "N", default_value_t = 30)]
    runs: u32,
}

impl Arguments {
    /// All cases, the slow one this often.
    pub(crate) fn with_runs(runs: u32) -> Self {
        Self { only: Vec::new(), list: false, runs }
    }
}

/// What a case works with.
pub(crate) struct Bench {
    pebble: Pebble,
    luacme: PathBuf,
    /// Everything the case leaves behind, empty when it begins.
    folder: PathBuf,
    runs: u32,
}

/// Runs the cases and reports as `cargo test` does.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let chosen: Vec<&Case> = CASES.iter().filter(|case| arguments.wants(case)).collect();
    if arguments.list {
        chosen.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    let tools = Tools::find(&target()?)?;
    println!("Pebble: {}, {}", tools.pebble.display(), tools.challtestsrv.display());
    let luacme = build_luacme()?;
    println!("\nrunning {} tests", chosen.len());
    let began = Instant::now();
    let mut failed = 0;
    for case in &chosen {
        failed += usize::from(!passes(case, &tools, &luacme, arguments.runs)?);
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {} passed; {failed} failed; 0 ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        chosen.len() - failed,
        CASES.len() - chosen.len(),
        began.elapsed().as_secs_f32()
    );
    ensure!(failed == 0, "{failed} of {} Pebble cases failed", chosen.len());
    Ok(())
}

impl Arguments {
    fn wants(&self, case: &Case) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == case.name)
    }
}

fn passes(case: &Case, tools: &Tools, luacme: &Path, runs: u32) -> anyhow::Result<bool> {
    print!("test {} ... ", case.name);
    stdout().flush()?;
    let folder = target()?.join("pebble-test").join(case.name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let outcome = Pebble::start(tools, case.setup, &folder)
        .and_then(|pebble| (case.run)(&Bench { pebble, luacme: luacme.to_owned(), folder: folder.clone(), runs }));
    match &outcome {
        Ok(()) => println!("ok"),
        Err(error) => println!("FAILED\n{error:#}\n{}", tails(&folder)?),
    }
    Ok(outcome.is_ok())
}

/// The ends of the logs in a case's folder.
fn tails(folder: &Path) -> anyhow::Result<String> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    files.retain(|file| file.extension().is_some_and(|end| ["log", "out", "err"].iter().any(|log| end == *log)));
    files.sort();
    let mut shown = String::new();
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        if !lines.is_empty() {
            shown += &format!("--- {}\n{}\n", file.display(), lines[lines.len().saturating_sub(TAIL)..].join("\n"));
        }
    }
    Ok(shown)
}
