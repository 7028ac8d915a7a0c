//! A person does it; this only looks.

use std::net::SocketAddr;
use std::time::Duration;

use acme_account::{Readiness, Solver, SolverError, SystemClock, Task};
use acme_proto::{ChallengeType, Identifier, Token};

use crate::dns::{NameReport, Propagation, Report};
use crate::dns_solver::standing;
use crate::sight::{self, Sight};

/// Leaves challenges to a person, in two runs: the first shows what to do, the second goes on from there.
#[derive(Clone, Debug)]
pub struct Manual {
    shown: Vec<String>,
    types: Vec<ChallengeType>,
    http_address: Option<SocketAddr>,
    propagation: Propagation,
}

impl Manual {
    /// With the [marks](Self::mark) of the challenges that a person was shown in an earlier run.
    ///
    /// A challenge that cannot be seen from here waits for the person in the first run, and is left to the CA in the next.
    pub fn new(shown: impl IntoIterator<Item = String>) -> Self {
        let propagation = Propagation::default().timeout(Duration::ZERO);
        let types = vec![ChallengeType::Http01, ChallengeType::Dns01, ChallengeType::DnsAccount01];
        Self { shown: shown.into_iter().collect(), types, http_address: None, propagation }
    }

    /// Asks for these challenge types, the preferred one first, rather than for http-01, dns-01 and dns-account-01. The record
    /// of dns-persist-01 stays, and lets the account prove control whenever it wants: it is for those who ask for it.
    pub fn offering(mut self, types: impl IntoIterator<Item = ChallengeType>) -> Self {
        self.types = types.into_iter().collect();
        self
    }

    /// What tells a challenge from all others: its token, or else the record that meets it.
    pub fn mark(task: &Task) -> String {
        let token = task.token.as_ref().map(Token::as_str);
        let record = || task.proof.txt_record().map_or("", |record| record.value.as_str());
        token.unwrap_or_else(record).to_owned()
    }

    /// Looks for http-01 at this address rather than on port 80 of the name.
    pub fn check_http_at(mut self, address: SocketAddr) -> Self {
        self.http_address = Some(address);
        self
    }

    /// Looks this way whether the name servers show the records, but only once: a person may take days.
    pub fn propagation(mut self, propagation: Propagation) -> Self {
        self.propagation = propagation.timeout(Duration::ZERO);
        self
    }

    fn look(&self, task: &Task, report: &Report) -> Sight {
        match name(task, report) {
            _ if task.proof.txt_record().is_none() => sight::http01(task, self.http_address),
            None => Sight::Unclear("the name servers are not asked".to_owned()),
            Some(name) if name.is_complete() => Sight::Right,
            Some(name) if name.lagging().next().is_none() => Sight::Unclear(name.to_string()),
            Some(name) => Sight::Wrong(name.to_string()),
        }
    }
}

/// What the name servers show of the record of a task.
fn name<'a>(task: &Task, report: &'a Report) -> Option<&'a NameReport> {
    let record = task.proof.txt_record()?;
    report.names.iter().find(|name| name.name.eq_ignore_ascii_case(&record.name))
}

impl Solver for Manual {
    /// http-01 before dns-01 and its kin, except that a wildcard needs one of these and an address cannot have them (RFC 8738
    /// §7).
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        let fits = |kind: &&ChallengeType| match identifier {
            Identifier::Dns(_) => !wildcard || **kind != ChallengeType::Http01,
            Identifier::Ip(_) => **kind == ChallengeType::Http01,
            Identifier::Other { .. } => false,
        };
        self.types.iter().filter(fits).cloned().collect()
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|_| Ok(())).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        let shown = |task: &Task| self.shown.contains(&Self::mark(task));
        let records: Vec<_> = tasks.iter().filter_map(|task| task.proof.txt_record().cloned()).collect();
        let report = if records.is_empty() { Report::default() } else { self.propagation.wait(&records, &SystemClock) };
        let seen = |task: &Task| match decide(self.look(task, &report), shown(task)) {
            Readiness::Ready => name(task, &report).map_or(Readiness::Ready, standing),
            other => other,
        };
        tasks.iter().map(|task| Ok(seen(task))).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|_| Ok(())).collect()
    }
}

fn decide(sight: Sight, shown_before: bool) -> Readiness {
    match sight {
        Sight::Right => Readiness::Ready,
        Sight::Unclear(why) if shown_before => Readiness::Unseen(why),
        Sight::Wrong(why) | Sight::Unclear(why) => Readiness::AwaitsPerson(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_and_the_run_decide() {
        let why = || "why".to_owned();
        for (sight, shown_before, want) in [
            (Sight::Right, false, Readiness::Ready),
            (Sight::Right, true, Readiness::Ready),
            (Sight::Wrong(why()), false, Readiness::AwaitsPerson(why())),
            (Sight::Wrong(why()), true, Readiness::AwaitsPerson(why())),
            (Sight::Unclear(why()), false, Readiness::AwaitsPerson(why())),
            (Sight::Unclear(why()), true, Readiness::Unseen(why())),
        ] {
            assert_eq!(decide(sight.clone(), shown_before), want, "{sight:?}, shown before: {shown_before}");
        }
    }

    #[test]
    fn the_identifier_decides_what_is_offered() {
        use ChallengeType::{Dns01, DnsAccount01, DnsPersist01, Http01};
        for (why, identifier, wildcard, want) in [
            ("a name", Identifier::Dns("a.test".to_owned()), false, vec![Http01, Dns01, DnsAccount01]),
            ("a wildcard", Identifier::Dns("a.test".to_owned()), true, vec![Dns01, DnsAccount01]),
            ("an address", Identifier::Ip([192, 0, 2, 1].into()), false, vec![Http01]),
            ("another", Identifier::Other { kind: "x".to_owned(), value: "y".to_owned() }, false, vec![]),
        ] {
            assert_eq!(Manual::new([]).challenge_types(&identifier, wildcard), want, "{why}");
        }
        let standing = Manual::new([]).offering([DnsPersist01]);
        assert_eq!(standing.challenge_types(&Identifier::Dns("a.test".to_owned()), false), [DnsPersist01]);
    }
}
