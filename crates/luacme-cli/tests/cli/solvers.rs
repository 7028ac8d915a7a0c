//! Ways to prove control: several at once, one after the other, and nothing left behind whatever happens.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use acme_testca::{Behaviour, Resource};

use crate::support::{Bench, Run, Web, free_port};

/// A program of this text. Another process writes it: one that is open for writing cannot be started.
fn program(bench: &Bench, name: &str, text: &str) -> String {
    let path = bench.beside(name);
    let write = format!("cat > {0} && chmod 755 {0}", path.display());
    let mut child = Command::new("sh").args(["-c", &write]).stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("#!/bin/sh\n{text}\n").as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    path.display().to_string()
}

/// Serves http-01 by the folder of a web server, and notes what it is called for.
fn http_hook(bench: &Bench, web: &Web) -> String {
    let folder = web.folder().join(".well-known/acme-challenge");
    let text = format!(
        "echo \"$@\" >> told\n[ $2 = http-01 ] || exit 42\nmkdir -p {0}\ncase $1 in present) printf %s \
         \"$LUACME_KEY_AUTHORIZATION\" > {0}/$LUACME_TOKEN;; clean-up) rm {0}/$LUACME_TOKEN;; esac",
        folder.display()
    );
    program(bench, "hook", &text)
}

fn told(bench: &Bench) -> Vec<String> {
    fs::read_to_string(bench.beside("told")).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// The answers of http-01 in a folder that a web server shows.
fn answers(web: &Web) -> Vec<PathBuf> {
    let folder = fs::read_dir(web.folder().join(".well-known/acme-challenge"));
    folder.map(|entries| entries.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

#[test]
fn each_name_may_have_a_way_of_its_own() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let (folder, hook) = (web.folder().display().to_string(), http_hook(&bench, &web));
    let ways = ["--webroot", &format!("a.test={folder}"), "--hook", &format!("b.test={hook}")];
    let address = web.address.to_string();
    let words = [&["getcert", "a.test", "b.test", "--http-addr", &address][..], &ways].concat();
    bench.luacme(&words).succeeds();
    assert_eq!(bench.names("a.test"), ["a.test", "b.test"]);
    assert_eq!(told(&bench), ["present http-01 b.test", "clean-up http-01 b.test"]);
    assert_eq!(answers(&web), Vec::<PathBuf>::new());
    let again = bench.luacme(&["getcert", "a.test", "b.test", "--force"]).succeeds();
    assert_eq!(told(&bench).len(), 4, "the ways are remembered with their names: {}", again.stderr);
}

#[test]
fn a_name_that_no_way_is_for_is_named_with_what_there_is() {
    let bench = Bench::registered();
    let address = bench.http.to_string();
    let run = bench.fails(1, &["getcert", "a.test", "b.test", "--standalone=a.test", "--http-addr", &address]);
    let what = run.part("error");
    assert!(what.contains("b.test") && what.contains("http-01"), "{what}");
    assert!(what.contains("configured: --standalone for a.test"), "{what}");
}

#[test]
fn a_way_that_fails_gives_place_to_the_next() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    // dns-01 finds no record; http-01 does well.
    let folder = web.folder().display().to_string();
    let dns = program(&bench, "dns", "exit 0");
    let ways = ["--hook", &format!("a.test={dns}"), "--hook-challenge", "dns-01", "--webroot", &folder];
    let words = ["getcert", "a.test", "--http-addr", &web.address.to_string(), "--no-dns-check"];
    let run = bench.luacme(&[&words[..], &ways].concat()).succeeds();
    assert!(run.stderr.contains("warning: a.test could not be validated (dns-01); the CA said: "), "{}", run.stderr);
    assert_eq!(bench.granted(Resource::NewOrder), 2, "a failed challenge takes its order along");
}

#[test]
fn what_a_killed_run_left_is_taken_away_by_the_next_and_nothing_else() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    web.put("http://a.test/.well-known/acme-challenge/unrelated", "stays");
    let folder = web.folder().display().to_string();
    let killer = program(&bench, "killer", "echo $1 >> told\n[ $1 = clean-up ] || kill -KILL $PPID");
    let ways = ["--webroot", &format!("a.test={folder}"), "--hook", &format!("b.test={killer}")];
    let words = ["getcert", "a.test", "b.test", "--http-addr", &web.address.to_string()];
    let run = bench.luacme(&[&words[..], &ways].concat());
    assert_eq!(run.code, None, "it was killed: {}", run.stderr);
    assert_eq!(answers(&web).len(), 2, "an answer, and a file of somebody else's");
    bench.luacme(&["getcert", "c.test", "--webroot", &folder, "--http-addr", &web.address.to_string()]).succeeds();
    let left: Vec<_> = answers(&web).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(left, ["unrelated"]);
    assert_eq!(told(&bench), ["present", "clean-up"], "the hook is told too");
    assert!(!bench.file("journal").exists() || fs::read_dir(bench.file("journal")).unwrap().next().is_none());
}

#[test]
fn a_way_that_is_gone_does_not_keep_others_from_cleaning_up_after_a_killed_run() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let folder = web.folder().display().to_string();
    let killer = program(&bench, "killer", "kill -KILL $PPID");
    let ways = ["--webroot", &format!("a.test={folder}"), "--hook", &format!("b.test={killer}")];
    let words = ["getcert", "a.test", "b.test", "--http-addr", &web.address.to_string()];
    assert_eq!(bench.luacme(&[&words[..], &ways].concat()).code, None, "it was killed");
    assert_eq!(answers(&web).len(), 1);
    fs::remove_file(&killer).unwrap();
    let run = bench.luacme(&["getcert", "c.test", "--webroot", &folder, "--http-addr", &web.address.to_string()]);
    assert!(
        run.stderr.contains("b.test") && run.stderr.contains("killer"),
        "what cannot be taken away is named: {}",
        run.stderr
    );
    let left: Vec<_> = fs::read_dir(web.folder()).unwrap().collect();
    assert!(left.is_empty(), "not even the folders of the killed run: {left:?}");
    assert!(fs::read_dir(bench.file("journal")).unwrap().next().is_some(), "the hook's is not forgotten");
}

#[test]
fn a_web_root_that_is_missing_is_named_before_anything_is_ordered() {
    let bench = Bench::registered();
    let run = bench.fails(1, &["getcert", "a.test", "--webroot", "/nowhere/www"]);
    assert!(
        run.part("error").contains("/nowhere/www") && run.part("what to do").contains("--webroot"),
        "{}",
        run.stderr
    );
    assert_eq!(bench.granted(Resource::NewOrder), 0);
}

#[test]
fn a_hook_that_declines_all_is_told_with_what_there_is() {
    let bench = Bench::registered();
    let hook = program(&bench, "hook", "exit 42");
    let what = bench.fails(1, &["getcert", "a.test", "--hook", &hook]).part("error").to_owned();
    assert!(what.contains("declines") && what.contains("the CA offers ") && what.contains("http-01"), "{what}");
    assert!(what.contains("configured: --hook"), "{what}");
}

#[test]
fn ctrl_c_takes_everything_away() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let web = Web::start();
        let bench = Bench::at(web.address, |ca| ca.behave(Behaviour::NeverDecides));
        bench.register().succeeds();
        let folder = web.folder().display().to_string();
        let hook = program(&bench, "hook", &format!("echo $1 >> told\n[ $1 = clean-up ] || kill -{signal} $PPID"));
        let ways = ["--webroot", &format!("a.test={folder}"), "--hook", &format!("b.test={hook}")];
        let words = ["getcert", "a.test", "b.test", "--http-addr", &web.address.to_string()];
        let run = bench.luacme(&[&words[..], &ways].concat()).exits(code);
        assert_eq!(answers(&web), Vec::<PathBuf>::new(), "{signal}: {}", run.stderr);
        assert_eq!(told(&bench), ["present", "clean-up"], "{signal}");
        assert!(run.stderr.contains("interrupted: taking the answers away"), "{signal}: {}", run.stderr);
        assert_eq!(bench.granted(Resource::Challenge), 0, "{signal}: the CA was told of what is not there");
        assert_eq!(fs::read_dir(bench.file("journal")).unwrap().count(), 0, "{signal}: an empty journal");
    }
}

/// A line of shell that sends a signal to luacme, and takes its time.
fn interrupts(seconds: u32) -> String {
    format!("kill -INT $PPID; sleep {seconds} & wait")
}

#[test]
fn ctrl_c_does_not_wait_for_a_program() {
    let end = |moment: &str| format!("[ $1 = {moment} ] && {{ {}; }}", interrupts(100));
    for (why, text) in [
        ("one that presents", end("present")),
        ("also not for its clean-up when it comes again", format!("{}; {}", end("present"), end("clean-up"))),
        ("nor for one that ends when it wants", format!("trap '' TERM; {}", end("present"))),
    ] {
        let bench = Bench::registered();
        let (started, hook) = (Instant::now(), program(&bench, "hook", &format!("echo $1 >> told; {text}; true")));
        let run = bench.luacme(&["getcert", "a.test", "--hook", &hook]).exits(130);
        assert!(started.elapsed() < Duration::from_secs(30), "{why}: {}", run.stderr);
        assert_eq!(told(&bench), ["present", "clean-up"], "{why}");
        assert_eq!(bench.granted(Resource::Challenge), 0, "{why}");
    }
}

#[test]
fn ctrl_c_ends_a_deployment_which_is_made_up_for() {
    let bench = Bench::registered();
    let hook = program(&bench, "deploy", &format!("echo deploys >> told; [ -e ok ] || {{ {}; }}", interrupts(100)));
    let started = Instant::now();
    let run = bench.getcert(&["a.test", "--deploy-hook", &hook, "--deploy-hook", &hook]).exits(130);
    assert!(started.elapsed() < Duration::from_secs(30), "{}", run.stderr);
    assert_eq!(told(&bench), ["deploys"], "no more are started");
    assert_eq!(bench.names("a.test"), ["a.test"], "what was stored is whole");
    fs::write(bench.beside("ok"), "").unwrap();
    bench.getcert(&["a.test"]).succeeds();
    assert_eq!(told(&bench), ["deploys"; 3], "both");
}

#[test]
fn the_key_for_updates_is_no_business_of_hooks() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let count = format!("env | grep -c LUACME_TSIG_KEY >> {}", bench.beside("keys").display());
    let hook = program(&bench, "counts", &format!("{count}; exec {} \"$@\"", http_hook(&bench, &web)));
    let deploy = program(&bench, "deploy", &format!("{count}; true"));
    let mut luacme = Command::new(env!("CARGO_BIN_EXE_luacme"));
    luacme.current_dir(bench.beside("")).env("LUACME_TSIG_KEY", "k:hmac-sha256:c2VjcmV0");
    luacme.args([
        "getcert",
        "a.test",
        "--dir",
        "state",
        "--ca-file",
        "ca.pem",
        "--hook",
        &hook,
        "--deploy-hook",
        &deploy,
    ]);
    Run::of(luacme.args(["--http-addr", &web.address.to_string()])).succeeds();
    let keys = fs::read_to_string(bench.beside("keys")).unwrap();
    assert_eq!(keys.lines().collect::<Vec<_>>(), ["0"; 3], "present, clean-up, deployment");
}

#[test]
fn a_standing_record_is_published_only_when_asked_for_and_told_of() {
    let bench = Bench::registered();
    let hook = program(&bench, "hook", "echo $2 >> told; [ $2 = dns-persist-01 ] || exit 42");
    let words = ["getcert", "a.test", "--hook", &hook, "--no-dns-check"];
    bench.fails(1, &words);
    assert!(!told(&bench).is_empty() && !told(&bench).contains(&"dns-persist-01".to_owned()), "{:?}", told(&bench));
    let asked = bench.luacme(&[&words[..], &["--hook-challenge", "dns-persist-01", "--force"]].concat());
    assert!(
        asked.stderr.contains("warning: a.test: the TXT record _validation-persist.a.test. stays"),
        "{}",
        asked.stderr
    );
    let manual = ["getcert", "b.test", "--manual", "--no-dns-check", "--dns-challenge", "dns-persist-01"];
    bench.luacme(&manual).exits(3).prints("_validation-persist.b.test.");
}

#[test]
fn a_hook_that_cannot_run_is_named_before_anything_is_ordered() {
    let bench = Bench::registered();
    let plain = bench.beside("plain");
    fs::write(&plain, "no program").unwrap();
    for (why, hook, part) in [
        ("it is not there", "/nowhere/hook", "/nowhere/hook"),
        ("it is not executable", plain.to_str().unwrap(), "plain"),
    ] {
        let run = bench.fails(1, &["getcert", "a.test", "--hook", hook]);
        assert!(run.part("error").contains(part), "{why}: {}", run.stderr);
    }
    assert_eq!(bench.granted(Resource::NewOrder), 0);
}

#[test]
fn what_a_hook_writes_is_shown_without_control_characters() {
    let bench = Bench::registered();
    let hook = program(&bench, "hook", "printf 'all \\033[2Jis lost\\n' >&2; exit 3");
    let run = bench.fails(1, &["getcert", "a.test", "--hook", &hook]);
    assert!(run.stderr.contains("is lost") && !run.stderr.contains('\x1b'), "{}", run.stderr);
    let quiet = bench.fails(1, &["getcert", "a.test", "--hook", &hook, "-q", "--force"]);
    assert!(quiet.part("error").contains("is lost"), "{}", quiet.stderr);
}

#[test]
fn a_key_for_updates_that_is_none() {
    let bench = Bench::registered();
    let file = bench.beside("key");
    fs::write(&file, "key \"k\" { algorithm hmac-md5; secret \"AAAA\"; };").unwrap();
    let server = format!("rfc2136:127.0.0.1:{}", free_port().port());
    let words = ["getcert", "a.test", "--dns", &server, "--tsig-key", file.to_str().unwrap()];
    let run = bench.fails(1, &words);
    assert!(run.part("error").contains("hmac-md5") && run.part("what to do").contains("--tsig-key"), "{}", run.stderr);
    assert_eq!(bench.granted(Resource::NewOrder), 0);
}

#[test]
fn acme_dns_is_registered_at_once_and_the_alias_is_shown() {
    let bench = Bench::registered();
    let server =
        acme_dns(r#"{"username":"u","password":"p","fulldomain":"sub.dns.test","subdomain":"sub","allowfrom":[]}"#);
    let words = ["getcert", "a.test", "*.a.test", "--dns", &format!("acme-dns:{server}")];
    let run = bench.luacme(&words).exits(3);
    assert!(run.stdout.contains("_acme-challenge.a.test. 3600 IN CNAME sub.dns.test."), "{}", run.stdout);
    assert_eq!(run.stdout.matches("CNAME").count(), 1, "one alias serves a name and its wildcard");
    assert_eq!(bench.granted(Resource::NewOrder), 0, "nothing is ordered before the alias is there");
    let kept = bench.read("acme-dns.json");
    assert!(kept.contains("\"a.test\"") && kept.contains(&server), "{kept}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(bench.file("acme-dns.json")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);

    let other = format!("acme-dns:{server}/other");
    let run = bench.fails(1, &["getcert", "a.test", "--dns", &other]);
    assert!(run.part("error").contains(&server) && run.part("what to do").contains("acme-dns.json"), "{}", run.stderr);
    let below = format!("*.pat.test=acme-dns:{server}");
    bench
        .luacme(&["getcert", "x.pat.test", "--dns", &below])
        .exits(3)
        .prints("_acme-challenge.x.pat.test. 3600 IN CNAME");
}

/// A server that answers every request with 201 and this text; its URL.
fn acme_dns(answer: &'static str) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut request);
            let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let _ = std::io::Write::write_all(
                &mut stream,
                format!("{head}Content-Length: {}\r\n\r\n{answer}", answer.len()).as_bytes(),
            );
        }
    });
    url
}

#[test]
fn lexicon_must_be_there() {
    let bench = Bench::registered();
    let run = bench.fails(1, &["getcert", "a.test", "--dns", "lexicon:cloudflare"]);
    assert!(run.part("error").contains("lexicon") && !run.part("what to do").is_empty(), "{}", run.stderr);
    assert_eq!(bench.granted(Resource::NewOrder), 0);
}

#[test]
fn flags_without_what_they_are_for_are_wrong_usage() {
    let bench = Bench::registered();
    for (why, words, part) in [
        ("a key without updates", &["--standalone", "--tsig-key", "k"][..], "--tsig-key"),
        ("a style without a hook", &["--hook-style", "certbot"], "--hook-style"),
        ("a type without a hook", &["--standalone", "--hook-challenge", "dns-01"], "--hook-challenge"),
        ("no challenge type", &["--hook", "/bin/true", "--hook-challenge", "dns01"], "dns-01"),
        ("no style", &["--hook", "/bin/true", "--hook-style", "getssl"], "dehydrated"),
        ("a name that is not asked for", &["--webroot", "typo.example=/srv"], "typo.example"),
        ("an address for nobody", &["--standalone", "--http-addr", "b.test=127.0.0.1:80"], "b.test"),
    ] {
        let run = bench.fails(2, &[&["getcert", "a.test"], words].concat());
        assert!(run.stderr.contains(part), "{why}: {}", run.stderr);
    }
    assert_eq!(bench.granted(Resource::NewOrder), 0);
}

#[test]
fn an_address_is_for_its_name_whatever_the_way_is_bound_to() {
    for way in ["--standalone", "--standalone=*.test", "--standalone=a.test"] {
        let bench = Bench::registered();
        let bound = format!("a.test={}", bench.http);
        bench.luacme(&["getcert", "a.test", way, "--http-addr", &bound]).succeeds();
    }
}

#[test]
fn each_hook_has_its_style() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let ours = http_hook(&bench, &web);
    let place = web.folder().join(".well-known/acme-challenge");
    fs::create_dir_all(&place).unwrap();
    let uacme = program(
        &bench,
        "uacme",
        &format!(
            "echo \"uacme $1 $2\" >> told\ncase $1 in begin) printf %s $5 > {0}/$4;; *) rm -f {0}/$4;; esac",
            place.display()
        ),
    );
    let words = ["getcert", "a.test", "b.test", "--http-addr", &web.address.to_string()];
    let hooks =
        ["--hook", &format!("a.test={ours}"), "--hook", &format!("b.test={uacme}"), "--hook-style", "b.test=uacme"];
    bench.luacme(&[&words[..], &hooks].concat()).succeeds();
    let mut told = told(&bench);
    told.sort();
    assert_eq!(
        told,
        ["clean-up http-01 a.test", "present http-01 a.test", "uacme begin http-01", "uacme done http-01"]
    );
}

#[test]
fn of_two_ways_of_one_type_the_second_follows_the_first() {
    let web = Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    // The first hook puts its answer nowhere; nobody looks before the CA does.
    let nowhere = program(&bench, "nowhere", "exit 0");
    let folder = web.folder().display().to_string();
    let dead = free_port().to_string();
    let words = ["getcert", "a.test", "--webroot", &folder, "--hook", &format!("a.test={nowhere}")];
    let at = ["--hook-challenge", "http-01", "--http-addr", &dead];
    let run = bench.luacme(&[&words[..], &at].concat()).succeeds();
    assert!(run.stderr.contains("warning: "), "{}", run.stderr);
    assert_eq!(bench.granted(Resource::NewOrder), 2);
}
