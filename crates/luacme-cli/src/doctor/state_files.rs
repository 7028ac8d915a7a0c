//! The files of luacme's folder: who can read them, whose they are.

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::code::Code;
use super::finding::Finding;
use crate::state::State;

/// How deep folders are looked into: certs/NAME/7/privkey.pem.
const DEPTH: usize = 4;

/// All files below the folder. Nothing, when there is none yet.
pub(crate) fn check(state: &State) -> Vec<Finding> {
    let mut files = vec![state.account.clone(), state.key_file()];
    for folder in ["accounts", "certs", "live"] {
        collect(&state.dir.join(folder), DEPTH, &mut files);
    }
    files.sort();
    files.dedup();
    files.retain(|file| file.symlink_metadata().is_ok());
    let user = fs::metadata("/proc/self").map(|process| process.uid()).ok();
    let findings: Vec<_> = files.iter().flat_map(|file| one(file, user)).collect();
    match (findings.is_empty(), files.is_empty()) {
        (false, _) => findings,
        (true, true) => Vec::new(),
        (true, false) => {
            vec![Finding::new(Code::FilesPrivate, format!("{} files in {}", files.len(), state.dir.display()))]
        }
    }
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth > 0 => collect(&entry.path(), depth - 1, files),
            _ => files.push(entry.path()),
        }
    }
}

fn one(path: &Path, user: Option<u32>) -> Vec<Finding> {
    let Ok(found) = path.symlink_metadata() else { return Vec::new() };
    let mut findings = Vec::new();
    let mode = found.permissions().mode() & 0o777;
    if found.is_file() && is_key(path) && mode & 0o077 != 0 {
        findings.push(Finding::new(Code::KeyReadable, format!("{} has the mode {mode:04o}", path.display())));
    }
    if user.is_some_and(|user| user != found.uid()) {
        let (owner, user) = (found.uid(), user.unwrap_or_default());
        findings.push(Finding::new(
            Code::FileForeign,
            format!("{} belongs to user {owner}, and this is user {user}", path.display()),
        ));
    }
    findings.extend(link(path, &found));
    findings
}

/// The links in `live` are luacme's own.
fn link(path: &Path, found: &Metadata) -> Option<Finding> {
    let ours = path.parent().is_some_and(|folder| folder.ends_with("live"));
    let target = || fs::read_link(path).unwrap_or_default();
    (found.is_symlink() && !ours)
        .then(|| Finding::new(Code::FileLinked, format!("{} is a link to {}", path.display(), target().display())))
}

fn is_key(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "key") || path.file_name().is_some_and(|name| name == "privkey.pem")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_file_is() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let owner = file.path().metadata().unwrap().uid();
        assert_eq!(one(file.path(), Some(owner)), []);
        assert_eq!(one(file.path(), None), [], "nobody knows who we are");
        let found = one(file.path(), Some(owner + 1));
        assert_eq!(found.iter().map(|finding| finding.code.name()).collect::<Vec<_>>(), ["file-foreign"]);
    }
}
