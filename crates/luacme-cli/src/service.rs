//! What systemd is told of a service: the protocol of sd_notify(3), over `$NOTIFY_SOCKET`.

use std::ffi::OsString;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::thread;
use std::time::Duration;

/// Whoever wants to be told. Without a service manager nobody does.
pub(crate) struct Service(Option<(UnixDatagram, SocketAddr)>);

impl Service {
    /// As the environment says.
    pub(crate) fn from_environment() -> Self {
        let address = std::env::var_os("NOTIFY_SOCKET").and_then(address);
        Self(address.and_then(|address| Some((UnixDatagram::unbound().ok()?, address))))
    }

    /// Tells it. Not being heard is no failure of ours.
    pub(crate) fn tell(&self, state: &str) {
        if let Some((socket, address)) = &self.0 {
            let _ = socket.send_to_addr(state.as_bytes(), address);
        }
    }

    /// From now on says that this process lives, twice as often as is asked for.
    pub(crate) fn feed_watchdog(&self) {
        let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let is_for_us = number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let Some(limit) = number("WATCHDOG_USEC").filter(|limit| is_for_us && *limit > 0) else { return };
        let dog = Self::from_environment();
        thread::spawn(move || {
            loop {
                dog.tell("WATCHDOG=1");
                thread::sleep(Duration::from_micros(limit / 2));
            }
        });
    }
}

/// A path, or a name that is in no folder, which begins with @.
fn address(text: OsString) -> Option<SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = text.to_str().and_then(|text| text.strip_prefix('@')) {
        use std::os::linux::net::SocketAddrExt as _;
        return SocketAddr::from_abstract_name(name).ok();
    }
    SocketAddr::from_pathname(text).ok()
}
