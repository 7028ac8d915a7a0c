//! pebble-challtestsrv: the DNS server that Pebble asks, and the records in it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
};

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier, TxtRecord};
use acme_solver::dns;
use anyhow::{Context, ensure};
use serde_json::{Value, json};

use super::server::PATIENCE;
use crate::child::Child;

/// A running challtestsrv, which sends every name to 127.0.0.1; dropping it ends it. As a solver it meets dns-01.
pub(crate) struct Challtestsrv {
    _process: Child,
    dns: SocketAddr,
    management: SocketAddr,
}

impl Challtestsrv {
    pub(crate) fn start(
        program: &Path,
        dns: SocketAddr,
        management: SocketAddr,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let flags = flags_of(program)?;
        let mut command = Command::new(program);
        // The flag changed its name in 2.10, which brought the DoH listener too.
        command.arg(if flags.contains("-dnsserver ") { "-dnsserver" } else { "-dns01" }).arg(dns.to_string());
        command.args([
            "-http01",
            "",
            "-https01",
            "",
            "-tlsalpn01",
            "",
            "-defaultIPv4",
            "127.0.0.1",
            "-defaultIPv6",
            "",
        ]);
        if flags.contains("-doh ") {
            command.args(["-doh", ""]);
        }
        command.arg("-management").arg(management.to_string());
        let mut process = Child::spawn(command, &folder.join("challtestsrv.log"), &folder.join("challtestsrv.err"))?;
        process.wait_for_port(management, PATIENCE)?;
        process.wait_for_port(dns, PATIENCE)?;
        Ok(Self { _process: process, dns, management })
    }

    /// Publishes a TXT record beside those that are there.
    pub(crate) fn add_txt(&self, record: &TxtRecord) -> anyhow::Result<()> {
        self.add(&record.name, &record.value)
    }

    fn add(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.manage("/set-txt", &json!({ "host": name, "value": value }))
    }

    /// The TXT records of a name.
    pub(crate) fn txt(&self, name: &str) -> Result<Vec<String>, dns::DnsError> {
        dns::txt(name, &[self.dns], PATIENCE)
    }

    /// One POST to the management interface, which has no TLS.
    fn manage(&self, path: &str, say: &Value) -> anyhow::Result<()> {
        let say = say.to_string();
        let mut stream = TcpStream::connect_timeout(&self.management, PATIENCE)?;
        write!(stream, "POST {path} HTTP/1.0\r\nContent-Length: {}\r\n\r\n{say}", say.len())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        ensure!(answer.starts_with("HTTP/1.0 200 "), "challtestsrv answers {path} with {answer:?}");
        Ok(())
    }
}

fn flags_of(program: &Path) -> anyhow::Result<String> {
    let shown = Command::new(program).arg("-h").output();
    let shown = shown.with_context(|| format!("could not start {}", program.display()))?;
    Ok(String::from_utf8_lossy(&[shown.stdout, shown.stderr].concat()).into_owned())
}

impl Solver for Challtestsrv {
    fn challenge_types(&self, identifier: &Identifier, _: bool) -> Vec<ChallengeType> {
        match identifier {
            Identifier::Dns(_) => vec![ChallengeType::Dns01],
            _ => Vec::new(),
        }
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.present_one(task)).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|task| self.verify_one(task)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.clean_up_one(task)).collect()
    }
}

impl Challtestsrv {
    fn present_one(&self, task: &Task) -> Result<(), SolverError> {
        let record = record(task)?;
        self.add(&record.name, &record.value).map_err(unmanaged)
    }

    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        let record = record(task)?;
        let found = self.txt(&record.name).map_err(|error| unmanaged(error.into()))?;
        Ok(match found.contains(&record.value) {
            true => Readiness::Ready,
            false => Readiness::Unseen(format!("{found:?}")),
        })
    }

    /// Takes all records of the name away: challtestsrv cannot do less.
    fn clean_up_one(&self, task: &Task) -> Result<(), SolverError> {
        self.manage("/clear-txt", &json!({ "host": record(task)?.name })).map_err(unmanaged)
    }
}

fn record(task: &Task) -> Result<&TxtRecord, SolverError> {
    let no_record = || SolverError::new(format!("{} needs no TXT record", task.kind), "choose another solver");
    task.proof.txt_record().ok_or_else(no_record)
}

fn unmanaged(error: anyhow::Error) -> SolverError {
    SolverError::new(format!("{error:#}"), "look at challtestsrv.log")
}
