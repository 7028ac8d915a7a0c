//! What must be true of a certificate `luacme` stored.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use acme_jose::{Algorithm, PrivateKey, Signer};
use acme_x509::{Chain, Name};
use anyhow::{Context, ensure};

use super::Bench;
use crate::shell::output;

/// Kinds of key a case asks for.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    P256,
    Rsa2048,
}

impl Key {
    /// As `--key-type` names it.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::Rsa2048 => "rsa2048",
        }
    }

    /// That the file holds such a key and only its owner may read it.
    pub(crate) fn check(self, file: &Path) -> anyhow::Result<()> {
        let want = match self {
            Self::P256 => Algorithm::Es256,
            Self::Rsa2048 => Algorithm::Rs256,
        };
        let found = PrivateKey::from_pem(&read(file)?)?.algorithm();
        ensure!(found == want, "{} holds a key for {}, not {}", file.display(), found.name(), want.name());
        only_owner_reads(file)
    }
}

/// Checks the four files of the certificate whose first name names its folder.
pub(crate) fn check(bench: &Bench, dir: &Path, names: &[&str], key: Key) -> anyhow::Result<()> {
    let live = dir.join("live").join(names[0]);
    let file = |name: &str| live.join(name);
    key.check(&file("privkey.pem"))?;
    let (cert, chain, full) = (read(&file("cert.pem"))?, read(&file("chain.pem"))?, read(&file("fullchain.pem"))?);
    ensure!(full == cert + &chain, "fullchain.pem is not cert.pem and chain.pem");
    check_names(&full, names)?;
    openssl_verify(bench, &live, names)
}

fn read(file: &Path) -> anyhow::Result<String> {
    fs::read_to_string(file).with_context(|| format!("could not read {}", file.display()))
}

#[cfg(unix)]
fn only_owner_reads(file: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(file)?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "{} has mode {mode:o} instead of 600", file.display());
    Ok(())
}

#[cfg(not(unix))]
fn only_owner_reads(_: &Path) -> anyhow::Result<()> {
    Ok(())
}

/// That the leaf stands for these names and no others.
fn check_names(fullchain: &str, names: &[&str]) -> anyhow::Result<()> {
    let found: BTreeSet<Name> = Chain::from_pem(fullchain)?.leaf().names()?.into_iter().collect();
    let want: BTreeSet<Name> = names.iter().map(|name| Name::parse(name)).collect();
    ensure!(found == want, "the certificate is for {found:?}, not {want:?}");
    Ok(())
}

/// That OpenSSL builds a chain from the leaf over chain.pem to the CA's root, and finds each name in the leaf.
fn openssl_verify(bench: &Bench, live: &Path, names: &[&str]) -> anyhow::Result<()> {
    if Command::new("openssl").arg("version").output().is_err() {
        print!("(openssl is not there: `openssl verify` skipped) ");
        return Ok(());
    }
    let root = bench.folder.join("issuing-root.pem");
    fs::write(&root, bench.pebble.issuing_root()?)?;
    for name in names {
        let mut verify = Command::new("openssl");
        verify.args(["verify", "-verify_hostname", name, "-CAfile"]).arg(&root);
        output(verify.arg("-untrusted").arg(live.join("chain.pem")).arg(live.join("cert.pem")))?;
    }
    Ok(())
}
