//! BIND's `named` with a configuration of ours (its reference manual, chapter 8).

use super::name_server::{NameServer, Setup, Zone, program};

/// Starts `named`; dropping it ends it.
pub(crate) fn start(setup: Setup) -> anyhow::Result<NameServer> {
    setup.write_zones()?;
    let file = setup.write("named.conf", &configuration(&setup))?;
    let mut command = program("named", "bind9")?;
    command.args(["-g", "-n", "1", "-c"]).arg(file);
    setup.start(command)
}

fn configuration(setup: &Setup) -> String {
    let (folder, key) = (setup.folder.display(), &setup.key);
    let (ip, port) = (setup.address.ip(), setup.address.port());
    let ipv6 = if setup.ipv6().is_some() { "::1" } else { "none" };
    let zones: String = setup.zones.iter().map(|zone| zone_statement(zone, key.name)).collect();
    format!(
        r#"key "{}" {{ algorithm {}; secret "{}"; }};
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile none;
    managed-keys-directory "{folder}";
    listen-on port {port} {{ {ip}; }};
    listen-on-v6 port {port} {{ {ipv6}; }};
    recursion no;
    notify no;
    dnssec-validation no;
}};
controls {{ }};
{zones}"#,
        key.name, key.algorithm, key.base64
    )
}

fn zone_statement(zone: &Zone, key: &str) -> String {
    let policy = match zone.updates {
        true => format!("update-policy {{ grant {key} zonesub TXT; }};"),
        false => String::new(),
    };
    format!("zone \"{0}\" {{ type primary; file \"{0}.zone\"; {policy} }};\n", zone.name)
}
