//! What is wrong on this computer: ports, the web root, files.

use std::fs::{self, Permissions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::{Command, Stdio};

use acme_jose::{PrivateKey, Signer as _};

use super::{at, beside, doctor, evidence, findings};
use crate::support::{Bench, Web, free_port, tree};

/// Answers every GET with what is made of its path.
fn answer_at(address: SocketAddr, answer: impl Fn(&str) -> String + Send + 'static) {
    let listener = TcpListener::bind(address).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let Some(first) = lines.next() else { continue };
            lines.for_each(drop);
            let _ = (&stream).write_all(answer(first.split(' ').nth(1).unwrap_or_default()).as_bytes());
        }
    });
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn a_listener_of_our_own() {
    let bench = Bench::start();
    let http = bench.http.to_string();
    let words = ["a.test", "--standalone", "--http-addr", &http];
    evidence(&doctor(&bench, at(&["127.0.0.1"]).address, &words), "standalone-reached");
    let found = evidence(&doctor(&bench, at(&["127.0.0.2"]).address, &words), "http-unreachable");
    assert!(found.starts_with("127.0.0.2:"), "{found}");
    let found = evidence(&doctor(&bench, at(&["127.0.0.1", "ff02::1"]).address, &words), "ipv6-unchecked");
    assert!(found.starts_with("[ff02::1]:"), "{found}");
    if TcpListener::bind("[::1]:0").is_ok() {
        let found = evidence(&doctor(&bench, at(&["127.0.0.1", "::1"]).address, &words), "ipv6-unreachable");
        assert!(found.starts_with("[::1]:"), "{found}");
    }
    answer_at(beside(bench.http), |_| ok("somebody else"));
    let found = evidence(&doctor(&bench, at(&["127.0.0.2"]).address, &words), "standalone-not-reached");
    assert!(found.contains("somebody else"), "{found}");

    let unusable = ["a.test", "--standalone", "--http-addr", "192.0.2.1:5002"];
    evidence(&doctor(&bench, at(&["127.0.0.1"]).address, &unusable), "port-unusable");
    let _held = TcpListener::bind(bench.http).unwrap();
    let found = evidence(&doctor(&bench, at(&["127.0.0.1"]).address, &words), "port-held");
    assert!(found.contains(&format!("(process {})", std::process::id())), "{found}");
}

#[test]
fn a_web_root() {
    let bench = Bench::start();
    let (web, dns) = (Web::start(), at(&["127.0.0.1"]));
    let http = web.address.to_string();
    let examine = |folder: &str| doctor(&bench, dns.address, &["a.test", "--webroot", folder, "--http-addr", &http]);
    evidence(&examine(web.folder().to_str().unwrap()), "webroot-served");
    assert!(tree(web.folder()).is_empty(), "the probe is taken away");

    fs::create_dir(bench.beside("other")).unwrap();
    let found = evidence(&examine("other"), "webroot-not-served");
    assert!(found.contains("status 404"), "{found}");
    assert!(tree(&bench.beside("other")).is_empty(), "here too");

    let found = evidence(&examine("missing"), "webroot-unusable");
    assert!(found.contains("does not exist"), "{found}");

    let away = free_port();
    answer_at(away, |_| "HTTP/1.1 301 x\r\nLocation: https://a.test/\r\nContent-Length: 0\r\n\r\n".to_owned());
    let words = ["a.test", "--webroot", "other", "--http-addr", &away.to_string()];
    let found = evidence(&doctor(&bench, dns.address, &words), "http-redirected");
    assert!(found.ends_with("to https://a.test/"), "{found}");
}

#[test]
fn a_signal_leaves_no_probe_in_a_web_root() {
    for (signal, code) in [("INT", Some(130)), ("TERM", Some(143)), ("KILL", None)] {
        let bench = Bench::registered();
        let (folder, dns) = (bench.beside("web"), at(&["127.0.0.1"]));
        fs::create_dir(&folder).unwrap();
        // It takes connections and answers none.
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let (resolver, http) = (dns.address.to_string(), silent.local_addr().unwrap().to_string());
        let words = ["doctor", "a.test", "--webroot", "web", "--resolver", &resolver, "--http-addr", &http];
        let mut luacme = Command::new(env!("CARGO_BIN_EXE_luacme"));
        luacme.current_dir(bench.beside("")).args(words).args(["--dir", "state", "--ca-file", "ca.pem"]);
        let mut child = luacme.stdout(Stdio::null()).spawn().unwrap();
        let probes = || fs::read_dir(folder.join(".well-known/acme-challenge")).into_iter().flatten().count();
        while probes() == 0 {
            assert_eq!(child.try_wait().unwrap(), None, "it ended before the probe was there");
        }
        let kill = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), code, "{signal}");
        if signal == "KILL" {
            doctor(&bench, dns.address, &["a.test", "--standalone"]);
        }
        assert_eq!(probes(), 0, "{signal}");
    }
}

#[test]
fn a_web_server_that_answers_by_itself() {
    let bench = Bench::registered();
    let dns = at(&["127.0.0.1"]);
    let key = PrivateKey::from_pem(&bench.read("account.key")).unwrap();
    let thumbprint = key.public_key().thumbprint().to_base64url();
    let (right, wrong) = (free_port(), free_port());
    answer_at(right, move |path| ok(&format!("{}.{thumbprint}", path.rsplit('/').next().unwrap_or_default())));
    answer_at(wrong, ok);
    for (http, want) in [(right, "stateless-set"), (wrong, "stateless-not-set")] {
        let words = ["a.test", "--stateless", "--http-addr", &http.to_string()];
        evidence(&doctor(&bench, dns.address, &words), want);
    }
}

#[test]
fn a_listener_for_tls() {
    let bench = Bench::start();
    let tls = free_port();
    let words = ["a.test", "--tls-alpn", "--tls-addr", &tls.to_string()];
    let seen = |to: &str, want| assert!(evidence(&doctor(&bench, at(&[to]).address, &words), want).starts_with(to));
    seen("127.0.0.1", "tls-reached");
    seen("127.0.0.2", "tls-unreachable");
    answer_at(beside(tls), ok);
    seen("127.0.0.2", "tls-not-reached");
}

#[test]
fn nothing_chosen_yet() {
    let bench = Bench::start();
    let web = Web::start();
    let words = ["a.test", "--http-addr", &web.address.to_string()];
    let run = doctor(&bench, at(&["127.0.0.1"]).address, &words);
    evidence(&run, "http-answers");
    evidence(&run, "port-in-use");
    let run = doctor(&bench, at(&["127.0.0.1"]).address, &["a.test", "--http-addr", &bench.http.to_string()]);
    evidence(&run, "http-silent");
    evidence(&run, "port-free");
}

#[test]
fn settings_of_a_stored_certificate_count() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let dns = at(&["127.0.0.1"]);
    evidence(&doctor(&bench, dns.address, &["a.test"]), "standalone-reached");
}

#[test]
fn files_that_others_can_reach() {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    let dns = at(&["127.0.0.1"]);
    let codes = || -> Vec<String> {
        let local = |code: &str| code.starts_with("key-") || code.starts_with("file");
        let found = findings(&doctor(&bench, dns.address, &["a.test"]));
        found.iter().map(|one| one["code"].as_str().unwrap().to_owned()).filter(|code| local(code)).collect()
    };
    assert_eq!(codes(), ["files-private"]);
    let key = bench.file("live/a.test/privkey.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap();
    assert_eq!(codes(), ["key-readable"]);
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    fs::rename(bench.file("account.key"), bench.beside("account.key")).unwrap();
    symlink("../account.key", bench.file("account.key")).unwrap();
    assert_eq!(codes(), ["file-linked"]);
}
