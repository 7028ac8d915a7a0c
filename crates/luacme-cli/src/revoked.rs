//! Which certificates of a folder are revoked: the file `revoked`, a line with a SHA-256 fingerprint for each.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use acme_x509::{Certificate, Chain};

use crate::failure::Failure;
use crate::files::{self, Readers};

/// Whether a certificate of the folder `certs/NAME` was revoked from here.
pub(crate) fn is_revoked(folder: &Path, leaf: &Certificate) -> Result<bool, Failure> {
    let text = files::read(&folder.join("revoked"))?.unwrap_or_default();
    Ok(text.lines().any(|line| line == fingerprint(leaf)))
}

/// Notes it in every folder where it is the current one: it is not good there any more.
pub(crate) fn mark_all(dir: &Path, leaf: &Certificate) -> Result<(), Failure> {
    let folders = fs::read_dir(dir.join("certs")).into_iter().flatten().flatten();
    for folder in folders {
        let current = files::read(&dir.join("live").join(folder.file_name()).join("fullchain.pem"))?;
        if current.and_then(|text| Chain::from_pem(text).ok()).is_some_and(|chain| chain.leaf().der() == leaf.der()) {
            mark(&folder.path(), leaf)?;
        }
    }
    Ok(())
}

fn mark(folder: &Path, leaf: &Certificate) -> Result<(), Failure> {
    if is_revoked(folder, leaf)? {
        return Ok(());
    }
    let path = folder.join("revoked");
    let before = files::read(&path)?.unwrap_or_default();
    files::write(&path, format!("{before}{}\n", fingerprint(leaf)).as_bytes(), Readers::Everybody)
}

fn fingerprint(leaf: &Certificate) -> String {
    leaf.sha256_fingerprint().iter().fold(String::new(), |mut text, octet| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}
