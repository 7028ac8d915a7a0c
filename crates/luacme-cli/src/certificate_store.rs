//! Certificates on disk: numbered versions that never change, and one link to the current one.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::ops::Deref;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use acme_jose::Zeroizing;
use acme_x509::Chain;
use serde::{Deserialize, Serialize};

use crate::certificate_folder::CertificateFolder;
use crate::failure::{Exit, Failure};
use crate::files::{self, Readers};
use crate::key_access::KeyAccess;
use crate::key_type::KeyTypeArgument;
use crate::request_settings::RequestSettings;

/// The form of `config.toml` that this version writes. Files without it are older than the number.
const VERSION: i64 = 1;

/// The folder of one certificate, for as long as the lock on it is held.
pub(crate) struct CertificateStore {
    places: CertificateFolder,
    /// Held until this goes out of scope.
    _lock: File,
}

/// The state of an unfinished run: `pending.json`. Its key is in `pending.key`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(crate) struct Pending {
    /// The directory URL of the CA.
    pub(crate) directory: String,
    /// The account URL that placed the order.
    pub(crate) account: String,
    /// The order URL.
    pub(crate) order: String,
    /// What was asked for.
    pub(crate) names: Vec<String>,
    /// The kind of its key.
    pub(crate) key_type: KeyTypeArgument,
    /// The request that was made elsewhere, as base64url.
    #[serde(default)]
    pub(crate) csr: Option<String>,
    /// The profile that was asked for.
    #[serde(default)]
    pub(crate) profile: Option<String>,
    /// The marks of the challenges that a person was shown: their tokens, mostly.
    #[serde(default)]
    pub(crate) shown: Vec<String>,
}

/// The paths of the files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct CertificateFiles {
    pub(crate) privkey: PathBuf,
    pub(crate) cert: PathBuf,
    pub(crate) chain: PathBuf,
    pub(crate) fullchain: PathBuf,
    /// Key and full chain in one, as HAProxy wants them.
    #[serde(skip)]
    pub(crate) combined: PathBuf,
}

impl CertificateFiles {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            privkey: folder.join("privkey.pem"),
            cert: folder.join("cert.pem"),
            chain: folder.join("chain.pem"),
            fullchain: folder.join("fullchain.pem"),
            combined: folder.join("combined.pem"),
        }
    }
}

impl Deref for CertificateStore {
    type Target = CertificateFolder;

    fn deref(&self) -> &CertificateFolder {
        &self.places
    }
}

impl CertificateStore {
    /// Opens the folder of a certificate and locks it: one writer at a time.
    pub(crate) fn open(dir: &Path, name: &str) -> Result<Self, Failure> {
        let places = CertificateFolder::new(dir, name);
        files::make_folder(places.folder())?;
        check_places(places.folder(), places.link())?;
        let lock = lock(&places.folder().join("lock"), name)?;
        Ok(Self { places, _lock: lock })
    }

    /// The private key of the current certificate, as PEM.
    pub(crate) fn current_key(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        files::read_own_secret(&self.live().privkey)
    }

    /// Lets others read the key of the current certificate, or no longer.
    pub(crate) fn give_key(&self, access: &KeyAccess) -> Result<(), Failure> {
        let files = self.live();
        let there = [files.privkey, files.combined].into_iter().filter(|file| file.exists());
        there.into_iter().try_for_each(|file| access.give(&file))
    }

    /// Keeps how it was asked for, once that is known to work.
    pub(crate) fn keep_settings(&self, settings: &RequestSettings) -> Result<(), Failure> {
        let path = self.folder().join("config.toml");
        let text = toml::to_string(settings).map_err(|error| Failure::file("write", &path, error))?;
        files::write(&path, format!("version = {VERSION}\n{text}").as_bytes(), Readers::Everybody)
    }

    /// The unfinished run, if there is one. A file that cannot be read is as good as none: the order is placed anew.
    pub(crate) fn pending(&self) -> Result<Option<Pending>, Failure> {
        Ok(files::read(&self.folder().join("pending.json"))?.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps an unfinished run.
    pub(crate) fn keep_pending(&self, pending: &Pending) -> Result<(), Failure> {
        let path = self.folder().join("pending.json");
        let text = serde_json::to_string_pretty(pending).map_err(|error| Failure::file("write", &path, error))?;
        files::write(&path, format!("{text}\n").as_bytes(), Readers::Owner)
    }

    /// The private key of the unfinished run, as PEM.
    pub(crate) fn pending_key(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        files::read_own_secret(&self.pending_key_file())
    }

    /// Where it is.
    pub(crate) fn pending_key_file(&self) -> PathBuf {
        self.folder().join("pending.key")
    }

    /// Keeps the private key of the unfinished run, before the CA sees its public half.
    pub(crate) fn keep_pending_key(&self, pem: &str) -> Result<(), Failure> {
        files::write(&self.pending_key_file(), pem.as_bytes(), Readers::Owner)
    }

    /// Forgets the unfinished run.
    pub(crate) fn drop_pending(&self) -> Result<(), Failure> {
        files::remove(&self.folder().join("pending.json"))?;
        files::remove(&self.pending_key_file())
    }

    /// Stores a new version and makes it the current one: all files change together, by one rename. The key is missing when
    /// it is kept elsewhere.
    pub(crate) fn store(&self, key_pem: Option<&str>, chain: &Chain, access: &KeyAccess) -> Result<(), Failure> {
        let version = self.last_version()? + 1;
        let unfinished = self.folder().join(format!(".{version}"));
        match fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Failure::file("remove", &unfinished, error));
            }
            _ => {}
        }
        let files = CertificateFiles::in_folder(&unfinished);
        files::write(&files.cert, chain.leaf().to_pem().as_bytes(), Readers::Everybody)?;
        files::write(&files.chain, chain.issuers_pem().as_bytes(), Readers::Everybody)?;
        files::write(&files.fullchain, chain.to_pem().as_bytes(), Readers::Everybody)?;
        if let Some(key_pem) = key_pem {
            files::write(&files.privkey, key_pem.as_bytes(), Readers::Owner)?;
            let combined = Zeroizing::new(format!("{}\n{}", key_pem.trim_end(), chain.to_pem()));
            files::write(&files.combined, combined.as_bytes(), Readers::Owner)?;
            access.give(&files.privkey).and_then(|()| access.give(&files.combined))?;
        }
        let finished = self.folder().join(version.to_string());
        fs::rename(&unfinished, &finished).map_err(|error| Failure::file("rename to", &finished, error))?;
        files::sync_folder(self.folder())?;
        self.link_to(version)
    }

    /// Swaps the link in one step.
    fn link_to(&self, version: u64) -> Result<(), Failure> {
        let live = self.link().parent().unwrap_or(Path::new("."));
        files::make_folder(live)?;
        let failed = |error: std::io::Error| Failure::file("link", self.link(), error);
        let new = live.join(format!(".{}.new", self.name()));
        files::remove(&new)?;
        symlink(format!("../certs/{}/{version}", self.name()), &new).map_err(failed)?;
        fs::rename(&new, self.link()).map_err(failed)?;
        files::sync_folder(live)
    }

    fn last_version(&self) -> Result<u64, Failure> {
        let entries = fs::read_dir(self.folder()).map_err(|error| Failure::file("list", self.folder(), error))?;
        Ok(entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).max().unwrap_or(0))
    }
}

/// How the certificate in a folder was asked for, if there is one.
pub(crate) fn stored_settings(folder: &Path) -> Result<Option<RequestSettings>, Failure> {
    let path = folder.join("config.toml");
    let Some(text) = files::read(&path)? else { return Ok(None) };
    let unreadable = |error: toml::de::Error| {
        Failure::new(
            format!("cannot read {}: {error}", path.display()),
            "mend the file, or remove it and give all flags again",
        )
    };
    let mut table: toml::Table = toml::from_str(&text).map_err(unreadable)?;
    match table.remove("version").map_or(Some(VERSION), |version| version.as_integer()) {
        Some(VERSION) => table.try_into().map(Some).map_err(unreadable),
        _ => Err(Failure::new(
            format!("{} is of another version than this luacme reads, which is {VERSION}", path.display()),
            "use the luacme that wrote it, or a newer one; nothing was changed",
        )),
    }
}

/// Refuses links in place of the files that are written where they are, for anything might stand behind them, and something else
/// in place of the link. All other files are replaced, link or not.
fn check_places(folder: &Path, link: &Path) -> Result<(), Failure> {
    let is_link = |path: &Path| path.symlink_metadata().ok().map(|found| found.is_symlink());
    let files = ["lock", "history.jsonl"].map(|file| folder.join(file));
    if let Some(path) = files.iter().find(|path| is_link(path) == Some(true)) {
        let what = format!("{} is a symbolic link, and a file belongs there", path.display());
        return Err(Failure::new(what, "move it away, or put the file itself in its place; nothing was changed"));
    }
    match is_link(link) {
        Some(false) => Err(Failure::new(
            format!("{} is no symbolic link, and one belongs there", link.display()),
            "move it away: luacme puts a link to the certificate in its place; nothing was changed",
        )),
        _ => Ok(()),
    }
}

/// Takes the lock, or says which process has it.
pub(crate) fn lock(path: &Path, name: &str) -> Result<File, Failure> {
    let failed = |error: std::io::Error| Failure::file("lock", path, error);
    let mut file = File::options().create(true).read(true).write(true).truncate(false).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Who holds it is only a hint: not being able to read it is no second failure.
            let _ = file.read_to_string(&mut holder);
            let busy = Failure::new(
                format!("another luacme is at work on {name}{}", holder.trim_end()),
                "wait until it is done, then run the same command again",
            );
            return Err(Failure { exit: Exit::TryLater, ..busy });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
    write!(file, " (process {})", std::process::id()).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writer_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = CertificateStore::open(dir.path(), "a.test").unwrap();
        let second = CertificateStore::open(dir.path(), "a.test").err().unwrap();
        assert!(second.what.contains(&format!("(process {})", std::process::id())), "{}", second.what);
        assert!(CertificateStore::open(dir.path(), "b.test").is_ok(), "another certificate is not locked");
        drop(first);
        assert!(CertificateStore::open(dir.path(), "a.test").is_ok());
    }

    #[test]
    fn settings_come_back_as_they_were() {
        use crate::solver_settings::{BoundWay, SolverSettings, Way};
        let dir = tempfile::tempdir().unwrap();
        let store = CertificateStore::open(dir.path(), "a.test").unwrap();
        assert_eq!(store.settings().unwrap(), None);
        for way in [Way::Standalone, Way::Webroot { path: "/srv/www".into() }, Way::Manual] {
            let ways = vec![BoundWay { names: vec!["a.test".to_owned()], way }];
            let solver = SolverSettings { ways, ..SolverSettings::default() };
            let settings = RequestSettings {
                server: "https://ca.test/dir".to_owned(),
                names: vec!["a.test".to_owned()],
                key_type: "rsa2048".parse().unwrap(),
                deploy_hooks: vec!["nginx -s reload".to_owned()],
                not_after: Some("90d".parse().unwrap()),
                key_access: KeyAccess { mode: Some("0640".parse().unwrap()), ..KeyAccess::default() },
                solver,
                ..RequestSettings::default()
            };
            store.keep_settings(&settings).unwrap();
            assert_eq!(store.settings().unwrap(), Some(settings));
        }
    }
}
