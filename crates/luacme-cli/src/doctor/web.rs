//! Whether a CA that looks at the addresses of a name finds the answer: an answer is put in its place and looked for.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use acme_account::{Solver, Task};
use acme_jose::{KeyType, PrivateKey, Signer as _, Thumbprint};
use acme_proto::{ChallengeType, KeyAuthorization, Proof, Token, http01_url};
use acme_solver::http01::{Look, Standalone, Webroot, look};

use super::code::Code;
use super::finding::Finding;
use super::plan::{Plan, Subject};
use super::{name, ports};
use crate::solver_settings::Way;

/// One look takes at most this long.
const LOOK: Duration = Duration::from_secs(3);

/// So many addresses are looked at at the same time.
const AT_ONCE: usize = 16;

/// What findings of one way are called.
struct Words {
    right: Code,
    wrong: Code,
    silent: Code,
}

/// A way that CAs look for at the addresses of names, with all its names.
pub(crate) fn check(plan: &Plan, way: &Way) -> Vec<Finding> {
    let subjects: Vec<_> = plan.subjects.iter().filter(|one| one.ways.contains(way) && one.needs_address()).collect();
    let (right, wrong, silent) = match way {
        Way::Webroot { .. } => (Code::WebrootServed, Code::WebrootNotServed, Code::HttpUnreachable),
        Way::Standalone => (Code::StandaloneReached, Code::StandaloneNotReached, Code::HttpUnreachable),
        Way::Stateless => (Code::StatelessSet, Code::StatelessNotSet, Code::HttpUnreachable),
        Way::TlsAlpn => (Code::TlsReached, Code::TlsUnreachable, Code::TlsUnreachable),
        _ => return Vec::new(),
    };
    let words = Words { right, wrong, silent };
    match way {
        Way::Webroot { path } => presented(plan, &subjects, &words, &Webroot::new(path), Code::WebrootUnusable),
        Way::Standalone => standalone(plan, &subjects, &words),
        Way::Stateless => stateless(plan, &subjects, &words),
        _ => tls(plan, &subjects, &words),
    }
}

fn standalone(plan: &Plan, subjects: &[&Subject], words: &Words) -> Vec<Finding> {
    let addresses = ports::listen_addresses(plan.settings.http_addr(&[]), plan.ports.http);
    let port = ports::check(&addresses, true);
    if port.code != Code::PortFree {
        return vec![port];
    }
    let mut findings = vec![port];
    findings.extend(presented(plan, subjects, words, &Standalone::new(addresses), Code::PortUnusable));
    findings
}

/// What the solver would present is presented, looked for and taken away again.
fn presented(plan: &Plan, subjects: &[&Subject], words: &Words, solver: &dyn Solver, failed: Code) -> Vec<Finding> {
    let tasks: Vec<_> = subjects.iter().filter_map(|subject| task(subject, &thumbprint()?)).collect();
    let targets = targets(plan, subjects, &tasks);
    let presented = solver.present(&tasks);
    let findings = match presented.into_iter().find_map(Result::err) {
        Some(why) => vec![Finding::new(failed, why.to_string())],
        None => looks(plan, words, &targets),
    };
    let left = solver.clean_up(&tasks).into_iter().filter_map(Result::err);
    findings.into_iter().chain(left.map(|why| Finding::new(failed, format!("left behind: {why}")))).collect()
}

/// The web server makes the answer to any token of the thumbprint of the account's key.
fn stateless(plan: &Plan, subjects: &[&Subject], words: &Words) -> Vec<Finding> {
    let Some(thumbprint) = &plan.authority.thumbprint else { return Vec::new() };
    let tasks: Vec<_> = subjects.iter().filter_map(|subject| task(subject, thumbprint)).collect();
    looks(plan, words, &targets(plan, subjects, &tasks))
}

/// Each task with each address where CAs look for it. What is wrong with a name in DNS is another check's.
fn targets<'a>(plan: &Plan, subjects: &[&Subject], tasks: &'a [Task]) -> Vec<(&'a Task, SocketAddr)> {
    let addresses = |subject: &Subject| name::addresses(plan, subject).unwrap_or_default();
    let each = subjects.iter().zip(tasks);
    let port = plan.ports.http;
    each.flat_map(|(subject, task)| addresses(subject).into_iter().map(move |ip| (task, SocketAddr::new(ip, port))))
        .collect()
}

fn looks(plan: &Plan, words: &Words, targets: &[(&Task, SocketAddr)]) -> Vec<Finding> {
    all_at_once(plan, targets, |(task, address)| {
        let Proof::Http01 { url, body } = &task.proof else { return None };
        let name = task.identifier.value();
        let (code, evidence) = match look(url, body.as_str(), *address, LOOK) {
            Look::Right => (words.right, address.to_string()),
            Look::Redirect(target) => (Code::HttpRedirected, format!("{address}: to {target}")),
            Look::Silent(why) if why.kind() != ErrorKind::InvalidData => {
                (unreached(words.silent, address.ip(), &why), format!("{address}: {why}"))
            }
            Look::Silent(why) => (words.wrong, format!("{address}: {why}")),
            Look::Wrong(why) => (words.wrong, format!("{address}: {why}")),
            _ => return None,
        };
        Some(Finding::of(name, code, evidence))
    })
}

/// A listener that says nothing is enough to see whether it can be reached.
fn tls(plan: &Plan, subjects: &[&Subject], words: &Words) -> Vec<Finding> {
    let addresses = ports::listen_addresses(plan.settings.tls_addr, plan.ports.tls);
    let port = ports::check(&addresses, true);
    if port.code != Code::PortFree {
        return vec![port];
    }
    // IPv6 goes first: its listener may take IPv4 too, and then the other finds the port held.
    let _listeners: Vec<_> = addresses.iter().rev().filter_map(|address| TcpListener::bind(address).ok()).collect();
    let found = connections(plan, subjects, plan.ports.tls);
    let say = |(name, address, outcome): (String, SocketAddr, io::Result<()>)| match outcome {
        Ok(()) => Finding::of(name, words.right, address.to_string()),
        Err(why) => Finding::of(name, unreached(words.silent, address.ip(), &why), format!("{address}: {why}")),
    };
    std::iter::once(port).chain(found.into_iter().map(say)).collect()
}

/// For a name whose way is not chosen yet: whether anything answers where CAs look for http-01.
pub(crate) fn any(plan: &Plan, subject: &Subject) -> Vec<Finding> {
    let found = connections(plan, &[subject], plan.ports.http);
    let answers = found.iter().any(|(_, _, outcome)| outcome.is_ok());
    let say = |(name, address, outcome): (String, SocketAddr, io::Result<()>)| match outcome {
        Ok(()) => Finding::of(name, Code::HttpAnswers, address.to_string()),
        Err(why) => {
            let code = if answers { unreached(Code::HttpUnreachable, address.ip(), &why) } else { Code::HttpSilent };
            Finding::of(name, code, format!("{address}: {why}"))
        }
    };
    found.into_iter().map(say).collect()
}

fn connections(plan: &Plan, subjects: &[&Subject], port: u16) -> Vec<(String, SocketAddr, io::Result<()>)> {
    let addresses = |subject: &Subject| name::addresses(plan, subject).unwrap_or_default();
    let targets: Vec<_> = subjects
        .iter()
        .flat_map(|subject| addresses(subject).into_iter().map(|ip| (subject.base(), SocketAddr::new(ip, port))))
        .collect();
    all_at_once(plan, &targets, |(name, address)| {
        Some((name.clone(), *address, TcpStream::connect_timeout(address, LOOK).map(drop)))
    })
}

/// Looks at all of them, as long as there is time for a whole look: what was presented is taken away in time.
fn all_at_once<T: Sync, R: Send>(plan: &Plan, targets: &[T], look: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    let mut found = Vec::new();
    for some in targets.chunks(AT_ONCE) {
        if plan.left() < LOOK {
            break;
        }
        thread::scope(|scope| {
            let looking: Vec<_> = some.iter().map(|target| scope.spawn(|| look(target))).collect();
            found.extend(looking.into_iter().filter_map(|thread| thread.join().ok().flatten()));
        });
    }
    found
}

/// The code of an address that does not answer.
fn unreached(silent: Code, address: IpAddr, why: &io::Error) -> Code {
    let no_way = matches!(why.kind(), ErrorKind::AddrNotAvailable | ErrorKind::NetworkUnreachable);
    match address {
        IpAddr::V6(_) if no_way => Code::Ipv6Unchecked,
        IpAddr::V6(_) => Code::Ipv6Unreachable,
        IpAddr::V4(_) => silent,
    }
}

/// A challenge of our own making, with a token that nobody can guess.
fn task(subject: &Subject, thumbprint: &Thumbprint) -> Option<Task> {
    let identifier = subject.identifier.base();
    let token = Token::parse(&self::thumbprint()?.to_base64url()).ok()?;
    let body = KeyAuthorization::new(&token, thumbprint);
    Some(Task {
        proof: Proof::Http01 { url: http01_url(&identifier, &token), body: body.clone() },
        identifier,
        wildcard: false,
        kind: ChallengeType::Http01,
        token: Some(token),
        key_authorization: Some(body),
        account_url: String::new(),
    })
}

/// That of a new key: as good as random.
fn thumbprint() -> Option<Thumbprint> {
    Some(PrivateKey::generate(KeyType::P256).ok()?.public_key().thumbprint())
}
