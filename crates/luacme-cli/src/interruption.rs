//! Ctrl-C and its like: what is in place is taken away before the program ends.
//!
//! The first signal ends programs that run, and has guarded work undone; the second ends the programs that undo it; the
//! third ends all at once, and leaves the rest to the next run.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use acme_solver::program::Interruption;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::failure::Failure;

static WATCH: LazyLock<Watch> = LazyLock::new(Watch::default);

/// How often programs are looked at that are being ended.
const TICK: Duration = Duration::from_millis(20);

/// What is known to the thread that watches for signals, which outlives all work.
#[derive(Default)]
struct Watch {
    programs: Interruption,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_watching: bool,
    is_service: bool,
    is_ending: bool,
    /// Work that is to be undone, by number, in the order it began. Whoever is told to undo it drops what he gets once he has.
    guards: Vec<(u64, Sender<Sender<()>>)>,
    next: u64,
}

/// What ends the programs that this process runs.
pub(crate) fn programs() -> &'static Interruption {
    &WATCH.programs
}

/// This process is a service: SIGHUP asks it to read its files again, and where no answer is in place it ends by itself.
pub(crate) fn is_service() {
    state().is_service = true;
}

/// Does some work. A signal that ends the program ends it only after `undo`, which runs beside the work.
pub(crate) fn undo_at_signals<T>(undo: impl FnOnce() + Send, work: impl FnOnce() -> T) -> Result<T, Failure> {
    watch().map_err(|error| Failure::new(format!("cannot watch for signals: {error}"), "try again"))?;
    let (guard, told) = Guard::new();
    Ok(thread::scope(|scope| {
        // Ends the thread below also when the work panics.
        let _guard = guard;
        scope.spawn(move || {
            if let Ok(done) = told.recv() {
                undo();
                drop(done);
                await_end();
            }
        });
        work()
    }))
}

/// Does not come back if a signal is about to end the program.
pub(crate) fn await_end() {
    drop(state_unless_ending());
}

fn state_unless_ending() -> MutexGuard<'static, State> {
    loop {
        let state = state();
        if !state.is_ending {
            return state;
        }
        drop(state);
        thread::park();
    }
}

/// Work that is to be undone at a signal.
struct Guard(u64);

impl Guard {
    fn new() -> (Self, Receiver<Sender<()>>) {
        let (tell, told) = channel();
        let mut state = state_unless_ending();
        state.next += 1;
        let number = state.next;
        state.guards.push((number, tell));
        (Self(number), told)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        state().guards.retain(|(number, _)| *number != self.0);
    }
}

fn state() -> MutexGuard<'static, State> {
    WATCH.state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn watch() -> std::io::Result<()> {
    let mut state = state();
    if !state.is_watching {
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        state.is_watching = true;
        thread::spawn(move || {
            for (before, signal) in signals.forever().filter(|signal| ends(*signal)).enumerate() {
                match before {
                    0 => end(signal),
                    1 => programs().interrupt(),
                    _ => std::process::exit(128 + signal),
                }
            }
        });
    }
    Ok(())
}

/// Whether a signal means the end, and that it is ours to bring it about. A service brings an attempt to its end, the outermost
/// guard, unless there is more to undo within it.
fn ends(signal: i32) -> bool {
    let State { is_service, is_ending, guards, .. } = &*state();
    !is_service || signal != SIGHUP && (*is_ending || guards.len() > 1)
}

/// Has everything undone, what began last first, by another thread, so that the next signal is seen.
fn end(signal: i32) {
    let mut state = state();
    state.is_ending = true;
    let guards = std::mem::take(&mut state.guards);
    drop(state);
    programs().interrupt();
    thread::spawn(move || {
        for (_, guard) in guards.into_iter().rev() {
            let (done, is_done) = channel();
            // Whoever is not there any more has nothing to undo.
            if guard.send(done).is_ok() {
                let _ = is_done.recv();
            }
        }
        while !programs().is_idle() {
            thread::sleep(TICK);
        }
        std::process::exit(128 + signal);
    });
}
