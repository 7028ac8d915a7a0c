//! Several solvers at once: which of them proves which name.

use std::sync::{Mutex, MutexGuard, PoisonError};

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier, IdentifierError};

use crate::silent;

/// The names a solver is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamePattern(Identifier);

impl NamePattern {
    /// `www.example.com` means that name and its wildcard, `*.example.com` that wildcard and every name below `example.com`,
    /// at any depth; an address means itself.
    ///
    /// # Errors
    /// When it is neither a name, perhaps with a leading `*.`, nor an address.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        Identifier::parse(text).map(Self)
    }

    /// Whether it fits an identifier, which has no `*.`.
    pub fn fits(&self, identifier: &Identifier, wildcard: bool) -> bool {
        self.closeness(identifier, wildcard).is_some()
    }

    /// How closely it fits an identifier, which has no `*.`: the more labels the closer, and a name closer than what is
    /// below another.
    fn closeness(&self, identifier: &Identifier, wildcard: bool) -> Option<usize> {
        match (&self.0, identifier) {
            (Identifier::Dns(pattern), Identifier::Dns(name)) => match pattern.strip_prefix("*.") {
                Some(parent) if parent == name => wildcard.then_some(usize::MAX),
                Some(parent) => name.strip_suffix(parent)?.ends_with('.').then(|| parent.split('.').count()),
                None => (pattern == name).then_some(usize::MAX - 1),
            },
            (pattern, identifier) => (pattern == identifier).then_some(usize::MAX),
        }
    }
}

/// A solver made of others: each name is proven by those that are bound to it most closely, then by those that are bound to
/// any name.
///
/// Of several solvers for a name the challenge types are tried in this order: those of the solver that is bound most closely,
/// in its own order; of two that are bound alike those of the one that was added first; no type twice. Where several meet the
/// same type the first of them does, and when it declines, or the CA finds no proof in what it did, the next.
#[derive(Default)]
pub struct ByName {
    members: Vec<Member>,
    /// Who has put what in place.
    owners: Mutex<Vec<(Task, usize)>>,
    /// In whose answers the CA found no proof.
    rejected: Mutex<Vec<(Identifier, bool, ChallengeType, usize)>>,
}

struct Member {
    /// None: for any name.
    patterns: Option<Vec<NamePattern>>,
    solver: Box<dyn Solver>,
}

impl ByName {
    /// Without solvers: nothing can be proven.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a solver for the names that fit one of these patterns.
    pub fn bind(mut self, patterns: impl IntoIterator<Item = NamePattern>, solver: Box<dyn Solver>) -> Self {
        self.members.push(Member { patterns: Some(patterns.into_iter().collect()), solver });
        self
    }

    /// Adds a solver for any name.
    pub fn for_any(mut self, solver: Box<dyn Solver>) -> Self {
        self.members.push(Member { patterns: None, solver });
        self
    }

    /// The solvers for an identifier, those first that are bound most closely.
    fn members(&self, identifier: &Identifier, wildcard: bool) -> Vec<usize> {
        let closeness = |member: &Member| match &member.patterns {
            None => Some(0),
            Some(patterns) => patterns.iter().filter_map(|pattern| pattern.closeness(identifier, wildcard)).max(),
        };
        let mut found: Vec<_> =
            self.members.iter().enumerate().filter_map(|(index, member)| Some((closeness(member)?, index))).collect();
        found.sort_by_key(|(closeness, _)| std::cmp::Reverse(*closeness));
        found.into_iter().map(|(_, index)| index).collect()
    }

    /// Those of them that meet the challenge type of a task.
    fn able(&self, task: &Task) -> Vec<usize> {
        let mut able = self.members(&task.identifier, task.wildcard);
        let offers = |index: &usize| self.members[*index].solver.challenge_types(&task.identifier, task.wildcard);
        let rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        let failed =
            |index: &usize| rejected.contains(&(task.identifier.clone(), task.wildcard, task.kind.clone(), *index));
        able.retain(|index| offers(index).contains(&task.kind) && !failed(index));
        able
    }

    fn owner(&self, task: &Task) -> Option<usize> {
        self.owners().iter().find(|(owned, _)| owned == task).map(|(_, owner)| *owner)
    }

    fn owners(&self) -> MutexGuard<'_, Vec<(Task, usize)>> {
        self.owners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls each solver once, with all tasks that are for it; `whose` says for each task whose it is.
    fn each<T>(
        &self,
        tasks: &[Task],
        whose: &[Option<usize>],
        call: impl Fn(&dyn Solver, &[Task]) -> Vec<Result<T, SolverError>>,
    ) -> Vec<Option<Result<T, SolverError>>> {
        let mut results: Vec<_> = tasks.iter().map(|_| None).collect();
        for (index, member) in self.members.iter().enumerate() {
            let places: Vec<_> = (0..tasks.len()).filter(|place| whose[*place] == Some(index)).collect();
            if places.is_empty() {
                continue;
            }
            let theirs: Vec<_> = places.iter().map(|place| tasks[*place].clone()).collect();
            let mut answers = call(&*member.solver, &theirs).into_iter();
            for place in places {
                results[place] = Some(answers.next().unwrap_or_else(|| Err(silent())));
            }
        }
        results
    }
}

impl Solver for ByName {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        let mut kinds = Vec::new();
        for index in self.members(identifier, wildcard) {
            for kind in self.members[index].solver.challenge_types(identifier, wildcard) {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
        }
        kinds
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let mut results: Vec<_> = tasks.iter().map(|task| Err(nobody(task))).collect();
        let mut able: Vec<_> = tasks.iter().map(|task| self.able(task).into_iter()).collect();
        loop {
            // Whom it is the turn of: the first in the beginning, the next after a decline.
            let is_open = |result: &Result<(), SolverError>| result.as_ref().is_err_and(SolverError::is_declined);
            let turn =
                |(able, result): (&mut std::vec::IntoIter<usize>, _)| is_open(result).then(|| able.next()).flatten();
            let turns: Vec<_> = able.iter_mut().zip(&results).map(turn).collect();
            if turns.iter().all(Option::is_none) {
                return results;
            }
            for (place, answer) in
                self.each(tasks, &turns, |solver, tasks| solver.present(tasks)).into_iter().enumerate()
            {
                let (Some(answer), Some(owner)) = (answer, turns[place]) else { continue };
                if answer.is_ok() {
                    let mut owners = self.owners();
                    owners.retain(|(task, _)| *task != tasks[place]);
                    owners.push((tasks[place].clone(), owner));
                }
                results[place] = answer;
            }
        }
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        let whose: Vec<_> =
            tasks.iter().map(|task| self.owner(task).or_else(|| self.able(task).first().copied())).collect();
        let results = self.each(tasks, &whose, |solver, tasks| solver.verify(tasks));
        results.into_iter().zip(tasks).map(|(result, task)| result.unwrap_or_else(|| Err(nobody(task)))).collect()
    }

    fn rejected(&self, task: &Task, why: &str) -> bool {
        let Some(owner) = self.owner(task) else { return false };
        if self.members[owner].solver.rejected(task, why) {
            return true;
        }
        let failed = (task.identifier.clone(), task.wildcard, task.kind.clone(), owner);
        self.rejected.lock().unwrap_or_else(PoisonError::into_inner).push(failed);
        !self.able(task).is_empty()
    }

    /// What an earlier process has put in place, or a solver in a panic, is taken away by all that may have done it.
    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        let mut whose: Vec<_> = tasks
            .iter()
            .map(|task| self.owner(task).map_or_else(|| self.able(task), |owner| vec![owner]).into_iter())
            .collect();
        let mut results: Vec<_> = tasks.iter().map(|_| Ok(())).collect();
        loop {
            let turns: Vec<_> = whose.iter_mut().map(Iterator::next).collect();
            if turns.iter().all(Option::is_none) {
                break;
            }
            let answers = self.each(tasks, &turns, |solver, tasks| solver.clean_up(tasks));
            for (result, answer) in results.iter_mut().zip(answers) {
                if let (Ok(()), Some(answer)) = (&result, answer) {
                    *result = answer;
                }
            }
        }
        let gone: Vec<_> =
            tasks.iter().zip(&results).filter(|(_, result)| result.is_ok()).map(|(task, _)| task).collect();
        self.owners().retain(|(task, _)| !gone.contains(&task));
        results
    }
}

fn nobody(task: &Task) -> SolverError {
    SolverError::declined(
        format!("no solver is there for {} of {}", task.kind, task.ordered_identifier()),
        "choose one for this name, or one for any name",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_pattern_is_the_one_that_says_most() {
        for (why, pattern, name, wildcard, want) in [
            ("itself", "a.test", "a.test", false, Some(usize::MAX - 1)),
            ("in any spelling", "A.Test.", "a.test", false, Some(usize::MAX - 1)),
            ("its wildcard, proven at the same place", "a.test", "a.test", true, Some(usize::MAX - 1)),
            ("not what is below", "a.test", "www.a.test", false, None),
            ("the wildcard itself", "*.a.test", "a.test", true, Some(usize::MAX)),
            ("not the name without it", "*.a.test", "a.test", false, None),
            ("below it", "*.a.test", "www.a.test", false, Some(2)),
            ("far below it", "*.a.test", "x.y.a.test", true, Some(2)),
            ("farther up fits less", "*.test", "www.a.test", false, Some(1)),
            ("labels are whole", "*.a.test", "ba.test", false, None),
            ("an address", "192.0.2.1", "192.0.2.1", false, Some(usize::MAX)),
            ("another address", "192.0.2.1", "192.0.2.2", false, None),
            ("an address in another spelling", "[2001:DB8::0:1]", "2001:db8::1", false, Some(usize::MAX)),
            ("no name is an address", "*.2", "192.0.2.2", false, None),
        ] {
            let Ok(pattern) = NamePattern::parse(pattern) else {
                assert!(want.is_none(), "{why}");
                continue;
            };
            assert_eq!(pattern.closeness(&Identifier::parse(name).unwrap(), wildcard), want, "{why}");
        }
    }
}
