//! The cases: what is asked of Pebble and of luacme in each.

use std::fs;

use anyhow::{Context, ensure};

use super::{
    Bench,
    client::{Client, event},
    issued::{self, Key},
    server::{self, Setup},
    web::Web,
};

/// One case.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) setup: Setup,
    pub(crate) run: fn(&Bench) -> anyhow::Result<()>,
}

const PLAIN: Setup = Setup::PLAIN;

/// The cases that run the command, in the order they run.
pub(crate) const CASES: &[Case] = &[
    Case { name: "http-01-one-name", setup: PLAIN, run: one_name },
    Case { name: "http-01-five-names", setup: PLAIN, run: five_names },
    Case { name: "nonce-05", setup: Setup { nonce_reject: 5, ..PLAIN }, run: five_names },
    Case { name: "nonce-50", setup: Setup { nonce_reject: 50, ..PLAIN }, run: five_names },
    Case { name: "nonce-50-thirty", setup: Setup { nonce_reject: 50, ..PLAIN }, run: many_times },
    Case { name: "authz-reuse-0", setup: PLAIN, run: authorized_anew },
    Case { name: "authz-reuse-100", setup: Setup { authz_reuse: 100, ..PLAIN }, run: authorized_once },
    Case { name: "slow-validation", setup: Setup { slow: true, ..PLAIN }, run: one_name },
    Case { name: "keys-rsa", setup: PLAIN, run: rsa_keys },
    Case { name: "keys-p256", setup: PLAIN, run: p256_keys },
    Case { name: "keys-mixed", setup: PLAIN, run: mixed_keys },
    Case { name: "account-found-again", setup: PLAIN, run: account_found_again },
    Case { name: "wrong-root", setup: PLAIN, run: wrong_root },
    Case { name: "manual-plain", setup: PLAIN, run: manual_plain },
    Case { name: "manual-json", setup: PLAIN, run: manual_json },
    Case { name: "webroot", setup: PLAIN, run: webroot },
    Case { name: "lua-acme-grammar", setup: PLAIN, run: lua_acme_grammar },
];

fn one_name(bench: &Bench) -> anyhow::Result<()> {
    issue(&Client::new(bench, "state")?, bench, &["one.test"])
}

fn five_names(bench: &Bench) -> anyhow::Result<()> {
    issue(&Client::new(bench, "state")?, bench, &["a.test", "b.test", "c.test", "d.test", "www.a.test"])
}

/// Issues, and checks that the last line of `--json` names the files.
fn issue(client: &Client, bench: &Bench, names: &[&str]) -> anyhow::Result<()> {
    let run = client.getcert(&[&["--json"], names].concat())?.ended(0)?;
    let last = event(&run.stdout, "certificate")?;
    for file in ["privkey", "cert", "chain", "fullchain"] {
        let path = last["files"][file].as_str().with_context(|| format!("the event does not name {file}"))?;
        ensure!(fs::exists(path)?, "{path} is named and not there");
    }
    issued::check(bench, &client.dir, names, Key::P256)
}

fn many_times(bench: &Bench) -> anyhow::Result<()> {
    let mut failures = Vec::new();
    for number in 1..=bench.runs {
        let client = Client::new(bench, &format!("state-{number}"))?;
        failures.extend(issue(&client, bench, &["often.test"]).err().map(|error| format!("run {number}: {error:#}")));
    }
    let issued = bench.runs as usize - failures.len();
    print!("{issued} of {} certificates issued ... ", bench.runs);
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
}

fn authorized_anew(bench: &Bench) -> anyhow::Result<()> {
    ensure!(validations_of_two_orders(bench)? == 2, "each order was to be validated");
    Ok(())
}

fn authorized_once(bench: &Bench) -> anyhow::Result<()> {
    ensure!(validations_of_two_orders(bench)? == 1, "the second order was to use the first one's authorization");
    Ok(())
}

/// Orders the same name twice; how often Pebble validated it stands in Pebble's log.
fn validations_of_two_orders(bench: &Bench) -> anyhow::Result<usize> {
    let client = Client::new(bench, "state")?;
    issue(&client, bench, &["twice.test"])?;
    client.getcert(&["--force", "twice.test"])?.ended(0)?;
    issued::check(bench, &client.dir, &["twice.test"], Key::P256)?;
    Ok(fs::read_to_string(&bench.pebble.log)?.matches("Pulled a task from the Tasks queue").count())
}

fn rsa_keys(bench: &Bench) -> anyhow::Result<()> {
    keys(bench, Key::Rsa2048, Key::Rsa2048)
}

fn p256_keys(bench: &Bench) -> anyhow::Result<()> {
    keys(bench, Key::P256, Key::P256)
}

fn mixed_keys(bench: &Bench) -> anyhow::Result<()> {
    keys(bench, Key::Rsa2048, Key::P256)
}

fn keys(bench: &Bench, account: Key, certificate: Key) -> anyhow::Result<()> {
    let client = Client::new(bench, "state")?;
    client.luacme(&["register", "--account-key-type", account.flag()])?.ended(0)?;
    client.getcert(&["--key-type", certificate.flag(), "keys.test"])?.ended(0)?;
    account.check(&client.dir.join("account.key"))?;
    issued::check(bench, &client.dir, &["keys.test"], certificate)
}

/// A key the CA knows brings back the account, whatever was lost besides (RFC 8555 §7.3.1).
fn account_found_again(bench: &Bench) -> anyhow::Result<()> {
    let (first, second) = (Client::new(bench, "first")?, Client::new(bench, "second")?);
    first.luacme(&["register", "-m", "me@example.com"])?.ended(0)?;
    fs::copy(first.dir.join("account.key"), second.dir.join("account.key"))?;
    second.luacme(&["register"])?.ended(0)?;
    let url = |client: &Client| -> anyhow::Result<String> {
        let text = fs::read_to_string(client.dir.join("account.json"))?;
        text.split('"').find(|word| word.contains("/my-account/")).map(str::to_owned).context("no account URL is kept")
    };
    ensure!(url(&first)? == url(&second)?, "the account was not found again");
    Ok(())
}

fn wrong_root(bench: &Bench) -> anyhow::Result<()> {
    let client = Client::new(bench, "state")?;
    let (other, _) = server::write_certificate(&bench.folder, "other")?;
    let (dir, url) = (client.dir.to_string_lossy(), bench.pebble.directory_url());
    let run = client.luacme_trusting(&other, &["register", "--dir", &dir, "--server", &url])?.ended(1)?;
    ensure!(run.stderr.contains("certificate"), "the message does not speak of the certificate: {}", run.stderr);
    ensure!(!client.dir.join("account.json").exists(), "an account was written down");
    Ok(())
}

fn manual_plain(bench: &Bench) -> anyhow::Result<()> {
    manual(bench, &[], |stdout| {
        let words = || stdout.split_whitespace().map(|word| word.trim_matches(|c| "\"'`,:".contains(c)));
        let url = words().find(|word| word.contains("/.well-known/acme-challenge/")).context("no URL is shown")?;
        let token = format!("{}.", url.rsplit('/').next().unwrap_or_default());
        let content = words().find(|word| word.starts_with(&token)).context("no content is shown")?;
        Ok((url.to_owned(), content.to_owned()))
    })
}

fn manual_json(bench: &Bench) -> anyhow::Result<()> {
    manual(bench, &["--json"], |stdout| {
        let event = event(stdout, "manual")?;
        let text =
            |member: &str| event[member].as_str().map(str::to_owned).with_context(|| format!("no {member} in it"));
        Ok((text("url")?, text("content")?))
    })
}

/// A first run says what to serve where, a person does it, the same command finishes.
fn manual(bench: &Bench, flags: &[&str], task: fn(&str) -> anyhow::Result<(String, String)>) -> anyhow::Result<()> {
    let client = Client::new(bench, "state")?;
    let http = bench.pebble.http.to_string();
    let command = [&["getcert", "--manual", "--http-addr", &http, "manual.test"], flags].concat();
    let (url, content) = task(&client.luacme(&command)?.ended(3)?.stdout)?;
    let path = url.strip_prefix("http://manual.test/").with_context(|| format!("{url} is not the name's"))?;
    let file = bench.folder.join("www").join(path);
    fs::create_dir_all(file.parent().context("a URL without a folder")?)?;
    fs::write(file, content)?;
    let _web = Web::serve(bench.pebble.http, &bench.folder.join("www"))?;
    client.luacme(&command)?.ended(0)?;
    issued::check(bench, &client.dir, &["manual.test"], Key::P256)
}

fn webroot(bench: &Bench) -> anyhow::Result<()> {
    let client = Client::new(bench, "state")?;
    let (http, www) = (bench.pebble.http.to_string(), bench.folder.join("www"));
    fs::create_dir(&www)?;
    let _web = Web::serve(bench.pebble.http, &www)?;
    client.luacme(&["getcert", "--webroot", &www.to_string_lossy(), "--http-addr", &http, "web.test"])?.ended(0)?;
    issued::check(bench, &client.dir, &["web.test"], Key::P256)?;
    let left = fs::read_dir(www.join(".well-known/acme-challenge")).map_or(0, Iterator::count);
    ensure!(left == 0, "{left} token files were left behind");
    Ok(())
}

fn lua_acme_grammar(bench: &Bench) -> anyhow::Result<()> {
    let client = Client::new(bench, "state")?;
    let (account, http) = (client.dir.join("account.json"), bench.pebble.http.to_string());
    let account = account.to_string_lossy();
    let luacme =
        |arguments: &[&str]| client.luacme_trusting(&bench.pebble.tls_root, &[&[&*account], arguments].concat());
    luacme(&["register", &bench.pebble.directory_url(), "mailto:me@example.com"])?.ended(0)?;
    luacme(&["getcert", "www.example.com", "--standalone", "--http-addr", &http])?.ended(0)?;
    issued::check(bench, &client.dir, &["www.example.com"], Key::P256)
}
