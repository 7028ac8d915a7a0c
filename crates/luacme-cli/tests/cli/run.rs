//! `luacme run`: a service, as systemd sees it.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::Bench;

const PATIENCE: Duration = Duration::from_secs(20);

fn start(bench: &Bench) -> (Child, UnixDatagram) {
    let socket = UnixDatagram::bind(bench.beside("notify")).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let child = Command::new(env!("CARGO_BIN_EXE_luacme"))
        .env_clear()
        .env("NOTIFY_SOCKET", bench.beside("notify"))
        .env("WATCHDOG_USEC", "100000")
        .current_dir(bench.beside(""))
        .args(["run", "--dir", "state"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    (child, socket)
}

/// Waits until the service says this.
fn hear(socket: &UnixDatagram, wanted: &str) {
    let mut buffer = [0; 100];
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        let length = socket.recv(&mut buffer).unwrap();
        if &buffer[..length] == wanted.as_bytes() {
            return;
        }
    }
    panic!("{wanted:?} was never said");
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn it_is_ready_lives_reads_again_and_ends() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let (mut child, socket) = start(&bench);
    hear(&socket, "READY=1");
    hear(&socket, "WATCHDOG=1");

    let renewal = bench.read("certs/a.test/renewal.json");
    let due = |line: &str| match line.contains("\"moment\"") {
        true => "\"moment\": \"2020-01-01T00:00:00Z\",".to_owned(),
        false => line.to_owned(),
    };
    fs::write(bench.file("certs/a.test/renewal.json"), renewal.lines().map(due).collect::<String>()).unwrap();
    signal(&child, "-HUP");
    let end = Instant::now() + PATIENCE;
    while !bench.version("a.test").ends_with("2") {
        assert!(Instant::now() < end, "SIGHUP did not have it look");
        std::thread::sleep(Duration::from_millis(20));
    }

    signal(&child, "-TERM");
    hear(&socket, "STOPPING=1");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(fs::read_dir(bench.file("journal")).map_or(true, |mut left| left.next().is_none()), "an answer is left");
}

#[test]
fn without_a_service_manager_it_runs_too() {
    let bench = Bench::start();
    let mut child = Command::new(env!("CARGO_BIN_EXE_luacme"))
        .env_clear()
        .args(["run", "--dir", bench.dir().to_str().unwrap()])
        .spawn()
        .unwrap();
    // Until it watches for signals.
    let end = Instant::now() + PATIENCE;
    let watches = || {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        u64::from_str_radix(caught, 16).unwrap() & (1 << 14) != 0
    };
    while !watches() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&child, "-TERM");
    let ended = child.wait().unwrap();
    assert_eq!(ended.code(), Some(0), "{ended}");
}
