//! `luacme export`: a certificate in the form another program wants.

use std::io::Write as _;
use std::path::PathBuf;

use acme_jose::Zeroizing;
use clap::{Args, ValueEnum};

use crate::Done;
use crate::arguments::Shared;
use crate::certificate_folder::CertificateFolder;
use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::state::State;

/// Write a certificate in the form another program wants
///
/// pem is the private key and the whole chain, as in combined.pem; where the key is elsewhere (--csr), the chain alone. der is the
/// certificate alone. For PKCS#12: openssl pkcs12 -export -in live/NAME/fullchain.pem -inkey live/NAME/privkey.pem -out NAME.p12
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme export www.example.com --format der --out www.der")]
pub(crate) struct Export {
    /// The name of the certificate's folder
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The form
    #[arg(long, value_enum, default_value_t = Format::Pem)]
    pub(crate) format: Format,
    /// The file, for its owner alone; without it, standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Pem,
    Der,
}

pub(crate) fn run(shared: &Shared, verb: &Export) -> Result<Done, Failure> {
    let state = State::locate(shared)?;
    let found = CertificateFolder::chosen(&state.dir, std::slice::from_ref(&verb.name))?;
    let found = found.into_iter().next();
    let chain = match &found {
        Some(folder) => folder.current()?,
        None => None,
    };
    let (Some(folder), Some(chain)) = (found, chain) else {
        let what = format!("there is no certificate in the folder of {} yet", verb.name);
        return Err(Failure::new(what, "obtain one with `luacme getcert`"));
    };
    let content = match verb.format {
        Format::Der => Zeroizing::new(chain.leaf().der().to_vec()),
        Format::Pem => match files::read_own_secret(&folder.live().combined)? {
            Some(text) => Zeroizing::new(text.as_bytes().to_vec()),
            None => Zeroizing::new(chain.to_pem().into_bytes()),
        },
    };
    match &verb.out {
        Some(path) => files::write(path, &content, Readers::Owner)?,
        None => {
            let failed =
                |error: std::io::Error| Failure::new(format!("cannot write: {error}"), "name a file with --out");
            std::io::stdout().write_all(&content).map_err(failed)?;
        }
    }
    Ok(Done::Complete)
}
