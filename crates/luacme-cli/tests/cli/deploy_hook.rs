//! Programs that are run once a new certificate is in place.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use crate::support::{Bench, free_port};

/// A command that runs this script. It is not executable: a file that was just written may be busy.
pub(crate) fn script(bench: &Bench, name: &str, text: &str) -> String {
    let path = bench.beside(name);
    fs::write(&path, text).unwrap();
    format!("/bin/sh {}", path.display())
}

/// What hooks wrote into the file `told` beside the folder of state.
fn told(bench: &Bench) -> String {
    fs::read_to_string(bench.beside("told")).unwrap_or_default()
}

#[test]
fn it_learns_of_the_certificate_once_the_files_are_in_place() {
    let bench = Bench::start();
    bench.luacme(&["register", "--server", &bench.ca.directory_url(), "--agree-tos", "-m", "a@example.com"]).succeeds();
    let hook = script(
        &bench,
        "hook",
        "env > told; cat \"$RENEWED_LINEAGE/fullchain.pem\" > seen; cat \"$LEGO_CERT_PEM_PATH\" > pem",
    );
    bench.getcert(&["a.test", "b.test", "--deploy-hook", &hook]).succeeds();
    let told = told(&bench);
    let told: BTreeMap<_, _> = told.lines().filter_map(|line| line.split_once('=')).collect();
    let live = |file: &str| bench.file("live/a.test").join(file).display().to_string();
    for (name, want) in [
        ("LUACME_NAME", "a.test".to_owned()),
        ("LUACME_NAMES", "a.test b.test".to_owned()),
        ("LUACME_DIR", bench.dir().display().to_string()),
        ("LUACME_SERVER", bench.ca.directory_url()),
        ("LUACME_LIVE", bench.file("live/a.test").display().to_string()),
        ("LUACME_PRIVKEY", live("privkey.pem")),
        ("LUACME_CERT", live("cert.pem")),
        ("LUACME_CHAIN", live("chain.pem")),
        ("LUACME_FULLCHAIN", live("fullchain.pem")),
        ("LUACME_COMBINED", live("combined.pem")),
        ("RENEWED_LINEAGE", bench.file("live/a.test").display().to_string()),
        ("RENEWED_DOMAINS", "a.test b.test".to_owned()),
        ("LEGO_ACCOUNT_EMAIL", "a@example.com".to_owned()),
        ("LEGO_CERT_DOMAIN", "a.test".to_owned()),
        ("LEGO_CERT_PATH", live("fullchain.pem")),
        ("LEGO_CERT_KEY_PATH", live("privkey.pem")),
        ("LEGO_ISSUER_CERT_PATH", live("chain.pem")),
        ("LEGO_CERT_PEM_PATH", live("combined.pem")),
    ] {
        assert_eq!(told.get(name).copied(), Some(want.as_str()), "{name}");
    }
    let [key, fullchain] = ["privkey", "fullchain"].map(|file| bench.read(&format!("live/a.test/{file}.pem")));
    assert_eq!(fs::read_to_string(bench.beside("seen")).unwrap(), fullchain);
    assert_eq!(fs::read_to_string(bench.beside("pem")).unwrap(), key + &fullchain);
}

#[test]
fn hook_failure_is_exit_code_4_and_is_made_up_for() {
    let bench = Bench::registered();
    let first = script(&bench, "first", "echo first >> told; echo port 443 is taken >&2; test -e mended");
    let second = script(&bench, "second", "echo second >> told");
    let run = bench.getcert(&["a.test", "--deploy-hook", &first, "--deploy-hook", &second]).exits(4);
    assert_eq!(told(&bench), "first\nsecond\n", "in their order, each");
    assert!(run.stderr.contains("port 443 is taken"), "its output is shown: {}", run.stderr);
    assert!(run.stderr.contains("exit status 1"), "{}", run.stderr);
    assert_eq!(bench.names("a.test"), ["a.test"], "the certificate is there all the same");
    let history = bench.read("certs/a.test/history.jsonl");
    assert!(history.contains("issued") && !history.contains("failed"), "nothing is held against the CA: {history}");

    let requests = bench.requests();
    bench.getcert(&["a.test"]).exits(4).prints("nothing to do");
    fs::write(bench.beside("mended"), "").unwrap();
    bench.getcert(&["a.test"]).succeeds();
    assert_eq!(told(&bench), "first\nsecond\n".repeat(3), "until it went well");
    bench.getcert(&["a.test"]).succeeds();
    assert_eq!(told(&bench), "first\nsecond\n".repeat(3), "and then no more");
    assert_eq!(bench.requests(), requests, "without any request");
}

#[test]
fn a_crash_before_the_hook_is_made_up_for() {
    let bench = Bench::registered();
    let hook = script(&bench, "hook", "ls \"$LUACME_DIR/certs/$LUACME_NAME\" >> told");
    bench.getcert(&["a.test", "--deploy-hook", &hook]).succeeds();
    assert!(told(&bench).contains("undeployed"), "noted before the hook runs: {}", told(&bench));
    let before = told(&bench).len();
    // What a crash between the files and the hook leaves.
    fs::write(bench.file("certs/a.test/undeployed"), "").unwrap();
    bench.getcert(&["a.test"]).succeeds();
    assert!(told(&bench).len() > before);
    assert!(!bench.file("certs/a.test/undeployed").exists());
}

#[test]
fn hooks_are_remembered_and_can_be_given_anew() {
    let bench = Bench::registered();
    let [one, two] = ["one", "two"].map(|name| script(&bench, name, &format!("echo {name} >> told")));
    bench.getcert(&["a.test", "--deploy-hook", &one]).succeeds();
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(told(&bench), "one\none\n");
    bench.getcert(&["a.test", "--deploy-hook", &two]).succeeds().prints("nothing to do");
    assert_eq!(told(&bench), "one\none\n", "there is nothing new to deploy");
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(told(&bench), "one\none\ntwo\n");
    bench.getcert(&["a.test", "--force", "--deploy-hook", ""]).succeeds();
    assert!(!bench.read("certs/a.test/config.toml").contains("deploy_hooks"));
}

#[test]
fn no_shell_sees_the_command() {
    let bench = Bench::registered();
    let hook = script(&bench, "hook", "for word; do echo \"$word\" >> told; done");
    bench.getcert(&["a.test", "--deploy-hook", &format!("{hook} 'a b' $(touch owned) ;touch owned2 &")]).succeeds();
    assert_eq!(told(&bench), "a b\n$(touch\nowned)\n;touch\nowned2\n&\n");
    assert!(!bench.beside("owned").exists() && !bench.beside("owned2").exists());
}

#[test]
fn hooks_that_cannot_be_run_or_never_end() {
    let bench = Bench::registered();
    let run = bench.getcert(&["a.test", "--deploy-hook", "/nowhere/reload"]).exits(4);
    assert!(run.stderr.contains("/nowhere/reload"), "{}", run.stderr);
    let endless = script(&bench, "endless", "echo started; exec sleep 600");
    let run = bench.getcert(&["a.test", "--force", "--deploy-hook", &endless, "--hook-timeout", "1"]).exits(4);
    assert!(run.stderr.contains("still running after 1 seconds") && run.stderr.contains("started"), "{}", run.stderr);

    let requests = bench.requests();
    bench.getcert(&["b.test", "--deploy-hook", "reload 'a"]).exits(2);
    assert_eq!(bench.requests(), requests, "said before anything is asked for");
}

/// A server that a hook starts keeps open what it prints to.
#[test]
fn what_a_hook_starts_is_not_waited_for() {
    let bench = Bench::registered();
    let hook = script(&bench, "hook", "sleep 100 & echo $! > told");
    bench.getcert(&["a.test", "--deploy-hook", &hook]).succeeds();
    let ended = Command::new("/bin/sh").args(["-c", &format!("kill {}", told(&bench).trim())]).status().unwrap();
    assert!(ended.success(), "it is at work all the while");
}

#[test]
fn output_for_programs_and_for_nobody() {
    let bench = Bench::registered();
    let hook = script(&bench, "hook", "printf 'done \\033[2J'");
    let run = bench.getcert(&["a.test", "--json", "--deploy-hook", &hook]).succeeds();
    let last = run.last();
    assert_eq!((&last["event"], &last["failed"]), (&"deploy_hook".into(), &serde_json::Value::Null), "{last}");
    let said = run.events().into_iter().find(|event| event["event"] == "hook").unwrap();
    assert_eq!(said["line"], "done \\u{1b}[2J", "shown, not obeyed");
    let run = bench.getcert(&["a.test", "--force"]).succeeds();
    assert!(run.stderr.contains("done \\u{1b}[2J"), "shown, not obeyed: {}", run.stderr);
    let run = bench.getcert(&["a.test", "--force", "-q"]).succeeds();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn without_a_certificate_there_is_nothing_to_deploy() {
    let bench = Bench::registered();
    let hook = script(&bench, "hook", "echo x >> told");
    let nowhere = free_port().to_string();
    bench.luacme(&["getcert", "a.test", "--manual", "--http-addr", &nowhere, "--deploy-hook", &hook]).exits(3);
    assert_eq!(told(&bench), "");
}
