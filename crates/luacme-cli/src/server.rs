//! CAs by their short names.

use crate::arguments::Shared;
use crate::failure::Failure;

const STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";

/// Short names of public CAs. Other spellings of the same are other clients'.
const NAMES: [(&str, &str); 9] = [
    ("letsencrypt", "https://acme-v02.api.letsencrypt.org/directory"),
    ("letsencrypt-staging", STAGING),
    ("letsencrypt_test", STAGING),
    ("letsencrypt-test", STAGING),
    ("zerossl", "https://acme.zerossl.com/v2/DV90"),
    ("google", "https://dv.acme-v02.api.pki.goog/directory"),
    ("google-staging", "https://dv.acme-v02.test-api.pki.goog/directory"),
    ("sslcom", "https://acme.ssl.com/sslcom-dv-ecc"),
    ("actalis", "https://acme-api.actalis.com/acme/directory"),
];

/// The directory URL that the command line asks for, if it does.
pub(crate) fn asked(shared: &Shared) -> Result<Option<String>, Failure> {
    match &shared.server {
        _ if shared.staging => Ok(Some(STAGING.to_owned())),
        Some(server) => directory_url(server).map(Some),
        None => Ok(None),
    }
}

/// The same; when no account says it either, the environment does, else it is Let's Encrypt.
pub(crate) fn asked_or_default(shared: &Shared) -> Result<String, Failure> {
    let environment = std::env::var("LUACME_SERVER").ok().filter(|server| !server.is_empty());
    match asked(shared)? {
        Some(asked) => Ok(asked),
        None => directory_url(environment.as_deref().unwrap_or(NAMES[0].0)),
    }
}

/// The test server of a CA, where one is known; that of a test server is itself.
pub(crate) fn test_server(directory: &str) -> Option<String> {
    let tests = [("letsencrypt", "letsencrypt-staging"), ("google", "google-staging")];
    let url = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, url)| *url);
    let of = |(usual, test): &(&str, &str)| [url(usual), url(test)].contains(&Some(directory));
    tests.iter().find(|pair| of(pair)).and_then(|(_, test)| url(test)).map(str::to_owned)
}

/// The directory URL for a URL or short name.
pub(crate) fn directory_url(server: &str) -> Result<String, Failure> {
    let name = server.to_ascii_lowercase();
    if let Some((_, url)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok((*url).to_owned());
    }
    if name.starts_with("https://") {
        return Ok(server.to_owned());
    }
    let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
    Err(Failure::usage(
        format!("{server:?} is neither an https URL nor the short name of a CA"),
        format!("give the URL of the CA's directory, or one of {}", names.join(", ")),
    ))
}

/// The directory URL of a public CA on this host.
pub(crate) fn of_host(host: &str) -> Option<String> {
    let on_host = |url: &&str| url.strip_prefix("https://").is_some_and(|rest| rest.split('/').next() == Some(host));
    NAMES.iter().map(|(_, url)| *url).find(on_host).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers() {
        for (server, want) in [
            ("letsencrypt", Some("https://acme-v02.api.letsencrypt.org/directory")),
            ("LetsEncrypt_Test", Some(STAGING)),
            ("https://ca.example/dir?x=%7E", Some("https://ca.example/dir?x=%7E")),
            ("http://ca.example/dir", None),
            ("nosuchca", None),
            ("", None),
        ] {
            assert_eq!(directory_url(server).ok().as_deref(), want, "{server:?}");
        }
    }
}
