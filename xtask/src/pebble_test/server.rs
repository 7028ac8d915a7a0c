//! One Pebble, on free loopback ports.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use acme_account::{Limits, Transport};
use acme_jose::base64url;
use acme_transport::{HttpsTransport, Roots};
use anyhow::ensure;
use serde_json::{Value, json};

use super::tools::Tools;
use crate::child::Child;
use crate::ports::free_ports;

/// How long a server may take until it listens.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The name and the octets of the key that new accounts are bound with, where they must be.
pub(crate) const EXTERNAL_KEY: (&str, &[u8; 64]) = ("kid-1", &[0x4b; 64]);

/// The life of a certificate of the profile `shortlived`.
pub(crate) const SHORT_LIFE: Duration = Duration::from_secs(518_400);

/// How a case wants its Pebble.
#[derive(Clone, Copy)]
pub(crate) struct Setup {
    /// Percentage of good nonces refused.
    pub(crate) nonce_reject: u8,
    /// Percentage of valid authorizations used again.
    pub(crate) authz_reuse: u8,
    /// Validation takes up to two seconds, and Pebble says when to look again (from 2.7 on).
    pub(crate) slow: bool,
    /// New accounts need an external account binding, with [`EXTERNAL_KEY`].
    pub(crate) bound: bool,
    /// How many chains there are beside the first.
    pub(crate) alternates: u8,
    /// There is a second profile, `shortlived`; an order that names none then gets either.
    pub(crate) shortlived: bool,
}

impl Setup {
    /// Pebble as it is mildest.
    pub(crate) const PLAIN: Self =
        Self { nonce_reject: 0, authz_reuse: 0, slow: false, bound: false, alternates: 0, shortlived: false };

    fn profiles(self) -> Value {
        let mut profiles = json!({ "default": { "description": "90 days", "validityPeriod": 7_776_000 } });
        if self.shortlived {
            profiles["shortlived"] = json!({ "description": "6 days", "validityPeriod": SHORT_LIFE.as_secs() });
        }
        profiles
    }
}

/// A running Pebble; dropping it ends it.
pub(crate) struct Pebble {
    _process: Child,
    /// The root of Pebble's HTTPS certificate, to be trusted by the client.
    pub(crate) tls_root: PathBuf,
    pub(crate) log: PathBuf,
    acme: SocketAddr,
    management: SocketAddr,
    /// Where Pebble validates http-01, whatever the name.
    pub(crate) http: SocketAddr,
    /// Where it validates tls-alpn-01.
    pub(crate) tls: SocketAddr,
}

impl Pebble {
    /// Starts it with a DNS server that it looks names up at; configuration and logs go into `folder`.
    pub(crate) fn start(tools: &Tools, setup: Setup, dns: SocketAddr, folder: &Path) -> anyhow::Result<Self> {
        let [acme, management, http, tls] = free_ports()?;
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
            "externalAccountBindingRequired": setup.bound,
            "externalAccountMACKeys": { EXTERNAL_KEY.0: base64url::encode(EXTERNAL_KEY.1) },
            "retryAfter": { "authz": pause, "order": pause },
            "profiles": setup.profiles(),
        }});
        let config_file = folder.join("pebble.json");
        fs::write(&config_file, config.to_string())?;
        let mut command = Command::new(&tools.pebble);
        command.arg("-strict").arg("-config").arg(config_file).arg("-dnsserver").arg(dns.to_string());
        command.env("PEBBLE_WFE_NONCEREJECT", setup.nonce_reject.to_string());
        command.env("PEBBLE_AUTHZREUSE", setup.authz_reuse.to_string());
        command.env("PEBBLE_ALTERNATE_ROOTS", setup.alternates.to_string());
        command.env("PEBBLE_WFE_ORDERS_PER_PAGE", "3");
        command.env("PEBBLE_VA_NOSLEEP", if setup.slow { "0" } else { "1" }).env("PEBBLE_VA_SLEEPTIME", "2");
        let log = folder.join("pebble.log");
        let mut pebble = Child::spawn(command, &log, &folder.join("pebble.err"))?;
        pebble.wait_for_port(acme, PATIENCE)?;
        pebble.wait_for_port(management, PATIENCE)?;
        Ok(Self { _process: pebble, tls_root, log, acme, management, http, tls })
    }

    pub(crate) fn directory_url(&self) -> String {
        format!("https://{}/dir", self.acme)
    }

    /// The root above the certificates it issues, in PEM; made anew at every start.
    pub(crate) fn issuing_root(&self) -> anyhow::Result<Vec<u8>> {
        self.root(0)
    }

    /// The root of this chain, the first being 0.
    pub(crate) fn root(&self, number: u8) -> anyhow::Result<Vec<u8>> {
        let response = self.manage(&format!("/roots/{number}"), None)?;
        ensure!(response.status().is_success(), "Pebble does not show its root: {}", response.status());
        Ok(response.into_body())
    }

    /// What the management interface answers: to a POST where there is something to say, else to a GET.
    pub(crate) fn manage(&self, path: &str, say: Option<&Value>) -> anyhow::Result<http::Response<Vec<u8>>> {
        let url = format!("https://{}{path}", self.management);
        let request = match say {
            Some(say) => http::Request::post(url).body(say.to_string().into_bytes())?,
            None => http::Request::get(url).body(Vec::new())?,
        };
        Ok(self.transport()?.send(request, Limits::default())?)
    }

    /// A transport that trusts this Pebble and nobody else.
    pub(crate) fn transport(&self) -> anyhow::Result<HttpsTransport> {
        Ok(HttpsTransport::builder().roots(Roots::None).add_root_pem(fs::read(&self.tls_root)?)?.build()?)
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
