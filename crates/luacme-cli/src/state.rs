//! Accounts on disk: `account.json` and, beside it, `account.key`; those at further CAs in folders of their own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use acme_jose::{PrivateKey, Signer as _, Zeroizing};
use acme_proto::Contact;
use serde::{Deserialize, Serialize};

use crate::account::rekey::Change;
use crate::arguments::Shared;
use crate::certificate_store::stored_settings;
use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::key_type::KeyTypeArgument;
use crate::server;

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
    /// file when one is named, else the user's own place. `--server` chooses among several accounts.
    pub(crate) fn locate(shared: &Shared) -> Result<Self, Failure> {
        Self::at(shared, server::asked(shared)?.as_deref())
    }

    /// The same with the account at the CA with this directory URL, whether there is one yet or not. The first account is
    /// `account.json`, wherever it is; those at other CAs are `accounts/CA/account.json`.
    pub(crate) fn at(shared: &Shared, directory: Option<&str>) -> Result<Self, Failure> {
        let dir = match (&shared.dir, &shared.account) {
            (Some(dir), _) => dir.clone(),
            (None, Some(account)) => account.parent().unwrap_or(Path::new("")).to_owned(),
            (None, None) => default_dir()?,
        };
        if let Some(account) = &shared.account {
            return Ok(Self { dir, account: account.clone() });
        }
        let first = Self { account: dir.join("account.json"), dir };
        let wanted = match (first.account()?, directory) {
            (Some(_), None) => return Ok(first),
            (Some(file), Some(directory)) if file.directory == directory => return Ok(first),
            (_, Some(directory)) => directory.to_owned(),
            (None, None) => server::asked_or_default(shared)?,
        };
        let further = first.dir.join("accounts").join(folder_name(&wanted)).join("account.json");
        if further.exists() || first.account.exists() {
            return Ok(Self { account: further, ..first });
        }
        Ok(first)
    }

    /// The same for a certificate: without `--server` the account is the one at the CA that it was asked of, if there is one.
    pub(crate) fn for_certificate(shared: &Shared, name: &str) -> Result<Self, Failure> {
        let state = Self::locate(shared)?;
        if server::asked(shared)?.is_none()
            && let Some(before) = stored_settings(&state.dir.join("certs").join(name))?
        {
            let asked = Self::at(shared, Some(&before.server))?;
            if asked.account()?.is_some() {
                return Ok(asked);
            }
        }
        Ok(state)
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

    /// Where the key of an account file is.
    pub(crate) fn key_file_of(&self, file: &AccountFile) -> PathBuf {
        self.account.parent().unwrap_or(Path::new("")).join(&file.key)
    }

    /// The key of an account file.
    pub(crate) fn key_of(&self, file: &AccountFile) -> Result<Arc<PrivateKey>, Failure> {
        let path = self.key_file_of(file);
        match files::read_own_secret(&path)? {
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
            Some(file) if (Change { key: self.key_file_of(&file) }).is_pending() => Err(Failure::new(
                "it is not known yet which key the account has: a change of it was not brought to its end",
                "run `luacme account show`: it asks the CA",
            )),
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
        match files::read_own_secret(&path)? {
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
        files::create(&self.account, self.text(&file)?.as_bytes(), Readers::Everybody)
    }

    /// Keeps other contacts of the account.
    pub(crate) fn keep_contacts(&self, contacts: &[Contact]) -> Result<(), Failure> {
        let Some(file) = self.account()? else { return Err(self.no_account()) };
        let file = AccountFile { contacts: contacts.to_vec(), ..file };
        files::write(&self.account, self.text(&file)?.as_bytes(), Readers::Everybody)
    }

    fn text(&self, file: &AccountFile) -> Result<String, Failure> {
        let text = serde_json::to_string_pretty(file).map_err(|error| Failure::file("write", &self.account, error))?;
        Ok(format!("{text}\n"))
    }

    /// Renames the files of an account that is no more. Its key stays, so that no other account gets it.
    pub(crate) fn retire_account(&self) -> Result<PathBuf, Failure> {
        let rename =
            |from: &Path, to: &Path| std::fs::rename(from, to).map_err(|error| Failure::file("rename to", to, error));
        let Some(file) = self.account()? else { return Err(self.no_account()) };
        let (retired, key) = (self.account.with_extension("deactivated.json"), self.key_file_of(&file));
        let file = AccountFile {
            key: key.with_extension("deactivated.key").file_name().map(PathBuf::from).unwrap_or_default(),
            ..file
        };
        files::write(&retired, self.text(&file)?.as_bytes(), Readers::Everybody)?;
        rename(&key, &key.with_extension("deactivated.key"))?;
        files::remove(&self.account)?;
        Ok(retired)
    }
}

/// A directory URL as the name of a folder. Different URLs have different names.
fn folder_name(directory: &str) -> String {
    let url = directory.strip_prefix("https://").unwrap_or(directory);
    url.bytes().fold(String::new(), |mut name, byte| {
        match byte {
            b'.' if name.is_empty() => name.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => name.push(byte.into()),
            other => name.push_str(&format!("%{other:02X}")),
        }
        name
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_directory_url_has_a_folder_name_of_its_own() {
        for (why, url, want) in [
            ("without the scheme", "https://ca.example/dir", "ca.example%2Fdir"),
            ("a port, a query", "https://ca.example:14000/a?b=c", "ca.example%3A14000%2Fa%3Fb%3Dc"),
            ("an escape is no slash", "https://ca.example%2Fdir", "ca.example%252Fdir"),
            ("nothing leads out of the folder", "https://../dir", "%2E.%2Fdir"),
            ("a final slash counts", "https://ca.example/dir/", "ca.example%2Fdir%2F"),
        ] {
            assert_eq!(folder_name(url), want, "{why}");
        }
    }
}
