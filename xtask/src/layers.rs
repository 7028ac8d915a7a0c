//! `cargo xtask layers`: the workspace's arrows point one way, and some crates stay out.
//!
//! The tables below are the rules; `cargo metadata` says what is so. Features are all on, so an optional
//! dependency counts too.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

use crate::shell::root;

/// Which workspace crates each workspace crate may depend on outside its tests. Tests may use any.
const MAY_USE: &[(&str, &[&str])] = &[
    ("acme-jose", &[]),
    ("acme-proto", &["acme-jose"]),
    ("acme-x509", &["acme-jose"]),
    ("acme-account", &["acme-jose", "acme-proto"]),
    ("acme-transport", &["acme-jose", "acme-proto", "acme-account"]),
    ("acme-solver", &["acme-jose", "acme-proto", "acme-account", "acme-x509"]),
    ("acme-testca", &["acme-jose", "acme-proto", "acme-account", "acme-x509"]),
    ("luacme-cli", &["acme-jose", "acme-proto", "acme-x509", "acme-account", "acme-transport", "acme-solver"]),
    (
        "xtask",
        &["acme-jose", "acme-proto", "acme-x509", "acme-account", "acme-transport", "acme-solver", "acme-testca"],
    ),
];

/// Crates that only the crates beside them may name: HTTP and TLS stay behind the `Transport` seam.
const NAMED_ONLY_BY: &[(&str, &[&str])] =
    &[("ureq", &["acme-transport"]), ("rustls", &["acme-transport", "acme-solver", "acme-testca"])];

/// Crates of which the lock file holds one version: two generations of a trait do not fit together.
const ONE_VERSION: &[&str] = &[
    "crypto-bigint",
    "crypto-common",
    "curve25519-dalek",
    "der",
    "digest",
    "ecdsa",
    "ed25519",
    "ed25519-dalek",
    "elliptic-curve",
    "hmac",
    "p256",
    "p384",
    "p521",
    "pkcs1",
    "pkcs8",
    "rand_core",
    "ring",
    "rsa",
    "rustls",
    "rustls-webpki",
    "sec1",
    "sha1",
    "sha2",
    "signature",
    "spki",
    "subtle",
    "x509-cert",
    "zeroize",
];

/// Crates nobody here depends on, not even through another crate.
const NOWHERE: &[&str] = &["chrono", "native-tls", "openssl", "openssl-sys", "rustls-pemfile", "tiny_http"];

/// Async runtimes: not below any crate but `xtask`, its tests left out.
const NOT_BELOW_US: &[&str] = &["async-std", "smol", "tokio"];

/// What the check needs to know of the packages in use.
#[derive(Default)]
struct Graph {
    packages: BTreeMap<String, Package>,
}

/// One package; the map's key tells two versions of it apart.
struct Package {
    name: String,
    version: String,
    ours: bool,
    /// Keys of what it depends on outside its tests.
    uses: BTreeSet<String>,
}

/// Checks the workspace as it is.
pub(crate) fn run() -> anyhow::Result<()> {
    let graph = Graph::of_workspace()?;
    let complaints = [graph.complaints(), graph.missing()].concat();
    ensure!(complaints.is_empty(), "layers:\n  {}", complaints.join("\n  "));
    println!("layers: all {} arrows between our crates point the right way", graph.arrows());
    Ok(())
}

impl Graph {
    fn of_workspace() -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new()
            .current_dir(root())
            .features(CargoOpt::AllFeatures)
            .other_options(["--locked".into()])
            .exec();
        let metadata = metadata.context("`cargo metadata --locked` failed; is Cargo.lock up to date?")?;
        let mut graph = Self::default();
        for package in &metadata.packages {
            let ours = metadata.workspace_members.contains(&package.id);
            let entry = Package::new(package.name.as_str(), &package.version.to_string(), ours);
            graph.packages.insert(package.id.repr.clone(), entry);
        }
        for node in metadata.resolve.context("`cargo metadata` resolved nothing")?.nodes {
            let Some(package) = graph.packages.get_mut(&node.id.repr) else { continue };
            let shipped =
                node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|k| k.kind != DependencyKind::Development));
            package.uses.extend(shipped.map(|dep| dep.pkg.repr.clone()));
        }
        Ok(graph)
    }

    /// Every broken rule, a line each.
    fn complaints(&self) -> Vec<String> {
        let rules = [Self::wrong_arrows, Self::misnamed, Self::doubles, Self::unwanted, Self::runtimes];
        rules.iter().flat_map(|rule| rule(self)).collect()
    }

    /// Crates of the table that the workspace does not have.
    fn missing(&self) -> Vec<String> {
        let there = |name: &str| self.ours().any(|package| package.name == name);
        let missing = MAY_USE.iter().filter(|(name, _)| !there(name));
        missing.map(|(name, _)| format!("{name} stands in MAY_USE and is not in the workspace")).collect()
    }

    fn arrows(&self) -> usize {
        self.ours().flat_map(|from| self.used_by(from)).filter(|to| to.ours).count()
    }

    fn wrong_arrows(&self) -> Vec<String> {
        self.ours().flat_map(|from| self.wrong_arrows_from(from)).collect()
    }

    fn wrong_arrows_from(&self, from: &Package) -> Vec<String> {
        let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == from.name) else {
            return vec![format!("{} has no place yet: give it a line in MAY_USE of xtask/src/layers.rs", from.name)];
        };
        let wrong = self.used_by(from).filter(|to| to.ours && !allowed.contains(&to.name.as_str()));
        wrong.map(|to| format!("{} must not depend on {}", from.name, to.name)).collect()
    }

    fn misnamed(&self) -> Vec<String> {
        let arrows = self.ours().flat_map(|from| self.used_by(from).map(move |to| (from, to)));
        let wrong = arrows.filter(|(from, to)| {
            NAMED_ONLY_BY.iter().any(|(name, by)| *name == to.name && !by.contains(&from.name.as_str()))
        });
        wrong.map(|(from, to)| format!("{} must not name {}: go through acme-transport", from.name, to.name)).collect()
    }

    fn doubles(&self) -> Vec<String> {
        let versions = |name: &str| -> Vec<&str> {
            self.packages.values().filter(|p| p.name == name).map(|p| p.version.as_str()).collect()
        };
        let doubled = ONE_VERSION.iter().map(|name| (name, versions(name))).filter(|(_, found)| found.len() > 1);
        doubled
            .map(|(name, found)| format!("{name} is there in {} versions: {}", found.len(), found.join(", ")))
            .collect()
    }

    fn unwanted(&self) -> Vec<String> {
        let found = self.packages.values().filter(|p| NOWHERE.contains(&p.name.as_str()));
        found
            .map(|p| format!("{} {} is not wanted here; `cargo tree -i {0}` shows who brings it", p.name, p.version))
            .collect()
    }

    fn runtimes(&self) -> Vec<String> {
        let shipped = self.ours().filter(|package| package.name != "xtask");
        let below = shipped.flat_map(|from| self.below(from).into_iter().map(move |to| (from, to)));
        let wrong = below.filter(|(_, to)| NOT_BELOW_US.contains(&to.name.as_str()));
        wrong.map(|(from, to)| format!("{} brings {}, an async runtime", from.name, to.name)).collect()
    }

    fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.values().filter(|package| package.ours)
    }

    fn used_by<'a>(&'a self, package: &'a Package) -> impl Iterator<Item = &'a Package> {
        package.uses.iter().filter_map(|key| self.packages.get(key))
    }

    /// Everything `top` depends on, however far down.
    fn below<'a>(&'a self, top: &'a Package) -> Vec<&'a Package> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        let mut todo: Vec<&Package> = self.used_by(top).collect();
        while let Some(package) = todo.pop() {
            if seen.insert((&package.name, &package.version)) {
                todo.extend(self.used_by(package));
                found.push(package);
            }
        }
        found
    }
}

impl Package {
    fn new(name: &str, version: &str, ours: bool) -> Self {
        Self { name: name.into(), version: version.into(), ours, uses: BTreeSet::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A graph out of lines such as `acme-proto > acme-jose` or `sha2@0.10`; a version left out is 1.
    fn graph(lines: &[&str]) -> Graph {
        let mut graph = Graph::default();
        for line in lines {
            let (from, to) = line.split_once(" > ").unwrap_or((line, ""));
            for id in [from, to].into_iter().filter(|id| !id.is_empty()) {
                let (name, version) = id.split_once('@').unwrap_or((id, "1"));
                let ours = name.starts_with("acme-") || ["luacme-cli", "xtask"].contains(&name);
                graph.packages.entry(id.into()).or_insert_with(|| Package::new(name, version, ours));
            }
            graph.packages.get_mut(from).unwrap().uses.extend(Some(to.to_owned()));
        }
        graph
    }

    #[test]
    fn rules_are_kept() {
        for (why, lines, complaint) in [
            ("the plain direction", &["acme-proto > acme-jose", "luacme-cli > acme-solver"][..], None),
            ("an arrow upwards", &["acme-jose > acme-proto"], Some("acme-jose must not depend on acme-proto")),
            (
                "the test CA is not shipped",
                &["luacme-cli > acme-testca"],
                Some("luacme-cli must not depend on acme-testca"),
            ),
            ("the chores may use it", &["xtask > acme-testca"], None),
            ("a crate without a place", &["acme-new > acme-jose"], Some("acme-new has no place yet")),
            ("HTTP where it belongs", &["acme-transport > ureq"], None),
            ("HTTP elsewhere", &["acme-account > ureq"], Some("acme-account must not name ureq")),
            ("TLS listeners", &["acme-solver > rustls", "acme-testca > rustls"], None),
            ("TLS in the command", &["luacme-cli > rustls"], Some("luacme-cli must not name rustls")),
            ("others may name it", &["acme-transport > ureq", "ureq > rustls"], None),
            ("two generations", &["sha2@0.10", "sha2@0.11"], Some("sha2 is there in 2 versions: 0.10, 0.11")),
            ("two of a harmless crate", &["syn@2", "syn@3"], None),
            ("unwanted, far down", &["acme-jose > a", "a > openssl-sys"], Some("openssl-sys 1 is not wanted")),
            ("a runtime, far down", &["acme-solver > a", "a > b", "b > tokio"], Some("acme-solver brings tokio")),
            ("a runtime nobody of us ships", &["criterion > tokio", "xtask > tokio"], None),
            ("a ring does not hang the walk", &["acme-jose > a", "a > b", "b > a"], None),
        ] {
            let found = graph(lines).complaints();
            match complaint {
                Some(text) => assert!(found.len() == 1 && found[0].starts_with(text), "{why}: {found:?}"),
                None => assert!(found.is_empty(), "{why}: {found:?}"),
            }
        }
    }

    #[test]
    fn a_table_without_its_crates_is_noticed() {
        let missing = graph(&["acme-proto > acme-jose", "acme-x509"]).missing();
        assert!(missing.iter().any(|line| line.starts_with("acme-account stands in MAY_USE")), "{missing:?}");
        assert_eq!(missing.len(), MAY_USE.len() - 3, "{missing:?}");
    }
}
