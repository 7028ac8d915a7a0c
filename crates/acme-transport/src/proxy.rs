//! Proxies: which requests go through one.

use std::net::IpAddr;

/// How to reach the CA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proxy {
    /// As the environment says, in curl's order: `https_proxy`, `HTTPS_PROXY`, `all_proxy`, `ALL_PROXY`; but not for the
    /// hosts that `no_proxy` or `NO_PROXY` lists, and never for this computer itself.
    #[default]
    Environment,
    /// Directly, whatever the environment says.
    Direct,
    /// Through this proxy, whatever the environment says: `http://`, `https://`, `socks4://` or `socks5://`.
    Url(String),
}

/// A proxy and the hosts that are reached without it.
#[derive(Debug)]
pub(crate) struct Route {
    proxy: ureq::Proxy,
    except: Vec<String>,
    loopback: bool,
}

/// A proxy URL that cannot be used, and where it stands.
#[derive(Debug)]
pub(crate) struct BadProxy(pub(crate) String);

impl Route {
    /// The way of a setting. `variable` looks up an environment variable.
    pub(crate) fn new(setting: &Proxy, variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, BadProxy> {
        let first = |names: &[&str]| {
            names.iter().find_map(|name| Some(((*name).to_owned(), variable(name).filter(|value| !value.is_empty())?)))
        };
        match setting {
            Proxy::Direct => Ok(None),
            Proxy::Url(url) => parse("the proxy setting", url, Vec::new(), true).map(Some),
            Proxy::Environment => {
                let Some((name, url)) = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]) else {
                    return Ok(None);
                };
                let except = first(&["no_proxy", "NO_PROXY"]).map(|(_, list)| list).unwrap_or_default();
                let except = except.split(',').map(|host| host.trim().to_ascii_lowercase()).collect();
                parse(&name, &url, except, false).map(Some)
            }
        }
    }

    /// The proxy for a host, if it is reached through one. IPv6 addresses stand in brackets.
    pub(crate) fn to(&self, host: &str) -> Option<ureq::Proxy> {
        let host = host.to_ascii_lowercase();
        let bare = host.trim_matches(['[', ']']);
        let excepted = self.except.iter().any(|entry| covers(entry, bare)) || (!self.loopback && is_loopback(bare));
        (!excepted).then(|| self.proxy.clone())
    }
}

fn parse(origin: &str, url: &str, except: Vec<String>, loopback: bool) -> Result<Route, BadProxy> {
    let proxy = ureq::Proxy::new(url)
        .map_err(|_| BadProxy(format!("{origin} is not the URL of a proxy, such as http://proxy.example:3128")))?;
    Ok(Route { proxy, except, loopback })
}

/// Whether an entry of `no_proxy` covers a host: `*`, the host itself, or a domain above it, with or without a leading
/// dot or `*.`, as curl does it.
fn covers(entry: &str, host: &str) -> bool {
    let domain = entry.trim_start_matches('*').trim_start_matches('.').trim_matches(['[', ']']);
    entry == "*"
        || (!domain.is_empty() && host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(variables: &[(&str, &str)], host: &str) -> Option<String> {
        let lookup = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        let route = Route::new(&Proxy::Environment, lookup).unwrap();
        route.and_then(|route| route.to(host)).map(|proxy| proxy.host().to_owned())
    }

    #[test]
    fn the_environment_is_read_as_curl_reads_it() {
        let via = ("HTTPS_PROXY", "http://p.test:1");
        for (why, variables, host, want) in [
            ("nothing set", &[][..], "ca.test", None),
            ("set", &[via], "ca.test", Some("p.test")),
            ("a name without a scheme", &[("HTTPS_PROXY", "p.test:1")], "ca.test", Some("p.test")),
            ("empty means unset", &[("HTTPS_PROXY", "")], "ca.test", None),
            ("HTTP_PROXY is not for https", &[("HTTP_PROXY", "http://p.test:1")], "ca.test", None),
            ("lower case goes first", &[via, ("https_proxy", "http://q.test:1")], "ca.test", Some("q.test")),
            ("all_proxy goes last", &[via, ("all_proxy", "http://q.test:1")], "ca.test", Some("p.test")),
            ("socks", &[("ALL_PROXY", "socks5://q.test:1")], "ca.test", Some("q.test")),
            ("excepted", &[via, ("NO_PROXY", "a.test, CA.test")], "ca.test", None),
            ("excepted below a domain", &[via, ("no_proxy", "test")], "ca.test", None),
            ("excepted with a dot", &[via, ("no_proxy", ".test")], "ca.test", None),
            ("excepted with a star", &[via, ("no_proxy", "*.test")], "ca.test", None),
            ("only at a dot", &[via, ("no_proxy", "a.test")], "ca.test", Some("p.test")),
            ("all excepted", &[via, ("no_proxy", "*")], "ca.test", None),
            ("an empty list", &[via, ("no_proxy", ",")], "ca.test", Some("p.test")),
            ("an address", &[via, ("no_proxy", "2001:db8::1")], "[2001:db8::1]", None),
            ("localhost", &[via], "localhost", None),
            ("this computer", &[via], "127.0.0.1", None),
            ("this computer over IPv6", &[via], "[::1]", None),
        ] {
            assert_eq!(route(variables, host).as_deref(), want, "{why}");
        }
    }

    #[test]
    fn a_bad_proxy_names_its_variable_and_not_its_password() {
        let Err(BadProxy(why)) = Route::new(&Proxy::Environment, |_| Some("gopher://u:secret@p.test".to_owned()))
        else {
            panic!("gopher is no proxy");
        };
        assert!(why.contains("https_proxy") && !why.contains("secret"), "{why}");
    }
}
