//! `luacme doctor`: what stands in the way of a certificate, and what to do about it.

mod addresses;
mod ca;
mod caa;
mod challenge_records;
mod code;
mod finding;
mod holder;
mod jobs;
mod name;
mod plan;
mod ports;
mod report;
mod state_files;
mod web;

use std::sync::Arc;
use std::time::Duration;

use acme_proto::Identifier;

use crate::Done;
use crate::arguments::{Doctor, Getcert, Shared};
use crate::certificate_store::stored_settings;
use crate::client;
use crate::failure::Failure;
use crate::getcert;
use crate::output::Output;
use crate::solver_arguments::SolverArguments;
use crate::solver_choice;
use crate::solver_settings::{BoundWay, SolverSettings, Way};
use crate::state::State;
use ca::Authority;
pub(crate) use code::Severity;
pub(crate) use finding::Finding;
use jobs::Job;
use plan::{Plan, Subject};
pub(crate) use report::{summary, text};

/// All checks of the names end after this.
const ALL: Duration = Duration::from_secs(60);

/// A hook that takes away what a killed run left may take this long.
const HOOKS: Duration = Duration::from_secs(300);

/// After a failed challenge all checks of names end after this,
const AFTER_FAILURE: Duration = Duration::from_secs(7);

/// and the CA's directory is waited for so long before that: 10 s in all.
const DIRECTORY: Duration = Duration::from_secs(3);

pub(crate) fn run(shared: &Shared, verb: &Doctor, output: &Output) -> Result<Done, Failure> {
    let identifiers = getcert::identifiers(&verb.names)?;
    let folder = getcert::folder_name(verb.cert_name.as_deref(), &identifiers)?;
    let state = State::for_certificate(shared, &folder)?;
    solver_choice::clean_up_after_others(&state.dir, shared, HOOKS, output)?;
    let settings = settings(&state, &folder, &verb.solvers)?;
    let account = match client::stored(shared, &state, output)? {
        Some(account) => account,
        None => client::without_account(shared, output)?,
    };
    let mut findings = ca::check(&account);
    findings.extend(state_files::check(&state));
    let subjects = identifiers.into_iter().map(|name| Subject::new(name, &settings)).collect();
    findings.extend(examine(Plan::new(subjects, settings, Authority::new(&account), ALL).noting_in(&state.dir)));
    let findings = report::sorted(findings);
    output.findings(&findings);
    Ok(if has_errors(&findings) { Done::FoundErrors } else { Done::Complete })
}

/// What may be the reason that control of some names was not proven: errors and warnings about these names and ways alone.
pub(crate) fn after_failure(shared: &Shared, verb: &Getcert, failure: &Failure, output: &Output) {
    if failure.unproven.is_empty() || output.is_quiet() {
        return;
    }
    // That something went wrong is told already; that this went wrong too helps nobody.
    if let Ok(findings) = reasons(shared, verb, failure, output) {
        output.reasons(&findings);
    }
}

fn reasons(shared: &Shared, verb: &Getcert, failure: &Failure, output: &Output) -> Result<Vec<Finding>, Failure> {
    let identifiers = getcert::identifiers(verb.names.iter().chain(&verb.domains))?;
    let folder = getcert::folder_name(verb.cert_name.as_deref(), &identifiers)?;
    let state = State::for_certificate(shared, &folder)?;
    let settings = settings(&state, &folder, &verb.solvers)?;
    let Some(account) = client::stored(shared, &state, output)? else { return Ok(Vec::new()) };
    let authority = Authority::within(DIRECTORY, account);
    let subject = |(name, kind): &(Identifier, _)| Subject::new(name.clone(), &settings).only(Option::clone(kind));
    let subjects = failure.unproven.iter().map(subject).collect();
    let mut findings = examine(Plan::new(subjects, settings, authority, AFTER_FAILURE).noting_in(&state.dir));
    findings.retain(|finding| finding.severity() <= Severity::Warning);
    Ok(report::sorted(findings))
}

/// As the command line says; what it leaves open, as a stored certificate was asked for.
fn settings(state: &State, folder: &str, given: &SolverArguments) -> Result<SolverSettings, Failure> {
    let before = stored_settings(&state.dir.join("certs").join(folder))?;
    Ok(SolverSettings::new(given, before.as_ref().map(|before| &before.solver)))
}

fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity() == Severity::Error)
}

/// Looks into one matter of one name.
type Check = fn(&Plan, &Subject) -> Vec<Finding>;

/// All checks of names and ways. What several of them find is told once.
fn examine(plan: Plan) -> Vec<Finding> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut ways: Vec<BoundWay> = Vec::new();
    for (number, subject) in plan.subjects.iter().enumerate() {
        let checks: [(bool, Check); 4] = [
            (subject.needs_address(), name::check),
            (subject.needs_record(), challenge_records::check),
            (subject.is_domain(), caa::check),
            (subject.needs_address() && subject.ways.is_empty(), web::any),
        ];
        for (_, check) in checks.into_iter().filter(|(needed, _)| *needed) {
            jobs.push(Box::new(move |plan| check(plan, &plan.subjects[number])));
        }
        ways.extend(subject.ways.iter().filter(|way| !ways.contains(way)).cloned().collect::<Vec<_>>());
    }
    // Our own listener would be found to hold the port.
    let listens = ways.iter().any(|bound| bound.way == Way::Standalone);
    for way in ways {
        jobs.push(Box::new(move |plan| web::check(plan, &way)));
    }
    if !listens && plan.subjects.iter().any(|subject| subject.ways.is_empty() && subject.needs_address()) {
        jobs.push(Box::new(|plan| {
            vec![ports::check(&ports::listen_addresses(plan.settings.http_addr(&[]), plan.http_port(&[])), false)]
        }));
    }
    let mut findings: Vec<Finding> = Vec::new();
    for finding in jobs::run(&Arc::new(plan), jobs) {
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
    findings
}
