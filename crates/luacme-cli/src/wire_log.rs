//! `--wire-log`: every exchange with the CA as people can read it, without its secrets.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError};

use acme_account::{Event, Observer};
use jiff::Timestamp;

use crate::arguments::Shared;
use crate::failure::{Failure, printable};

/// Appends exchanges to a file and passes every event on.
struct WireLog {
    file: Mutex<File>,
    failed: Once,
    next: Arc<dyn Observer>,
}

/// `next`, behind a log of the exchanges when one is asked for.
pub(crate) fn before(next: Arc<dyn Observer>, shared: &Shared) -> Result<Arc<dyn Observer>, Failure> {
    let Some(path) = &shared.wire_log else { return Ok(next) };
    let file = Mutex::new(open(path)?);
    Ok(Arc::new(WireLog { file, failed: Once::new(), next }))
}

fn open(path: &Path) -> Result<File, Failure> {
    let failed = |error| Failure::file("open", path, error);
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed)?;
    let found = file.metadata().map_err(failed)?;
    // A terminal or a pipe is whoever's it is.
    match found.is_file() && found.permissions().mode() & 0o077 != 0 {
        false => Ok(file),
        true => Err(Failure::new(
            format!("others than its owner may open {}", path.display()),
            "a wire log is for its owner alone: `chmod 600` it, or name another file",
        )),
    }
}

impl Observer for WireLog {
    fn event(&self, event: &Event<'_>) {
        if let Some(entry) = entry(event) {
            let entry = format!("{:.3} {}\n", Timestamp::now(), printable(&entry));
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = file.write_all(entry.as_bytes()) {
                self.failed.call_once(|| eprintln!("warning: the wire log is not complete: {error}"));
            }
        }
        self.next.event(event);
    }
}

/// Both sides of an exchange bear its number: those of threads may be interleaved.
fn entry(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Request { exchange, method, url, message, .. } => {
            Some(format!("#{exchange} > {method} {url}\n{message}"))
        }
        Event::Response { exchange, url, status, message } => {
            Some(format!("#{exchange} < {status} from {url}\n{message}"))
        }
        Event::Unanswered { exchange, url, why } => Some(format!("#{exchange} < no answer from {url}: {why}\n")),
        _ => None,
    }
}
