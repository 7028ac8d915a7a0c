//! The command line.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::key_type::KeyTypeArgument;

/// Obtain certificates from any ACME CA.
#[derive(Debug, Parser)]
#[command(
    name = "luacme",
    version,
    about,
    after_help = "As in lua-acme, the account file may come first:\n  luacme account.json register URL mailto:you@example.com\n  \
                  luacme account.json getcert www.example.com\n\nExit codes: 0 done, or nothing was due; 1 failed; 2 usage; 3 a person must \
                  act; 75 try again later",
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
    Getcert(Getcert),
    Step(Step),
    /// Show the CA's directory: what it offers, and where
    #[command(after_help = "Example: luacme directory --server letsencrypt")]
    Directory,
}

/// Make an account at the CA, or find the one of this key
#[derive(Debug, Args)]
#[command(after_help = "Example: luacme register --server letsencrypt -m you@example.com --agree-tos")]
pub(crate) struct Register {
    /// The CA's directory URL or short name, and contacts (mailto:…), in any order
    #[arg(value_name = "SERVER|CONTACT")]
    pub(crate) words: Vec<String>,
}

/// Obtain a certificate, unless a good one is there
#[derive(Debug, Args)]
#[command(after_help = "Example: luacme getcert www.example.com example.com --webroot /var/www/html")]
pub(crate) struct Getcert {
    /// The names the certificate is for; the first names its folder
    #[arg(value_name = "NAME", required_unless_present = "domains")]
    pub(crate) names: Vec<String>,
    /// A name, or several with commas between; like NAME
    #[arg(short = 'd', long = "domain", value_name = "NAME", value_delimiter = ',')]
    pub(crate) domains: Vec<String>,
    /// Serve the answers from here, on port 80 unless --http-addr says otherwise
    #[arg(long, group = "solver")]
    pub(crate) standalone: bool,
    /// Put the answers into this folder, which a web server shows at http://NAME/
    #[arg(short, long, value_name = "DIR", group = "solver")]
    pub(crate) webroot: Option<PathBuf>,
    /// Print what to do, and go on when run again (without a choice, this is what happens)
    #[arg(long, group = "solver")]
    pub(crate) manual: bool,
    /// Where --standalone listens; where the others look whether the answer is there
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) http_addr: Option<SocketAddr>,
    /// The DNS server that --manual asks whether the record is there
    #[arg(long, value_name = "ADDR:PORT")]
    pub(crate) resolver: Option<SocketAddr>,
    /// The kind of the certificate's key [default: p256]
    #[arg(long, value_name = "TYPE")]
    pub(crate) key_type: Option<KeyTypeArgument>,
    /// The name of the folder [default: the first name]
    #[arg(long, value_name = "NAME")]
    pub(crate) cert_name: Option<String>,
    /// Obtain one even if a good one is there, or the CA asked to wait
    #[arg(long)]
    pub(crate) force: bool,
}

/// Send one signed request and show the answer
#[derive(Debug, Args)]
#[command(
    after_help = "Example: luacme step newOrder '{\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.com\"}]}'"
)]
pub(crate) struct Step {
    /// A name in the directory, such as newOrder, or a URL
    #[arg(value_name = "RESOURCE|URL")]
    pub(crate) target: String,
    /// The payload; without it the resource is read (POST-as-GET)
    #[arg(value_name = "JSON")]
    pub(crate) payload: Option<String>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Options for all commands")]
pub(crate) struct Shared {
    /// Where all is kept [default: /var/lib/luacme for root, ~/.local/share/luacme for others]
    #[arg(long, value_name = "DIR", env = "LUACME_DIR", global = true)]
    pub(crate) dir: Option<PathBuf>,
    /// The account file [default: DIR/account.json]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) account: Option<PathBuf>,
    /// The CA: a directory URL or a short name [default: $LUACME_SERVER, else letsencrypt]
    #[arg(long, value_name = "URL|NAME", global = true)]
    pub(crate) server: Option<String>,
    /// Let's Encrypt's test CA
    #[arg(long, conflicts_with = "server", global = true)]
    pub(crate) staging: bool,
    /// Trust the roots in this PEM file too, for the connection to the CA
    #[arg(long, value_name = "PEM", global = true)]
    pub(crate) ca_file: Option<PathBuf>,
    /// Agree to the CA's terms of service
    #[arg(long, global = true)]
    pub(crate) agree_tos: bool,
    /// An address the CA may write to
    #[arg(short = 'm', long, value_name = "ADDRESS", global = true)]
    pub(crate) email: Vec<String>,
    /// The kind of the account key [default: p256]
    #[arg(long, value_name = "TYPE", global = true)]
    pub(crate) account_key_type: Option<KeyTypeArgument>,
    /// How long to wait for the CA's decisions
    #[arg(long, value_name = "SECONDS", default_value_t = 300, global = true)]
    pub(crate) timeout: u64,
    /// One JSON object per event on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Never ask
    #[arg(short, long, global = true)]
    pub(crate) non_interactive: bool,
    /// Say more: every request; twice: every nonce
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// Say nothing unless something failed
    #[arg(short, long, conflicts_with_all = ["verbose", "json"], global = true)]
    pub(crate) quiet: bool,
}

/// lua-acme's command line names the account file first: `luacme account.json getcert …`. That becomes
/// `luacme --account account.json getcert …`.
pub(crate) fn lua_acme_grammar(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<_> = words.into_iter().collect();
    let is_verb = |word: &OsString| ["register", "getcert", "step", "directory"].iter().any(|verb| word == verb);
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
