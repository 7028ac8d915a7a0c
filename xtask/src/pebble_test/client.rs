//! Running the real `luacme` as a user would, with what it printed kept for the log.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};
use serde_json::Value;

use super::Bench;
use crate::child::Child;

/// No single run takes longer; nonces refused every other time make for the slowest.
const PATIENCE: Duration = Duration::from_secs(120);

/// `luacme` with a state folder of its own.
pub(crate) struct Client<'a> {
    bench: &'a Bench,
    pub(crate) dir: PathBuf,
    runs: Cell<u32>,
}

/// How one run ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl<'a> Client<'a> {
    /// State goes into the folder of this name beside Pebble's logs.
    pub(crate) fn new(bench: &'a Bench, name: &str) -> anyhow::Result<Self> {
        let dir = bench.folder.join(name);
        fs::create_dir(&dir)?;
        Ok(Self { bench, dir, runs: Cell::new(0) })
    }

    /// `luacme ARGUMENTS` against this case's Pebble, its state in this client's folder.
    pub(crate) fn luacme(&self, arguments: &[&str]) -> anyhow::Result<Run> {
        let url = self.bench.pebble.directory_url();
        let dir = self.dir.to_string_lossy();
        self.luacme_trusting(&self.bench.pebble.tls_root, &[arguments, &["--dir", &dir, "--server", &url]].concat())
    }

    /// `luacme ARGUMENTS` with nothing said but whom to trust.
    pub(crate) fn luacme_trusting(&self, root: &Path, arguments: &[&str]) -> anyhow::Result<Run> {
        let mut command = Command::new(&self.bench.luacme);
        command.args(arguments).args(["--agree-tos", "-n", "--timeout", "60", "--ca-file"]).arg(root);
        // What the user of this machine has set must not reach the test.
        command.env_remove("LUACME_DIR").env_remove("LUACME_SERVER");
        self.runs.set(self.runs.get() + 1);
        let log = |kind: &str| PathBuf::from(format!("{}-{:02}.{kind}", self.dir.display(), self.runs.get()));
        let (out, err) = (log("out"), log("err"));
        let status = Child::spawn(command, &out, &err)?.wait(PATIENCE)?;
        let read = |file: &Path| fs::read_to_string(file).context("luacme did not print UTF-8");
        Ok(Run { code: status.code(), stdout: read(&out)?, stderr: read(&err)? })
    }

    /// `luacme getcert` proving the names with luacme's own listener.
    pub(crate) fn getcert(&self, arguments: &[&str]) -> anyhow::Result<Run> {
        let http = self.bench.pebble.http.to_string();
        self.luacme(&[&["getcert", "--standalone", "--http-addr", &http], arguments].concat())
    }
}

impl Run {
    /// This run, when it ended with this code.
    pub(crate) fn ended(self, code: i32) -> anyhow::Result<Self> {
        ensure!(self.code == Some(code), "luacme ended with {:?} instead of {code}: {}", self.code, self.stderr.trim());
        Ok(self)
    }
}

/// The first object of this kind in what `--json` printed.
pub(crate) fn event(stdout: &str, kind: &str) -> anyhow::Result<Value> {
    let lines = stdout.lines().map(serde_json::from_str);
    let events: Vec<Value> = lines.collect::<Result<_, _>>().context("--json printed a line that is not JSON")?;
    events.into_iter().find(|event| event["event"] == kind).with_context(|| format!("no event {kind:?} was printed"))
}
