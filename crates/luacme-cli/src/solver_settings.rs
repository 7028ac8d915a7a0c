//! The ways control of the names is proven, as `config.toml` keeps them.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use acme_proto::Identifier;
use acme_solver::Lexicon;
use acme_solver::NamePattern;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::solver_arguments::{Bound, KnownType, Names, SolverArguments, said_for};

/// The port of name servers.
const DNS_PORT: u16 = 53;

/// The ways to prove control, and what they share.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SolverSettings {
    /// Where http-01 is answered or looked for, if not on port 80: for the ways of some names, or of all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) http_addr: Vec<BoundAddress>,
    /// Where tls-alpn-01 is answered, if not on port 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tls_addr: Option<SocketAddr>,
    /// The challenge types of the DNS stores and of a person, if not the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) dns_challenges: Vec<String>,
    /// The DNS servers that are asked, if not those of this computer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) resolvers: Vec<SocketAddr>,
    /// How long to wait until all name servers show the records, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dns_wait: Option<u64>,
    /// The pause between two looks at them, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dns_interval: Option<u64>,
    /// Whether the name servers are not asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) no_dns_check: bool,
    /// The ways, the preferred ones first.
    #[serde(default)]
    pub(crate) ways: Vec<BoundWay>,
}

/// An address, for the ways of these names or for all.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct BoundAddress {
    /// The names; none: it is for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) names: Vec<String>,
    pub(crate) address: SocketAddr,
}

/// A way, for these names or for all.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub(crate) struct BoundWay {
    /// The names; none: it is for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) names: Vec<String>,
    #[serde(flatten)]
    pub(crate) way: Way,
}

/// A way to prove control.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Way {
    /// A folder that a web server shows.
    Webroot { path: PathBuf },
    /// A web server that answers by itself.
    Stateless,
    /// A listener of our own for http-01.
    Standalone,
    /// A listener of our own for tls-alpn-01.
    TlsAlpn,
    /// A name server that takes signed updates.
    Rfc2136 {
        /// Where updates go; without it to the primary server of each zone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        server: Option<SocketAddr>,
        /// The file of the key; without it, it is in the environment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tsig_key: Option<PathBuf>,
    },
    /// An acme-dns server.
    AcmeDns { url: String },
    /// The program lexicon.
    Lexicon { provider: String },
    /// A program of the user's.
    Hook {
        program: PathBuf,
        style: HookStyle,
        /// The program that cleans up, for the style certbot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cleanup: Option<PathBuf>,
        /// The challenge types it is for, if not those of its style.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        challenges: Vec<String>,
        /// Whether one call is for all challenges, for the style dehydrated.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        chain: bool,
    },
    /// A person.
    Manual,
}

/// How a program is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HookStyle {
    #[default]
    Luacme,
    Uacme,
    Lego,
    LegoRaw,
    Dehydrated,
    Certbot,
}

impl FromStr for HookStyle {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        ValueEnum::from_str(text, false)
            .map_err(|_| "give luacme, uacme, lego, lego-raw, dehydrated or certbot".to_owned())
    }
}

/// Who puts records into the DNS, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DnsStore {
    /// At this address, or at the primary server of each zone.
    Rfc2136(Option<SocketAddr>),
    AcmeDns(String),
    Lexicon(String),
}

impl FromStr for DnsStore {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "rfc2136" => Ok(Self::Rfc2136(None)),
            Some(("rfc2136", server)) => {
                let with_port = server.parse().or_else(|_| {
                    let bare = server.trim_start_matches('[').trim_end_matches(']');
                    bare.parse::<IpAddr>().map(|address| SocketAddr::new(address, DNS_PORT))
                });
                with_port
                    .map(|address| Self::Rfc2136(Some(address)))
                    .map_err(|_| format!("{server:?} is not an address like 192.0.2.1 or [2001:db8::1]:53"))
            }
            Some(("acme-dns", url)) if url.starts_with("https://") || url.starts_with("http://") => {
                Ok(Self::AcmeDns(url.trim_end_matches('/').to_owned()))
            }
            Some(("acme-dns", _)) => Err("give the server as a URL: acme-dns:https://auth.acme-dns.io".to_owned()),
            Some(("lexicon", provider)) if Lexicon::is_provider(provider) => Ok(Self::Lexicon(provider.to_owned())),
            Some(("lexicon", _)) => Err("give a provider that lexicon knows: lexicon:cloudflare".to_owned()),
            _ => Err("give rfc2136:ADDRESS, acme-dns:URL or lexicon:PROVIDER; for other providers there is --hook"
                .to_owned()),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Webroot { path } => write!(f, "--webroot {}", path.display()),
            Self::Stateless => f.write_str("--stateless"),
            Self::Standalone => f.write_str("--standalone"),
            Self::TlsAlpn => f.write_str("--tls-alpn"),
            Self::Rfc2136 { server: None, .. } => f.write_str("--dns rfc2136"),
            Self::Rfc2136 { server: Some(server), .. } => write!(f, "--dns rfc2136:{server}"),
            Self::AcmeDns { url } => write!(f, "--dns acme-dns:{url}"),
            Self::Lexicon { provider } => write!(f, "--dns lexicon:{provider}"),
            Self::Hook { program, .. } => write!(f, "--hook {}", program.display()),
            Self::Manual => f.write_str("--manual"),
        }
    }
}

impl fmt::Display for BoundWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.names.is_empty() {
            true => self.way.fmt(f),
            false => write!(f, "{} for {}", self.way, self.names.join(" and ")),
        }
    }
}

impl SolverSettings {
    /// Choosing ways begins anew; without a choice, only what is given changes. Without any choice a person does it.
    pub(crate) fn new(given: &SolverArguments, before: Option<&Self>) -> Self {
        let chosen = ways(given);
        let mut settings = match before {
            Some(before) if chosen.is_empty() => before.clone(),
            _ => Self { ways: chosen, ..Self::default() },
        };
        if settings.ways.is_empty() {
            settings.ways.push(BoundWay { names: Vec::new(), way: Way::Manual });
        }
        if !given.http_addr.is_empty() {
            let bound = |given: &Bound<SocketAddr>| BoundAddress { names: given.names.0.clone(), address: given.value };
            settings.http_addr = given.http_addr.iter().map(bound).collect();
        }
        settings.tls_addr = given.tls_addr.or(settings.tls_addr);
        settings.dns_wait = given.dns_wait.or(settings.dns_wait);
        settings.dns_interval = given.dns_interval.or(settings.dns_interval);
        settings.no_dns_check |= given.no_dns_check;
        if !given.dns_challenge.is_empty() {
            settings.dns_challenges.clone_from(&given.dns_challenge);
        }
        if !given.resolvers.is_empty() {
            settings.resolvers.clone_from(&given.resolvers);
        }
        settings
    }
}

impl SolverSettings {
    /// Where ways bound to these names answer http-01, or look for it.
    pub(crate) fn http_addr(&self, names: &[String]) -> Option<SocketAddr> {
        let is_for = |bound: &&BoundAddress| bound.names.iter().any(|name| names.contains(name));
        let of_names = self.http_addr.iter().find(is_for);
        of_names.or(self.http_addr.iter().find(|bound| bound.names.is_empty())).map(|bound| bound.address)
    }

    /// The ways, each with where it answers http-01 or looks for it. A way for several names of which some have an address of
    /// their own is several.
    pub(crate) fn ways_at(&self) -> Vec<(BoundWay, Option<SocketAddr>)> {
        let for_all = self.http_addr.iter().find(|bound| bound.names.is_empty()).map(|bound| bound.address);
        let mut ways = Vec::new();
        for bound in &self.ways {
            for BoundAddress { names, address } in &self.http_addr {
                let names: Vec<_> = names.iter().filter(|name| bound.is_for(name)).cloned().collect();
                if !names.is_empty() && bound.way.uses_http() {
                    ways.push((BoundWay { names, way: bound.way.clone() }, Some(*address)));
                }
            }
            ways.push((bound.clone(), for_all));
        }
        ways
    }
}

impl BoundWay {
    /// Whether it is for a name, which may be a wildcard.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        let Ok(identifier) = Identifier::parse(name) else { return false };
        let fits = |pattern: &String| {
            NamePattern::parse(pattern).is_ok_and(|pattern| pattern.fits(&identifier.base(), identifier.is_wildcard()))
        };
        self.names.is_empty() || self.names.iter().any(fits)
    }
}

impl Way {
    fn uses_http(&self) -> bool {
        use Way::{Hook, Manual, Standalone, Stateless, Webroot};
        matches!(self, Webroot { .. } | Stateless | Standalone | Hook { .. } | Manual)
    }
}

/// The ways of the command line, in their order of preference.
fn ways(given: &SolverArguments) -> Vec<BoundWay> {
    fn bound<T>(values: &[Bound<T>], way: impl Fn(&T) -> Way) -> Vec<BoundWay> {
        values.iter().map(|Bound { names, value }| BoundWay { names: names.0.clone(), way: way(value) }).collect()
    }
    let simple = |names: &Option<Names>, way: Way| names.as_ref().map(|names| BoundWay { names: names.0.clone(), way });
    let mut ways = bound(&given.webroot, |path| Way::Webroot { path: from_everywhere(path) });
    ways.extend(simple(&given.stateless, Way::Stateless));
    ways.extend(simple(&given.standalone, Way::Standalone));
    ways.extend(simple(&given.tls_alpn, Way::TlsAlpn));
    ways.extend(bound(&given.dns, |store| match store.clone() {
        DnsStore::Rfc2136(server) => Way::Rfc2136 { server, tsig_key: given.tsig_key.as_deref().map(from_everywhere) },
        DnsStore::AcmeDns(url) => Way::AcmeDns { url },
        DnsStore::Lexicon(provider) => Way::Lexicon { provider },
    }));
    ways.extend(given.hook.iter().map(|bound| BoundWay { names: bound.names.0.clone(), way: hook(given, bound) }));
    ways.extend(simple(&given.manual, Way::Manual));
    ways
}

fn hook(given: &SolverArguments, bound: &Bound<PathBuf>) -> Way {
    let is_for = |other: &&Bound<KnownType>| {
        other.names.0.is_empty() || other.names.0.iter().any(|name| bound.names.0.contains(name))
    };
    Way::Hook {
        program: program_path(&bound.value),
        style: said_for(&given.hook_style, &bound.names).copied().unwrap_or_default(),
        cleanup: said_for(&given.hook_cleanup, &bound.names).map(|path| program_path(path)),
        challenges: given.hook_challenge.iter().filter(is_for).map(|kind| kind.value.0.clone()).collect(),
        chain: given.hook_chain,
    }
}

/// A program in a folder, or one that is looked up in PATH.
fn program_path(path: &Path) -> PathBuf {
    match path.components().count() {
        1 => path.to_owned(),
        _ => from_everywhere(path),
    }
}

/// The path as it is right wherever the next command is started.
fn from_everywhere(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keeper_of_a_zone_is_named_in_one_word() {
        use DnsStore::{AcmeDns, Lexicon, Rfc2136};
        let provider = |word: &str| Some(Lexicon(word.to_owned()));
        for (why, text, want) in [
            ("an address", "rfc2136:192.0.2.1", Some(Rfc2136("192.0.2.1:53".parse().ok()))),
            ("with a port", "rfc2136:192.0.2.1:5353", Some(Rfc2136("192.0.2.1:5353".parse().ok()))),
            ("IPv6", "rfc2136:2001:db8::1", Some(Rfc2136("[2001:db8::1]:53".parse().ok()))),
            ("IPv6 with a port", "rfc2136:[2001:db8::1]:54", Some(Rfc2136("[2001:db8::1]:54".parse().ok()))),
            ("wherever the zone says", "rfc2136", Some(Rfc2136(None))),
            ("a URL", "acme-dns:https://a.test/", Some(AcmeDns("https://a.test".to_owned()))),
            ("a provider", "lexicon:digitalocean", provider("digitalocean")),
            ("with an underscore", "lexicon:oracle_cloud", provider("oracle_cloud")),
            ("no name of a module of lexicon's", "lexicon:digital-ocean", None),
            ("a flag in the place of a provider", "lexicon:--help", None),
            ("no address", "rfc2136:ns1", None),
            ("no URL", "acme-dns:a.test", None),
            ("a provider that lexicon may know", "cloudflare", None),
        ] {
            assert_eq!(text.parse().ok(), want, "{why}");
        }
    }

    #[test]
    fn settings_survive_being_written_down() {
        let all = SolverArguments {
            webroot: vec!["a.test=/srv/www".parse().unwrap()],
            stateless: Some(Names::default()),
            standalone: Some("b.test".parse().unwrap()),
            tls_alpn: Some(Names::default()),
            dns: ["rfc2136:[::1]:53", "acme-dns:https://x.test", "lexicon:x"]
                .map(|text| text.parse().unwrap())
                .to_vec(),
            hook: vec!["/bin/true".parse().unwrap()],
            manual: Some(Names::default()),
            http_addr: vec!["a.test=127.0.0.1:5002".parse().unwrap(), "[::1]:80".parse().unwrap()],
            dns_challenge: vec!["dns-account-01".to_owned()],
            resolvers: vec!["127.0.0.1:53".parse().unwrap()],
            ..SolverArguments::default()
        };
        let settings = SolverSettings::new(&all, None);
        assert_eq!(settings.ways.len(), 9);
        let text = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<SolverSettings>(&text).unwrap(), settings, "{text}");
        let again = SolverSettings::new(&SolverArguments::default(), Some(&settings));
        assert_eq!(again, settings, "without flags it is as before");
        let ways = settings.ways_at();
        let ports: Vec<_> = ways
            .iter()
            .filter(|(bound, _)| matches!(bound.way, Way::Webroot { .. } | Way::Stateless))
            .map(|(bound, address)| (bound.names.len(), address.unwrap().port()))
            .collect();
        assert_eq!(ports, [(1, 5002), (1, 80), (1, 5002), (0, 80)], "a name with an address of its own goes first");
    }
}
