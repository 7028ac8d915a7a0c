//! `luacme account rekey`: a new account key (RFC 8555 §7.3.5), without a moment in which a crash loses the account.
//!
//! The new key is stored beside the old one before it is sent, and takes its place once the CA knows it. Whatever happens in
//! between is settled when the account is used next, by asking the CA with both keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use acme_account::{Account, ErrorKind, LiveKey};
use acme_jose::PrivateKey;
use acme_proto::ProblemType;
use serde_json::json;

use super::Kept;
use crate::certificate_store::lock;
use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::output::Output;
use crate::state::{new_key, parse_key};

pub(super) fn run(kept: &Kept<'_>) -> Result<(), Failure> {
    let file = kept.state.account()?.ok_or_else(|| kept.state.no_account())?;
    let change = Change { key: kept.state.key_file_of(&file) };
    let _lock = lock(&change.lock_file(), "the account")?;
    let (key, pem) = new_key(kept.shared.account_key_type.unwrap_or_default())?;
    files::create(&change.new_key_file(), pem.as_bytes(), Readers::Owner)?;
    let key = Arc::new(key);
    if let Err(error) = kept.account.change_key(Arc::clone(&key) as _) {
        let unknown = error.may_have_been_carried_out() || matches!(error.kind(), ErrorKind::Unusable { .. });
        return Err(match unknown {
            false => change.drop_new().err().unwrap_or_else(|| error.into()),
            true => Failure { todo: change.kept(), ..error.into() },
        });
    }
    change.install()?;
    change.tell(kept.output, &kept.account);
    Ok(())
}

/// Finds out which key counts, when a change of the key in this file was not brought to its end.
pub(crate) fn settle(key: &Path, account: &Account, output: &Output) -> Result<(), Failure> {
    let change = Change { key: key.to_owned() };
    if !change.is_pending() {
        return Ok(());
    }
    let _lock = lock(&change.lock_file(), "the account")?;
    let Some(new) = change.new_key()? else { return Ok(()) };
    let live = account.settle_key_change(Arc::new(new)).map_err(|error| {
        match error.is_problem(&ProblemType::AccountDoesNotExist) {
            true => Failure {
                todo: format!(
                    "the CA knows neither {} nor the key beside it: register anew",
                    change.new_key_file().display()
                ),
                ..error.into()
            },
            false => error.into(),
        }
    })?;
    match live {
        LiveKey::New => {
            change.install()?;
            change.tell(output, account);
            Ok(())
        }
        LiveKey::Old => {
            output.warn(
                "the key of the account was not changed: the CA goes on with the old one",
                "`luacme account rekey` tries again",
            );
            change.drop_new()
        }
    }
}

/// A change of the key that is under way.
pub(crate) struct Change {
    /// The file of the account key.
    pub(crate) key: PathBuf,
}

impl Change {
    /// Whether a change was not brought to its end.
    pub(crate) fn is_pending(&self) -> bool {
        self.new_key_file().exists()
    }

    /// Where the new key is, as long as it is not known to count.
    fn new_key_file(&self) -> PathBuf {
        self.key.with_extension("key.new")
    }

    fn lock_file(&self) -> PathBuf {
        self.key.with_extension("lock")
    }

    fn tell(&self, output: &Output, account: &Account) {
        let (url, thumbprint) =
            (account.url().unwrap_or_default(), account.key().public_key().thumbprint().to_string());
        let object = json!({"event": "account_key", "url": url, "thumbprint": thumbprint, "file": self.key});
        output.result(object, &format!("the account {url} has a new key\nthumbprint {thumbprint}"));
    }

    fn new_key(&self) -> Result<Option<PrivateKey>, Failure> {
        let path = self.new_key_file();
        files::read_secret(&path)?.map(|text| parse_key(&path, &text)).transpose()
    }

    /// The new key counts: it takes the place of the old one.
    fn install(&self) -> Result<(), Failure> {
        fs::rename(self.new_key_file(), &self.key).map_err(|error| Failure::file("rename to", &self.key, error))?;
        files::sync_folder(self.key.parent().unwrap_or(Path::new("")))
    }

    fn drop_new(&self) -> Result<(), Failure> {
        files::remove(&self.new_key_file())
    }

    fn kept(&self) -> String {
        format!(
            "run `luacme account show`: it asks which key counts; the new one is kept in {}",
            self.new_key_file().display()
        )
    }
}
