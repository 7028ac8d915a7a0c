//! Web servers that answer for themselves: what they are told, and nginx doing it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use acme_account::Readiness;
use acme_jose::Thumbprint;
use acme_proto::ChallengeType;
use acme_solver::http01::{Stateless, WebServer};
use common::{One as _, answer, dead_address, get, http_task, raw, serve_always, task};
use tempfile::TempDir;

const THUMBPRINT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

#[test]
fn every_web_server_is_told_the_thumbprint_and_which_tokens_to_copy() {
    let thumbprint = Thumbprint::parse(THUMBPRINT).unwrap();
    for server in WebServer::ALL {
        let lines = server.lines(&thumbprint);
        assert!(lines.contains(&format!(".{THUMBPRINT}\"")), "{server}: {lines}");
        assert!(lines.contains(r"^/\.well-known/acme-challenge/"), "{server}: {lines}");
        assert!(lines.contains("[-_a-zA-Z0-9]+)$") || lines.contains("[-_a-zA-Z0-9]+$'"), "{server}, H-04: {lines}");
        assert!(lines.ends_with('\n') && !server.place().is_empty(), "{server}");
    }
}

#[test]
fn it_puts_nothing_in_place_and_looks() {
    let task = http_task("one");
    let right = task.key_authorization.as_ref().unwrap().as_str();
    let at = |reply: String| Stateless::new().check_at(serve_always(reply).0);
    assert_eq!(at(answer("200 OK", right)).verify_one(&task).unwrap(), Readiness::Ready);
    for (why, reply) in [
        ("the thumbprint of another account", answer("200 OK", "one.other")),
        ("a web server that was not told", answer("404 Not Found", "")),
    ] {
        let error = at(reply).verify_one(&task).unwrap_err();
        assert!(
            error.advice().contains("a.test") && error.advice().contains("luacme keyauth"),
            "{why}: {}",
            error.advice()
        );
    }
    let solver = Stateless::new().check_at(dead_address());
    assert!(matches!(solver.verify_one(&task), Ok(Readiness::Unseen(_))));
    solver.present_one(&task).unwrap();
    solver.clean_up_one(&task).unwrap();
    let other = solver.present_one(&self::task("a.test", ChallengeType::Dns01, "one")).unwrap_err();
    assert!(other.to_string().contains("dns-01"), "{other}");
}

/// nginx with some lines in its server block, on loopback.
struct Nginx(Child, SocketAddr, #[allow(dead_code, reason = "the folder goes with it")] TempDir);

impl Nginx {
    /// `None` where it is not installed.
    fn start(lines: &str) -> Option<Self> {
        let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists())?;
        let folder = TempDir::new().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {}/{kind};\n", folder.path().display()))
            .concat();
        let config = format!(
            "daemon off; master_process off; pid {0}/pid; error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}server \
             {{\nlisten {address};\n{lines}}}\n}}\n",
            folder.path().display()
        );
        fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let child = Command::new(program)
            .args(["-e", "stderr", "-p"])
            .arg(folder.path())
            .args(["-c", "nginx.conf"])
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(started.elapsed() < Duration::from_secs(10), "nginx does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Some(Self(child, address, folder))
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn nginx_answers_for_itself() {
    let task = http_task("A-token_0");
    let (_, thumbprint) = task.key_authorization.as_ref().unwrap().as_str().rsplit_once('.').unwrap();
    let Some(nginx) = Nginx::start(&WebServer::Nginx.lines(&Thumbprint::parse(thumbprint).unwrap())) else {
        eprintln!("nginx_answers_for_itself: skipped, nginx is not installed");
        return;
    };
    assert_eq!(Stateless::new().check_at(nginx.1).verify_one(&task).unwrap(), Readiness::Ready);
    let (head, body) = get(nginx.1, "/.well-known/acme-challenge/other");
    assert_eq!(body, format!("other.{thumbprint}"));
    assert!(head.contains("Content-Type: application/octet-stream"), "{head}");
    for path in
        ["/.well-known/acme-challenge/", "/.well-known/acme-challenge/a.b", "/.well-known/acme-challenge/<script>", "/"]
    {
        let answer = raw(nginx.1, &format!("GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"));
        assert!(answer.starts_with("HTTP/1.1 404 "), "H-04: {path}: {answer}");
    }
}
