//! Many checks at once, in a time that has an end.

use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::code::Code;
use super::finding::Finding;
use super::plan::Plan;

/// So many checks run at the same time.
const AT_ONCE: usize = 16;

/// One check.
pub(crate) type Job = Box<dyn FnOnce(&Plan) -> Vec<Finding> + Send>;

/// Runs all of them. What is not done when the plan's time is up is left out, and said.
pub(crate) fn run(plan: &Arc<Plan>, jobs: Vec<Job>) -> Vec<Finding> {
    let count = jobs.len();
    let queue = Arc::new(Mutex::new(jobs.into_iter().enumerate()));
    let (tell, told) = mpsc::channel();
    for _ in 0..count.min(AT_ONCE) {
        let (plan, queue, tell) = (Arc::clone(plan), Arc::clone(&queue), tell.clone());
        std::thread::spawn(move || {
            while let Some((number, job)) = next(&queue) {
                if plan.left().is_zero() || tell.send((number, job(&plan))).is_err() {
                    return;
                }
            }
        });
    }
    drop(tell);
    collect(&told, plan.until, count)
}

fn next(queue: &Mutex<impl Iterator<Item = (usize, Job)>>) -> Option<(usize, Job)> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).next()
}

/// In the order of the jobs, whichever ended first.
fn collect(told: &mpsc::Receiver<(usize, Vec<Finding>)>, until: Instant, count: usize) -> Vec<Finding> {
    let mut all = Vec::new();
    while all.len() < count {
        match told.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(one) => all.push(one),
            Err(_) => break,
        }
    }
    let missing = count - all.len();
    all.sort_by_key(|(number, _)| *number);
    let mut findings: Vec<_> = all.into_iter().flat_map(|(_, findings)| findings).collect();
    if missing > 0 {
        findings.push(Finding::new(Code::Unfinished, format!("{missing} of {count} checks")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::doctor::ca::Authority;
    use crate::solver_settings::SolverSettings;

    fn plan(time: Duration) -> Arc<Plan> {
        Arc::new(Plan::new(Vec::new(), SolverSettings::default(), Authority::default(), time))
    }

    fn names(findings: &[Finding]) -> Vec<&str> {
        findings.iter().map(|finding| finding.code.name()).collect()
    }

    #[test]
    fn findings_come_in_the_order_of_the_checks() {
        let evidence = |text: &'static str| -> Job { Box::new(move |_| vec![Finding::new(Code::PortFree, text)]) };
        let texts: Vec<_> = (0..40).map(|number| &*Box::leak(number.to_string().into_boxed_str())).collect();
        let found = run(&plan(Duration::from_secs(60)), texts.iter().map(|text| evidence(text)).collect());
        assert_eq!(found.iter().map(|finding| finding.evidence.as_str()).collect::<Vec<_>>(), texts);
    }

    #[test]
    fn a_check_that_does_not_end_is_left_out_and_said() {
        let (_keep, never) = mpsc::channel::<()>();
        let endless: Job = Box::new(move |_| never.recv().map(|()| Vec::new()).unwrap_or_default());
        let found = run(&plan(Duration::from_millis(50)), vec![endless]);
        assert_eq!(names(&found), ["unfinished"]);
    }
}
