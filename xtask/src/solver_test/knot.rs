//! Knot's `knotd` with a configuration of ours (knot.conf(5)).

use std::{fmt::Write as _, fs, net::SocketAddr};

use super::name_server::{NameServer, Setup, program};

/// Starts `knotd`; dropping it ends it.
pub(crate) fn start(setup: Setup) -> anyhow::Result<NameServer> {
    setup.write_zones()?;
    run(setup, None)
}

/// Starts a `knotd` that has the zones from another server, which it asks as often as their SOA records say and is not told of changes.
pub(crate) fn start_secondary(setup: Setup, primary: SocketAddr) -> anyhow::Result<NameServer> {
    run(setup, Some(primary))
}

fn run(setup: Setup, primary: Option<SocketAddr>) -> anyhow::Result<NameServer> {
    // Without its folder the journal is not made, and every update fails.
    fs::create_dir(setup.folder.join("db"))?;
    let file = setup.write("knot.conf", &configuration(&setup, primary))?;
    let mut command = program("knotd", "knot")?;
    command.arg("-c").arg(file);
    setup.start(command)
}

fn configuration(setup: &Setup, primary: Option<SocketAddr>) -> String {
    let (folder, key) = (setup.folder.display(), &setup.key);
    let listen: Vec<_> = std::iter::once(setup.address).chain(setup.ipv6()).map(at).collect();
    let mut text = format!(
        r#"server:
    rundir: "{folder}"
    listen: [ {} ]
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
key:
  - id: {}
    algorithm: {}
    secret: {}
database:
    storage: "{folder}/db"
acl:
  - id: updates
    key: {}
    action: update
    update-type: [ TXT ]
  - id: transfers
    address: 127.0.0.0/8
    action: transfer
"#,
        listen.join(", "),
        key.name,
        key.algorithm,
        key.base64,
        key.name
    );
    if let Some(primary) = primary {
        let _ = write!(text, "remote:\n  - id: primary\n    address: {}\n", at(primary));
    }
    let source = if primary.is_some() { "    master: primary\n" } else { "" };
    text += &format!("template:\n  - id: default\n    storage: \"{folder}\"\n    file: \"%s.zone\"\n{source}zone:\n");
    for zone in &setup.zones {
        let acl = if zone.updates { "updates, transfers" } else { "transfers" };
        let _ = write!(text, "  - domain: {}\n    acl: [ {acl} ]\n", zone.name);
    }
    text
}

/// An address as Knot writes it.
fn at(address: SocketAddr) -> String {
    format!("{}@{}", address.ip(), address.port())
}
