//! Ctrl-C and its like: what is in place is taken away before the program ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use acme_solver::journal::Journaled;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::{Handle, Signals};

use crate::failure::Failure;
use crate::hooks::Hooks;

/// Whether SIGHUP means something else than the end.
static HANGUP_IS_NO_END: AtomicBool = AtomicBool::new(false);

/// A service has no terminal to lose: SIGHUP asks it to read its files again.
pub(crate) fn hangup_is_no_end() {
    HANGUP_IS_NO_END.store(true, Ordering::SeqCst);
}

/// Does some work. A signal that ends the program ends it only after the answers are taken away and the post-hooks are run.
pub(crate) fn clean_at_signals<T>(
    solver: &Journaled<'_>,
    hooks: &Hooks<'_>,
    work: impl FnOnce() -> T,
) -> Result<T, Failure> {
    let ends =
        if HANGUP_IS_NO_END.load(Ordering::SeqCst) { vec![SIGINT, SIGTERM] } else { vec![SIGINT, SIGTERM, SIGHUP] };
    let mut signals = Signals::new(&ends[..])
        .map_err(|error| Failure::new(format!("cannot watch for signals: {error}"), "try again"))?;
    thread::scope(|scope| {
        // Ends the thread below also when the work panics.
        let _closing = Closing(signals.handle());
        scope.spawn(move || {
            if let Some(signal) = signals.forever().next() {
                for (task, error) in solver.clean_up_now() {
                    hooks
                        .output
                        .warn(&format!("the answer for {} is left behind: {error}", task.identifier), error.advice());
                }
                if let Err(failure) = hooks.after() {
                    hooks.output.warn(&failure.what, &failure.todo);
                }
                std::process::exit(128 + signal);
            }
        });
        Ok(work())
    })
}

/// Watches for signals no more when it goes out of scope.
struct Closing(Handle);

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.close();
    }
}
