//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::account::AccountArguments;
use crate::export::Export;
use crate::external_account::EabArguments;
use crate::key_type::KeyTypeArgument;
use crate::keyauth::WebServerArgument;
use crate::request_arguments::RequestArguments;
use crate::revoke::Revoke;
use crate::solver_arguments::SolverArguments;

const EXAMPLES: &str = "Examples:
  luacme register -m you@example.com --agree-tos
  luacme getcert www.example.com example.com --webroot /var/www/html
As in lua-acme, the account file may come first:
  luacme account.json getcert www.example.com";

const EXIT_CODES: &str = "Exit codes:
   0  done, or nothing was due
   1  failed
   2  wrong usage
   3  a person must act, then run the same command again
   4  the certificate is in place, but a deploy hook failed
  75  try again later";

/// Obtain certificates from any ACME CA.
#[derive(Debug, Parser)]
#[command(
    name = "luacme",
    version,
    about,
    after_help = EXAMPLES,
    after_long_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) verb: Verb,
    #[command(flatten)]
    pub(crate) shared: Shared,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Register(Register),
    Getcert(Box<Getcert>),
    Renew(Renew),
    Run(Run),
    Timer(Timer),
    Status(Status),
    Check(Check),
    Doctor(Box<Doctor>),
    Step(Step),
    Keyauth(Keyauth),
    Account(AccountArguments),
    Revoke(Revoke),
    Export(Export),
    /// Show the CA's directory: what it offers, and where
    #[command(after_help = "Example:\n  luacme directory --server letsencrypt")]
    Directory,
}

/// Make an account at the CA, or find the one of this key
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme register letsencrypt mailto:you@example.com --agree-tos")]
pub(crate) struct Register {
    /// The CA and contacts (mailto:…), in any order
    #[arg(value_name = "SERVER|CONTACT")]
    pub(crate) words: Vec<String>,
}

/// Obtain a certificate, unless a good one is there
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  luacme getcert www.example.com example.com --webroot /var/www/html
  luacme getcert www.example.com --standalone")]
pub(crate) struct Getcert {
    /// The names the certificate is for; the first names its folder
    #[arg(value_name = "NAME", required_unless_present_any = ["domains", "csr", "cert_name"])]
    pub(crate) names: Vec<String>,
    /// A name, or several with commas; like NAME
    #[arg(short = 'd', long = "domain", value_name = "NAME", value_delimiter = ',')]
    pub(crate) domains: Vec<String>,
    #[command(flatten)]
    pub(crate) request: RequestArguments,
    /// How long a hook may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, hide_short_help = true)]
    pub(crate) hook_timeout: u64,
    /// The name of its folder [default: the first name]
    ///
    /// Alone, it means the certificate that is there, for the names it is for.
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) cert_name: Option<String>,
    /// Obtain one even if a good one is there
    ///
    /// And even if the CA asked to wait.
    #[arg(long, alias = "force-renewal")]
    pub(crate) force: bool,
    /// Let names go that the certificate in use has
    ///
    /// Without this luacme asks first, or refuses where nobody can answer. Names may be added at any time.
    #[arg(long, alias = "renew-with-new-domains", hide_short_help = true)]
    pub(crate) drop_names: bool,
    /// Names may be added anyway: certbot's flag
    #[arg(long, hide = true)]
    pub(crate) expand: bool,
    /// Try it with the CA's test server, store nothing
    ///
    /// Let's Encrypt and Google have one; for others --server says which CA to try. Pre-hooks and post-hooks are run, deploy hooks are not.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) solvers: SolverArguments,
}

/// Renew what is due, as it was asked for
///
/// Each certificate is asked for as `luacme getcert` was last told to, when the CA suggests it (RFC 9773), else with a third of its
/// life left, half of it if it lives less than ten days. One that fails does not keep the others waiting; it is tried again
/// after a minute, then ten, a hundred, then once a day, and never before the CA allows it. A CA that is out of order is only
/// warned of while there is time. Ends with 0 when nothing is due; when several failed, with the first of 1, 4, 3, 75.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  luacme renew\n  luacme renew --random-sleep -q   for a cron job")]
pub(crate) struct Renew {
    /// The certificates, by the names of their folders [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Renew them even if they are not due
    ///
    /// And even if the CA asked to wait.
    #[arg(long)]
    pub(crate) force: bool,
    /// If there is something to do, wait first, no longer than this [default: 480]
    ///
    /// So that many computers do not ask the CA in the same second. The units that `luacme timer` prints do it.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "480", require_equals = true)]
    pub(crate) random_sleep: Option<u64>,
    /// How long a hook may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, hide_short_help = true)]
    pub(crate) hook_timeout: u64,
}

/// Renew for ever, as a service
///
/// Sleeps until the next certificate is due, an hour at most. SIGHUP has it look at once; SIGTERM ends it and leaves nothing
/// behind. systemd is told when it is ready (Type=notify) and that it lives.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme run\n  luacme timer --service   prints a unit for systemd")]
pub(crate) struct Run {
    /// How long a hook may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, hide_short_help = true)]
    pub(crate) hook_timeout: u64,
}

/// Print systemd units, or a line for cron, that renew
///
/// Nothing is installed: the output says where it belongs. The moment is another one on each computer.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  luacme timer\n  luacme timer --cron")]
pub(crate) struct Timer {
    /// A line for a crontab
    #[arg(long, conflicts_with = "service")]
    pub(crate) cron: bool,
    /// A unit for `luacme run` instead of a timer
    #[arg(long)]
    pub(crate) service: bool,
}

/// Show how the certificates stand
///
/// From what is stored alone: nobody is asked. LEFT is in days, its bar the part of the life that is left; the window is the
/// CA's suggestion (RFC 9773).
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  luacme status\n  luacme status --prometheus=/var/lib/node_exporter/luacme.prom")]
pub(crate) struct Status {
    /// The certificates, by the names of their folders [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// For node_exporter's textfile collector; into FILE in one step
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, conflicts_with = "json")]
    pub(crate) prometheus: Option<Option<PathBuf>>,
}

/// Say in one line how a certificate stands, for monitoring
///
/// Ends with 0 when it is good, 1 when it is due, 2 when it is over, broken or not there. Nobody is asked.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme check www.example.com")]
pub(crate) struct Check {
    /// The certificate, by the name of its folder
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

/// Find out what stands in the way of a certificate
///
/// Looks at this computer, at DNS and at the CA; changes nothing. Ends with 0 when there is nothing worse than a warning. What
/// the flags leave open is as the stored certificate was asked for.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  luacme doctor www.example.com --webroot /var/www/html")]
pub(crate) struct Doctor {
    /// The names to examine
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
    /// The name of the certificate's folder [default: the first name]
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    pub(crate) cert_name: Option<String>,
    #[command(flatten)]
    pub(crate) solvers: SolverArguments,
}

/// Send one signed request and show the answer
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  luacme step newOrder '{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.com\"}]}'"
)]
pub(crate) struct Step {
    /// A name in the directory, such as newOrder, or a URL
    #[arg(value_name = "RESOURCE|URL")]
    pub(crate) target: String,
    /// The payload; without it the resource is read (POST-as-GET)
    #[arg(value_name = "JSON")]
    pub(crate) payload: Option<String>,
}

/// Show what answers challenges of this account
///
/// Without TOKEN the thumbprint of the account key, or the lines with which a web server answers http-01 by itself.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  luacme keyauth --web-server nginx
  luacme keyauth evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA")]
pub(crate) struct Keyauth {
    /// The token of a challenge; its key authorization is printed
    #[arg(value_name = "TOKEN", conflicts_with = "web_server")]
    pub(crate) token: Option<String>,
    /// Print the lines of its configuration for --stateless
    #[arg(long, value_name = "SERVER")]
    pub(crate) web_server: Option<WebServerArgument>,
}

#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Options for all commands")]
pub(crate) struct Shared {
    /// The folder of accounts and certificates
    ///
    /// Without it, $LUACME_DIR, else the folder of the account file that --account names, else /var/lib/luacme for root and
    /// ~/.local/share/luacme for others.
    #[arg(long, value_name = "DIR", env = "LUACME_DIR", hide_env = true, global = true)]
    pub(crate) dir: Option<PathBuf>,
    /// The account file [default: account.json in the folder]
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    pub(crate) account: Option<PathBuf>,
    /// The CA: a URL or short name [default: letsencrypt]
    ///
    /// The URL is that of the CA's directory. Short names: letsencrypt, letsencrypt-staging, zerossl, google, google-staging,
    /// sslcom, actalis. Without it, the account's CA, else $LUACME_SERVER, else letsencrypt.
    #[arg(long, value_name = "URL|NAME", global = true)]
    pub(crate) server: Option<String>,
    /// Take Let's Encrypt's test CA
    #[arg(long, conflicts_with = "server", global = true)]
    pub(crate) staging: bool,
    /// Trust the roots in this file too, for the connection to the CA
    #[arg(long, value_name = "PEM", hide_short_help = true, global = true)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Agree to the CA's terms of service
    #[arg(long, global = true)]
    pub(crate) agree_tos: bool,
    /// An address the CA may write to
    #[arg(short = 'm', long, value_name = "ADDRESS", global = true)]
    pub(crate) email: Vec<String>,
    #[command(flatten)]
    pub(crate) external_account: EabArguments,
    /// The kind of the account key [default: p256]
    #[arg(long, value_name = "TYPE", hide_short_help = true, global = true)]
    pub(crate) account_key_type: Option<KeyTypeArgument>,
    /// How long to wait for the CA's decisions
    #[arg(long, value_name = "SECONDS", default_value_t = 300, hide_short_help = true, global = true)]
    pub(crate) timeout: u64,
    /// Print one JSON object per event
    #[arg(long, hide_short_help = true, global = true)]
    pub(crate) json: bool,
    /// Never ask a question
    #[arg(short, long, hide_short_help = true, global = true)]
    pub(crate) non_interactive: bool,
    /// Say more: every request; twice: every nonce
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// Write every exchange with the CA to this file, for people to read
    ///
    /// It is added to the file, which is for its owner alone. Signatures, external account bindings, contacts and the like are
    /// left out.
    #[arg(long, value_name = "FILE", hide_short_help = true, global = true)]
    pub(crate) wire_log: Option<PathBuf>,
    /// Say nothing unless something failed
    #[arg(short, long, conflicts_with_all = ["verbose", "json"], hide_short_help = true, global = true)]
    pub(crate) quiet: bool,
}

/// lua-acme's command line names the account file first: `luacme account.json getcert …`. That becomes
/// `luacme --account account.json getcert …`.
pub(crate) fn lua_acme_grammar(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<_> = words.into_iter().collect();
    let is_verb = |word: &OsString| {
        [
            "register",
            "getcert",
            "step",
            "keyauth",
            "directory",
            "doctor",
            "account",
            "revoke",
            "renew",
            "status",
            "check",
            "run",
            "timer",
        ]
        .iter()
        .any(|verb| word == verb)
    };
    if let [_, file, verb, ..] = words.as_slice()
        && !is_verb(file)
        && !file.to_string_lossy().starts_with('-')
        && is_verb(verb)
    {
        words.insert(1, "--account".into());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(line: &str) -> String {
        let words = lua_acme_grammar(line.split(' ').map(OsString::from));
        words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_account_file_may_come_first() {
        for (why, line, want) in [
            ("as in lua-acme", "luacme a.json getcert x.test", "luacme --account a.json getcert x.test"),
            ("the verb first is ours", "luacme getcert x.test", "luacme getcert x.test"),
            ("a name that is a verb too", "luacme getcert register", "luacme getcert register"),
            ("flags come before", "luacme -q getcert x.test", "luacme -q getcert x.test"),
            ("an unknown verb is an error of clap's", "luacme a.json frob", "luacme a.json frob"),
        ] {
            assert_eq!(rewritten(line), want, "{why}");
        }
    }

    #[test]
    fn the_definitions_are_sound() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }
}
