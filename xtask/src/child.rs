//! A child process that does not outlive its owner and writes to files.

use std::{
    fs::File,
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child as Process, Command, ExitStatus, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};

use crate::shell::words;

/// How often to look again at a port or a process.
const PAUSE: Duration = Duration::from_millis(20);

/// A running program, killed on drop.
pub(crate) struct Child {
    process: Process,
    name: String,
}

impl Child {
    /// Starts the command without stdin, its output in these two files.
    pub(crate) fn spawn(mut command: Command, stdout: &Path, stderr: &Path) -> anyhow::Result<Self> {
        let create = |file: &Path| File::create(file).with_context(|| format!("could not write {}", file.display()));
        command.stdin(Stdio::null()).stdout(create(stdout)?).stderr(create(stderr)?);
        let process = command.spawn().with_context(|| format!("could not start `{}`", words(&command)))?;
        Ok(Self { process, name: words(&command) })
    }

    /// Waits until something accepts connections at `address`.
    pub(crate) fn wait_for_port(&mut self, address: SocketAddr, patience: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + patience;
        while TcpStream::connect_timeout(&address, PAUSE).is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("`{}` ended early ({status})", self.name);
            }
            self.pause_until(deadline, &format!("does not listen on {address}"))?;
        }
        Ok(())
    }

    /// Waits for the end.
    pub(crate) fn wait(&mut self, patience: Duration) -> anyhow::Result<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status);
            }
            self.pause_until(deadline, "is still running")?;
        }
    }

    fn pause_until(&self, deadline: Instant, trouble: &str) -> anyhow::Result<()> {
        if Instant::now() >= deadline {
            bail!("`{}` {trouble} after its time", self.name);
        }
        sleep(PAUSE);
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Either fails only when the process is gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
