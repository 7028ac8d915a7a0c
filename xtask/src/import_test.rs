//! `cargo xtask import-test`: accounts that the real clients made at the real Pebble, taken over by luacme and used.
//!
//! A client that is not installed is named, and its case counts as ignored.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

use crate::child::Child;
use crate::pebble_test::client::{Client, event};
use crate::pebble_test::server::Setup;
use crate::pebble_test::{Bench, tools};
use crate::shell::{build_luacme, target};

/// Another client has this long to make its account.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where libcurl with GnuTLS, which uacme uses, has its roots; nothing names others.
const SYSTEM_ROOTS: &str = "/etc/ssl/certs/ca-certificates.crt";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only this client's case; may be given several times
    #[arg(long, value_name = "CLIENT")]
    only: Vec<String>,
}

/// A client of somebody else's.
struct OtherClient {
    /// Its name, which is that of the program and what luacme calls it.
    name: &'static str,
    /// Where it comes from.
    source: &'static str,
    /// How it is told to make an account and to keep it in a folder.
    register: fn(&Bench, &Path) -> anyhow::Result<Command>,
}

const CLIENTS: [OtherClient; 5] = [
    OtherClient { name: "certbot", source: "Debian's package certbot", register: certbot },
    OtherClient { name: "lego", source: "Debian's package lego", register: lego },
    OtherClient { name: "acme.sh", source: "https://github.com/acmesh-official/acme.sh", register: acme_sh },
    OtherClient { name: "dehydrated", source: "Debian's package dehydrated", register: dehydrated },
    OtherClient { name: "uacme", source: "Debian's package uacme", register: uacme },
];

/// Runs the cases and reports as `cargo test` does.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let wanted =
        |client: &&OtherClient| arguments.only.is_empty() || arguments.only.iter().any(|name| name == client.name);
    let chosen: Vec<_> = CLIENTS.iter().filter(wanted).collect();
    let tools = tools::Tools::find(&target()?)?;
    let luacme = build_luacme()?;
    println!("\nrunning {} tests", chosen.len());
    let began = Instant::now();
    let (mut passed, mut failed, mut missing) = (0, 0, Vec::new());
    for client in chosen {
        if tools::on_path(client.name).is_none() {
            println!("test {} ... ignored\nskipped: it is not installed; it comes from {}", client.name, client.source);
            missing.push(client.name);
            continue;
        }
        match case(client, &tools, &luacme) {
            Ok(()) => {
                println!("test {} ... ok", client.name);
                passed += 1;
            }
            Err(error) => {
                println!("test {} ... FAILED\n{error:#}", client.name);
                failed += 1;
            }
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    let (ignored, seconds) = (missing.len(), began.elapsed().as_secs_f32());
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; finished in {seconds:.2}s"
    );
    if !missing.is_empty() {
        println!("not tested, since they are not installed: {}", missing.join(", "));
    }
    ensure!(failed == 0, "{failed} clients' accounts could not be taken over");
    Ok(())
}

fn case(other: &OtherClient, tools: &tools::Tools, luacme: &Path) -> anyhow::Result<()> {
    let folder = target()?.join("import-test").join(other.name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let theirs = folder.join("theirs");
    fs::create_dir_all(&theirs)?;
    let bench = Bench::start(tools, Setup::PLAIN, luacme, folder.clone(), 0)?;

    let log = |kind: &str| folder.join(format!("{}.{kind}", other.name));
    let command = (other.register)(&bench, &theirs)?;
    let status = Child::spawn(command, &log("out"), &log("err"))?.wait(PATIENCE)?;
    ensure!(status.success(), "{} made no account ({status}); see {}", other.name, folder.display());

    let before = content(&theirs)?;
    let client = Client::new(&bench, "state")?;
    let path = theirs.to_string_lossy();
    let imported = client.luacme(&["account", "import", other.name, &path, "--json"])?.ended(0)?;
    ensure!(content(&theirs)? == before, "the import changed something of {}", other.name);
    client.getcert(&["imported.test"])?.ended(0)?;
    let shown = client.luacme(&["account", "show", "--json"])?.ended(0)?;
    let url = |stdout: &str| event(stdout, "account").map(|account| account["url"].clone());
    ensure!(url(&imported.stdout)? == url(&shown.stdout)?, "the certificate is one of another account");
    Ok(())
}

/// Every file below a folder.
fn content(folder: &Path) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(content(&path)?);
        } else {
            found.insert(path.clone(), fs::read(&path).with_context(|| path.display().to_string())?);
        }
    }
    Ok(found)
}

fn certbot(bench: &Bench, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("certbot");
    command.args(["register", "-n", "--agree-tos", "--register-unsafely-without-email", "--server"]);
    command.arg(bench.pebble.directory_url()).arg("--config-dir").arg(folder);
    command.arg("--work-dir").arg(bench.folder.join("work")).arg("--logs-dir").arg(bench.folder.join("logs"));
    command.env("REQUESTS_CA_BUNDLE", &bench.pebble.tls_root);
    Ok(command)
}

/// It makes accounts along with certificates only.
fn lego(bench: &Bench, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("lego");
    command.args(["--accept-tos", "--email", "you@example.com", "--domains", "lego.test", "--server"]);
    command.arg(bench.pebble.directory_url()).arg("--path").arg(folder);
    command.args(["--http", "--http.port", &bench.pebble.http.to_string(), "run"]);
    command.env("LEGO_CA_CERTIFICATES", &bench.pebble.tls_root);
    Ok(command)
}

fn acme_sh(bench: &Bench, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("acme.sh");
    command.args(["--register-account", "--accountemail", "you@example.com", "--server"]);
    command.arg(bench.pebble.directory_url()).arg("--home").arg(folder);
    command.arg("--ca-bundle").arg(&bench.pebble.tls_root);
    Ok(command)
}

fn dehydrated(bench: &Bench, folder: &Path) -> anyhow::Result<Command> {
    let config = bench.folder.join("dehydrated.conf");
    let (url, root) = (bench.pebble.directory_url(), bench.pebble.tls_root.display());
    fs::write(&config, format!("CA=\"{url}\"\nBASEDIR=\"{}\"\nCURL_OPTS=\"--cacert {root}\"\n", folder.display()))?;
    let mut command = Command::new("dehydrated");
    command.args(["--register", "--accept-terms", "--config"]).arg(config);
    Ok(command)
}

/// It trusts what the system trusts: so the system is made to look otherwise, for it alone.
fn uacme(bench: &Bench, folder: &Path) -> anyhow::Result<Command> {
    let mut command = Command::new("unshare");
    let script = format!("mount --bind \"$1\" {SYSTEM_ROOTS} && shift && exec \"$@\"");
    command.args(["--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(&bench.pebble.tls_root);
    command.args(["uacme", "--yes", "--acme-url", &bench.pebble.directory_url(), "--confdir"]).arg(folder).arg("new");
    Ok(command)
}
