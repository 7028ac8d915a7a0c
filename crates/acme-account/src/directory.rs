//! The CA's directory, fetched once (RFC 8555 §7.1.1).

use std::sync::PoisonError;

use acme_proto::Directory;

use crate::account::Account;
use crate::error::{Error, ErrorKind};
use crate::operation::Operation;

impl Account {
    /// The CA's directory, fetched when first needed and kept.
    ///
    /// # Errors
    /// When it cannot be fetched or read.
    pub fn directory(&self) -> Result<&Directory, Error> {
        if let Some(directory) = self.directory.get() {
            return Ok(directory);
        }
        // Other threads wait for the one that fetches it, then find it.
        let _one_at_a_time = self.fetching.lock().unwrap_or_else(PoisonError::into_inner);
        match self.directory.get() {
            Some(directory) => Ok(directory),
            None => self.fetch_directory().map(|directory| self.directory.get_or_init(|| directory)),
        }
    }

    fn fetch_directory(&self) -> Result<Directory, Error> {
        let operation = Operation::Directory;
        let response = self.get(&self.directory_url, operation)?.success(operation)?;
        let directory =
            Directory::from_json(response.body()).map_err(|error| response.unusable(operation, error.to_string()))?;
        self.keep_nonce(&response);
        Ok(directory)
    }

    /// The URL of a resource by its name in the directory.
    pub(crate) fn resource(&self, name: &str, operation: Operation) -> Result<String, Error> {
        let url = self.directory()?.url(name).map(str::to_owned);
        url.ok_or_else(|| Error::new(operation, &self.directory_url, ErrorKind::NotOffered(name.to_owned())))
    }
}
