//! A CA that treats every request as planned; in place of time it has a clock that moves when somebody sleeps or asks.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use acme_account::{Clock, Limits, Readiness, Solver, SolverError, Task, Transport, TransportError};
use acme_proto::{ChallengeType, Identifier};

use super::answers::{Treatment, answer};

/// More requests than this are without end. Most go into refused nonces (64 for a request) and orders of 1000
/// authorizations, each read a few times.
const MAX_REQUESTS: usize = 20_000;

pub(crate) const START: Duration = Duration::from_secs(1_800_000_000);

pub(crate) struct HostileCa {
    /// From the end on it begins anew.
    plan: Vec<Treatment>,
    /// Whether the directory and nonces are treated as well, so that the plan may not get far.
    everything: bool,
    pub(crate) requests: Mutex<Vec<String>>,
    now: Mutex<SystemTime>,
}

impl HostileCa {
    pub(crate) fn new(plan: Vec<Treatment>, everything: bool) -> Self {
        let now = Mutex::new(SystemTime::UNIX_EPOCH + START);
        Self { plan, everything, requests: Mutex::default(), now }
    }
}

impl Transport for HostileCa {
    fn send(&self, request: http::Request<Vec<u8>>, _: Limits) -> Result<http::Response<Vec<u8>>, TransportError> {
        *self.now.lock().unwrap() += Duration::from_millis(10);
        let path = request.uri().path().to_owned();
        let mut requests = self.requests.lock().unwrap();
        requests.push(path.clone());
        let count = requests.len();
        assert!(count <= MAX_REQUESTS, "requests without end: {:?} …", &requests[..9]);
        let spared = !self.everything && matches!(path.as_str(), "/directory" | "/new-nonce");
        let right = Treatment::Right(0);
        let how = if spared { &right } else { &self.plan[count % self.plan.len()] };
        answer(&path, &format!("nonce-{count}"), how)
    }
}

impl Clock for HostileCa {
    fn now(&self) -> SystemTime {
        *self.now.lock().unwrap()
    }

    fn sleep(&self, pause: Duration) {
        *self.now.lock().unwrap() += pause;
    }
}

/// Meets anything.
pub(crate) struct AnySolver;

impl Solver for AnySolver {
    fn challenge_types(&self, _: &Identifier, _: bool) -> Vec<ChallengeType> {
        vec![ChallengeType::Http01, ChallengeType::Dns01, ChallengeType::DnsPersist01]
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| drop(task.describe())).map(Ok).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|_| Ok(Readiness::Ready)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|_| Ok(())).collect()
    }
}
