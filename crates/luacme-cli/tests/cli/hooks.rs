//! Programs that are run before and after the work on a certificate.

use std::fs;

use acme_testca::Resource;

use crate::support::{Bench, free_port};

/// A command that adds a word to the file `told`, and ends as it is told.
fn says(word: &str, status: u8) -> String {
    format!("/bin/sh -c 'echo {word} $LUACME_NAME >> told; exit {status}'")
}

fn told(bench: &Bench) -> String {
    fs::read_to_string(bench.beside("told")).unwrap_or_default().replace(" a.test\n", " ")
}

#[test]
fn before_and_after_and_only_when_something_is_done() {
    let bench = Bench::registered();
    let [one, two, three, four] = ["one", "two", "three", "four"].map(|word| says(word, 0));
    let words = ["--pre-hook", &one, "--pre-hook", &two, "--post-hook", &four, "--deploy-hook", &three];
    bench.getcert(&[&["a.test"], &words[..]].concat()).succeeds();
    assert_eq!(told(&bench), "one two three four ");
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");
    assert_eq!(told(&bench), "one two three four ", "nothing was due");
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(told(&bench), "one two three four ".repeat(2), "remembered");
    bench.getcert(&["a.test", "--pre-hook", "", "--post-hook", ""]).succeeds();
    let config = bench.read("certs/a.test/config.toml");
    assert!(!config.contains("pre_hooks") && !config.contains("post_hooks"), "{config}");
}

#[test]
fn the_post_hook_runs_after_a_failure_too() {
    let bench = Bench::registered();
    let nowhere = free_port().to_string();
    let words = ["getcert", "a.test", "--standalone", "--http-addr", &nowhere];
    let hooks = ["--pre-hook", &says("before", 0), "--post-hook", &says("after", 1)];
    let run = bench.fails(1, &[&words[..], &hooks[..]].concat());
    assert_eq!(told(&bench), "before after ");
    assert!(run.part("error").contains("a.test could not be validated"), "{}", run.stderr);
    assert!(run.stderr.contains("warning: after the work on a.test"), "{}", run.stderr);
}

#[test]
fn a_pre_hook_that_fails_stops_it_all() {
    let bench = Bench::registered();
    let words = ["--pre-hook", &says("one", 3), "--pre-hook", &says("two", 0), "--post-hook", &says("after", 0)];
    let run = bench.getcert(&[&["a.test"], &words[..]].concat()).exits(1);
    assert!(run.part("error").contains("exit status 3"), "{}", run.stderr);
    assert_eq!(told(&bench), "one after ", "what was stopped is started again");
    assert_eq!(bench.granted(Resource::NewOrder), 0);
    assert!(!bench.file("certs/a.test/history.jsonl").exists(), "the CA has nothing to do with it");
}

#[test]
fn a_post_hook_that_fails_is_exit_code_4() {
    let bench = Bench::registered();
    let run = bench.getcert(&["a.test", "--post-hook", &says("after", 1)]).exits(4);
    assert!(run.part("what to do").contains("by hand"), "{}", run.stderr);
    assert_eq!(bench.names("a.test"), ["a.test"]);
    bench.getcert(&["a.test"]).succeeds().prints("nothing to do");
    assert_eq!(told(&bench), "after ", "it is not run again");
}

/// A hook program that writes down its arguments, and puts what answers http-01 where a web server shows it.
fn program(bench: &Bench, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let path = bench.beside("program");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[test]
fn dehydrated_hooks_learn_what_became_of_the_certificate() {
    let web = crate::support::Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let shown = web.folder().join(".well-known/acme-challenge");
    fs::create_dir_all(&shown).unwrap();
    let script = format!(
        "echo \"$1 $2\" >> {told}\ncase $1 in\n\
         deploy_challenge) shift; while [ $# -ge 3 ]; do printf %s \"$3\" > {shown}/\"$2\"; shift 3; done;;\n\
         deploy_cert) test -e {mended};;\nesac",
        told = bench.beside("told").display(),
        shown = shown.display(),
        mended = bench.beside("mended").display(),
    );
    let hook = program(&bench, &script);
    let address = web.address.to_string();
    let words = ["getcert", "a.test", "b.test", "--hook", &hook, "--hook-style", "dehydrated", "--hook-chain"];
    let types = ["--hook-challenge", "http-01", "--http-addr", &address];
    let run = bench.luacme(&[&words[..], &types[..]].concat()).exits(4);
    assert!(run.part("error").contains("deploy_cert"), "{}", run.stderr);
    let told = || fs::read_to_string(bench.beside("told")).unwrap();
    let verbs = || told().lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(
        verbs(),
        ["startup_hook", "deploy_challenge", "clean_challenge", "deploy_cert", "exit_hook"],
        "{}",
        told()
    );
    assert!(told().contains("deploy_cert a.test"), "{}", told());
    fs::write(bench.beside("mended"), "").unwrap();
    bench.luacme(&["getcert", "a.test", "b.test"]).succeeds().prints("nothing to do");
    bench.luacme(&["getcert", "a.test", "b.test"]).succeeds().prints("nothing to do");
    assert_eq!(verbs()[5..], ["deploy_cert", "unchanged_cert"], "{}", told());
}

#[test]
fn uacme_hooks_are_told_where_and_how_loudly() {
    let web = crate::support::Web::start();
    let bench = Bench::at(web.address, |ca| ca);
    bench.register().succeeds();
    let shown = web.folder().join(".well-known/acme-challenge");
    fs::create_dir_all(&shown).unwrap();
    let script = format!(
        "test \"$2\" = http-01 || exit 1\nprintf %s \"$5\" > {}/\"$4\"\necho $UACME_VERBOSE $UACME_CONFDIR > {}",
        shown.display(),
        bench.beside("told").display()
    );
    let hook = program(&bench, &script);
    let words = ["getcert", "a.test", "--hook", &hook, "--hook-style", "uacme", "-vv"];
    bench.luacme(&[&words[..], &["--http-addr", &web.address.to_string()]].concat()).succeeds();
    let told = fs::read_to_string(bench.beside("told")).unwrap();
    assert_eq!(told.trim(), format!("2 {}", bench.dir().display()));
}
