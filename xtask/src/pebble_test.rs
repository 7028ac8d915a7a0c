//! `cargo xtask pebble-test`: the real `luacme`, and the library crates, against the real Pebble; one Pebble per case.

use std::{
    fs,
    io::{Write, stdout},
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};

use crate::ports::free_ports;
use crate::shell::{build_luacme, target};
use cases::Case;
use challtestsrv::Challtestsrv;
use server::{Pebble, Setup};
use skip::Lacks;
use tools::Tools;

mod cases;
mod challtestsrv;
pub(crate) mod client;
mod issued;
mod library;
pub(crate) mod server;
mod skip;
pub(crate) mod tools;
mod web;

/// Of each log, the last lines shown when a case fails.
const TAIL: usize = 15;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only this case; may be given several times
    #[arg(long, value_name = "CASE", value_parser = clap::builder::PossibleValuesParser::new(all().map(|case| case.name)))]
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

/// All cases, in the order they run.
fn all() -> impl Iterator<Item = &'static Case> {
    [cases::CASES].iter().chain(library::CASES).copied().flatten()
}

/// What a case works with.
pub(crate) struct Bench {
    pub(crate) setup: Setup,
    pub(crate) pebble: Pebble,
    /// Where Pebble looks names up, unless a case brings name servers of its own.
    pub(crate) names: Option<Challtestsrv>,
    pub(crate) luacme: PathBuf,
    /// Everything the case leaves behind, empty when it begins.
    pub(crate) folder: PathBuf,
    pub(crate) runs: u32,
}

impl Bench {
    pub(crate) fn start(
        tools: &Tools,
        setup: Setup,
        luacme: &Path,
        folder: PathBuf,
        runs: u32,
    ) -> anyhow::Result<Self> {
        let [dns, management] = free_ports()?;
        let names = Challtestsrv::start(&tools.challtestsrv, dns, management, &folder)?;
        let pebble = Pebble::start(tools, setup, dns, &folder)?;
        Ok(Self { setup, pebble, names: Some(names), luacme: luacme.to_owned(), folder, runs })
    }

    /// The DNS server that is told what to say.
    fn names(&self) -> anyhow::Result<&Challtestsrv> {
        self.names.as_ref().context("this case has name servers of its own")
    }
}

/// How a case ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
    Skipped,
}

/// Runs the cases and reports as `cargo test` does.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let chosen: Vec<&Case> = all().filter(|case| arguments.wants(case)).collect();
    if arguments.list {
        chosen.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    let tools = Tools::find(&target()?)?;
    println!("Pebble: {}, {}", tools.pebble.display(), tools.challtestsrv.display());
    let luacme = build_luacme()?;
    println!("\nrunning {} tests", chosen.len());
    let began = Instant::now();
    let verdicts =
        chosen.iter().map(|case| judge(case, &tools, &luacme, arguments.runs)).collect::<anyhow::Result<Vec<_>>>()?;
    let count = |wanted| verdicts.iter().filter(|verdict| **verdict == wanted).count();
    let (passed, failed) = (count(Verdict::Passed), count(Verdict::Failed));
    println!(
        "\ntest result: {}. {passed} passed; {failed} failed; {} ignored; 0 measured; {} filtered out; finished in {:.2}s\n",
        if failed == 0 { "ok" } else { "FAILED" },
        count(Verdict::Skipped),
        all().count() - chosen.len(),
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

fn judge(case: &Case, tools: &Tools, luacme: &Path, runs: u32) -> anyhow::Result<Verdict> {
    print!("test {} ... ", case.name);
    stdout().flush()?;
    let folder = target()?.join("pebble-test").join(case.name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let outcome = Bench::start(tools, case.setup, luacme, folder.clone(), runs).and_then(|bench| (case.run)(&bench));
    Ok(match outcome {
        Ok(()) => {
            println!("ok");
            Verdict::Passed
        }
        Err(error) if error.is::<Lacks>() => {
            println!("ignored\nskipped: {}: {error}", case.name);
            Verdict::Skipped
        }
        Err(error) => {
            println!("FAILED\n{error:#}\n{}", tails(&folder)?);
            Verdict::Failed
        }
    })
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
