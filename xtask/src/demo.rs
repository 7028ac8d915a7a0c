//! `cargo xtask demo`: from nothing to a certificate on this machine alone, with acme-testca as the CA.

use std::{fs, path::Path, process::Command};

use acme_testca::TestCa;
use acme_x509::Chain;
use anyhow::Context;

use crate::{
    ports::free_ports,
    shell::{build_luacme, run as run_command, target, words},
};

/// Runs luacme as a user would, each command shown before what it prints.
pub(crate) fn run() -> anyhow::Result<()> {
    let luacme = build_luacme()?;
    let folder = target()?.join("demo");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir(&folder)?;
    let [http] = free_ports()?;
    let ca = TestCa::builder().http01_addr(http).start()?;
    fs::write(folder.join("ca.pem"), ca.root_pem())?;

    let say = |line: &str| println!("\n# {line}");
    let luacme = |arguments: &[&str]| show_and_run(Command::new(&luacme).args(arguments).current_dir(&folder));
    let http = http.to_string();
    say("An account at a CA that runs inside this demo. A public CA needs neither --server nor --ca-file.");
    luacme(&["register", "--dir", "state", "--server", &ca.directory_url(), "--ca-file", "ca.pem", "--agree-tos"])?;
    let getcert = ["getcert", "demo.test", "www.demo.test", "--dir", "state", "--ca-file", "ca.pem"];
    let getcert = [&getcert[..], &["--standalone", "--http-addr", &http]].concat();
    say("A certificate for two names. The CA fetches the proofs from --http-addr; a public one comes to port 80.");
    luacme(&getcert)?;
    say("The same again: it is fresh, nothing happens.");
    luacme(&getcert)?;
    say("What was stored.");
    show(&folder.join("state/live/demo.test"))?;
    println!("\nAll of it is in {}", folder.display());
    Ok(())
}

fn show_and_run(command: &mut Command) -> anyhow::Result<()> {
    println!("$ {}", words(command));
    run_command(command)
}

fn show(live: &Path) -> anyhow::Result<()> {
    for file in ["privkey.pem", "cert.pem", "chain.pem", "fullchain.pem"] {
        let size = fs::metadata(live.join(file)).with_context(|| format!("{file} was not stored"))?.len();
        println!("live/demo.test/{file}, {size} bytes");
    }
    let chain = Chain::from_pem(fs::read(live.join("fullchain.pem"))?)?;
    let leaf = chain.leaf();
    let names = leaf.names()?.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    println!("names:  {names}\nissuer: {}", leaf.issuer());
    println!(
        "valid:  {} to {}",
        httpdate::fmt_http_date(leaf.not_before()?),
        httpdate::fmt_http_date(leaf.not_after()?)
    );
    Ok(())
}
