//! The end of programs at Ctrl-C and its like.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Ends programs that run, for a process that is itself told to end. Its clones are one and the same.
#[derive(Clone, Debug, Default)]
pub struct Interruption(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    interrupted: AtomicUsize,
    running: AtomicUsize,
}

impl Interruption {
    /// Ends those programs that run now, as when their time is up. From now on no answer is put in place any more; those
    /// that are there are taken away by programs that run until this is called once more.
    pub fn interrupt(&self) {
        self.0.interrupted.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether no program runs.
    pub fn is_idle(&self) -> bool {
        self.0.running.load(Ordering::SeqCst) == 0
    }

    pub(super) fn count(&self) -> usize {
        self.0.interrupted.load(Ordering::SeqCst)
    }

    /// A program runs for as long as the result lives.
    pub(super) fn running(&self) -> Running<'_> {
        self.0.running.fetch_add(1, Ordering::SeqCst);
        Running { interruption: self, begun: self.count() }
    }
}

/// One run of a program.
pub(super) struct Running<'a> {
    interruption: &'a Interruption,
    begun: usize,
}

impl Running<'_> {
    pub(super) fn is_interrupted(&self) -> bool {
        self.interruption.count() != self.begun
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.interruption.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
