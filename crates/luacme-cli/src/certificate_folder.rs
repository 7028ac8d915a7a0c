//! What is stored of one certificate, for reading: nobody is locked out.

use std::fs;
use std::path::{Path, PathBuf};

use acme_x509::Chain;

use crate::certificate_store::{CertificateFiles, stored_settings};
use crate::failure::Failure;
use crate::files;
use crate::history::History;
use crate::request_settings::RequestSettings;

/// The places of one certificate.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFolder {
    name: String,
    /// `certs/NAME`.
    folder: PathBuf,
    /// `live/NAME`.
    link: PathBuf,
}

impl CertificateFolder {
    /// The places of the certificate of this name, whether they are there or not.
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), folder: dir.join("certs").join(name), link: dir.join("live").join(name) }
    }

    /// Those of all certificates, by name.
    pub(crate) fn all(dir: &Path) -> Result<Vec<Self>, Failure> {
        let certs = dir.join("certs");
        let entries = match fs::read_dir(&certs) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| Failure::file("list", &certs, error))?,
        };
        let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let mut names: Vec<_> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        Ok(names.iter().map(|name| Self::new(dir, name)).collect())
    }

    /// Those of the certificates with these names, or of all when there are none. An unknown name is an error.
    pub(crate) fn chosen(dir: &Path, names: &[String]) -> Result<Vec<Self>, Failure> {
        if names.is_empty() {
            return Self::all(dir);
        }
        let known = |name: &String| {
            let found = Self::new(dir, name);
            let plain = !name.is_empty() && !name.starts_with('.') && !name.contains('/');
            match plain && found.folder.is_dir() {
                true => Ok(found),
                false => Err(Failure::usage(
                    format!("there is no certificate {name:?} in {}", dir.join("certs").display()),
                    "`luacme status` shows those there are; --dir names another folder",
                )),
            }
        };
        names.iter().map(known).collect()
    }

    /// The name of the folder.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// `certs/NAME`.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// `live/NAME`.
    pub(crate) fn link(&self) -> &Path {
        &self.link
    }

    /// The files of the current certificate, whether they are there or not.
    pub(crate) fn live(&self) -> CertificateFiles {
        CertificateFiles::in_folder(&self.link)
    }

    /// The current certificate chain, if there is a readable one.
    pub(crate) fn current(&self) -> Result<Option<Chain>, Failure> {
        let text = files::read(&self.live().fullchain)?;
        Ok(text.and_then(|text| Chain::from_pem(text).ok()))
    }

    /// How the current certificate was asked for.
    pub(crate) fn settings(&self) -> Result<Option<RequestSettings>, Failure> {
        stored_settings(&self.folder)
    }

    /// Every attempt.
    pub(crate) fn history(&self) -> History {
        History::in_folder(&self.folder)
    }

    /// There while deploy hooks are still to be run.
    pub(crate) fn undeployed(&self) -> PathBuf {
        self.folder.join("undeployed")
    }
}
