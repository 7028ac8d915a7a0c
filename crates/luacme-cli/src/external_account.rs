//! The external account binding of the command line (RFC 8555 §7.3.4).

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use acme_account::ExternalAccount;
use acme_jose::{MacKey, Zeroizing};
use clap::Args;

use crate::failure::Failure;

/// What a CA hands to those who have an account with it already. It is used when an account is made, and only then.
#[derive(Clone, Debug, Args)]
pub(crate) struct EabArguments {
    /// The key id of the account you have with the CA
    ///
    /// Some CAs make no ACME account without it and --eab-hmac-key. Both may stand in the environment: LUACME_EAB_KID and
    /// LUACME_EAB_HMAC_KEY. They are used once, when the account is made.
    #[arg(
        long,
        value_name = "ID",
        requires = "eab_hmac_key",
        env = "LUACME_EAB_KID",
        hide_env = true,
        hide_short_help = true,
        global = true
    )]
    eab_kid: Option<String>,
    /// The key that goes with --eab-kid, in base64
    #[arg(
        long,
        value_name = "KEY",
        requires = "eab_kid",
        env = "LUACME_EAB_HMAC_KEY",
        hide_env = true,
        hide_short_help = true,
        global = true
    )]
    eab_hmac_key: Option<EabKey>,
}

impl EabArguments {
    /// The binding, if one is given.
    pub(crate) fn binding(&self) -> Result<Option<ExternalAccount>, Failure> {
        let (Some(id), Some(key)) = (&self.eab_kid, &self.eab_hmac_key) else { return Ok(None) };
        let key = MacKey::from_text(&key.0).map_err(|error| {
            Failure::usage(format!("--eab-hmac-key cannot be used: {error}"), "give it as the CA shows it, in base64")
        })?;
        Ok(Some(ExternalAccount::new(id, key)))
    }
}

/// A secret of the command line. Any text will do, so that no message about it shows it.
#[derive(Clone)]
struct EabKey(Zeroizing<String>);

impl FromStr for EabKey {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for EabKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}
