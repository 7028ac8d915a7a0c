//! A moment after which no socket waits any longer, however little at a time the other side sends.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The time that is left, never zero, which would mean no limit to a socket.
    pub(crate) fn left(self) -> io::Result<Duration> {
        match self.0.saturating_duration_since(Instant::now()) {
            Duration::ZERO => Err(io::ErrorKind::TimedOut.into()),
            left => Ok(left),
        }
    }

    /// Reads what is there; nothing means the end.
    pub(crate) fn read(self, mut stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.set_read_timeout(Some(self.left()?))?;
        stream.read(buffer).map_err(timed_out)
    }

    pub(crate) fn write_all(self, mut stream: &TcpStream, mut octets: &[u8]) -> io::Result<()> {
        while !octets.is_empty() {
            stream.set_write_timeout(Some(self.left()?))?;
            let count = stream.write(octets).map_err(timed_out)?;
            octets = &octets[count..];
        }
        Ok(())
    }
}

/// The error of a socket whose time is up, by one name: platforms have two.
pub(crate) fn timed_out(why: io::Error) -> io::Error {
    match why.kind() {
        io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
        _ => why,
    }
}
