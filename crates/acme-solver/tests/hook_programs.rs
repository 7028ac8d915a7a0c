//! Programs that misbehave: each gives one error that names the program, the style, what it was called for, and what to do.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
mod dns_server;
mod script;

use std::error::Error as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use acme_account::{Readiness, Solver as _, SolverError, Task};
use acme_proto::{ChallengeType, Identifier};
use acme_solver::dns::Propagation;
use acme_solver::hook::{Hook, Style};
use acme_solver::program::Interruption;
use acme_solver::{ProgramError, Stream};
use common::{One as _, answer, persist_task, serve_always, task};
use dns_server::{DnsServer, Script as Answers, txt};
use script::{Scripts, calls};

fn dns_task(token: &str) -> Task {
    task("a.test", ChallengeType::Dns01, token)
}

fn program_error(error: &SolverError) -> ProgramError {
    let source = error.source().unwrap_or_else(|| panic!("no source: {error}"));
    source.downcast_ref::<ProgramError>().unwrap().clone()
}

/// Lines that a hook wrote.
type Heard = Arc<Mutex<Vec<(Stream, String)>>>;

fn listening(hook: Hook) -> (Hook, Heard) {
    let heard = Heard::default();
    let sink = Arc::clone(&heard);
    (hook.output(move |line| sink.lock().unwrap().push((line.stream, line.text.to_owned()))), heard)
}

fn is_alive(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).unwrap();
    // A process that nobody has waited for yet is dead all the same.
    let stat = Command::new("ps").args(["-o", "stat=", "-p", pid.trim()]).output().unwrap();
    let stat = String::from_utf8(stat.stdout).unwrap();
    !stat.trim().is_empty() && !stat.starts_with('Z')
}

#[test]
fn what_cannot_be_run_is_told_with_the_fix() {
    let scripts = Scripts::new();
    let folder = scripts.path("");
    let plain = scripts.file("plain", "#!/bin/sh\n");
    let no_interpreter = scripts.script("no-interpreter", "");
    let text = fs::read_to_string(&no_interpreter).unwrap().replace("/bin/sh", "/no/such/shell");
    scripts.file("no-interpreter", &text);
    let no_format = scripts.script("no-format", "");
    scripts.file("no-format", "exit 0\n");
    let not_started = ProgramError::NotStarted(String::new());
    for (why, program, want, fix) in [
        ("missing", scripts.path("missing"), ProgramError::Missing, "give the path"),
        ("a name that is not in PATH", "no-such-program-of-that-name".into(), ProgramError::Missing, "give the path"),
        ("no name", "".into(), ProgramError::Missing, "give the path"),
        ("a folder", folder, ProgramError::NotAFile, "give the path"),
        ("not executable", plain, ProgramError::NotExecutable, "chmod +x"),
        ("no interpreter", no_interpreter, not_started.clone(), "#!/bin/sh"),
        ("no shell stands in for a missing first line", no_format, not_started, "#!/bin/sh"),
    ] {
        let hook = Hook::new(&program, Style::Lego);
        let error = hook.present_one(&dns_task("one")).unwrap_err();
        let found = program_error(&error);
        assert_eq!(std::mem::discriminant(&found), std::mem::discriminant(&want), "{why}: {found:?}");
        assert!(error.to_string().contains(&format!("{} (style lego, present)", program.display())), "{why}: {error}");
        assert!(error.to_string().contains("a.test") && error.advice().contains(fix), "{why}: {}", error.advice());
        let early = hook.check();
        assert_eq!(early.is_err(), !matches!(want, ProgramError::NotStarted(_)), "{why}: {early:?}");
    }
    let half = Hook::new("true", Style::Certbot).clean_up_program(scripts.path("missing"));
    assert!(half.check().unwrap_err().to_string().contains("missing"), "the other program counts too");
}

#[test]
fn a_bare_name_is_looked_for_in_path() {
    let hook = Hook::new("true", Style::Lego);
    hook.check().unwrap();
    hook.present_one(&dns_task("one")).unwrap();
}

#[test]
fn a_failure_tells_how_it_ended_and_its_last_words() {
    let scripts = Scripts::new();
    let quoted = ["no such".to_owned(), "zone".to_owned()].to_vec();
    for (name, body, want, words) in [
        (
            "status",
            "echo no such; echo zone >&2; sleep 0.1; exit 3",
            ProgramError::Failed { status: 3, output: quoted },
            "exit status 3; its last output was: ",
        ),
        ("signal", "kill -9 $$", ProgramError::Killed { signal: 9, output: vec![] }, "signal 9"),
    ] {
        let hook = scripts.script(name, body);
        for style in [Style::Luacme, Style::Lego, Style::LegoRaw, Style::Dehydrated, Style::Certbot] {
            let error = Hook::new(&hook, style).present_one(&dns_task("one")).unwrap_err();
            let mut found = program_error(&error);
            if let ProgramError::Failed { output, .. } = &mut found {
                output.sort();
            }
            assert_eq!(found, want, "{style}: {name}");
            let text = error.to_string();
            let parts = [hook.to_str().unwrap(), style.as_str(), "a.test", "dns-01", words];
            assert!(parts.iter().all(|part| text.contains(part)), "{text}");
            assert!(!error.is_declined() && !error.advice().is_empty(), "{text}");
        }
    }
}

#[test]
fn uacme_declines_by_exit_status_only() {
    let scripts = Scripts::new();
    let error =
        Hook::new(scripts.script("hook", "kill -9 $$"), Style::Uacme).present_one(&dns_task("one")).unwrap_err();
    assert!(!error.is_declined(), "a program that dies has not made up its mind: {error}");
}

#[test]
fn what_a_failed_presentation_has_got_done_is_taken_back() {
    let scripts = Scripts::new();
    for (style, verbs) in [
        (Style::Luacme, ["present", "clean-up"]),
        (Style::Lego, ["present", "cleanup"]),
        (Style::LegoRaw, ["present", "cleanup"]),
        (Style::Dehydrated, ["deploy_challenge", "clean_challenge"]),
    ] {
        let hook = scripts.noting(&format!("hook-{style}"), "NOTHING_", "exit 1\n");
        let tasks = [dns_task("one"), dns_task("two")];
        let results = Hook::new(&hook, style).present(&tasks);
        assert_eq!(program_error(results[0].as_ref().unwrap_err()).to_string(), "it ended with exit status 1");
        assert!(results[1].as_ref().unwrap_err().to_string().contains("already failed for a.test"), "{results:?}");
        let noted = calls(&hook);
        let called: Vec<_> = noted.iter().map(|call| call.lines().next().unwrap().trim_start_matches("arg ")).collect();
        assert_eq!(called, verbs, "{style}: only once, and no more calls");
    }
}

#[test]
fn a_record_that_is_to_stay_stays() {
    let scripts = Scripts::new();
    let standing = persist_task("a.test");
    for (status, works) in [(0, true), (1, false)] {
        let hook = scripts.noting(&format!("exits_{status}"), "LUACME_T[OX]", &format!("exit {status}\n"));
        let solver = Hook::new(&hook, Style::Luacme);
        assert_eq!(solver.present_one(&standing).is_ok(), works);
        solver.clean_up_one(&standing).unwrap();
        let noted = calls(&hook);
        let record = standing.proof.txt_record().unwrap();
        let variables = format!("LUACME_TXT_NAME={}\nLUACME_TXT_VALUE={}\n", record.name, record.value);
        assert_eq!(noted.len(), 1, "it is presented, and no more");
        assert!(
            noted[0].starts_with(&format!("arg present\narg dns-persist-01\narg a.test\n{variables}")),
            "{noted:?}"
        );
    }
}

#[test]
fn clean_up_goes_on_after_a_failure() {
    let scripts = Scripts::new();
    let hook = scripts.noting("hook", "NOTHING_", "exit 1\n");
    let tasks = [dns_task("one"), dns_task("two")];
    let results = Hook::new(&hook, Style::Lego).clean_up(&tasks);
    assert!(results.iter().all(|result| result.as_ref().is_err_and(|error| error.to_string().contains("cleanup"))));
    assert_eq!(calls(&hook).len(), 2);
}

#[test]
fn a_program_that_takes_too_long_ends_with_all_it_has_started() {
    let scripts = Scripts::new();
    let (child, grandchild) = (scripts.path("child"), scripts.path("grandchild"));
    let hook = scripts.script(
        "hook",
        &format!(
            "test \"$1\" = cleanup && exit\ntrap '' TERM\nsh -c 'trap \"\" TERM; sleep 600 & echo $! > {}; wait' &\n\
             echo $! > {}\necho started\nwhile :; do sleep 600; done\n",
            grandchild.display(),
            child.display()
        ),
    );
    let (hook, heard) = listening(Hook::new(hook, Style::Lego).timeout(Duration::from_millis(700)));
    let started = Instant::now();
    let error = hook.present_one(&dns_task("one")).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    let output = vec!["started".to_owned()];
    assert_eq!(program_error(&error), ProgramError::TimedOut { after: Duration::from_millis(700), output });
    assert!(error.to_string().contains("0.7 seconds") && error.advice().contains("more time"), "{error}");
    assert_eq!(*heard.lock().unwrap(), [(Stream::Stdout, "started".to_owned())]);
    assert!(!is_alive(&child) && !is_alive(&grandchild));
}

#[test]
fn a_program_may_tidy_up_when_it_is_asked_to_end() {
    let scripts = Scripts::new();
    let body = "test \"$1\" = cleanup && exit\ntrap 'echo tidied; exit' TERM\nsleep 600 & wait\n";
    let hook = Hook::new(scripts.script("hook", body), Style::Lego).timeout(Duration::from_millis(500));
    let error = program_error(&hook.present_one(&dns_task("one")).unwrap_err());
    assert_eq!(error.output(), ["tidied"], "{error}");
}

#[test]
fn an_interruption_ends_what_runs_and_begins_nothing_new() {
    let scripts = Scripts::new();
    let interruption = Interruption::default();
    let body = "echo $1; test \"$1\" = cleanup || { sleep 600 & wait; }\n";
    let (first, heard) = listening(Hook::new(scripts.script("hook", body), Style::Lego).interruption(&interruption));
    let second = Hook::new(scripts.script("second", body), Style::Lego).interruption(&interruption);
    let error = thread::scope(|scope| {
        let presented = scope.spawn(|| first.present(&[dns_task("one"), dns_task("two")]));
        while heard.lock().unwrap().is_empty() {
            thread::yield_now();
        }
        assert!(!interruption.is_idle());
        interruption.interrupt();
        presented.join().unwrap().remove(0).unwrap_err()
    });
    assert!(interruption.is_idle());
    assert_eq!(program_error(&error), ProgramError::Interrupted { output: vec!["present".to_owned()] });
    let lines: Vec<_> = heard.lock().unwrap().iter().map(|(_, text)| text.clone()).collect();
    assert_eq!(lines, ["present", "cleanup"], "what came halfway is cleaned up, the other task is not begun");
    let error = program_error(&second.present_one(&dns_task("one")).unwrap_err());
    assert_eq!(error, ProgramError::Interrupted { output: Vec::new() });
    second.clean_up_one(&dns_task("one")).unwrap();
}

#[test]
fn what_a_program_leaves_running_is_left_alone() {
    let scripts = Scripts::new();
    let pid = scripts.path("pid");
    let body = format!("sleep 60 &\necho $! > {}\necho done\n", pid.display());
    let (hook, heard) = listening(Hook::new(scripts.script("hook", &body), Style::Luacme));
    let started = Instant::now();
    hook.present_one(&dns_task("one")).unwrap();
    assert!(started.elapsed() < Duration::from_secs(20), "its open output is not waited for");
    assert_eq!(*heard.lock().unwrap(), [(Stream::Stdout, "done".to_owned())]);
    assert!(is_alive(&pid));
    let number = fs::read_to_string(pid).unwrap();
    Command::new("kill").arg(number.trim()).status().unwrap();
}

#[test]
fn binary_output_is_shown_as_text() {
    let scripts = Scripts::new();
    let body = r"printf '\033[2J\000\377\n' >&2; cat";
    let (hook, heard) = listening(Hook::new(scripts.script("hook", body), Style::Luacme));
    hook.present_one(&dns_task("one")).unwrap();
    let heard = heard.lock().unwrap();
    let errors: Vec<_> = heard.iter().filter(|(stream, _)| *stream == Stream::Stderr).collect();
    assert_eq!(errors, [&(Stream::Stderr, "\\u{1b}[2J\\u{0}\u{fffd}".to_owned())]);
    assert!(heard.iter().any(|(stream, text)| *stream == Stream::Stdout && text.starts_with('{')), "{heard:?}");
}

#[test]
fn endless_output_is_bounded() {
    let scripts = Scripts::new();
    let body = "test \"$1\" = cleanup && exit\nexec yes";
    let (hook, heard) = listening(Hook::new(scripts.script("hook", body), Style::Lego).timeout(Duration::from_secs(1)));
    let error = program_error(&hook.present_one(&dns_task("one")).unwrap_err());
    assert!(matches!(error, ProgramError::TimedOut { .. }) && error.output().len() <= 20, "{error}");
    let heard = heard.lock().unwrap();
    let octets: usize = heard.iter().map(|(_, text)| text.len() + 1).sum();
    assert!((1_000_000..1_100_000).contains(&octets), "{octets} octets were shown");
    assert_eq!(heard.last().map(|(_, text)| text.as_str()), Some("(more output is not shown)"));
}

#[test]
fn input_need_not_be_read() {
    let scripts = Scripts::new();
    Hook::new(scripts.script("hook", "exec <&-\n"), Style::Luacme).present_one(&dns_task("one")).unwrap();
}

#[test]
fn an_identifier_that_is_none_reaches_no_program() {
    let scripts = Scripts::new();
    let evil = scripts.path("evil");
    for name in [format!("$(touch {})", evil.display()), "-rf".to_owned(), "a.test\n".to_owned(), "*.a.test".to_owned()]
    {
        for style in Style::ALL {
            let hook = scripts.noting(&format!("hook-{style}"), "NOTHING_", "eval \"echo $*\"");
            let task = Task { identifier: Identifier::Dns(name.clone()), ..dns_task("one") };
            let solver = Hook::new(&hook, style).clean_up_program(&hook);
            let error = solver.present_one(&task);
            assert!(error.is_err_and(|error| !error.is_declined()), "{style}: {name}");
            assert!(solver.clean_up_one(&task).is_err(), "{style}: {name}");
            solver.rejected(&task, "no");
            assert!(calls(&hook).is_empty() && !evil.exists(), "{style}: {name}");
        }
    }
}

#[test]
fn each_answer_is_looked_for_where_it_should_be() {
    let kinds = [ChallengeType::Dns01, ChallengeType::Http01, ChallengeType::TlsAlpn01, ChallengeType::Dns01];
    let names = ["a.test", "a.test", "a.test", "b.test"];
    let tasks: Vec<_> = names.iter().zip(kinds).map(|(name, kind)| task(name, kind, "one")).collect();
    let key_authorization = |number: usize| tasks[number].key_authorization.as_ref().unwrap();
    let published = txt("_acme-challenge.a.test.", &[&key_authorization(0).dns_txt()]);
    let name_server = DnsServer::start(Answers::answers(vec![published]));
    let (web_server, _) = serve_always(answer("200 OK", key_authorization(1).as_str()));
    let propagation = Propagation::default().servers([name_server.address]).timeout(Duration::ZERO);
    let hook = Hook::new("hook", Style::Luacme).propagation(propagation);
    let seen = hook.check_http_at(web_server).verify(&tasks);
    assert!(matches!(seen[..2], [Ok(Readiness::Ready), Ok(Readiness::Ready)]), "{seen:?}");
    assert!(matches!(seen[2], Ok(Readiness::Unseen(_))), "{seen:?}");
    assert!(seen[3].as_ref().is_err_and(|error| error.to_string().contains("b.test")), "{seen:?}");
}

#[test]
fn another_text_than_that_of_the_proof_is_an_error_before_the_ca_sees_it() {
    let (web_server, _) = serve_always(answer("404 Not Found", ""));
    let hook = Hook::new("/etc/acme/hook", Style::Certbot).check_http_at(web_server);
    let error = hook.verify_one(&task("a.test", ChallengeType::Http01, "one")).unwrap_err();
    assert!(error.to_string().contains("404") && error.advice().contains("/etc/acme/hook"), "{error}");
}
