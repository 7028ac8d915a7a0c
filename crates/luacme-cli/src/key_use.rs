//! Whether a key is in use already: an account key is for one account and nothing else (RFC 8555 §11.1).

use std::fs;
use std::path::{Path, PathBuf};

use acme_jose::{Jwk, PrivateKey, Signer as _};

use crate::failure::Failure;
use crate::files;
use crate::state::State;

/// Refuses a key for a new account, read from a file or just made, that another account, at whatever CA, or a certificate has.
pub(crate) fn check_unused(state: &State, key: &PrivateKey, from: &Path) -> Result<(), Failure> {
    let public = key.public_key();
    match key_files(state).into_iter().find(|path| place(path) != place(from) && holds(path, &public)) {
        None => Ok(()),
        Some(other) => Err(Failure::usage(
            format!("the key in {} is in use already: it is that of {}", from.display(), other.display()),
            "move the first of the two away, and a new key is made: an account needs one of its own (RFC 8555 §11.1)",
        )),
    }
}

/// The files with private keys that are known here: of accounts, beside this one's and in the folders of everything, and of
/// certificates, unfinished ones too.
fn key_files(state: &State) -> Vec<PathBuf> {
    let beside = state.account.parent().unwrap_or(Path::new(""));
    let certificates = entries(&state.dir.join("certs")).into_iter().flat_map(|folder| entries(&folder));
    let accounts = entries(&state.dir.join("accounts")).into_iter().flat_map(|folder| entries(&folder));
    let candidates = entries(beside).into_iter().chain(entries(&state.dir)).chain(accounts).chain(certificates);
    candidates
        .flat_map(|path| match path.is_dir() {
            true => vec![path.join("privkey.pem")],
            false => vec![path],
        })
        .filter(|path| path.extension().is_some_and(|kind| kind == "key" || kind == "pem"))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    // A path without a folder stands in the current one.
    let read = if folder == Path::new("") { Path::new(".") } else { folder };
    fs::read_dir(read).into_iter().flatten().flatten().map(|entry| folder.join(entry.file_name())).collect()
}

/// The one spelling of a path; of a link, that of the link.
fn place(path: &Path) -> Option<PathBuf> {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    Some(fs::canonicalize(folder).ok()?.join(path.file_name()?))
}

/// A file that cannot be read, or holds something else, holds no key that we know.
fn holds(path: &Path, public: &Jwk) -> bool {
    let text = files::read_secret(path).ok().flatten();
    text.and_then(|text| PrivateKey::from_pem(&text).ok()).is_some_and(|key| key.public_key() == *public)
}
