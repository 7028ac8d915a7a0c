//! Whole certificates from Pebble, which looks names up at real name servers and asks real web servers.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use acme_x509::{Chain, Name};
use anyhow::{Context, ensure};

use super::{
    Case, bind, knot,
    name_server::{NameServer, Secret, Setup, Zone},
    nginx::{self, Site},
    update::{Start, serial, shows},
};
use crate::{
    pebble_test::{
        Bench,
        client::{Client, Run},
        server::{self, Pebble},
        tools::Tools,
    },
    shell::{luacme, target},
};

pub(crate) const CASES: &[Case] = &[
    Case { name: "pebble-bind-wildcard", run: |folder| wildcard(bind::start, folder) },
    Case { name: "pebble-knot-wildcard", run: |folder| wildcard(knot::start, folder) },
    Case { name: "pebble-bind-hundred-names", run: |folder| hundred_names(bind::start, folder) },
    Case { name: "pebble-six-names-six-solvers", run: six_names },
    Case { name: "pebble-killed-after-present", run: killed },
];

const NAME: &str = "_acme-challenge.a.test.";

/// Names that stand for addresses of loopback, so that each may have a web server of its own.
const RECORDS: &str = "_acme-challenge TXT \"unrelated\"
* A 127.0.0.1
root A 127.9.0.1
stateless A 127.9.0.2
alone A 127.9.0.3
tls A 127.9.0.4
hook A 127.9.0.5
";

/// A name server, and a Pebble that asks it.
struct World {
    server: NameServer,
    bench: Bench,
    /// The file of the key for updates.
    key: PathBuf,
}

impl World {
    fn start(start: Start, folder: PathBuf) -> anyhow::Result<Self> {
        let own = folder.join("dns");
        fs::create_dir(&own)?;
        let zones = vec![Zone { name: "a.test", updates: true, records: RECORDS }];
        let server = start(Setup { zones, ..Setup::new(own, Secret::SHA256)? })?;
        let key = folder.join("tsig.key");
        let Secret { name, algorithm, base64 } = server.key;
        fs::write(&key, format!("key \"{name}\" {{ algorithm {algorithm}; secret \"{base64}\"; }};\n"))?;
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))?;
        let (tools, setup) = (Tools::find(&target()?)?, server::Setup::PLAIN);
        let pebble = Pebble::start(&tools, setup, server.address, &folder)?;
        let bench = Bench { setup, pebble, names: None, luacme: luacme()?, folder, runs: 1 };
        Ok(Self { server, bench, key })
    }

    /// `luacme getcert`, the name server being the only one there is.
    fn getcert(&self, client: &Client<'_>, words: &[&str]) -> anyhow::Result<Run> {
        client.luacme(&[&["getcert", "--resolver", &self.server.address.to_string()], words].concat())
    }

    /// What has updates sent to the name server, for all names or, with `NAMES=`, for some.
    fn updates(&self, names: &str) -> [String; 4] {
        let server = format!("{names}rfc2136:{}", self.server.address);
        ["--dns".to_owned(), server, "--tsig-key".to_owned(), self.key.display().to_string()]
    }

    fn http(&self, last: u8) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(127, 9, 0, last), self.bench.pebble.http.port()))
    }
}

fn words(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

/// Two values at one name, beside a third, which stays.
fn wildcard(start: Start, folder: PathBuf) -> anyhow::Result<()> {
    let world = World::start(start, folder)?;
    let client = Client::new(&world.bench, "state")?;
    world.getcert(&client, &[&["a.test", "*.a.test"][..], &words(&world.updates(""))].concat())?.ended(0)?;
    holds(&client, "a.test", &["a.test", "*.a.test"])?;
    shows(&world.server, NAME, &["unrelated"])
}

fn hundred_names(start: Start, folder: PathBuf) -> anyhow::Result<()> {
    let world = World::start(start, folder)?;
    let client = Client::new(&world.bench, "state")?;
    let names: Vec<_> = (0..100).map(|n| format!("n{n}.a.test")).collect();
    let before = serial(&world.server)?;
    world.getcert(&client, &[words(&names), words(&world.updates(""))].concat())?.ended(0)?;
    holds(&client, "n0.a.test", &words(&names))?;
    let updates = serial(&world.server)? - before;
    ensure!(updates == 2, "there were {updates} updates, and one to add and one to remove would do");
    Ok(())
}

/// A web root, a web server that answers by itself, a listener for http-01, one for tls-alpn-01, updates, and a hook.
fn six_names(folder: PathBuf) -> anyhow::Result<()> {
    let world = World::start(bind::start, folder)?;
    let client = Client::new(&world.bench, "state")?;
    let folder = &world.bench.folder;
    let [root, hook_root, web] = ["root", "hook-root", "nginx"].map(|name| folder.join(name));
    for made in [&root, &hook_root, &web] {
        fs::create_dir(made)?;
    }
    client.luacme(&["register"])?.ended(0)?;
    let lines = client.luacme(&["keyauth", "--web-server", "nginx"])?.ended(0)?.stdout;
    let sites = [
        Site::Folder(world.http(1), &root),
        Site::Lines(world.http(2), &lines),
        Site::Folder(world.http(5), &hook_root),
    ];
    let _nginx = nginx::start(&web, &sites)?;
    let hook = hook(folder, &hook_root)?;
    let tls = SocketAddr::from((Ipv4Addr::new(127, 9, 0, 4), world.bench.pebble.tls.port())).to_string();
    let at = |name: &str, last: u8| ["--http-addr".to_owned(), format!("{name}.a.test={}", world.http(last))];
    let addresses = [at("root", 1), at("stateless", 2), at("alone", 3), at("hook", 5)].concat();
    let names = ["root", "stateless", "alone", "tls", "dns", "hook"].map(|name| format!("{name}.a.test"));
    let ways = [
        "--webroot".to_owned(),
        format!("root.a.test={}", root.display()),
        "--stateless=stateless.a.test".to_owned(),
        "--standalone=alone.a.test".to_owned(),
        "--tls-alpn=tls.a.test".to_owned(),
        "--tls-addr".to_owned(),
        tls,
        "--hook".to_owned(),
        format!("hook.a.test={}", hook.display()),
    ];
    let all = [&names[..], &ways, &addresses, &world.updates("dns.a.test=")].concat();
    world.getcert(&client, &words(&all))?.ended(0)?;
    holds(&client, "root.a.test", &words(&names))?;
    for left in [&root, &hook_root] {
        let found = fs::read_dir(left.join(".well-known/acme-challenge")).map(Iterator::count).unwrap_or_default();
        ensure!(found == 0, "{} is not clean", left.display());
    }
    shows(&world.server, "_acme-challenge.dns.a.test", &[])
}

/// A hook of our style that keeps http-01 answers in a folder.
fn hook(folder: &Path, root: &Path) -> anyhow::Result<PathBuf> {
    let place = root.join(".well-known/acme-challenge");
    fs::create_dir_all(&place)?;
    let text = format!(
        "[ $2 = http-01 ] || exit 42\ncd {} || exit 1\ncase $1 in\npresent) printf %s \"$LUACME_KEY_AUTHORIZATION\" > \
         $LUACME_TOKEN;;\nclean-up) rm -f $LUACME_TOKEN;;\nesac",
        place.display()
    );
    script(folder, "hook", &text)
}

/// What was published before a kill -9 goes with the next start, and nothing else does.
fn killed(folder: PathBuf) -> anyhow::Result<()> {
    let world = World::start(knot::start, folder)?;
    let client = Client::new(&world.bench, "state")?;
    let killer = script(&world.bench.folder, "killer", "[ $1 = clean-up ] || kill -KILL $PPID")?;
    let hook = ["--hook".to_owned(), format!("b.a.test={}", killer.display())];
    let run = world
        .getcert(&client, &[&["a.test", "b.a.test"][..], &words(&world.updates("a.test=")), &words(&hook)].concat())?;
    ensure!(run.code.is_none(), "it was not killed: {:?} {}", run.code, run.stderr);
    let found = world.server.client().ask(NAME, acme_solver::dns::RecordType::Txt)?.data;
    ensure!(found.len() == 2, "the record of the killed run and the unrelated one: {found:?}");
    world.getcert(&client, &[&["n1.a.test"][..], &words(&world.updates(""))].concat())?.ended(0)?;
    shows(&world.server, NAME, &["unrelated"])
}

fn script(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n"))?;
    File::open(&path)?.set_permissions(fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// The certificate in use is for these names.
fn holds(client: &Client<'_>, name: &str, names: &[&str]) -> anyhow::Result<()> {
    let file = client.dir.join("live").join(name).join("fullchain.pem");
    let chain = Chain::from_pem(fs::read_to_string(&file).with_context(|| file.display().to_string())?)?;
    let mut found = chain.leaf().names()?;
    let mut wanted: Vec<_> = names.iter().map(|name| Name::parse(name)).collect();
    found.sort();
    wanted.sort();
    ensure!(found == wanted, "the certificate is for {found:?}");
    Ok(())
}
