//! `luacme account export`: the account key for another client.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::arguments::Shared;
use crate::failure::Failure;
use crate::files::{self, Readers};
use crate::output::Output;
use crate::state::State;

/// Hand out the account key, for another client
///
/// Whoever has it can act as you at the CA: to a file for you alone, or, when you say yes, to the screen.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme account export --output account.pem")]
pub(super) struct Export {
    /// How it is written
    #[arg(long, value_name = "FORMAT", default_value = "pem")]
    format: Format,
    /// Write it to this new file, with the mode 0600
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Do not ask before it is shown
    #[arg(long)]
    yes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Pem,
    Jwk,
}

pub(super) fn run(shared: &Shared, verb: &Export, output: &Output) -> Result<(), Failure> {
    let state = State::locate(shared)?;
    let key = state.key()?;
    let text = match verb.format {
        Format::Pem => key.to_pkcs8_pem(),
        Format::Jwk => key.to_private_jwk(),
    };
    let text = text.map_err(|error| Failure::new(error.to_string(), "choose another --format"))?;
    let format = match verb.format {
        Format::Pem => "pem",
        Format::Jwk => "jwk",
    };
    if let Some(path) = &verb.output {
        if path.exists() {
            return Err(Failure::usage(format!("{} is there already", path.display()), "name a new file"));
        }
        files::create(path, text.as_bytes(), Readers::Owner)?;
        let object = json!({"event": "account_key_exported", "format": format, "file": path});
        output.result(object, &format!("the account key is in {}", path.display()));
        return Ok(());
    }
    if !verb.yes {
        output
            .confirm(&format!("Show the private key of the account in {} on the screen?", state.account.display()))?;
    }
    output.answer(json!({"event": "account_key_exported", "format": format, "key": *text}), text.trim_end());
    Ok(())
}
