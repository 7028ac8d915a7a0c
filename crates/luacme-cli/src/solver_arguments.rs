//! The part of the command line that says how control is proven.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use acme_proto::{ChallengeType, Identifier};
use acme_solver::NamePattern;
use clap::Args;

use crate::failure::Failure;
use crate::solver_settings::{DnsStore, HookStyle};

/// The ways to prove control. Each holds for all names, or for those it is bound to; the nearest binding goes first, then the
/// order they have here.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "How control is proven (for all names or NAMES, in this order)")]
pub(crate) struct SolverArguments {
    /// The answer into a web server's folder
    ///
    /// The folder is the one it shows at http://NAME/. May be given several times: --webroot www.example.com=/srv/www. Write ./
    /// before a folder that has an = in its name.
    #[arg(short, long, value_name = "[NAMES=]DIR")]
    pub(crate) webroot: Vec<Bound<PathBuf>>,
    /// The web server answers by itself
    ///
    /// `luacme keyauth` prints the lines of its configuration. They need no change for other names or certificates.
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) stateless: Option<Names>,
    /// Answer the CA from here, on port 80
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) standalone: Option<Names>,
    /// Answer the CA from here, on port 443
    ///
    /// With the challenge type tls-alpn-01.
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) tls_alpn: Option<Names>,
    /// A record: rfc2136, rfc2136:ADDR, acme-dns:URL, lexicon:X
    ///
    /// rfc2136, rfc2136:ADDR or rfc2136:ADDR:PORT sends updates to a name server, without ADDR to that of the zone, signed with --tsig-key. acme-dns:URL takes an account of its own there
    /// and prints the CNAME to set. lexicon:PROVIDER calls the program lexicon, which knows some ninety providers and takes
    /// its credentials from the environment. May be given several times.
    #[arg(long, value_name = "[NAMES=]WHAT")]
    pub(crate) dns: Vec<Bound<DnsStore>>,
    /// Let a program do it; see --hook-style
    #[arg(long, value_name = "[NAMES=]PROGRAM")]
    pub(crate) hook: Vec<Bound<PathBuf>>,
    /// Print what to do; go on when run again (default)
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) manual: Option<Names>,
    /// Listen here rather than on port 80
    ///
    /// For --standalone. The others look here, whether the answer is in its place. May be given several times for ways that are
    /// bound to NAMES.
    #[arg(long, value_name = "[NAMES=]ADDR:PORT", hide_short_help = true)]
    pub(crate) http_addr: Vec<Bound<SocketAddr>>,
    /// Listen here rather than on port 443, for --tls-alpn
    #[arg(long, value_name = "ADDR:PORT", hide_short_help = true)]
    pub(crate) tls_addr: Option<SocketAddr>,
    /// The key that --dns rfc2136 signs with: a file of BIND's, else $LUACME_TSIG_KEY
    ///
    /// The variable holds hmac-sha256:NAME:SECRET, as nsupdate takes it.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub(crate) tsig_key: Option<PathBuf>,
    /// How programs are called: luacme, uacme, lego, lego-raw, dehydrated, certbot
    #[arg(long, value_name = "[NAMES=]STYLE", hide_short_help = true)]
    pub(crate) hook_style: Vec<Bound<HookStyle>>,
    /// The program that takes away what --hook put there, for the style certbot
    #[arg(long, value_name = "[NAMES=]PROGRAM", hide_short_help = true)]
    pub(crate) hook_cleanup: Vec<Bound<PathBuf>>,
    /// The challenge type that --hook is for, if the program knows but one; may be given several times
    #[arg(long, value_name = "[NAMES=]TYPE", hide_short_help = true)]
    pub(crate) hook_challenge: Vec<Bound<KnownType>>,
    /// Call it once for all names, for the style dehydrated (HOOK_CHAIN)
    #[arg(long, requires = "hook", hide_short_help = true)]
    pub(crate) hook_chain: bool,
    /// The challenge type of --dns and --manual; may be given several times [default for --dns: dns-01]
    ///
    /// The record of dns-persist-01 stays, and lets the account prove control of the name until it is removed. So it is taken
    /// only when it is asked for, here or with --hook-challenge. Nor does acme-dns know dns-account-01.
    #[arg(long, value_name = "TYPE", value_parser = ["dns-01", "dns-account-01", "dns-persist-01"], hide_short_help = true)]
    pub(crate) dns_challenge: Vec<String>,
    /// A DNS server to ask, rather than those of this computer; may be given several times
    #[arg(long = "resolver", value_name = "ADDR:PORT", hide_short_help = true)]
    pub(crate) resolvers: Vec<SocketAddr>,
    /// Wait so long until all name servers show the records [default: 180]
    #[arg(long, value_name = "SECONDS", hide_short_help = true)]
    pub(crate) dns_wait: Option<u64>,
    /// Look at the name servers again after so long [default: 5]
    #[arg(long, value_name = "SECONDS", hide_short_help = true)]
    pub(crate) dns_interval: Option<u64>,
    /// Do not look whether the name servers show the records
    #[arg(long, hide_short_help = true)]
    pub(crate) no_dns_check: bool,
}

impl SolverArguments {
    /// Whether each flag has the way it is for, and each way a name among those that are asked for.
    pub(crate) fn check(&self, identifiers: &[Identifier]) -> Result<(), Failure> {
        let has_updates = self.dns.iter().any(|bound| matches!(bound.value, DnsStore::Rfc2136(_)));
        let has_records = !self.dns.is_empty() || self.manual.is_some();
        for (flag, is_given, has_way, way) in [
            ("--tsig-key", self.tsig_key.is_some(), has_updates, "--dns rfc2136"),
            ("--dns-challenge", !self.dns_challenge.is_empty(), has_records, "--dns or --manual"),
            ("--hook-style", !self.hook_style.is_empty(), !self.hook.is_empty(), "--hook"),
            ("--hook-cleanup", !self.hook_cleanup.is_empty(), !self.hook.is_empty(), "--hook"),
            ("--hook-challenge", !self.hook_challenge.is_empty(), !self.hook.is_empty(), "--hook"),
        ] {
            if is_given && !has_way {
                return Err(Failure::usage(
                    format!("{flag} is for {way}, which is not given"),
                    format!("give {way} too"),
                ));
            }
        }
        for text in self.names() {
            let pattern = NamePattern::parse(text)
                .map_err(|error| Failure::usage(error.to_string(), "bind a way to names like www.example.com"))?;
            let fits = |one: &Identifier| pattern.fits(&one.base(), one.is_wildcard());
            if !identifiers.iter().any(fits) {
                let what = format!("a way is bound to {text}, which the certificate is not for");
                return Err(Failure::usage(what, "correct the name, or ask for it too"));
            }
        }
        Ok(())
    }

    /// All names that something is bound to.
    fn names(&self) -> impl Iterator<Item = &String> {
        fn of<T>(bound: &[Bound<T>]) -> impl Iterator<Item = &String> {
            bound.iter().flat_map(|one| &one.names.0)
        }
        let simple = [&self.stateless, &self.standalone, &self.tls_alpn, &self.manual];
        let simple = simple.into_iter().flatten().flat_map(|names| &names.0);
        let programs = of(&self.hook).chain(of(&self.hook_style)).chain(of(&self.hook_cleanup));
        let others = of(&self.webroot).chain(of(&self.dns)).chain(of(&self.http_addr)).chain(of(&self.hook_challenge));
        simple.chain(programs).chain(others)
    }
}

/// What is said for these names: the value that is bound to one of them, else one that is bound to none.
pub(crate) fn said_for<'a, T>(values: &'a [Bound<T>], names: &Names) -> Option<&'a T> {
    let is_for = |bound: &&Bound<T>| bound.names.0.iter().any(|name| names.0.contains(name));
    values.iter().find(is_for).or(values.iter().find(|bound| bound.names.0.is_empty())).map(|bound| &bound.value)
}

/// A challenge type that luacme knows, by its word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownType(pub(crate) String);

impl FromStr for KnownType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match ChallengeType::from(text.to_owned()) {
            ChallengeType::Other(_) => {
                Err("give http-01, dns-01, tls-alpn-01, dns-account-01 or dns-persist-01".to_owned())
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

/// A way for the names it is bound to, or for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound<T> {
    pub(crate) names: Names,
    pub(crate) value: T,
}

impl<T: FromStr> FromStr for Bound<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        let split = text.split_once('=').and_then(|(names, rest)| Some((Names::bound(names)?, rest)));
        let (names, rest) = split.unwrap_or((Names::default(), text));
        Ok(Self { names, value: rest.parse()? })
    }
}

/// The names that a way is bound to; none: it is for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl Names {
    fn bound(text: &str) -> Option<Self> {
        let names = text.split(',').map(|name| Identifier::parse(name).ok().map(|name| name.value()));
        names.collect::<Option<Vec<_>>>().map(Self)
    }
}

impl FromStr for Names {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(Self::default()),
            _ => Self::bound(text)
                .ok_or_else(|| "these are not names like www.example.com, with commas between".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_may_be_bound_to_names() {
        for (why, text, names, value) in [
            ("a folder", "/srv/www", &[][..], "/srv/www"),
            ("of one name", "www.a.test=/srv/www", &["www.a.test"], "/srv/www"),
            ("of two, in the form certificates use", "A.test,*.b.test=w", &["a.test", "*.b.test"], "w"),
            ("a folder with an = in its name", "./a=b", &[], "./a=b"),
            ("the second = is the folder's", "a.test=b=c", &["a.test"], "b=c"),
        ] {
            let bound: Bound<PathBuf> = text.parse().unwrap();
            assert_eq!(
                (bound.names.0, bound.value),
                (names.iter().map(ToString::to_string).collect(), value.into()),
                "{why}"
            );
        }
    }
}
