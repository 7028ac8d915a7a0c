//! From settings to a solver.

use acme_account::Solver;
use acme_solver::Manual;
use acme_solver::http01::{Standalone, Webroot};

use crate::request_settings::SolverSettings;

/// The solver for some settings; `shown` are the marks of the challenges that a person was shown in an earlier run.
pub(crate) fn solver(settings: &SolverSettings, shown: &[String]) -> Box<dyn Solver> {
    match settings {
        SolverSettings::Standalone { http_addr: None } => Box::new(Standalone::default()),
        SolverSettings::Standalone { http_addr: Some(address) } => Box::new(Standalone::new([*address])),
        SolverSettings::Webroot { path, http_addr } => {
            let webroot = Webroot::new(path);
            Box::new(http_addr.iter().fold(webroot, |webroot, address| webroot.check_at(*address)))
        }
        SolverSettings::Manual { http_addr, resolver } => {
            let manual = Manual::new(shown.iter().cloned());
            let manual = http_addr.iter().fold(manual, |manual, address| manual.check_http_at(*address));
            Box::new(resolver.iter().fold(manual, |manual, resolver| manual.resolvers([*resolver])))
        }
    }
}
