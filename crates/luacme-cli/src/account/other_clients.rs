//! Where other clients keep the keys of their accounts, and how they note which CA knows them. Nothing here writes.

use std::fs;
use std::path::{Path, PathBuf};

use acme_jose::base64url;
use clap::ValueEnum;
use serde_json::Value;

use crate::failure::Failure;
use crate::files;
use crate::server;

/// Folders are looked into so deep: `accounts/HOST/PATH/…` has the depth of the directory URL.
const DEPTH: usize = 8;

/// A client whose accounts can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OtherClient {
    Certbot,
    Lego,
    #[value(name = "acme.sh")]
    AcmeSh,
    Dehydrated,
    Uacme,
    LuaAcme,
    /// Any private key in a file
    Key,
}

/// A key that was found, and the CA that knows it, if that is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) key: PathBuf,
    pub(super) directory: Option<String>,
}

/// The accounts at a path: that of a file, or all of a folder.
pub(super) fn find(client: OtherClient, path: &Path) -> Result<Vec<Candidate>, Failure> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Failure::usage(format!("there is no {}", path.display()), "name the folder or the file that is there")
        }
        _ => Failure::file("read", path, error),
    })?;
    let mut keys = Vec::new();
    if metadata.is_file() {
        keys.push(client.key_beside(path));
    } else {
        fs::read_dir(path).map_err(|error| Failure::file("list", path, error))?;
        collect(path, DEPTH, &|file| client.keeps(file), &mut keys);
    }
    keys.sort();
    let mut found: Vec<Candidate> = Vec::new();
    for key in keys {
        let candidate = Candidate { directory: client.directory(&key)?, key };
        // A folder may lead to another one by a link: certbot has such for CAs that changed their name.
        let same = |one: &Candidate| same_file(&one.key, &candidate.key) && one.directory == candidate.directory;
        if !found.iter().any(same) {
            found.push(candidate);
        }
    }
    Ok(found)
}

fn collect(folder: &Path, depth: usize, keeps: &dyn Fn(&Path) -> bool, keys: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && depth > 0 {
            collect(&path, depth - 1, keeps, keys);
        } else if path.is_file() && keeps(&path) {
            keys.push(path);
        }
    }
}

fn same_file(one: &Path, other: &Path) -> bool {
    fs::canonicalize(one).ok() == fs::canonicalize(other).ok()
}

impl OtherClient {
    pub(super) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// The file of the key, as people look for it.
    pub(super) fn place(self) -> &'static str {
        match self {
            Self::Certbot => "accounts/…/private_key.json",
            Self::Lego => "accounts/…/account.json and a key",
            Self::AcmeSh => "ca/…/account.key",
            Self::Dehydrated => "accounts/…/account_key.pem",
            Self::Uacme => "private/key.pem",
            Self::LuaAcme => "account.json and account.key",
            Self::Key => "the key",
        }
    }

    /// Whether a file in the client's folder is the key of an account, and not one of a certificate.
    fn keeps(self, file: &Path) -> bool {
        let named = |name: &str| file.file_name().is_some_and(|found| found == name);
        let is_key = file.extension().is_some_and(|kind| kind == "key");
        match self {
            Self::Certbot => named("private_key.json"),
            Self::Lego => is_key && lego_account(file).is_file(),
            Self::AcmeSh => named("account.key"),
            Self::Dehydrated => named("account_key.pem"),
            Self::Uacme => named("key.pem") && name_of(file.parent()) == Some("private"),
            // Beside the key of a certificate is a JSON file too: the answer of the CA.
            Self::LuaAcme => is_key && member(&file.with_extension("json"), "reg").is_some(),
            Self::Key => false,
        }
    }

    /// People may name the file with the account's data too.
    fn key_beside(self, file: &Path) -> PathBuf {
        match (self, file.extension().is_some_and(|kind| kind == "json")) {
            (Self::LuaAcme | Self::AcmeSh, true) => file.with_extension("key"),
            (Self::Certbot, true) => file.with_file_name("private_key.json"),
            (Self::Dehydrated, true) => file.with_file_name("account_key.pem"),
            _ => file.to_owned(),
        }
    }

    /// The directory URL of the CA that knows a key, by the files around it.
    fn directory(self, key: &Path) -> Result<Option<String>, Failure> {
        let key = std::path::absolute(key).map_err(|error| Failure::file("find", key, error))?;
        let folder = key.parent().unwrap_or(Path::new("/"));
        let url = match self {
            Self::Certbot => folder.parent().and_then(|server| below(server, "accounts")),
            Self::AcmeSh => below(folder, "ca"),
            Self::Dehydrated => name_of(Some(folder))
                .and_then(|name| Some(String::from_utf8(base64url::decode(name).ok()?).ok()?.trim().to_owned())),
            // Version 4 notes the host alone, and that as a folder.
            Self::Lego => member(&lego_account(&key), "server").or_else(|| {
                let folder = lego_account(&key);
                below(folder.parent()?.parent()?, "accounts").map(|host| host.replace('_', ":"))
            }),
            Self::LuaAcme => member(&key.with_extension("json"), "directory_url"),
            Self::Uacme | Self::Key => None,
        };
        Ok(url.and_then(|url| current(self, &url)))
    }
}

/// Where lego keeps what belongs to a key: version 4 beside the folder `keys`, version 5 beside the key.
fn lego_account(key: &Path) -> PathBuf {
    let folder = key.parent().unwrap_or(Path::new(""));
    match name_of(Some(folder)) {
        Some("keys") => folder.with_file_name("account.json"),
        _ => folder.join("account.json"),
    }
}

/// What a path has below the last folder of this name, as a URL.
fn below(path: &Path, name: &str) -> Option<String> {
    let parts: Vec<_> = path.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
    let start = parts.iter().rposition(|part| *part == name)? + 1;
    (start < parts.len()).then(|| format!("https://{}", parts[start..].join("/")))
}

fn name_of(path: Option<&Path>) -> Option<&str> {
    path?.file_name()?.to_str()
}

/// A text, or the presence of anything else, in a JSON object.
fn member(path: &Path, name: &str) -> Option<String> {
    let text = files::read(path).ok().flatten()?;
    let value: Value = serde_json::from_str(&text).ok()?;
    match value.get(name)? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Null => None,
        other => Some(other.to_string()),
    }
}

/// The URL under which the CA is known now: not all clients note all of it, and some note URLs of the protocol's first version.
fn current(client: OtherClient, url: &str) -> Option<String> {
    let host = url.strip_prefix("https://")?.split('/').next()?;
    match host {
        "acme-v01.api.letsencrypt.org" => return server::directory_url("letsencrypt").ok(),
        "acme-staging.api.letsencrypt.org" => return server::directory_url("letsencrypt-staging").ok(),
        _ => {}
    }
    let whole = client != OtherClient::Lego || url.len() > "https://".len() + host.len();
    if whole { Some(url.to_owned()) } else { server::of_host(host) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ca_is_read_from_the_path() {
        for (why, client, key, want) in [
            (
                "certbot",
                OtherClient::Certbot,
                "/etc/letsencrypt/accounts/ca.example/acme/directory/0123/private_key.json",
                Some("https://ca.example/acme/directory"),
            ),
            (
                "certbot's first version",
                OtherClient::Certbot,
                "/e/accounts/acme-v01.api.letsencrypt.org/directory/0123/private_key.json",
                Some("https://acme-v02.api.letsencrypt.org/directory"),
            ),
            ("not where certbot has it", OtherClient::Certbot, "/tmp/private_key.json", None),
            (
                "lego 4, a CA that is known",
                OtherClient::Lego,
                "/r/.lego/accounts/acme-v02.api.letsencrypt.org/a@x.test/keys/a@x.test.key",
                Some("https://acme-v02.api.letsencrypt.org/directory"),
            ),
            (
                "lego 4, another",
                OtherClient::Lego,
                "/r/.lego/accounts/localhost_14000/a@x.test/keys/a@x.test.key",
                None,
            ),
            (
                "acme.sh",
                OtherClient::AcmeSh,
                "/r/.acme.sh/ca/ca.example/v2/DV90/account.key",
                Some("https://ca.example/v2/DV90"),
            ),
            (
                "dehydrated",
                OtherClient::Dehydrated,
                "/d/accounts/aHR0cHM6Ly9jYS5leGFtcGxlL2Rpcgo/account_key.pem",
                Some("https://ca.example/dir"),
            ),
            ("not base64url", OtherClient::Dehydrated, "/d/accounts/a+b/account_key.pem", None),
            ("uacme does not say", OtherClient::Uacme, "/etc/ssl/uacme/private/key.pem", None),
        ] {
            let found = client.directory(Path::new(key)).unwrap();
            assert_eq!(found.as_deref(), want, "{why}");
        }
    }
}
