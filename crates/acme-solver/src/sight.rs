//! What can be seen of an answer to a challenge, before the CA is told.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::Duration;

use acme_account::Task;
use acme_proto::{Identifier, Proof};

use crate::fetch::{Answer, fetch};

/// Names are looked up for at most this long.
const LOOKUP: Duration = Duration::from_secs(10);

/// Of a wrong text, so many characters are shown.
const EXCERPT: usize = 100;

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// The answer.
    Right,
    /// Something else, or nothing, in its place.
    Wrong(String),
    /// Too little to tell.
    Unclear(String),
}

/// Looks for the answer to http-01 (RFC 8555 §8.3) on port 80 of the identifier, or `at` an address.
pub(crate) fn http01(task: &Task, at: Option<SocketAddr>) -> Sight {
    let Proof::Http01 { url, body } = &task.proof else { return unknown(task) };
    let addresses = match at.map_or_else(|| addresses(&task.identifier), |address| Ok(vec![address])) {
        Ok(addresses) => addresses,
        Err(why) => {
            return Sight::Unclear(format!("{} has no address that can be seen from here: {why}", task.identifier));
        }
    };
    let (host, path) = host_and_path(url);
    match fetch(&addresses, host, path) {
        Ok(answer) => judge(url, &answer, body.as_str()),
        Err(why) => Sight::Unclear(format!("{url} cannot be read from here: {why}")),
    }
}

fn unknown(task: &Task) -> Sight {
    Sight::Unclear(format!("there is no way to look for {} from here", task.kind))
}

/// The host and the path of an `http://` URL.
pub(crate) fn host_and_path(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// The addresses of an identifier with port 80, within [`LOOKUP`].
fn addresses(identifier: &Identifier) -> Result<Vec<SocketAddr>, String> {
    if let Identifier::Ip(address) = identifier {
        return Ok(vec![(*address, 80).into()]);
    }
    let name = identifier.base().value();
    let (found, finding) = mpsc::channel();
    std::thread::spawn(move || found.send((name.as_str(), 80).to_socket_addrs().map(Vec::from_iter)));
    match finding.recv_timeout(LOOKUP) {
        Ok(Ok(addresses)) => Ok(addresses),
        Ok(Err(why)) => Err(why.to_string()),
        Err(_) => Err("the name servers did not answer in time".to_owned()),
    }
}

/// Whether it is the answer. White space at the end is ignored, as CAs ignore it (RFC 8555 §8.3).
pub(crate) fn judge(url: &str, answer: &Answer, key_authorization: &str) -> Sight {
    match (answer.status, &answer.location) {
        (200, _) if answer.body.trim_ascii_end() == key_authorization.as_bytes() => Sight::Right,
        (200, _) => Sight::Wrong(format!("{url} shows another text: {:?}", excerpt(&answer.body))),
        (300..=399, Some(target)) => {
            Sight::Unclear(format!("{url} redirects to {target:?}; CAs follow that, this look does not"))
        }
        (status, _) => Sight::Wrong(format!("{url} answers with status {status}")),
    }
}

fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(EXCERPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_authorization_with_status_200_is_right() {
        for (why, status, location, body, want) in [
            ("itself", 200, None, "t.k", "Right"),
            ("white space at its end", 200, None, "t.k \r\n", "Right"),
            ("white space before it", 200, None, " t.k", "Wrong"),
            ("more than it", 200, None, "t.k.", "Wrong"),
            ("nothing", 200, None, "", "Wrong"),
            ("not found, though the text fits", 404, None, "t.k", "Wrong"),
            ("no 200, but nearly", 206, None, "t.k", "Wrong"),
            ("a redirect", 301, Some("https://a.test/"), "", "Unclear"),
            ("a redirect to nowhere", 301, None, "", "Wrong"),
        ] {
            let answer = Answer { status, location: location.map(str::to_owned), body: body.into() };
            let sight = format!("{:?}", judge("http://a.test/x", &answer, "t.k"));
            assert!(sight.starts_with(want), "{why}: {sight}");
        }
    }

    #[test]
    fn a_url_has_a_host_and_a_path() {
        for (url, want) in [("http://a.test/b/c", ("a.test", "/b/c")), ("http://[::1]/b", ("[::1]", "/b"))] {
            assert_eq!(host_and_path(url), want);
        }
    }

    #[test]
    fn a_wrong_text_is_shown_without_control_characters_and_not_whole() {
        let answer = Answer { status: 200, location: None, body: format!("\x1b[2J{}", "x".repeat(9999)).into() };
        let Sight::Wrong(why) = judge("http://a.test/x", &answer, "t.k") else { panic!("the text is another") };
        assert!(why.len() < 200 && !why.contains('\x1b'), "{why}");
    }
}
