//! The command `acme-testca`: a CA that misbehaves as told, until its standard input ends.

use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use acme_jose::base64url;
use acme_testca::{Amount, Behaviour, Builder, Setting, TestCa};
use clap::Parser;

/// A certificate authority for tests, on loopback: it validates, issues, and misbehaves on request.
///
/// It runs until its standard input ends. Lines there are commands: `txt NAME VALUE` adds a TXT record to those it
/// sees, `untxt NAME VALUE` takes it away, `behave NAME[=NUMBER]` and `stop NAME` change how it behaves. The exit code
/// is 1 when a client broke the protocol.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Behaviours to switch on
    #[arg(long, value_name = "NAME[=NUMBER]", value_delimiter = ',')]
    behave: Vec<Setting>,
    /// Where http-01 is fetched, for every name
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:80")]
    http01: SocketAddr,
    /// Where to listen
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Makes paths, tokens and refusals the same at every start
    #[arg(long)]
    seed: Option<u64>,
    /// A certificate profile to offer; the first is the default
    #[arg(long, value_name = "NAME=TEXT", value_parser = pair)]
    profile: Vec<(String, String)>,
    /// A key for external account binding, base64url; with one, every new account needs one
    #[arg(long, value_name = "KID=KEY", value_parser = external_key)]
    eab: Vec<(String, Vec<u8>)>,
    /// Where to write the root to trust; without it, it is printed
    #[arg(long, value_name = "FILE")]
    root_file: Option<PathBuf>,
    /// Shows all behaviours, and nothing else
    #[arg(long)]
    list: bool,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE")?;
    Ok((name.to_string(), value.to_string()))
}

fn external_key(text: &str) -> Result<(String, Vec<u8>), String> {
    let (kid, key) = pair(text)?;
    base64url::decode(&key).map(|key| (kid, key)).map_err(|error| format!("the key is {error}"))
}

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    if arguments.list {
        list();
        return Ok(ExitCode::SUCCESS);
    }
    let ca = builder(&arguments).start()?;
    println!("directory: {}", ca.directory_url());
    match &arguments.root_file {
        Some(file) => fs::write(file, ca.root_pem())?,
        None => print!("{}", ca.root_pem()),
    }
    for line in io::stdin().lock().lines() {
        if let Err(why) = obey(&ca, &line?) {
            eprintln!("acme-testca: {why}");
        }
    }
    let breaches = ca.breaches().len();
    println!("breaches: {breaches}");
    Ok(if breaches == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn builder(arguments: &Arguments) -> Builder {
    let mut builder = TestCa::builder()
        .http01_addr(arguments.http01)
        .listen(arguments.listen)
        .on_breach(|breach| println!("breach: {breach}"));
    if let Some(seed) = arguments.seed {
        builder = builder.seed(seed);
    }
    for setting in &arguments.behave {
        builder = builder.behave(*setting);
    }
    for (name, text) in &arguments.profile {
        builder = builder.profile(name, text);
    }
    for (kid, key) in &arguments.eab {
        builder = builder.external_account(kid, key);
    }
    builder
}

/// Does what a line of standard input says.
fn obey(ca: &TestCa, line: &str) -> Result<(), String> {
    let words: Vec<_> = line.splitn(3, ' ').collect();
    match words[..] {
        ["txt", name, value] => ca.set_txt(name, value),
        ["untxt", name, value] => ca.remove_txt(name, value),
        ["behave", setting] => ca.behave(setting.parse::<Setting>().map_err(|error| error.to_string())?),
        ["stop", name] => {
            let known = Behaviour::ALL.iter().find(|behaviour| behaviour.name() == name);
            ca.stop(*known.ok_or_else(|| format!("no behaviour is called {name:?}"))?);
        }
        [""] => {}
        _ => return Err(format!("{line:?} is no command: txt, untxt, behave, stop")),
    }
    Ok(())
}

fn list() {
    for behaviour in Behaviour::ALL {
        let usage = match behaviour.amount() {
            Amount::Always => format!("{} (always)", behaviour.name()),
            Amount::Times(usual) => format!("{}[=TIMES, {usual}]", behaviour.name()),
            Amount::Percent(usual) => format!("{}[=PERCENT, {usual}]", behaviour.name()),
            Amount::Number(usual, what) => format!("{}[=NUMBER {what}, {usual}]", behaviour.name()),
            _ => behaviour.name().to_string(),
        };
        // Whoever closes the pipe, such as `head`, has read enough.
        if writeln!(io::stdout(), "{usage}\n    {} ({})", behaviour.description(), behaviour.servers()).is_err() {
            return;
        }
    }
}
