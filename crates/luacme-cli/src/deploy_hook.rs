//! Deploy hooks: programs that are run once the files of a new certificate are in place.
//!
//! A note in the certificate's folder says that there is something to deploy. It is made before the files change and goes when
//! every hook went well, so that neither a failure nor a crash leaves a certificate undeployed for ever.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf, absolute};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::certificate_store::CertificateStore;
use crate::failure::{Exit, Failure};
use crate::files::{self, Readers};
use crate::output::Output;
use crate::request_settings::RequestSettings;
use crate::state::State;

/// Only the end of what a hook prints is shown, in octets.
const SHOWN: u64 = 64 * 1024;

/// The pause between two looks at a hook that runs.
const LOOK: Duration = Duration::from_millis(20);

/// A command as it is kept: split into words as a shell does, its program as it is found from everywhere. Nothing is expanded
/// and no shell is asked, so that no value can become a command.
pub(crate) fn parse(command: &str) -> Result<String, String> {
    if command.trim().is_empty() {
        return Ok(String::new());
    }
    let mut words = match Path::new(command).is_file() {
        true => vec![command.to_owned()],
        false => shlex::split(command).filter(|words| !words.is_empty()).ok_or("a quote is not closed")?,
    };
    if words[0].contains('/') {
        words[0] = absolute(&words[0]).map_err(|error| error.to_string())?.display().to_string();
    }
    shlex::try_join(words.iter().map(String::as_str)).map_err(|error| error.to_string())
}

/// What follows a new certificate.
pub(crate) struct Deployment<'a> {
    state: &'a State,
    store: &'a CertificateStore,
    settings: &'a RequestSettings,
    limit: Duration,
    output: &'a Output,
}

impl<'a> Deployment<'a> {
    /// A hook that takes longer than `limit` is killed, and has failed.
    pub(crate) fn new(
        state: &'a State,
        store: &'a CertificateStore,
        settings: &'a RequestSettings,
        limit: Duration,
        output: &'a Output,
    ) -> Self {
        Self { state, store, settings, limit, output }
    }

    /// Notes that there will be something to deploy. To be called before the files change.
    pub(crate) fn announce(&self) -> Result<(), Failure> {
        match self.settings.deploy_hooks.is_empty() {
            true => Ok(()),
            false => files::write(&self.note(), b"", Readers::Everybody),
        }
    }

    /// Runs every hook if there is something to deploy, also those after one that failed.
    pub(crate) fn make_up(&self) -> Result<(), Failure> {
        if files::read(&self.note())?.is_none() {
            return Ok(());
        }
        let variables = self.variables()?;
        let outcomes = self.settings.deploy_hooks.iter().map(|command| self.run(command, &variables));
        let failed: Vec<_> = outcomes.filter_map(Result::err).collect();
        match failed.is_empty() {
            true => files::remove(&self.note()),
            false => Err(Failure {
                exit: Exit::Hook,
                ..Failure::new(
                    format!(
                        "the certificate for {} is in place, but not deployed: {}",
                        self.store.name(),
                        failed.join("; ")
                    ),
                    "mend what the hook complains of, then run the same command again: it runs the hooks again",
                )
            }),
        }
    }

    fn note(&self) -> PathBuf {
        self.store.folder().join("undeployed")
    }

    fn run(&self, command: &str, variables: &[(&str, String)]) -> Result<(), String> {
        let (printed, ended) = match run(command, variables, self.limit) {
            Ok((printed, Some(status))) if status.success() => (printed, Ok(())),
            Ok((printed, Some(status))) => (printed, Err(status.to_string())),
            Ok((printed, None)) => (printed, Err(format!("not done after {} s", self.limit.as_secs()))),
            Err(error) => (String::new(), Err(error.to_string())),
        };
        self.output.deploy_hook(command, &printed, ended.as_ref().err().map(String::as_str));
        ended.map_err(|why| format!("{command}: {why}"))
    }

    /// What a hook is told, in its environment: in our own words, certbot's and lego's.
    fn variables(&self) -> Result<Vec<(&'static str, String)>, Failure> {
        let text = |path: &Path| absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
        let (live, files) = (text(self.store.link()), self.store.live());
        let contacts = self.state.account()?.map(|account| account.contacts).unwrap_or_default();
        let address = contacts.iter().find_map(|contact| contact.as_str().strip_prefix("mailto:"));
        let names = self.settings.names.join(" ");
        Ok(vec![
            ("LUACME_NAME", self.store.name().to_owned()),
            ("LUACME_NAMES", names.clone()),
            ("LUACME_DIR", text(&self.state.dir)),
            ("LUACME_SERVER", self.settings.server.clone()),
            ("LUACME_LIVE", live.clone()),
            ("LUACME_PRIVKEY", text(&files.privkey)),
            ("LUACME_CERT", text(&files.cert)),
            ("LUACME_CHAIN", text(&files.chain)),
            ("LUACME_FULLCHAIN", text(&files.fullchain)),
            ("LUACME_COMBINED", text(&files.combined)),
            ("RENEWED_LINEAGE", live),
            ("RENEWED_DOMAINS", names),
            ("LEGO_ACCOUNT_EMAIL", address.unwrap_or_default().to_owned()),
            ("LEGO_CERT_DOMAIN", self.settings.names.first().cloned().unwrap_or_default()),
            ("LEGO_CERT_PATH", text(&files.fullchain)),
            ("LEGO_CERT_KEY_PATH", text(&files.privkey)),
            ("LEGO_ISSUER_CERT_PATH", text(&files.chain)),
            ("LEGO_CERT_PEM_PATH", text(&files.combined)),
        ])
    }
}

/// Runs a command to its end: what it printed, and how it ended, or nothing when it had to be killed. Its output goes to a
/// file: a server that it starts may keep that open as long as it likes.
fn run(command: &str, variables: &[(&str, String)], limit: Duration) -> io::Result<(String, Option<ExitStatus>)> {
    let words = shlex::split(command).unwrap_or_default();
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut printed = tempfile::tempfile()?;
    let mut child = Command::new(program)
        .args(arguments)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(printed.try_clone()?)
        .stderr(printed.try_clone()?)
        .spawn()?;
    let status = wait(&mut child, limit)?;
    Ok((end_of(&mut printed)?, status))
}

fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}

fn end_of(file: &mut File) -> io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(SHOWN)))?;
    let mut octets = Vec::new();
    file.take(SHOWN).read_to_end(&mut octets)?;
    Ok(String::from_utf8_lossy(&octets).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_words_and_no_line_for_a_shell() {
        let folder = tempfile::tempdir().unwrap();
        let blank = folder.path().join("with blank");
        std::fs::write(&blank, "").unwrap();
        let blank = blank.to_str().unwrap();
        let here = std::env::current_dir().unwrap().join("deploy.sh").display().to_string();
        for (why, command, want) in [
            ("a program", "reload", Ok(vec!["reload".to_owned()])),
            ("with arguments", "nginx -s  reload", Ok(vec!["nginx".into(), "-s".into(), "reload".into()])),
            ("quoted", r#"say 'a b' "c d" e\ f"#, Ok(vec!["say".into(), "a b".into(), "c d".into(), "e f".into()])),
            (
                "nothing is expanded",
                "say $HOME `id` *",
                Ok(vec!["say".into(), "$HOME".into(), "`id`".into(), "*".into()]),
            ),
            ("nor does anything end a word", "say a;b", Ok(vec!["say".into(), "a;b".into()])),
            ("a file of that name", blank, Ok(vec![blank.to_owned()])),
            ("seen from everywhere", "./deploy.sh x", Ok(vec![here, "x".into()])),
            ("none", "  ", Ok(vec![])),
            ("a quote that is not closed", "say 'a", Err(())),
        ] {
            let words = parse(command).map(|kept| shlex::split(&kept).unwrap());
            assert_eq!(words.map_err(drop), want, "{why}");
        }
    }
}
