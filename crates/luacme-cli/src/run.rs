//! `luacme run`: renews for ever, as a service.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, SystemTime};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::Done;
use crate::arguments::{Run, Shared};
use crate::certificate_folder::CertificateFolder;
use crate::failure::Failure;
use crate::interruption;
use crate::outlook::Outlook;
use crate::output::Output;
use crate::round::Round;
use crate::service::Service;
use crate::state::State;

/// The shortest and the longest pause between two rounds. A computer that slept must not sleep on for long.
const PAUSES: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3600));

pub(crate) fn run(shared: &Shared, verb: &Run, output: &Output) -> Result<Done, Failure> {
    let state = State::locate(shared)?;
    interruption::is_service();
    let stop = Arc::new(AtomicBool::new(false));
    let signals = watch(&stop)?;
    let service = Service::from_environment();
    service.tell("READY=1");
    service.feed_watchdog();
    while !stop.load(Ordering::SeqCst) {
        if let Err(failure) = round(shared, verb, &state, &stop, output) {
            output.failure(&failure);
        }
        match signals.recv_timeout(pause(&state, SystemTime::now())) {
            Ok(SIGHUP) => service.tell("STATUS=reading everything again"),
            Err(RecvTimeoutError::Timeout) => {}
            _ => break,
        }
    }
    service.tell("STOPPING=1");
    Ok(Done::Complete)
}

/// Signals as they come. Those that end the service also stop a round before its next certificate.
fn watch(stop: &Arc<AtomicBool>) -> Result<Receiver<i32>, Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])
        .map_err(|error| Failure::new(format!("cannot watch for signals: {error}"), "try again"))?;
    let (sender, receiver) = channel();
    let stop = Arc::clone(stop);
    thread::spawn(move || {
        for signal in signals.forever() {
            stop.fetch_or(signal != SIGHUP, Ordering::SeqCst);
            if sender.send(signal).is_err() {
                return;
            }
        }
    });
    Ok(receiver)
}

fn round(shared: &Shared, verb: &Run, state: &State, stop: &AtomicBool, output: &Output) -> Result<(), Failure> {
    let folders = CertificateFolder::all(&state.dir)?;
    let round = Round::new(shared, state, false, Duration::from_secs(verb.hook_timeout), output);
    round.work(&folders, stop)?;
    // What is the same every hour fills logs.
    if round.is_eventful() {
        round.tell();
    }
    Ok(())
}

/// Until something is to be done.
fn pause(state: &State, now: SystemTime) -> Duration {
    let folders = CertificateFolder::all(&state.dir).unwrap_or_default();
    let outlooks = folders.iter().filter_map(|folder| Outlook::read(folder, now).ok());
    let next = outlooks.filter(|outlook| outlook.settings.is_some()).map(|outlook| outlook.next_action(now)).min();
    let wait = next.map_or(PAUSES.1, |next| next.duration_since(now).unwrap_or_default());
    wait.clamp(PAUSES.0, PAUSES.1)
}
