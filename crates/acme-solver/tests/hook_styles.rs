//! Each style of hooks, with a program as the users of that client write it: called exactly so, and not otherwise.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
mod script;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use acme_account::{Solver, Task};
use acme_jose::{KeyType, PrivateKey, Signer as _};
use acme_proto::{ChallengeType, Identifier, Meta, Proof, Prover};
use acme_solver::hook::{Announcement, CertificateFiles, Hook, Style};
use common::{One as _, task};
use script::{Scripts, call, calls};

/// Tasks of one order: a name, its wildcard, an address.
fn order() -> Vec<Task> {
    [("a.test", "dns-01", false), ("a.test", "dns-01", true), ("2001:db8::1", "http-01", false)]
        .into_iter()
        .enumerate()
        .map(|(number, (name, kind, wildcard))| one_of(name, kind, wildcard, &format!("-token_{number}")))
        .collect()
}

fn one_of(name: &str, kind: &str, wildcard: bool, token: &str) -> Task {
    let challenge = format!(r#"{{"type": "{kind}", "url": "https://ca.test/c", "token": "{token}"}}"#);
    let thumbprint = PrivateKey::generate(KeyType::P256).unwrap().public_key().thumbprint();
    let prover = Prover { account_url: "https://ca.test/a", thumbprint: &thumbprint, meta: &Meta::default() };
    let challenge = serde_json::from_str(&challenge).unwrap();
    Task::new(&challenge, &Identifier::parse(name).unwrap(), wildcard, &prover).unwrap()
}

fn key_authorization(task: &Task) -> &str {
    task.key_authorization.as_ref().unwrap().as_str()
}

/// What is published: what most clients give to a hook.
fn value(task: &Task) -> String {
    match &task.proof {
        Proof::Http01 { body, .. } => body.as_str().to_owned(),
        _ => task.key_authorization.as_ref().unwrap().dns_txt(),
    }
}

fn all_good(results: Vec<Result<(), acme_account::SolverError>>) {
    for result in results {
        result.unwrap();
    }
}

#[test]
fn luacme_tells_everything_in_variables_and_json() {
    let scripts = Scripts::new();
    let hook = scripts.noting("hook", "LUACME_", "case $1 in present | clean-up) ;; *) exit 1 ;; esac\n");
    let solver = Hook::new(&hook, Style::Luacme);
    let [_, wildcard, address] = <[Task; 3]>::try_from(order()).unwrap();
    let handshake = task("a.test", ChallengeType::TlsAlpn01, "two");
    let Proof::TlsAlpn01(shown) = &handshake.proof else { panic!("another proof") };
    let hex: String = shown.sha256.iter().map(|octet| format!("{octet:02x}")).collect();
    let tests = [
        (&wildcard, "dns", vec![("txt_name", "_acme-challenge.a.test.".to_owned()), ("txt_value", value(&wildcard))]),
        (&address, "ip", vec![("url", "http://[2001:db8::1]/.well-known/acme-challenge/-token_2".to_owned())]),
        (&handshake, "dns", vec![("server_name", "a.test".to_owned()), ("sha256", hex)]),
    ];
    for (task, identifier_type, particular) in tests {
        solver.present_one(task).unwrap();
        solver.clean_up_one(task).unwrap();
        let identifier = task.identifier.value();
        let kind = task.kind.as_str();
        let want = ["present", "clean-up"].map(|action| {
            let mut facts = vec![
                ("action", action.to_owned()),
                ("type", kind.to_owned()),
                ("identifier", identifier.clone()),
                ("identifier_type", identifier_type.to_owned()),
                ("token", task.token.as_ref().unwrap().as_str().to_owned()),
                ("key_authorization", key_authorization(task).to_owned()),
            ];
            facts.extend(particular.clone());
            let members = facts.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into()));
            let mut json = serde_json::Value::Object(members.collect());
            json["wildcard"] = task.wildcard.into();
            facts.push(("wildcard", task.wildcard.to_string()));
            let facts: Vec<_> =
                facts.into_iter().map(|(name, value)| (format!("LUACME_{}", name.to_uppercase()), value)).collect();
            let variables: Vec<_> = facts.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            call(&[action, kind, &identifier], &variables, &json.to_string())
        });
        assert_eq!(calls(&hook), want, "{kind}");
    }
}

#[test]
fn luacme_declines_with_42_only() {
    let scripts = Scripts::new();
    for (status, declined) in [(42, true), (1, false), (41, false), (255, false)] {
        let hook = scripts.noting(&format!("exits_{status}"), "LUACME_TYPE", &format!("exit {status}\n"));
        let error = Hook::new(hook, Style::Luacme).present_one(&order()[0]).unwrap_err();
        assert_eq!(error.is_declined(), declined, "{error}");
    }
}

#[test]
fn uacme_gets_the_same_as_arguments_and_variables() {
    let scripts = Scripts::new();
    let hook = scripts.noting(
        "uacme.sh",
        "UACME_",
        r#"test $# -eq 5 || exit 85
           case $1 in begin | done | failed) exit 0 ;; *) exit 1 ;; esac"#,
    );
    let solver =
        Hook::new(&hook, Style::Uacme).variable("UACME_CONFDIR", "/etc/ssl/uacme").variable("UACME_VERBOSE", "1");
    let want = |method: &str, task: &Task| {
        let (kind, name, auth) = (task.kind.as_str(), task.identifier.value(), value(task));
        let token = task.token.as_ref().unwrap().as_str();
        let variables = [
            ("UACME_CONFDIR", "/etc/ssl/uacme"),
            ("UACME_VERBOSE", "1"),
            ("UACME_METHOD", method),
            ("UACME_TYPE", kind),
            ("UACME_IDENT", &name),
            ("UACME_TOKEN", token),
            ("UACME_AUTH", &auth),
        ];
        call(&[method, kind, &name, token, &auth], &variables, "")
    };
    let mut tasks = order();
    tasks.push(task("a.test", ChallengeType::TlsAlpn01, "three"));
    all_good(solver.present(&tasks));
    assert_eq!(calls(&hook), tasks.iter().map(|task| want("begin", task)).collect::<Vec<_>>());
    solver.rejected(&tasks[1], "no such record");
    all_good(solver.clean_up(&tasks));
    let methods = ["done", "failed", "done", "done"];
    assert_eq!(calls(&hook), tasks.iter().zip(methods).map(|(task, method)| want(method, task)).collect::<Vec<_>>());
}

#[test]
fn uacme_hears_nothing_more_of_what_it_has_declined() {
    let scripts = Scripts::new();
    let hook = scripts.noting("uacme.sh", "UACME_METHOD", "test $2 = http-01\n");
    let solver = Hook::new(&hook, Style::Uacme);
    let tasks = order();
    let results = solver.present(&tasks);
    let declined = results.iter().map(|result| result.as_ref().is_err_and(|error| error.is_declined()));
    assert_eq!(declined.collect::<Vec<_>>(), [true, true, false]);
    assert!(results[2].is_ok());
    solver.rejected(&tasks[0], "never asked");
    all_good(solver.clean_up(&tasks));
    let methods: Vec<_> = calls(&hook).iter().map(|call| call.lines().next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["arg begin", "arg begin", "arg begin", "arg done"]);
}

#[test]
fn lego_gets_the_record() {
    let scripts = Scripts::new();
    let hook = scripts.noting("update-dns.sh", "LEGO_", "");
    let solver = Hook::new(&hook, Style::Lego);
    let tasks = &order()[..2];
    all_good(solver.present(tasks));
    all_good(solver.clean_up(tasks));
    let want = |verb| tasks.iter().map(move |task| call(&[verb, "_acme-challenge.a.test.", &value(task)], &[], ""));
    assert_eq!(calls(&hook), want("present").chain(want("cleanup")).collect::<Vec<_>>());
}

#[test]
fn lego_raw_gets_token_and_key_authorization() {
    let scripts = Scripts::new();
    let hook = scripts.noting("update-dns.sh", "LEGO_", "");
    let solver = Hook::new(&hook, Style::LegoRaw);
    let task = &order()[1];
    solver.present_one(task).unwrap();
    solver.clean_up_one(task).unwrap();
    let want = |verb| call(&[verb, "--", "a.test", "-token_1", key_authorization(task)], &[], "");
    assert_eq!(calls(&hook), [want("present"), want("cleanup")]);
}

/// In the customary form: functions by the names of the verbs, and a last line that knows them.
const DEHYDRATED: &str = r#"
deploy_challenge() { :; }
clean_challenge() { :; }
HANDLER="$1"; shift
case "$HANDLER" in deploy_challenge | clean_challenge) "$HANDLER" "$@" ;; esac
"#;

#[test]
fn dehydrated_gets_a_triple_for_each() {
    let scripts = Scripts::new();
    let hook = scripts.noting("hook.sh", "DEHYDRATED_", DEHYDRATED);
    let solver = Hook::new(&hook, Style::Dehydrated);
    let tasks = order();
    all_good(solver.present(&tasks));
    all_good(solver.clean_up(&tasks));
    let one = |verb, task: &Task| {
        call(&[verb, &task.identifier.value(), task.token.as_ref().unwrap().as_str(), &value(task)], &[], "")
    };
    let want = ["deploy_challenge", "clean_challenge"].map(|verb| tasks.iter().map(move |task| one(verb, task)));
    assert_eq!(calls(&hook), want.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn dehydrated_in_a_chain_gets_all_triples_at_once() {
    let scripts = Scripts::new();
    let hook = scripts.noting("hook.sh", "DEHYDRATED_", DEHYDRATED);
    let solver = Hook::new(&hook, Style::Dehydrated).chained();
    let tasks = &order()[..2];
    all_good(solver.present(tasks));
    all_good(solver.clean_up(tasks));
    let all = |verb| {
        let (first, second) = (value(&tasks[0]), value(&tasks[1]));
        call(&[verb, "a.test", "-token_0", &first, "a.test", "-token_1", &second], &[], "")
    };
    assert_eq!(calls(&hook), [all("deploy_challenge"), all("clean_challenge")]);
    assert!(solver.present(&[]).is_empty() && calls(&hook).is_empty(), "nothing to chain is no call");
}

#[test]
fn a_chain_that_breaks_fails_for_all() {
    let scripts = Scripts::new();
    let hook = scripts.noting("hook.sh", "DEHYDRATED_", "test $1 = clean_challenge\n");
    let results = Hook::new(&hook, Style::Dehydrated).chained().present(&order());
    assert!(results.len() == 3 && results.iter().all(Result::is_err), "{results:?}");
    let verbs: Vec<_> = calls(&hook).iter().map(|call| call.lines().next().unwrap().to_owned()).collect();
    assert_eq!(verbs, ["arg deploy_challenge", "arg clean_challenge"], "what came halfway does not stay");
}

#[test]
fn dehydrated_learns_why_a_challenge_failed_in_harmless_words() {
    let scripts = Scripts::new();
    let hook = scripts.noting("hook.sh", "DEHYDRATED_", DEHYDRATED);
    let evil = scripts.path("evil");
    let solver = Hook::new(&hook, Style::Dehydrated);
    let task = &order()[0];
    solver.present_one(task).unwrap();
    solver.rejected(task, &format!("a.test: `id`; $(touch {}) \"'|&\x1b[2J\n{}", evil.display(), "x".repeat(9999)));
    solver.clean_up_one(task).unwrap();
    let noted = calls(&hook);
    assert_eq!(noted.len(), 3, "presentation, rejection, clean-up");
    let words: Vec<_> = noted[1].lines().map(|line| line.strip_prefix("arg ").unwrap()).collect();
    assert_eq!(words[..2], ["invalid_challenge", "a.test"]);
    assert!(words[2].starts_with("a.test: _id__ __touch /"), "{}", words[2]);
    assert!(words[2].len() <= 1000 && !words[2].contains(['`', '$', '"', '\'', '|', ';', '&', '\x1b']), "{}", words[2]);
    assert!(!evil.exists());
}

#[test]
fn dehydrated_is_told_of_certificates_and_runs() {
    let scripts = Scripts::new();
    let hook = scripts.noting("hook.sh", "DEHYDRATED_", DEHYDRATED);
    let domain = Identifier::Dns("a.test".to_owned());
    let [key, certificate, full_chain, chain] = ["/k", "/c", "/f", "/i"].map(Path::new);
    let files = CertificateFiles { key, certificate, full_chain, chain };
    let domain = &domain;
    let made = UNIX_EPOCH + Duration::from_millis(1_700_000_000_999);
    let error = Some("no \"luck\" $(id)");
    let told = [
        (Announcement::Startup, &["startup_hook"][..]),
        (
            Announcement::DeployCert { domain, files, made },
            &["deploy_cert", "a.test", "/k", "/c", "/f", "/i", "1700000000"],
        ),
        (Announcement::UnchangedCert { domain, files }, &["unchanged_cert", "a.test", "/k", "/c", "/f", "/i"]),
        (Announcement::Exit(error), &["exit_hook", "no _luck_ __id_"]),
        (Announcement::Exit(None), &["exit_hook"]),
    ];
    for style in Style::ALL {
        for (announcement, args) in &told {
            Hook::new(&hook, style).announce(announcement).unwrap();
            let want = (style == Style::Dehydrated).then(|| call(args, &[], ""));
            assert_eq!(calls(&hook), want.into_iter().collect::<Vec<_>>(), "{style}: {announcement:?}");
        }
    }
    let failing = Hook::new(scripts.script("failing", "exit 1"), Style::Dehydrated);
    let error = failing.announce(&Announcement::Startup).unwrap_err();
    assert!(error.to_string().contains("startup_hook) failed"), "{error}");
}

#[test]
fn certbot_has_two_programs_and_hands_the_output_on() {
    let scripts = Scripts::new();
    let auth =
        scripts.noting("authenticator.sh", "CERTBOT_", "echo 'record 17 '\necho noise >&2\nprintf 'a\\0b\\n\\n'\n");
    let cleanup = scripts.noting("cleanup.sh", "CERTBOT_", "");
    let solver = Hook::new(&auth, Style::Certbot).clean_up_program(&cleanup);
    let tasks = order();
    all_good(solver.present(&tasks));
    let everything = "a.test,a.test,2001:db8::1";
    let want = |index: usize, output: Option<&str>| {
        let task = &tasks[index];
        let (name, value) = (task.identifier.value(), value(task));
        let remaining = (2 - index).to_string();
        let mut variables = vec![
            ("CERTBOT_DOMAIN", name.as_str()),
            ("CERTBOT_IDENTIFIER", &name),
            ("CERTBOT_VALIDATION", &value),
            ("CERTBOT_ALL_DOMAINS", everything),
            ("CERTBOT_ALL_IDENTIFIERS", everything),
            ("CERTBOT_REMAINING_CHALLENGES", &remaining),
        ];
        variables.extend((task.kind == ChallengeType::Http01).then_some(("CERTBOT_TOKEN", "-token_2")));
        variables.extend(output.map(|output| ("CERTBOT_AUTH_OUTPUT", output)));
        call(&[], &variables, "")
    };
    assert_eq!(calls(&auth), [want(0, None), want(1, None), want(2, None)]);
    all_good(solver.clean_up(&tasks[1..]));
    // The line break within the output makes two lines of the variable.
    let noted = calls(&cleanup).concat();
    let lines = |text: &str| {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let wanted = [want(1, Some("record 17 ")), want(2, Some("record 17 "))].concat();
    assert_eq!(
        lines(&noted),
        lines(&wanted),
        "as at presentation, with its output, without what a variable cannot hold"
    );
    assert!(calls(&auth).is_empty());
}

#[test]
fn certbot_cleans_up_in_a_later_process_without_the_output() {
    let scripts = Scripts::new();
    let cleanup = scripts.noting("cleanup.sh", "CERTBOT_AUTH_OUTPUT", "");
    let solver = Hook::new(scripts.path("gone"), Style::Certbot).clean_up_program(&cleanup);
    solver.clean_up_one(&order()[0]).unwrap();
    assert_eq!(calls(&cleanup), [call(&[], &[("CERTBOT_AUTH_OUTPUT", "")], "")]);
    Hook::new(scripts.path("gone"), Style::Certbot).clean_up_one(&order()[0]).expect("no program, no clean-up");
}

#[test]
fn variables_of_an_outer_client_do_not_leak_in() {
    if let Ok(auth) = std::env::var("AUTH_HOOK") {
        Hook::new(auth, Style::Certbot).present_one(&order()[0]).unwrap();
        return;
    }
    let scripts = Scripts::new();
    let auth = scripts.noting("authenticator.sh", "'CERTBOT_[TA][OU]\\|SECRET'", "");
    let outer = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "variables_of_an_outer_client_do_not_leak_in"])
        .envs([("CERTBOT_TOKEN", "stale"), ("CERTBOT_AUTH_OUTPUT", "stale"), ("SECRET", "kept")])
        .env("AUTH_HOOK", &auth)
        .output()
        .unwrap();
    assert!(outer.status.success(), "{outer:?}");
    assert_eq!(calls(&auth), ["SECRET=kept\n"], "the rest of the environment is inherited");
}

#[test]
fn the_style_and_the_identifier_decide_what_is_offered() {
    use ChallengeType::{Dns01, DnsAccount01, DnsPersist01, Http01, TlsAlpn01};
    let name = || Identifier::Dns("a.test".to_owned());
    for (style, identifier, wildcard, want) in [
        (Style::Luacme, name(), false, vec![Http01, Dns01, TlsAlpn01, DnsAccount01]),
        (Style::Luacme, name(), true, vec![Dns01, DnsAccount01]),
        (Style::Luacme, Identifier::Ip([192, 0, 2, 1].into()), false, vec![Http01, TlsAlpn01]),
        (Style::Uacme, name(), false, vec![Http01, Dns01, TlsAlpn01]),
        (Style::Lego, name(), false, vec![Dns01]),
        (Style::LegoRaw, name(), true, vec![Dns01]),
        (Style::Lego, Identifier::Ip([192, 0, 2, 1].into()), false, vec![]),
        (Style::Dehydrated, name(), false, vec![Http01, Dns01]),
        (Style::Certbot, name(), true, vec![Dns01]),
        (Style::Luacme, Identifier::Dns("$(id)".to_owned()), false, vec![]),
        (Style::Luacme, Identifier::Other { kind: "x".to_owned(), value: "y".to_owned() }, false, vec![]),
    ] {
        assert_eq!(Hook::new("p", style).challenge_types(&identifier, wildcard), want, "{style}: {identifier}");
    }
    let standing = Hook::new("p", Style::Luacme).offering([DnsPersist01]);
    assert_eq!(standing.challenge_types(&name(), true), [DnsPersist01], "a standing record is for those who ask");
    let narrowed = Hook::new("p", Style::Uacme).offering([TlsAlpn01, Http01]);
    assert_eq!(narrowed.challenge_types(&name(), false), [TlsAlpn01, Http01], "as it was set");
}
