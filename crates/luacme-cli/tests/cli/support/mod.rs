//! A bench to test on: a CA, a folder for state, and the binary between them.

mod limiting_ca;
mod run;
mod tree;
mod web;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use acme_testca::{Builder, Resource, TestCa};
use acme_x509::Chain;

pub(crate) use limiting_ca::LimitingCa;
pub(crate) use run::Run;
pub(crate) use tree::{tree, unfinished};
pub(crate) use web::Web;

/// A CA and a folder for state. At the end of the test the CA must have seen no breach of the protocol, and the folder
/// must hold nothing unfinished.
pub(crate) struct Bench {
    pub(crate) ca: TestCa,
    /// Where the CA looks for http-01.
    pub(crate) http: SocketAddr,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn start() -> Self {
        Self::with(|ca| ca)
    }

    /// With a CA that behaves in some way.
    pub(crate) fn with(behave: impl FnOnce(Builder) -> Builder) -> Self {
        Self::at(free_port(), behave)
    }

    /// With a CA that looks for http-01 at this address.
    pub(crate) fn at(http: SocketAddr, behave: impl FnOnce(Builder) -> Builder) -> Self {
        let ca = behave(TestCa::builder().http01_addr(http)).start().unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.root_pem()).unwrap();
        Self { ca, http, folder }
    }

    /// One where an account is registered.
    pub(crate) fn registered() -> Self {
        let bench = Self::start();
        bench.register().succeeds();
        bench
    }

    /// A path beside the folder of state.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder of state, which the first command makes.
    pub(crate) fn dir(&self) -> PathBuf {
        self.beside("state")
    }

    /// A file below the folder of state.
    pub(crate) fn file(&self, path: &str) -> PathBuf {
        self.dir().join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
    }

    /// `luacme` with these words and nothing else: it starts beside the folder of state.
    pub(crate) fn bare(&self, words: &[&str]) -> Run {
        Run::of(Command::new(env!("CARGO_BIN_EXE_luacme")).env_clear().current_dir(self.folder.path()).args(words))
    }

    /// `luacme` with these words, the folder of state and the CA's root.
    pub(crate) fn luacme(&self, words: &[&str]) -> Run {
        self.bare(&[words, &["--dir", "state", "--ca-file", "ca.pem"]].concat())
    }

    pub(crate) fn register(&self) -> Run {
        self.luacme(&["register", "--server", &self.ca.directory_url(), "--agree-tos"])
    }

    /// `luacme getcert` with a listener of its own, where the CA looks.
    pub(crate) fn getcert(&self, words: &[&str]) -> Run {
        self.luacme(&[&["getcert", "--standalone", "--http-addr", &self.http.to_string()], words].concat())
    }

    /// A command that must fail with this exit code: then the certificates in use are as they were, and nothing
    /// unfinished lies about.
    pub(crate) fn fails(&self, code: i32, words: &[&str]) -> Run {
        let before = tree(&self.file("live"));
        let run = self.luacme(words).exits(code);
        assert_eq!(tree(&self.file("live")), before, "a failure touched live/: {words:?}");
        assert_eq!(unfinished(&self.dir()), Vec::<PathBuf>::new(), "a failure left something behind: {words:?}");
        run
    }

    /// The chain in use under this name, as far as it is one.
    pub(crate) fn chain(&self, name: &str) -> Chain {
        Chain::from_pem(self.read(&format!("live/{name}/fullchain.pem"))).unwrap()
    }

    /// The names of the certificate in use, in alphabetical order.
    pub(crate) fn names(&self, name: &str) -> Vec<String> {
        let mut names: Vec<_> = self.chain(name).leaf().names().unwrap().iter().map(ToString::to_string).collect();
        names.sort();
        names
    }

    /// Where `live/NAME` points.
    pub(crate) fn version(&self, name: &str) -> PathBuf {
        std::fs::read_link(self.file("live").join(name)).unwrap()
    }

    /// How many requests the CA has answered in all.
    pub(crate) fn requests(&self) -> usize {
        self.ca.requests().len()
    }

    /// How many POSTs to a kind of resource the CA has granted.
    pub(crate) fn granted(&self, resource: Resource) -> usize {
        let granted = |request: &&acme_testca::Request| {
            request.resource == resource && request.method == "POST" && (200..300).contains(&request.status)
        };
        self.ca.requests().iter().filter(granted).count()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.ca.breaches().is_empty(), "{:?}", self.ca.breaches());
            assert_eq!(unfinished(&self.dir()), Vec::<PathBuf>::new());
        }
    }
}

/// A port nobody listens on, below those a system gives to outgoing connections, which would take it in between.
pub(crate) fn free_port() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = std::process::id() as u16;
    let ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(spread) % 12_000 + 20_000);
    let mut addresses = ports.take(12_000).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a free port on 127.0.0.1")
}
