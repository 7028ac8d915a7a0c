//! The account on disk: `account.json` and, beside it, `account.key`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use acme_jose::{PrivateKey, Signer as _, Zeroizing};
use acme_proto::Contact;
use serde::{Deserialize, Serialize};

use crate::arguments::Shared;
use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::key_type::KeyTypeArgument;

/// The form of `account.json` that this version writes.
const VERSION: u32 = 1;

/// Where things are kept.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The folder of everything.
    pub(crate) dir: PathBuf,
    /// The account file.
    pub(crate) account: PathBuf,
}

/// What `account.json` holds. The key is in its own file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct AccountFile {
    version: u32,
    /// The directory URL: an account belongs to one CA.
    pub(crate) directory: String,
    /// The account URL.
    pub(crate) url: String,
    /// The contacts it was registered with.
    #[serde(default)]
    pub(crate) contacts: Vec<Contact>,
    /// The file of the account key, beside this one.
    key: PathBuf,
}

impl State {
    /// The places that the command line and the environment name: `--dir` or `$LUACME_DIR`, else the folder of the account
    /// file when one is named, else the user's own place.
    pub(crate) fn locate(shared: &Shared) -> Result<Self, Failure> {
        let dir = match (&shared.dir, &shared.account) {
            (Some(dir), _) => dir.clone(),
            (None, Some(account)) => account.parent().unwrap_or(Path::new("")).to_owned(),
            (None, None) => default_dir()?,
        };
        let account = shared.account.clone().unwrap_or_else(|| dir.join("account.json"));
        Ok(Self { dir, account })
    }

    /// The file of the account key: `account.key` for `account.json`.
    pub(crate) fn key_file(&self) -> PathBuf {
        self.account.with_extension("key")
    }

    /// The account, if there is one.
    pub(crate) fn account(&self) -> Result<Option<AccountFile>, Failure> {
        files::read(&self.account)?.map(|text| self.parse(&text)).transpose()
    }

    fn parse(&self, text: &str) -> Result<AccountFile, Failure> {
        let not_ours = |why: String| {
            Failure::new(
                format!("{} is not an account file of luacme: {why}", self.account.display()),
                "name another file with --account, or move this one away; it was not changed",
            )
        };
        let file: AccountFile = serde_json::from_str(text).map_err(|error| not_ours(error.to_string()))?;
        match file.version {
            VERSION => Ok(file),
            newer => Err(not_ours(format!("it has version {newer}, and this luacme reads version {VERSION}"))),
        }
    }

    /// The key of an account file.
    pub(crate) fn key_of(&self, file: &AccountFile) -> Result<Arc<PrivateKey>, Failure> {
        let path = self.account.parent().unwrap_or(Path::new("")).join(&file.key);
        match files::read_secret(&path)? {
            Some(text) => parse_key(&path, &text).map(Arc::new),
            None => Err(Failure::new(
                format!("the account key {} is missing", path.display()),
                "put it back from a backup; without it, move the account file away and register anew",
            )),
        }
    }

    /// The account key.
    pub(crate) fn key(&self) -> Result<Arc<PrivateKey>, Failure> {
        match self.account()? {
            Some(file) => self.key_of(&file),
            None => Err(self.no_account()),
        }
    }

    /// There is no account.
    pub(crate) fn no_account(&self) -> Failure {
        Failure::new(format!("there is no account in {}", self.account.display()), "make one with `luacme register`")
    }

    /// The key for a new account: the one in the key file, else a new one, with the PEM text that is to be stored before
    /// the CA hears of it.
    pub(crate) fn key_for_new_account(
        &self,
        asked: Option<KeyTypeArgument>,
    ) -> Result<(PrivateKey, Option<Zeroizing<String>>), Failure> {
        let path = self.key_file();
        match files::read_secret(&path)? {
            Some(text) => {
                let key = parse_key(&path, &text)?;
                match asked {
                    Some(asked) if !asked.fits(&key) => Err(Failure::usage(
                        format!("{} holds a {} key, not a {asked} one", path.display(), key.algorithm()),
                        "leave --account-key-type out, or move the key file away",
                    )),
                    _ => Ok((key, None)),
                }
            }
            None => new_key(asked.unwrap_or_default()).map(|(key, pem)| (key, Some(pem))),
        }
    }

    /// Stores a new account key. Of two processes that made one at the same time, one fails: the account must fit the key.
    pub(crate) fn store_key(&self, pem: &str) -> Result<(), Failure> {
        files::create(&self.key_file(), pem.as_bytes(), Readers::Owner)
    }

    /// Takes a key away that was stored a moment ago and that the CA refused.
    pub(crate) fn drop_key(&self) -> Result<(), Failure> {
        files::remove(&self.key_file())
    }

    /// Stores an account, which must be new. The key is in its file already.
    pub(crate) fn store_account(&self, directory: &str, url: &str, contacts: &[Contact]) -> Result<(), Failure> {
        let file = AccountFile {
            version: VERSION,
            directory: directory.to_owned(),
            url: url.to_owned(),
            contacts: contacts.to_vec(),
            key: self.key_file().file_name().map(PathBuf::from).unwrap_or_default(),
        };
        let text = serde_json::to_string_pretty(&file).map_err(|error| Failure::file("write", &self.account, error))?;
        files::create(&self.account, format!("{text}\n").as_bytes(), Readers::Everybody)
    }
}

/// A new private key, and the same as PEM.
pub(crate) fn new_key(key_type: KeyTypeArgument) -> Result<(PrivateKey, Zeroizing<String>), Failure> {
    let failed = |error: acme_jose::KeyError| {
        Failure::new(format!("cannot make a {key_type} key: {error}"), "choose another type")
    };
    let key = PrivateKey::generate(key_type.0).map_err(failed)?;
    let pem = key.to_pkcs8_pem().map_err(failed)?;
    Ok((key, pem))
}

/// The private key in a file.
pub(crate) fn parse_key(path: &Path, text: &str) -> Result<PrivateKey, Failure> {
    PrivateKey::from_pem(text).map_err(|error| {
        Failure::new(
            format!("cannot use the key in {}: {error}", path.display()),
            "put a good key there, or move the file away",
        )
    })
}

/// `/var/lib/luacme` for root, `$XDG_DATA_HOME/luacme` for others.
fn default_dir() -> Result<PathBuf, Failure> {
    let home = || std::env::var_os("HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    if is_root() {
        return Ok("/var/lib/luacme".into());
    }
    let data = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    match data.or_else(|| home().map(|home| home.join(".local/share"))) {
        Some(data) => Ok(data.join("luacme")),
        None => Err(Failure::usage("there is no home folder to keep state in", "name a folder with --dir")),
    }
}

/// Whether this is root: `/proc/self` belongs to the effective user.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}
