//! Real name servers, told what to serve: what BIND and Knot have in common.

use std::{
    env, fs,
    net::{Ipv6Addr, SocketAddr, UdpSocket},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use acme_solver::dns::{Client, TsigKey};
use anyhow::Context;

use crate::{child::Child, ports::free_ports};

/// A server that does not listen after this time is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What to serve, and where.
pub(crate) struct Setup {
    /// For configuration, zones and logs; empty.
    pub(crate) folder: PathBuf,
    /// Of the IPv4 address of loopback; `::1` has the same port, where there is one.
    pub(crate) address: SocketAddr,
    pub(crate) zones: Vec<Zone>,
    /// Whoever has it may change the zones that take updates.
    pub(crate) key: Secret,
}

/// A zone, with `ns1` as its server.
pub(crate) struct Zone {
    pub(crate) name: &'static str,
    pub(crate) updates: bool,
    /// Lines of a zone file beside SOA and NS.
    pub(crate) records: &'static str,
}

/// A TSIG key as configurations write it.
#[derive(Clone, Copy)]
pub(crate) struct Secret {
    pub(crate) name: &'static str,
    pub(crate) algorithm: &'static str,
    pub(crate) base64: &'static str,
}

impl Secret {
    pub(crate) const SHA256: Self =
        Self { name: "acme.key", algorithm: "hmac-sha256", base64: "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IG9jdGV0cw==" };
    pub(crate) const SHA512: Self = Self { algorithm: "hmac-sha512", ..Self::SHA256 };

    pub(crate) fn key(&self) -> anyhow::Result<TsigKey> {
        Ok(TsigKey::parse(&format!("{}:{}:{}", self.algorithm, self.name, self.base64))?)
    }
}

impl Setup {
    /// On a free port, with one zone that takes updates and holds an unrelated TXT record, and one that takes none.
    pub(crate) fn new(folder: PathBuf, key: Secret) -> anyhow::Result<Self> {
        let [address] = free_ports()?;
        let zones = vec![
            Zone { name: "a.test", updates: true, records: "_acme-challenge TXT \"unrelated\"\n" },
            Zone { name: "fixed.test", updates: false, records: "" },
        ];
        Ok(Self { folder, address, zones, key })
    }

    /// One file for each zone.
    pub(crate) fn write_zones(&self) -> anyhow::Result<()> {
        for zone in &self.zones {
            let text = format!("$TTL 60\n@ SOA ns1 admin 1 2 2 60 1\n@ NS ns1\nns1 A 127.0.0.1\n{}", zone.records);
            fs::write(self.folder.join(format!("{}.zone", zone.name)), text)?;
        }
        Ok(())
    }

    pub(crate) fn write(&self, file: &str, text: &str) -> anyhow::Result<PathBuf> {
        let file = self.folder.join(file);
        fs::write(&file, text).with_context(|| format!("could not write {}", file.display()))?;
        Ok(file)
    }

    /// The second address to listen on.
    pub(crate) fn ipv6(&self) -> Option<SocketAddr> {
        let address = SocketAddr::new(Ipv6Addr::LOCALHOST.into(), self.address.port());
        UdpSocket::bind(address).is_ok().then_some(address)
    }

    /// Starts a server that stays in the foreground.
    pub(crate) fn start(self, command: Command) -> anyhow::Result<NameServer> {
        let ipv6 = self.ipv6();
        let log = |name| self.folder.join(name);
        let mut process = Child::spawn(command, &log("server.log"), &log("server.err"))?;
        process.wait_for_port(self.address, PATIENCE)?;
        Ok(NameServer { _process: process, address: self.address, ipv6, key: self.key })
    }
}

/// A running name server, ended when dropped.
pub(crate) struct NameServer {
    _process: Child,
    pub(crate) address: SocketAddr,
    pub(crate) ipv6: Option<SocketAddr>,
    pub(crate) key: Secret,
}

impl NameServer {
    /// Asks this server alone.
    pub(crate) fn client(&self) -> Client {
        Client::new([self.address]).without_recursion()
    }
}

/// A command for a server, which may stand where only root looks. It is not installed by us.
pub(crate) fn program(name: &str, package: &str) -> anyhow::Result<Command> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    Ok(Command::new(found.with_context(|| format!("{name} is not there; install Debian's package {package}"))?))
}
