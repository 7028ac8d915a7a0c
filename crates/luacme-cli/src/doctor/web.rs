//! Whether a CA that looks at the addresses of a name finds the answer: an answer is put in its place and looked for.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use acme_account::{Solver, Task};
use acme_jose::{KeyType, PrivateKey, Signer as _, Thumbprint};
use acme_proto::{ChallengeType, Identifier, Meta, Proof, Prover};
use acme_solver::http01::{Standalone, Webroot, look};
use acme_solver::journal::Journaled;
use acme_solver::{Look, tls_alpn01};

use super::code::Code;
use super::finding::Finding;
use super::plan::{Plan, Subject};
use super::{name, ports};
use crate::interruption::undo_at_signals;
use crate::solver_choice;
use crate::solver_settings::{BoundWay, SolverSettings, Way};

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

/// One look at one address for the answer to a task.
type Looking<'a> = dyn Fn(&Task, SocketAddr) -> Option<Look> + Sync + 'a;

/// A way that CAs look for at the addresses of names, with all its names.
pub(crate) fn check(plan: &Plan, bound: &BoundWay) -> Vec<Finding> {
    let subjects = plan.subjects.iter().filter(|one| one.ways.contains(bound) && one.needs_address()).collect();
    let check = |right, wrong, silent, port| Check { plan, subjects, words: Words { right, wrong, silent }, port };
    let (http, tls) = (plan.http_port(&bound.names), plan.tls_port());
    match &bound.way {
        Way::Webroot { path } => check(Code::WebrootServed, Code::WebrootNotServed, Code::HttpUnreachable, http)
            .noted(&Webroot::new(path), bound),
        Way::Standalone => check(Code::StandaloneReached, Code::StandaloneNotReached, Code::HttpUnreachable, http)
            .standalone(plan.settings.http_addr(&bound.names)),
        Way::Stateless => check(Code::StatelessSet, Code::StatelessNotSet, Code::HttpUnreachable, http).stateless(),
        Way::TlsAlpn => check(Code::TlsReached, Code::TlsNotReached, Code::TlsUnreachable, tls).tls(),
        _ => Vec::new(),
    }
}

/// The names of one way, and how to speak of it.
struct Check<'a> {
    plan: &'a Plan,
    subjects: Vec<&'a Subject>,
    words: Words,
    /// Where CAs look.
    port: u16,
}

impl Check<'_> {
    /// What a killed run leaves in a web root is taken away by the next.
    fn noted(self, webroot: &Webroot, bound: &BoundWay) -> Vec<Finding> {
        let journal = solver_choice::journal(&self.plan.dir);
        let settings = SolverSettings { ways: vec![bound.clone()], ..SolverSettings::default() };
        let note = solver_choice::note(&settings).unwrap_or_default();
        let solver = Journaled::new(webroot, &journal, note);
        let check = || self.presented(&solver, &look_http, Code::WebrootUnusable);
        undo_at_signals(|| drop(solver.clean_up_now()), check).unwrap_or_default()
    }

    fn standalone(self, given: Option<SocketAddr>) -> Vec<Finding> {
        let addresses = ports::listen_addresses(given, self.port);
        self.listening(&addresses, |check| {
            check.presented(&Standalone::new(addresses.clone()), &look_http, Code::PortUnusable)
        })
    }

    fn tls(self) -> Vec<Finding> {
        let addresses = ports::listen_addresses(self.plan.settings.tls_addr, self.port);
        self.listening(&addresses, |check| {
            let solver = tls_alpn01::Standalone::new(addresses.clone());
            let look = |task: &Task, address| solver.look(task, address, LOOK).ok();
            check.presented(&solver, &look, Code::PortUnusable)
        })
    }

    /// When the port is free, what a listener there shows.
    fn listening(self, addresses: &[SocketAddr], shown: impl FnOnce(Self) -> Vec<Finding>) -> Vec<Finding> {
        let port = ports::check(addresses, true);
        let is_free = port.code == Code::PortFree;
        let mut findings = vec![port];
        if is_free {
            findings.extend(shown(self));
        }
        findings
    }

    /// What the solver would present is presented, looked for and taken away again.
    fn presented(self, solver: &dyn Solver, look: &Looking<'_>, failed: Code) -> Vec<Finding> {
        let tasks = self.tasks(thumbprint().as_ref(), solver);
        // Looked up first: what is presented stays no longer than it must.
        let targets = self.targets(&tasks);
        let presented = solver.present(&tasks);
        let findings = match presented.into_iter().find_map(Result::err) {
            Some(why) => vec![Finding::new(failed, why.to_string())],
            None => self.looks(&targets, look),
        };
        let left = solver.clean_up(&tasks).into_iter().filter_map(Result::err);
        findings.into_iter().chain(left.map(|why| Finding::new(failed, format!("left behind: {why}")))).collect()
    }

    /// The web server makes the answer to any token of the thumbprint of the account's key.
    fn stateless(self) -> Vec<Finding> {
        let tasks = self.tasks(self.plan.authority.thumbprint.as_ref(), &Webroot::new(""));
        self.looks(&self.targets(&tasks), &look_http)
    }

    /// A challenge of our own making for each name, such as the solver meets.
    fn tasks(&self, thumbprint: Option<&Thumbprint>, solver: &dyn Solver) -> Vec<Task> {
        let task = |subject: &&Subject| {
            let identifier = subject.identifier.base();
            let kind = solver.challenge_types(&identifier, false).into_iter().next()?;
            task(&identifier, &kind, thumbprint?)
        };
        self.subjects.iter().filter_map(task).collect()
    }

    /// Each task with each address where CAs look for it. What is wrong with a name in DNS is another check's.
    fn targets<'t>(&self, tasks: &'t [Task]) -> Vec<(&'t Task, SocketAddr)> {
        let addresses = |subject: &Subject| name::addresses(self.plan, subject).unwrap_or_default();
        let each = self.subjects.iter().zip(tasks);
        let at = |(subject, task): (&&Subject, &'t Task)| {
            addresses(subject).into_iter().map(move |ip| (task, SocketAddr::new(ip, self.port))).collect::<Vec<_>>()
        };
        each.flat_map(at).collect()
    }

    fn looks(&self, targets: &[(&Task, SocketAddr)], look: &Looking<'_>) -> Vec<Finding> {
        let Words { right, wrong, silent } = self.words;
        all_at_once(self.plan, targets, |(task, address)| {
            let (code, evidence) = match look(task, *address)? {
                Look::Right => (right, address.to_string()),
                Look::Redirect(target) => (Code::HttpRedirected, format!("{address}: to {target}")),
                Look::Silent(why) if why.kind() != ErrorKind::InvalidData => {
                    (unreached(silent, address.ip(), &why), format!("{address}: {why}"))
                }
                Look::Silent(why) => (wrong, format!("{address}: {why}")),
                Look::Wrong(why) => (wrong, format!("{address}: {why}")),
                _ => return None,
            };
            Some(Finding::of(task.identifier.value(), code, evidence))
        })
    }
}

fn look_http(task: &Task, address: SocketAddr) -> Option<Look> {
    let Proof::Http01 { url, body } = &task.proof else { return None };
    Some(look(url, body.as_str(), address, LOOK))
}

/// For a name whose way is not chosen yet: whether anything answers where CAs look for http-01.
pub(crate) fn any(plan: &Plan, subject: &Subject) -> Vec<Finding> {
    let found = connections(plan, subject);
    let answers = found.iter().any(|(_, outcome)| outcome.is_ok());
    let name = subject.base();
    let say = |(address, outcome): (SocketAddr, io::Result<()>)| match outcome {
        Ok(()) => Finding::of(&name, Code::HttpAnswers, address.to_string()),
        Err(why) => {
            let code = if answers { unreached(Code::HttpUnreachable, address.ip(), &why) } else { Code::HttpSilent };
            Finding::of(&name, code, format!("{address}: {why}"))
        }
    };
    found.into_iter().map(say).collect()
}

fn connections(plan: &Plan, subject: &Subject) -> Vec<(SocketAddr, io::Result<()>)> {
    let addresses = name::addresses(plan, subject).unwrap_or_default().into_iter();
    let targets: Vec<_> = addresses.map(|ip| SocketAddr::new(ip, plan.http_port(&[]))).collect();
    all_at_once(plan, &targets, |address| Some((*address, TcpStream::connect_timeout(address, LOOK).map(drop))))
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

/// A challenge with a token that nobody can guess.
fn task(identifier: &Identifier, kind: &ChallengeType, thumbprint: &Thumbprint) -> Option<Task> {
    let token = self::thumbprint()?.to_base64url();
    let challenge = serde_json::json!({"type": kind.as_str(), "url": "", "token": token});
    let prover = Prover { account_url: "", thumbprint, meta: &Meta::default() };
    Task::new(&serde_json::from_value(challenge).ok()?, identifier, false, &prover).ok()
}

/// That of a new key: as good as random.
fn thumbprint() -> Option<Thumbprint> {
    Some(PrivateKey::generate(KeyType::P256).ok()?.public_key().thumbprint())
}
