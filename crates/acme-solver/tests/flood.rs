//! The listener under attack: the CA is answered within a second, and memory stays small.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use acme_solver::http01::Standalone;
use common::{One as _, http_task};
use socket2::{Domain, Socket, Type};

const CLIENTS: usize = 1000;
/// Of the whole process, test harness included, in KiB.
const MEMORY: usize = 20 * 1024;
/// Between the octets of a slow client.
const PAUSE: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(1);

/// The listener in a process of its own, whose memory is counted alone.
struct Server(Child, SocketAddr);

impl Server {
    fn start(test: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env("FLOOD_SERVER", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| line.unwrap().split_once("listening ")?.1.parse().ok());
        Self(child, address.unwrap())
    }

    /// In the other process: does not come back.
    fn be_it_if_asked() {
        if std::env::var_os("FLOOD_SERVER").is_none() {
            return;
        }
        let solver = Standalone::new(["127.0.0.1:0".parse().unwrap()]);
        solver.present_one(&http_task("one")).unwrap();
        println!("listening {}", solver.listening()[0]);
        std::io::stdin().lines().for_each(drop);
        std::process::exit(0);
    }

    /// The most memory it ever had, in KiB.
    fn memory(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// How long the CA, which comes from an address, waits for the right answer; an error when it does not get it.
fn ask(from: [u8; 4], server: SocketAddr) -> std::io::Result<Duration> {
    let started = Instant::now();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::from(from), 0)).into())?;
    socket.connect_timeout(&server.into(), Duration::from_secs(5))?;
    let mut stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(b"GET /.well-known/acme-challenge/one HTTP/1.1\r\nHost: a.test\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\r\n\r\none."), "{answer:?}");
    Ok(started.elapsed())
}

fn dribble(server: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.write_all(b"GET /.well-known/").unwrap();
    stream
}

#[test]
fn the_ca_is_answered_through_a_thousand_slow_clients() {
    Server::be_it_if_asked();
    let server = Server::start("the_ca_is_answered_through_a_thousand_slow_clients");
    let address = server.1;
    let clients: Vec<_> = (0..CLIENTS).map(|_| dribble(address)).collect();
    for _ in 0..5 {
        let took = ask([127, 0, 0, 1], address).unwrap();
        assert!(took < PATIENCE, "among {CLIENTS} that hold on: {took:?}");
    }
    slow_loris(clients, address, || {
        for _ in 0..20 {
            let took = ask([127, 0, 0, 2], address).unwrap();
            assert!(took < PATIENCE, "among {CLIENTS} that come back: {took:?}");
        }
    });
    let memory = server.memory();
    println!("{memory} KiB");
    assert!(memory < MEMORY, "{memory} KiB");
}

/// While `during` runs, every client sends an octet now and then, and comes back when it is cut off.
fn slow_loris(clients: Vec<TcpStream>, server: SocketAddr, during: impl FnOnce()) {
    let (stop, returns) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (stop, returns) = (&stop, &returns);
    let mut clients = clients.into_iter();
    let mut groups: Vec<Vec<_>> = (0..4).map(|_| clients.by_ref().take(CLIENTS / 4).collect()).collect();
    thread::scope(|scope| {
        for group in &mut groups {
            scope.spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    for client in
                        group.iter_mut().filter_map(|client| client.write_all(b"a").is_err().then_some(client))
                    {
                        *client = dribble(server);
                        returns.fetch_add(1, Ordering::SeqCst);
                    }
                    thread::sleep(PAUSE);
                }
            });
        }
        while returns.load(Ordering::SeqCst) < 2 * CLIENTS {
            thread::yield_now();
        }
        let during = std::panic::catch_unwind(std::panic::AssertUnwindSafe(during));
        stop.store(true, Ordering::SeqCst);
        during.unwrap();
    });
}
