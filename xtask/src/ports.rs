//! Free ports on loopback, for servers that must be told theirs.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::Context;

/// Ports nobody listens on, below those a system gives to outgoing connections, which would take them in between.
pub(crate) fn free_ports<const N: usize>() -> anyhow::Result<[SocketAddr; N]> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let spread = std::process::id() as u16;
    let candidates =
        std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(spread) % 12_000 + 20_000);
    let free = candidates.take(12_000).map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let found: Vec<_> = free.filter(|address| TcpListener::bind(address).is_ok()).take(N).collect();
    found.try_into().ok().context("no free ports between 20000 and 32000 on 127.0.0.1")
}
