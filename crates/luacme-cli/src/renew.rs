//! `luacme renew`: all due certificates, as they were asked for.

use std::thread;
use std::time::{Duration, SystemTime};

use crate::Done;
use crate::arguments::{Renew, Shared};
use crate::certificate_folder::CertificateFolder;
use crate::failure::Failure;
use crate::outlook::Outlook;
use crate::output::Output;
use crate::renewal::random;
use crate::round::Round;
use crate::state::State;

pub(crate) fn run(shared: &Shared, verb: &Renew, output: &Output) -> Result<Done, Failure> {
    let state = State::locate(shared)?;
    let folders = CertificateFolder::chosen(&state.dir, &verb.names)?;
    let hook_timeout = Duration::from_secs(verb.hook_timeout);
    let round = Round::new(shared, &state, verb.force, hook_timeout, output);
    if let Some(limit) = verb.random_sleep
        && (verb.force || has_work(&folders, SystemTime::now()))
    {
        thread::sleep(part(Duration::from_secs(limit), random()));
    }
    round.renew(&folders)
}

fn has_work(folders: &[CertificateFolder], now: SystemTime) -> bool {
    folders.iter().any(|folder| Outlook::read(folder, now).map_or(true, |outlook| !outlook.is_idle(now)))
}

/// A part of a time, each equally likely when `random` is.
pub(crate) fn part(whole: Duration, random: u64) -> Duration {
    let milliseconds = (whole.as_millis() * u128::from(random)) >> u64::BITS;
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_part_is_within_the_whole() {
        let whole = Duration::from_secs(480);
        assert_eq!(part(whole, 0), Duration::ZERO);
        assert_eq!(part(whole, u64::MAX / 2), Duration::from_millis(239_999));
        assert!(part(whole, u64::MAX) < whole);
    }
}
