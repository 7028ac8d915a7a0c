//! One process in a group of its own, so that it ends with all it has started when its time is up.

use std::io::{self, Read, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::interruption::Running;
use super::output::{Output, Stream};

/// How often a process is looked at that writes nothing.
const TICK: Duration = Duration::from_millis(20);

/// Between the signal that asks a process to end and the one that ends it.
const GRACE: Duration = Duration::from_secs(2);

/// Output that comes later than this after the end of a process is that of others, which it left behind.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Code(i32),
    Signal(i32),
    /// It did not end in time, and was made to.
    Late,
    /// It was made to end, since this process is to.
    Interrupted,
}

/// What ends a process that does not end by itself.
pub(super) struct Limits<'a> {
    pub(super) timeout: Duration,
    pub(super) running: Running<'a>,
}

impl Limits<'_> {
    fn reached(&self, started: Instant) -> Option<Ending> {
        match self.running.is_interrupted() {
            true => Some(Ending::Interrupted),
            false => (started.elapsed() >= self.timeout).then_some(Ending::Late),
        }
    }
}

impl From<ExitStatus> for Ending {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

type Piece = (Stream, Vec<u8>);

/// Runs it to its end. What it has started itself, and left behind at its end, goes on.
pub(super) fn run(
    command: &mut Command,
    input: Vec<u8>,
    limits: &Limits<'_>,
    output: &mut Output<'_>,
) -> io::Result<Ending> {
    let mut child =
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let started = Instant::now();
    let pieces = connect(&mut child, input);
    loop {
        pass_on(&pieces, TICK, output);
        if let Some(status) = child.try_wait()? {
            pass_on_all(&pieces, LAST_WORDS, output);
            return Ok(status.into());
        }
        if let Some(ending) = limits.reached(started) {
            stop(&mut child, &pieces, output)?;
            return Ok(ending);
        }
    }
}

/// Feeds the process, and gathers what it writes.
fn connect(child: &mut Child, input: Vec<u8>) -> Receiver<Piece> {
    let (sender, pieces) = sync_channel(16);
    if let Some(mut stdin) = child.stdin.take() {
        // Who does not read it does not want it.
        thread::spawn(move || stdin.write_all(&input).ok());
    }
    if let Some(stdout) = child.stdout.take() {
        gather(Stream::Stdout, stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        gather(Stream::Stderr, stderr, sender);
    }
    pieces
}

/// Reads to the end even when nobody listens any more: whoever writes is not to be stopped by that.
fn gather(stream: Stream, mut from: impl Read + Send + 'static, to: SyncSender<Piece>) {
    thread::spawn(move || {
        let mut buffer = vec![0; 8192];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => drop(to.send((stream, buffer[..count].to_vec()))),
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
    });
}

/// Passes one piece on, or waits this long for it. Whether there may be more.
fn pass_on(pieces: &Receiver<Piece>, wait: Duration, output: &mut Output<'_>) -> bool {
    match pieces.recv_timeout(wait) {
        Ok((stream, octets)) => output.take(stream, &octets),
        Err(RecvTimeoutError::Timeout) => {}
        Err(RecvTimeoutError::Disconnected) => {
            thread::sleep(wait.min(TICK));
            return false;
        }
    }
    true
}

/// Passes all pieces on that come until both streams end, for at most this long. Whether they did end.
fn pass_on_all(pieces: &Receiver<Piece>, wait: Duration, output: &mut Output<'_>) -> bool {
    let started = Instant::now();
    while let Some(left) = wait.checked_sub(started.elapsed()) {
        if !pass_on(pieces, left.min(TICK), output) {
            return true;
        }
    }
    false
}

/// Ends the whole group: asks first, then does not ask. The process is waited for last, since until then its number is
/// no other's.
fn stop(child: &mut Child, pieces: &Receiver<Piece>, output: &mut Output<'_>) -> io::Result<()> {
    signal(child, Signal::TERM);
    pass_on_all(pieces, GRACE, output);
    signal(child, Signal::KILL);
    pass_on_all(pieces, LAST_WORDS, output);
    child.wait().map(drop)
}

/// A group that is gone needs no signal.
fn signal(child: &Child, signal: Signal) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        kill_process_group(group, signal).ok();
    }
}
