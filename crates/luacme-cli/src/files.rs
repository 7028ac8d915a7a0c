//! Writing files so that no reader ever sees half of one, and no secret is readable even for a moment.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

use acme_jose::Zeroizing;

use crate::failure::Failure;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner alone: mode 0600.
    Owner,
    /// Everybody: mode 0644.
    Everybody,
}

/// Writes a file under a temporary name in the same folder with its final mode, syncs it, renames it, syncs the folder.
pub(crate) fn write(path: &Path, content: &[u8], readers: Readers) -> Result<(), Failure> {
    let draft = draft(path, content, readers)?;
    draft.persist(path).map_err(|error| Failure::file("write", path, error.error))?;
    sync_folder(folder_of(path))
}

/// The same for a file that must not be there yet: of two processes, one fails.
pub(crate) fn create(path: &Path, content: &[u8], readers: Readers) -> Result<(), Failure> {
    let draft = draft(path, content, readers)?;
    match draft.persist_noclobber(path) {
        Ok(_) => sync_folder(folder_of(path)),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Err(Failure::new(
            format!("another luacme has just made {}", path.display()),
            "run the same command again: it uses that one",
        )),
        Err(error) => Err(Failure::file("create", path, error.error)),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

fn draft(path: &Path, content: &[u8], readers: Readers) -> Result<NamedTempFile, Failure> {
    let folder = folder_of(path);
    make_folder(folder)?;
    let failed = |error: std::io::Error| Failure::file("write", path, error);
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::Everybody => 0o644,
    };
    let mut file = tempfile::Builder::new()
        .prefix(".luacme-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(folder)
        .map_err(failed)?;
    file.write_all(content).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    Ok(file)
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
        .map_err(|error| Failure::file("make the folder", folder, error))
}

/// Makes what was renamed in a folder last.
pub(crate) fn sync_folder(folder: &Path) -> Result<(), Failure> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder).and_then(|file| file.sync_all()).map_err(|error| Failure::file("sync", folder, error))
}

/// The text of a file, `None` when there is no such file.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::file("read", path, error)),
    }
}

/// The same for a secret: wiped from memory when dropped.
pub(crate) fn read_secret(path: &Path) -> Result<Option<Zeroizing<String>>, Failure> {
    Ok(read(path)?.map(Zeroizing::new))
}

/// The same for a secret of ours: refused when everybody may read it, for then it is none.
pub(crate) fn read_own_secret(path: &Path) -> Result<Option<Zeroizing<String>>, Failure> {
    let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode());
    match mode & 0o007 {
        0 => read_secret(path),
        _ => Err(Failure::new(
            format!("everybody may open the private key {} (mode {:04o})", path.display(), mode & 0o777),
            "if others can have read it, use a new key; else: chmod 600, then run the same command again",
        )),
    }
}

/// Removes a file that may not be there.
pub(crate) fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::file("remove", path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_new_does_not_replace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        create(&path, b"first", Readers::Owner).unwrap();
        let refused = create(&path, b"second", Readers::Owner).unwrap_err();
        assert!(refused.what.contains("key.pem"), "{}", refused.what);
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn a_file_is_replaced_whole_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/key.pem");
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(&path, "a long stale tail that must not survive").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();

        write(&path, b"new", Readers::Owner).unwrap();

        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
    }
}
