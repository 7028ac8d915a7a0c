//! One Pebble with a DNS server of its own, on free loopback ports.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use acme_account::{Limits, Transport};
use acme_transport::{HttpsTransport, Roots};
use anyhow::{Context, ensure};
use serde_json::json;

use super::{child::Child, tools::Tools};
use crate::ports::free_ports;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a case wants its Pebble.
#[derive(Clone, Copy, Default)]
pub(crate) struct Setup {
    /// Percentage of good nonces refused.
    pub(crate) nonce_reject: u8,
    /// Percentage of valid authorizations used again.
    pub(crate) authz_reuse: u8,
    /// Validation takes up to two seconds, and Pebble says when to look again (from 2.7 on).
    pub(crate) slow: bool,
}

/// A running Pebble; dropping it ends it.
pub(crate) struct Pebble {
    _processes: [Child; 2],
    /// The root of Pebble's HTTPS certificate, to be trusted by the client.
    pub(crate) tls_root: PathBuf,
    pub(crate) log: PathBuf,
    acme: SocketAddr,
    management: SocketAddr,
    /// Where Pebble validates http-01, whatever the name.
    pub(crate) http: SocketAddr,
}

impl Pebble {
    /// Starts both servers; configuration and logs go into `folder`.
    pub(crate) fn start(tools: &Tools, setup: Setup, folder: &Path) -> anyhow::Result<Self> {
        let [dns, dns_management, acme, management, http, tls] = free_ports()?;
        let names = start_challtestsrv(&tools.challtestsrv, dns, dns_management, folder)?;
        let (tls_root, key) = write_certificate(folder, "pebble")?;
        let pause = u8::from(setup.slow);
        let config = json!({ "pebble": {
            "listenAddress": acme,
            "managementListenAddress": management,
            "certificate": tls_root,
            "privateKey": key,
            "httpPort": http.port(),
            "tlsPort": tls.port(),
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
            "retryAfter": { "authz": pause, "order": pause },
            "profiles": { "default": { "description": "90 days", "validityPeriod": 7_776_000 } },
        }});
        let config_file = folder.join("pebble.json");
        fs::write(&config_file, config.to_string())?;
        let mut command = Command::new(&tools.pebble);
        command.arg("-strict").arg("-config").arg(config_file).arg("-dnsserver").arg(dns.to_string());
        command.env("PEBBLE_WFE_NONCEREJECT", setup.nonce_reject.to_string());
        command.env("PEBBLE_AUTHZREUSE", setup.authz_reuse.to_string());
        command.env("PEBBLE_VA_NOSLEEP", if setup.slow { "0" } else { "1" }).env("PEBBLE_VA_SLEEPTIME", "2");
        let log = folder.join("pebble.log");
        let mut pebble = Child::spawn(command, &log, &folder.join("pebble.err"))?;
        pebble.wait_for_port(acme, PATIENCE)?;
        pebble.wait_for_port(management, PATIENCE)?;
        Ok(Self { _processes: [names, pebble], tls_root, log, acme, management, http })
    }

    pub(crate) fn directory_url(&self) -> String {
        format!("https://{}/dir", self.acme)
    }

    /// The root above the certificates it issues, in PEM; made anew at every start.
    pub(crate) fn issuing_root(&self) -> anyhow::Result<Vec<u8>> {
        let trust = HttpsTransport::builder().roots(Roots::None).add_root_pem(fs::read(&self.tls_root)?)?.build()?;
        let request = http::Request::get(format!("https://{}/roots/0", self.management)).body(Vec::new())?;
        let response = trust.send(request, Limits::default())?;
        ensure!(response.status().is_success(), "Pebble does not show its root: {}", response.status());
        Ok(response.into_body())
    }
}

/// Makes a self-signed certificate for a server on loopback; returns the certificate's and the key's file.
pub(crate) fn write_certificate(folder: &Path, name: &str) -> anyhow::Result<(PathBuf, PathBuf)> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let (certificate, key) = (folder.join(format!("{name}.cert.pem")), folder.join(format!("{name}.key.pem")));
    fs::write(&certificate, made.cert.pem())?;
    fs::write(&key, made.signing_key.serialize_pem())?;
    Ok((certificate, key))
}

/// The DNS server that sends every name to 127.0.0.1.
fn start_challtestsrv(program: &Path, dns: SocketAddr, management: SocketAddr, folder: &Path) -> anyhow::Result<Child> {
    let flags = flags_of(program)?;
    let mut command = Command::new(program);
    // The flag changed its name in 2.10, which brought the DoH listener too.
    command.arg(if flags.contains("-dnsserver ") { "-dnsserver" } else { "-dns01" }).arg(dns.to_string());
    command.args(["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]);
    if flags.contains("-doh ") {
        command.args(["-doh", ""]);
    }
    command.arg("-management").arg(management.to_string());
    let mut child = Child::spawn(command, &folder.join("challtestsrv.log"), &folder.join("challtestsrv.err"))?;
    child.wait_for_port(management, PATIENCE)?;
    child.wait_for_port(dns, PATIENCE)?;
    Ok(child)
}

fn flags_of(program: &Path) -> anyhow::Result<String> {
    let shown = Command::new(program).arg("-h").output();
    let shown = shown.with_context(|| format!("could not start {}", program.display()))?;
    Ok(String::from_utf8_lossy(&[shown.stdout, shown.stderr].concat()).into_owned())
}
