//! The part of the command line that says what certificate is asked for, and what is run around it.

use std::path::PathBuf;

use clap::Args;

use crate::command_line;
use crate::key_access::KeyMode;
use crate::key_type::KeyTypeArgument;
use crate::lifetime::ValidUntil;

/// What certificate is asked for. Everything here is remembered, except for a date given to `--not-after`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RequestArguments {
    /// The kind of its key [default: p256]
    ///
    /// One of p256, p384, p521, ed25519, rsa2048, rsa3072, rsa4096.
    #[arg(long, value_name = "TYPE")]
    pub(crate) key_type: Option<KeyTypeArgument>,
    /// A request made elsewhere, PEM or DER; its key is never seen here
    ///
    /// The names are those of the request. No privkey.pem and no combined.pem are stored.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key_type", "reuse_key", "new_key", "key_mode", "key_owner", "key_group"], hide_short_help = true)]
    pub(crate) csr: Option<PathBuf>,
    /// Keep the private key from certificate to certificate
    #[arg(long, conflicts_with = "new_key", hide_short_help = true)]
    pub(crate) reuse_key: bool,
    /// Make a new private key for each certificate again
    #[arg(long, alias = "no-reuse-key", hide_short_help = true)]
    pub(crate) new_key: bool,
    /// The CA's profile; without it no certificate is ordered
    ///
    /// `luacme directory` shows the profiles of a CA. An empty one means none from now on.
    #[arg(long, value_name = "NAME", alias = "required-profile", hide_short_help = true)]
    pub(crate) profile: Option<String>,
    /// The CA's profile, where it has that one
    #[arg(long, value_name = "NAME", conflicts_with = "profile", hide_short_help = true)]
    pub(crate) preferred_profile: Option<String>,
    /// Of several chains, take the one that ends here
    ///
    /// The common name of the issuer of its last certificate, or the SHA-256 fingerprint of that certificate in
    /// hexadecimal. Without such a chain the CA's first one is taken.
    #[arg(long, value_name = "NAME|FINGERPRINT", hide_short_help = true)]
    pub(crate) preferred_chain: Option<String>,
    /// Ask for a certificate that ends then
    ///
    /// A date (2027-01-31), a time (2027-01-31T12:00:00Z), or how long it is to live: 90d, 12h, 2w. Many CAs refuse it. A date or time
    /// holds for the next certificate alone.
    #[arg(long, value_name = "WHEN", hide_short_help = true)]
    pub(crate) not_after: Option<ValidUntil>,
    /// Renew it when fewer days than this are left [default: a third of its life]
    ///
    /// Never more than two thirds of its life.
    #[arg(long, value_name = "DAYS", hide_short_help = true)]
    pub(crate) days: Option<u32>,
    /// Run this before a certificate is asked for
    ///
    /// Only when one is due. Written and told of the certificate like --deploy-hook. If it fails, nothing is asked for: exit code 1.
    #[arg(long, value_name = "COMMAND", value_parser = command_line::parse, hide_short_help = true)]
    pub(crate) pre_hook: Vec<String>,
    /// Run this afterwards, whether there is a certificate or not
    ///
    /// Whenever --pre-hook was run, or would have been. Written and told of the certificate like --deploy-hook. If it fails although all
    /// else went well, the exit code is 4; it is not run again.
    #[arg(long, value_name = "COMMAND", value_parser = command_line::parse, hide_short_help = true)]
    pub(crate) post_hook: Vec<String>,
    /// Run this once a new certificate is in place
    ///
    /// A program, with arguments if need be, quoted as for a shell; but no shell sees it, so `$` and `*` mean nothing. May be given
    /// several times; an empty one means none from now on. It learns of the certificate by its environment: LUACME_NAME,
    /// LUACME_NAMES, LUACME_DIR, LUACME_SERVER, LUACME_LIVE, LUACME_PRIVKEY, LUACME_CERT, LUACME_CHAIN, LUACME_FULLCHAIN,
    /// LUACME_COMBINED, and what certbot (RENEWED_…) and lego (LEGO_…) tell. If it fails, the exit code is 4, and the next run runs it
    /// again.
    #[arg(long, value_name = "COMMAND", value_parser = command_line::parse)]
    pub(crate) deploy_hook: Vec<String>,
    /// Who may read the private key [default: 0600]
    ///
    /// In octal, as for chmod: 0640 lets --key-group read it.
    #[arg(long, value_name = "MODE", hide_short_help = true)]
    pub(crate) key_mode: Option<KeyMode>,
    /// Whom the private key belongs to: a name or number
    #[arg(long, value_name = "USER", hide_short_help = true)]
    pub(crate) key_owner: Option<String>,
    /// The group of the private key: a name or number
    #[arg(long, value_name = "GROUP", hide_short_help = true)]
    pub(crate) key_group: Option<String>,
}
