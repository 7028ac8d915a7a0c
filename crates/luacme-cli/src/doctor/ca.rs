//! The CA: its directory, its clock, and the account there.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use acme_account::{Account, Error, ErrorKind};
use acme_jose::Thumbprint;
use acme_proto::{AccountStatus, Meta, ProblemType};
use jiff::Timestamp;

use super::addresses::reserved;
use super::code::Code;
use super::finding::Finding;

/// A clock may differ by this: HTTP dates have whole seconds, and answers take their time.
const TOLERANCE: Duration = Duration::from_secs(60);

/// The CA's host is looked up for at most this long.
const LOOKUP: Duration = Duration::from_secs(3);

/// What other checks need to know of the CA.
#[derive(Debug, Default)]
pub(crate) struct Authority {
    /// Its names in CAA records.
    pub(crate) identities: Vec<String>,
    /// The account's URL, empty when there is none.
    pub(crate) account: String,
    /// That of the account's key.
    pub(crate) thumbprint: Option<Thumbprint>,
    /// From where it looks.
    pub(crate) place: Place,
}

/// From where a CA looks at names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    #[default]
    Internet,
    /// A network of its own, whose addresses it can reach.
    PrivateNetwork,
    /// This computer: it is there to be tested with, on other ports than CAs have.
    ThisComputer,
}

impl Authority {
    /// As far as the account and the directory tell.
    pub(crate) fn new(account: &Account) -> Self {
        let meta = account.directory().map(|directory| directory.meta.clone()).unwrap_or_default();
        let url = account.url();
        Self {
            identities: meta.caa_identities,
            thumbprint: url.is_some().then(|| account.key().public_key().thumbprint()),
            account: url.unwrap_or_default(),
            place: place(account.directory_url()),
        }
    }

    /// The same in a time that has an end; what is not known then is left open.
    pub(crate) fn within(time: Duration, account: Account) -> Self {
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || tell.send(Self::new(&account)));
        told.recv_timeout(time).unwrap_or_default()
    }
}

/// The directory, the clock, and the account.
pub(crate) fn check(account: &Account) -> Vec<Finding> {
    let url = account.directory_url();
    let meta = match account.directory() {
        Ok(directory) => &directory.meta,
        Err(why) => return vec![no_directory(url, &why)],
    };
    let mut findings = vec![Finding::new(Code::CaAnswers, url)];
    findings.extend(clock(account));
    match account.url() {
        Some(account_url) => findings.push(known(account, &account_url)),
        None => findings.extend(newcomer(meta)),
    }
    if !meta.profiles.is_empty() {
        let names: Vec<_> = meta.profiles.keys().map(String::as_str).collect();
        findings.push(Finding::new(Code::CaProfiles, names.join(", ")));
    }
    findings.push(Finding::new(Code::CaChallengesUnknown, "the directory does not tell them"));
    findings
}

fn no_directory(url: &str, why: &Error) -> Finding {
    let code = match why.kind() {
        ErrorKind::Transport(_) => Code::CaUnreachable,
        _ => Code::CaUnusable,
    };
    Finding::new(code, format!("{url}: {}", why.kind()))
}

/// Our clock against the Date of an answer (RFC 9110 §6.6.1).
fn clock(account: &Account) -> Option<Finding> {
    let response = account.unsigned_request(account.directory_url()).ok()?;
    let (ours, theirs) = (SystemTime::now(), httpdate::parse_http_date(response.header("date")?).ok()?);
    let difference = ours.duration_since(theirs).unwrap_or_else(|earlier| earlier.duration());
    let text = |time| Timestamp::try_from(time).map(|time| format!("{time:.0}")).unwrap_or_default();
    Some(match difference > TOLERANCE {
        true => Finding::new(Code::ClockWrong, format!("here {}, there {}", text(ours), text(theirs))),
        false => Finding::new(Code::ClockRight, text(ours)),
    })
}

/// What somebody without an account must know.
fn newcomer(meta: &Meta) -> Vec<Finding> {
    let mut findings = Vec::new();
    if meta.external_account_required {
        let page = meta.website.as_deref().unwrap_or("it does not name its web site");
        findings.push(Finding::new(Code::CaBindingNeeded, format!("the directory says so; {page}")));
    }
    findings.extend(meta.terms_of_service.as_ref().map(|terms| Finding::new(Code::CaTerms, terms)));
    findings.push(Finding::new(Code::AccountNone, "no account file"));
    findings
}

/// The account as the CA knows it. Some CAs never show one: then it is asked for by its key.
fn known(account: &Account, url: &str) -> Finding {
    match account.fetch() {
        Ok(found) if found.status == AccountStatus::Valid => Finding::new(Code::AccountValid, url),
        Ok(found) => Finding::new(Code::AccountNotValid, format!("{url} is {}", found.status)),
        Err(why) => refused(url, &why)
            .or_else(|| match account.find() {
                Ok(_) => Some(Finding::new(Code::AccountValid, url)),
                Err(why) => refused(url, &why),
            })
            .unwrap_or_else(|| Finding::new(Code::AccountUnchecked, format!("{url}: {}", why.kind()))),
    }
}

fn refused(url: &str, why: &Error) -> Option<Finding> {
    let code = match why.refusal()?.problem.kind {
        ProblemType::AccountDoesNotExist => Code::AccountUnknown,
        ProblemType::Unauthorized => Code::AccountNotValid,
        _ => return None,
    };
    Some(Finding::new(code, format!("{url}: {}", why.kind())))
}

/// Where the host in a URL is, as its addresses tell.
fn place(url: &str) -> Place {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let authority = if has_port { authority.to_owned() } else { format!("{authority}:443") };
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || tell.send(authority.to_socket_addrs().map(Vec::from_iter).unwrap_or_default()));
    let addresses: Vec<_> = told.recv_timeout(LOOKUP).unwrap_or_default().iter().map(SocketAddr::ip).collect();
    match addresses.is_empty() {
        false if addresses.iter().all(IpAddr::is_loopback) => Place::ThisComputer,
        false if addresses.iter().all(|address| reserved(*address).is_some()) => Place::PrivateNetwork,
        _ => Place::Internet,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_ca_is_in_its_url() {
        for (url, want) in [
            ("https://127.0.0.1:14000/dir", Place::ThisComputer),
            ("https://[::1]:14000", Place::ThisComputer),
            ("https://10.1.2.3/acme/directory", Place::PrivateNetwork),
            ("https://8.8.8.8/directory", Place::Internet),
        ] {
            assert_eq!(place(url), want, "{url}");
        }
    }
}
