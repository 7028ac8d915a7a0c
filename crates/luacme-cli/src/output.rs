//! What the user sees: a spinner on a terminal, plain lines elsewhere, or JSON, one event per line.

mod hook;

use std::collections::HashSet;
use std::io::{IsTerminal as _, Write as _, stderr, stdin, stdout};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme_account::{Event, Observer, Response, Task};
use acme_proto::Proof;
use acme_solver::OutputLine;
use acme_x509::Chain;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::arguments::Shared;
use crate::certificate_store::CertificateFiles;
use crate::doctor::{self, Finding, Severity};
use crate::failure::{Failure, one_line, printable};

/// Where events, results and failures go.
pub(crate) struct Output {
    channel: Arc<Channel>,
    interactive: bool,
}

/// The form they take.
enum Channel {
    /// One JSON object per line on standard output.
    Json { verbosity: u8 },
    /// Plain lines on standard error, results on standard output. No state is told twice.
    Plain { verbosity: u8, told: Mutex<HashSet<String>> },
    /// The current step beside a spinner.
    Spinner(ProgressBar),
    /// Nothing but failures.
    Quiet,
}

impl Output {
    /// The form that fits the flags and the terminal.
    pub(crate) fn new(shared: &Shared) -> Self {
        let channel = match shared {
            Shared { json: true, verbose, .. } => Channel::Json { verbosity: *verbose },
            Shared { quiet: true, .. } => Channel::Quiet,
            Shared { verbose: 0, .. } if stderr().is_terminal() => Channel::Spinner(spinner()),
            Shared { verbose, .. } => Channel::Plain { verbosity: *verbose, told: Mutex::default() },
        };
        Self { channel: Arc::new(channel), interactive: !shared.non_interactive && !shared.json }
    }

    /// The library's view of this.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::clone(&self.channel) as Arc<dyn Observer>
    }

    /// Whether there is a person who can answer.
    pub(crate) fn may_ask(&self) -> bool {
        self.interactive && stdin().is_terminal() && stderr().is_terminal()
    }

    /// Asks a question that is answered with yes or no.
    pub(crate) fn ask(&self, question: &str) -> Result<bool, Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(format!("cannot ask: {error}"), "answer on the command line: --agree-tos, --yes")
        };
        self.suspend(|| {
            write!(stderr(), "{} [y/N] ", printable(question)).map_err(failed)?;
            let mut answer = String::new();
            stdin().read_line(&mut answer).map_err(failed)?;
            Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
        })
    }

    /// Goes on only if a person says yes.
    pub(crate) fn confirm(&self, question: &str) -> Result<(), Failure> {
        let nothing_done = |what: &str| format!("{what}, and so nothing was done: {question}");
        match self.may_ask() {
            false => Err(Failure::usage(nothing_done("nobody is there to ask"), "say yes with --yes")),
            true if self.ask(question)? => Ok(()),
            true => Err(Failure::new(nothing_done("the answer was not yes"), "answer y, or give --yes")),
        }
    }

    /// Keeps the spinner away while something else is written.
    fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &*self.channel {
            Channel::Spinner(bar) => bar.suspend(write),
            _ => write(),
        }
    }

    /// A result: JSON for programs, text for people.
    pub(crate) fn result(&self, object: Value, text: &str) {
        match &*self.channel {
            Channel::Quiet => {}
            _ => self.needed(object, text),
        }
    }

    /// A result without which the command was for nothing: even -q shows it.
    fn needed(&self, object: Value, text: &str) {
        match &*self.channel {
            Channel::Json { .. } => line(&object.to_string()),
            _ => self.suspend(|| line(&printable(text))),
        }
    }

    /// What was asked for, and nothing else.
    pub(crate) fn answer(&self, object: Value, text: &str) {
        self.needed(object, text);
    }

    pub(crate) fn registered(&self, url: &str, file: &Path) {
        let object = json!({"event": "account", "url": url, "file": file});
        self.result(object, &format!("account {url}\nkept in {}", file.display()));
    }

    pub(crate) fn issued(&self, name: &str, chain: &Chain, files: &CertificateFiles) {
        let text = format!("certificate for {name}, good until {}", day(chain));
        self.certificate(name, chain, files, true, &text);
    }

    pub(crate) fn not_due(&self, name: &str, chain: &Chain, files: &CertificateFiles) {
        let text = format!("nothing to do: the certificate for {name} is good until {}", day(chain));
        self.certificate(name, chain, files, false, &text);
    }

    /// It would have gone well.
    pub(crate) fn dry_run(&self, name: &str, server: &str, chain: &Chain) {
        let object = json!({
            "event": "dry_run", "name": name, "server": server, "not_after": not_after(chain).map(|end| end.to_string()),
        });
        self.result(object, &format!("the dry run for {name} went well at {server}; nothing was stored"));
    }

    fn certificate(&self, name: &str, chain: &Chain, files: &CertificateFiles, issued: bool, text: &str) {
        let names: Vec<_> = chain.leaf().names().unwrap_or_default().iter().map(ToString::to_string).collect();
        let mut object = json!({
            "event": "certificate", "name": name, "names": names, "issued": issued,
            "not_after": not_after(chain).map(|end| end.to_string()), "files": files,
        });
        let CertificateFiles { privkey, cert, chain, fullchain, .. } = files;
        let mut paths = vec![privkey, cert, chain, fullchain];
        // The key of a request made elsewhere is not here.
        if !privkey.exists() {
            object["files"]["privkey"] = Value::Null;
            paths.remove(0);
        }
        let paths: String = paths.iter().map(|path| format!("\n  {}", path.display())).collect();
        self.result(object, &format!("{text}{paths}"));
    }

    /// Shows what hooks write, while they run.
    pub(crate) fn programs(&self) -> impl Fn(&OutputLine<'_>) + Send + Sync + 'static {
        let channel = Arc::clone(&self.channel);
        move |written| {
            let program = written.program.display().to_string();
            match &*channel {
                Channel::Quiet => {}
                Channel::Json { .. } => {
                    line(&json!({"event": "hook", "program": program, "line": written.text}).to_string());
                }
                Channel::Plain { .. } => note(&format!("{program}: {}", written.text)),
                Channel::Spinner(bar) => bar.suspend(|| note(&format!("{program}: {}", written.text))),
            }
        }
    }

    /// A signal came: what follows is to end the program.
    pub(crate) fn interrupted(&self) {
        match &*self.channel {
            Channel::Json { .. } => line(&json!({"event": "interrupted"}).to_string()),
            Channel::Quiet => {}
            _ => self.suspend(|| note("interrupted: taking the answers away …")),
        }
    }

    /// Something did not go as it should, though the work goes on.
    pub(crate) fn warn(&self, what: &str, todo: &str) {
        match &*self.channel {
            Channel::Json { .. } => line(&json!({"event": "warning", "what": what, "todo": todo}).to_string()),
            _ => self.suspend(|| {
                note(&format!("warning: {what}"));
                note(&format!("  what to do:  {todo}"));
            }),
        }
    }

    /// A way to prove control has failed, and there is another.
    pub(crate) fn falls_back(&self, failure: &Failure) {
        let said = failure.said.as_ref().map(|said| format!("; the CA said: {said}")).unwrap_or_default();
        self.warn(&format!("{}{said}", failure.what), "nothing: the next way is tried, in a new order");
    }

    /// What a person must do, for each challenge: all records in one block, then the others.
    pub(crate) fn manual(&self, tasks: &[(Task, String)]) {
        let zone_line = |(task, _): &(Task, String)| task.proof.txt_record().map(|record| record.zone_line(300));
        let records: Vec<_> = tasks.iter().filter_map(zone_line).collect();
        if !self.is_json() && !records.is_empty() {
            let beside =
                "Add these TXT records, beside those that are there, and wait until all name servers show them:";
            self.needed(Value::Null, &format!("{beside}\n\n{}\n", records.join("\n")));
        }
        for (task, seen) in tasks {
            let (place_name, place, content) = match &task.proof {
                Proof::Http01 { url, body } => ("url", url.as_str(), body.as_str()),
                other => other.txt_record().map_or(("", "", ""), |record| ("record", &record.name, &record.value)),
            };
            let object = json!({
                "event": "manual", "name": task.identifier.to_string(), "wildcard": task.wildcard,
                "type": task.kind.as_str(), place_name: place, "content": content, "seen": seen,
            });
            let (name, kind) = (task.ordered_identifier(), &task.kind);
            let text = match task.proof.txt_record() {
                Some(_) => format!("{name} ({kind}), now: {seen}"),
                None => format!("To prove control of {name} ({kind}), {}\n(now: {seen})\n", task.describe()),
            };
            self.needed(object, &text);
        }
        self.needed(json!({"event": "awaits_person"}), "Then run the same command again.");
    }

    /// What `luacme doctor` found. With -q errors alone.
    pub(crate) fn findings(&self, findings: &[Finding]) {
        for finding in findings {
            match finding.severity() {
                Severity::Error => self.needed(finding.object(), &doctor::text(finding)),
                _ => self.result(finding.object(), &doctor::text(finding)),
            }
        }
        if !self.is_json() {
            self.result(Value::Null, &doctor::summary(findings));
        }
    }

    /// What was found after a failure: beside the error, for it is no result.
    pub(crate) fn reasons(&self, findings: &[Finding]) {
        for finding in findings {
            match &*self.channel {
                Channel::Json { .. } => line(&finding.object().to_string()),
                _ => self.suspend(|| note(&doctor::text(finding))),
            }
        }
    }

    pub(crate) fn is_json(&self) -> bool {
        matches!(&*self.channel, Channel::Json { .. })
    }

    pub(crate) fn is_quiet(&self) -> bool {
        matches!(&*self.channel, Channel::Quiet)
    }

    /// What a person has put in place has served.
    pub(crate) fn may_be_removed(&self) {
        let text = "The records and files that you were shown may be removed, except for those of dns-persist-01.";
        self.result(json!({"event": "may_be_removed"}), text);
    }

    /// What a person must set once and for good.
    pub(crate) fn aliases(&self, lines: &[String]) {
        let text = format!("Add these records, once and for good:\n\n{}\n", lines.join("\n"));
        self.needed(json!({"event": "aliases", "records": lines}), &text);
        self.needed(json!({"event": "awaits_person"}), "Then run the same command again.");
    }

    /// The CA's answer to one request: its body on standard output.
    pub(crate) fn response(&self, response: &Response) {
        let body = serde_json::from_slice::<Value>(response.body());
        let text = match &body {
            Ok(value) => serde_json::to_string_pretty(value).unwrap_or_default(),
            Err(_) => String::from_utf8_lossy(response.body()).trim_end().to_owned(),
        };
        let object = json!({
            "event": "response", "url": response.url(), "status": response.status(), "location": response.location(),
            "body": body.unwrap_or_else(|_| Value::from(text.as_str())),
        });
        if let (Some(location), Channel::Plain { .. } | Channel::Spinner(_)) = (response.location(), &*self.channel) {
            self.suspend(|| note(&format!("location {location}")));
        }
        self.needed(object, &text);
    }

    /// What happened, what the CA said, what to do.
    pub(crate) fn failure(&self, failure: &Failure) {
        let Failure { what, said, todo, exit, not_before, .. } = failure;
        let until = not_before.map(|until| format!("{until:.0}"));
        if let Channel::Json { .. } = &*self.channel {
            line(&json!({
                "event": "error", "what": what, "said": said, "todo": todo, "exit": *exit as u8, "not_before": until,
            }).to_string());
            return;
        }
        self.suspend(|| {
            note(&format!("error: {what}"));
            if let Some(said) = said {
                note(&format!("  the CA said: {said}"));
            }
            if let Some(until) = until {
                note(&format!("  not before:  {until}"));
            }
            note(&format!("  what to do:  {todo}"));
        });
    }
}

impl Observer for Channel {
    fn event(&self, event: &Event<'_>) {
        match self {
            Self::Quiet => {}
            Self::Json { verbosity } if level(event) <= *verbosity => line(&object(event).to_string()),
            Self::Plain { verbosity, told } if level(event) <= *verbosity => {
                let text = sentence(event);
                if !is_state(event) || *verbosity > 0 || told.lock().is_ok_and(|mut told| told.insert(text.clone())) {
                    note(&one_line(&text));
                }
            }
            // A spinner shows the last event only; a warning must stay.
            Self::Spinner(bar) if is_warning(event) => bar.suspend(|| note(&one_line(&sentence(event)))),
            Self::Spinner(bar) if level(event) == 0 => bar.set_message(one_line(&sentence(event))),
            _ => {}
        }
    }
}

/// Something that did not go as it should, though the work goes on.
fn is_warning(event: &Event<'_>) -> bool {
    matches!(
        event,
        Event::Remark { .. } | Event::Unseen { .. } | Event::CleanUpFailed { .. } | Event::ReplacesRefused { .. }
    )
}

/// What is seen anew at every look, changed or not.
fn is_state(event: &Event<'_>) -> bool {
    matches!(event, Event::Order { .. } | Event::Authorization { .. })
}

/// How much a user must want to know to be told: 0 always, 1 with `-v`, 2 with `-vv`.
fn level(event: &Event<'_>) -> u8 {
    match event {
        Event::NonceRefused { .. } => 2,
        Event::Request { .. } | Event::Response { .. } | Event::Unanswered { .. } => 1,
        // Short pauses are of no interest.
        Event::Waiting { pause, .. } if *pause < Duration::from_secs(1) => 1,
        _ => 0,
    }
}

/// An event as a line of text.
fn sentence(event: &Event<'_>) -> String {
    match event {
        Event::Request { method, url, .. } => format!("{method} {url}"),
        Event::Response { url, status, .. } => format!("{status} from {url}"),
        Event::Unanswered { url, why, .. } => format!("no answer from {url}: {why}"),
        Event::NonceRefused { attempts } => format!("nonce refused ({attempts}), signing again"),
        Event::Registered { url, created: true } => format!("registered the account {url}"),
        Event::Registered { url, .. } => format!("found the account {url}"),
        Event::Order { url, status } => format!("order {url} is {status}"),
        Event::Authorization { identifier, status } => format!("authorization of {identifier} is {status}"),
        Event::Presented { identifier, kind } => format!("answer for {identifier} is in place ({kind})"),
        Event::Remark { identifier, what } => format!("warning: {identifier}: {what}"),
        Event::Unseen { identifier, why, .. } => {
            format!("warning: cannot see the answer for {identifier} from here: {why}")
        }
        Event::Answered { identifier, kind } => format!("the CA looks at {identifier} ({kind})"),
        Event::Waiting { pause, asked: true, .. } => format!("waiting {} s, as the CA asks", pause.as_secs()),
        Event::Waiting { pause, .. } => format!("waiting {} s for the CA", pause.as_secs()),
        Event::Finalizing { .. } => "sending the request for the certificate".to_owned(),
        Event::Downloaded { .. } => "downloaded the certificate".to_owned(),
        Event::CleanUpFailed { identifier, why } => {
            format!("warning: the answer for {identifier} is left behind: {why}")
        }
        Event::OrderUnanswered { why, found: Some(url) } => {
            format!("found the order {url} in place of its answer: {why}")
        }
        Event::OrderUnanswered { why, found: None } => format!("ordering again, since the answer was lost: {why}"),
        Event::ReplacesRefused { why } => {
            format!("warning: ordering again without naming the certificate that is replaced: {why}")
        }
        other => format!("{other:?}"),
    }
}

/// An event as a JSON object.
fn object(event: &Event<'_>) -> Value {
    match event {
        Event::Request { method, url, .. } => json!({"event": "request", "method": method, "url": url}),
        Event::Response { url, status, .. } => json!({"event": "answer", "url": url, "status": status}),
        Event::Unanswered { url, why, .. } => json!({"event": "unanswered", "url": url, "why": why}),
        Event::NonceRefused { attempts } => json!({"event": "nonce_refused", "attempts": attempts}),
        Event::Registered { url, created } => json!({"event": "registered", "url": url, "created": created}),
        Event::Order { url, status } => json!({"event": "order", "url": url, "status": status.as_str()}),
        Event::Authorization { identifier, status } => {
            json!({"event": "authorization", "name": identifier.to_string(), "status": status.as_str()})
        }
        Event::Presented { identifier, kind } => {
            json!({"event": "challenge_presented", "name": identifier.to_string(), "type": kind.as_str()})
        }
        Event::Remark { identifier, what } => {
            json!({"event": "remark", "name": identifier.to_string(), "what": what})
        }
        Event::Unseen { identifier, kind, why } => {
            json!({"event": "challenge_unseen", "name": identifier.to_string(), "type": kind.as_str(), "why": why})
        }
        Event::Answered { identifier, kind } => {
            json!({"event": "challenge_answered", "name": identifier.to_string(), "type": kind.as_str()})
        }
        Event::Waiting { url, pause, asked } => {
            json!({"event": "waiting", "url": url, "seconds": pause.as_secs_f64(), "asked": asked})
        }
        Event::Finalizing { url } => json!({"event": "finalizing", "order": url}),
        Event::Downloaded { url } => json!({"event": "downloaded", "url": url}),
        Event::CleanUpFailed { identifier, why } => {
            json!({"event": "clean_up_failed", "name": identifier.to_string(), "why": why})
        }
        other => json!({"event": "other", "text": format!("{other:?}")}),
    }
}

fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

fn not_after(chain: &Chain) -> Option<Timestamp> {
    Timestamp::try_from(chain.leaf().not_after().ok()?).ok()
}

fn day(chain: &Chain) -> String {
    not_after(chain).map_or_else(|| "an unknown time".to_owned(), |end| end.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// A line of results. A closed pipe is no failure: whoever read has enough.
fn line(text: &str) {
    let _ = writeln!(stdout(), "{text}");
}

/// A line for people.
fn note(text: &str) {
    let _ = writeln!(stderr(), "{}", printable(text));
}
