//! The CA's threads, all of which end when it does.

use std::collections::HashMap;
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

/// Sockets open at a time.
const MAX_SOCKETS: usize = 256;

/// Threads, and the sockets that they may be waiting for.
#[derive(Default)]
pub(crate) struct Workers {
    stopping: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
    sockets: Arc<Mutex<HashMap<usize, TcpStream>>>,
    next: AtomicUsize,
}

impl Workers {
    /// Runs `work` on a thread of its own, unless the CA is about to end.
    pub(crate) fn spawn(&self, work: impl FnOnce() + Send + 'static) {
        let mut threads = lock(&self.threads);
        threads.retain(|thread| !thread.is_finished());
        if !self.is_stopping()
            && let Ok(thread) = thread::Builder::new().name("acme-testca".into()).spawn(work)
        {
            threads.push(thread);
        }
    }

    /// Has `socket` shut down when the CA ends. `None` when it is ending, or too many are open.
    pub(crate) fn watch(&self, socket: &TcpStream) -> Option<Watched> {
        let mut sockets = lock(&self.sockets);
        if self.is_stopping() || sockets.len() >= MAX_SOCKETS {
            return None;
        }
        let key = self.next.fetch_add(1, Ordering::Relaxed);
        sockets.insert(key, socket.try_clone().ok()?);
        Some(Watched { sockets: Arc::clone(&self.sockets), key })
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// From here on no thread is started and no socket opened.
    pub(crate) fn begin_stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        for socket in lock(&self.sockets).values() {
            // One that is closed already needs no shutdown.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Waits for all threads to end.
    pub(crate) fn join(&self) {
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            // A panic in it was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// A watched socket; forgotten when dropped.
pub(crate) struct Watched {
    sockets: Arc<Mutex<HashMap<usize, TcpStream>>>,
    key: usize,
}

impl Drop for Watched {
    fn drop(&mut self) {
        lock(&self.sockets).remove(&self.key);
    }
}

/// Locks in spite of a panic elsewhere: a test that fails should fail with its own message.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
