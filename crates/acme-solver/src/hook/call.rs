//! How each style calls its program: arguments, environment, input.

use std::ffi::OsString;
use std::ops::Range;

use acme_account::{SolverError, Task};
use acme_proto::{Identifier, KeyAuthorization, Proof, Token};

use super::Style;
use super::luacme;
use crate::program::Call;

/// When a program is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    Present,
    CleanUp,
    /// Clean-up after the CA has found no proof.
    CleanUpRejected,
}

impl Style {
    /// The word that the program gets for a moment; for certbot, which has a program for each, the name of that.
    pub(super) fn verb(self, moment: Moment) -> &'static str {
        let cleans_up = moment != Moment::Present;
        match self {
            Self::Luacme if cleans_up => "clean-up",
            Self::Uacme if moment == Moment::CleanUpRejected => "failed",
            Self::Uacme if cleans_up => "done",
            Self::Uacme => "begin",
            Self::Lego | Self::LegoRaw if cleans_up => "cleanup",
            Self::Luacme | Self::Lego | Self::LegoRaw => "present",
            Self::Dehydrated if cleans_up => "clean_challenge",
            Self::Dehydrated => "deploy_challenge",
            Self::Certbot if cleans_up => "cleanup-hook",
            Self::Certbot => "auth-hook",
        }
    }

    /// The call for those `which` of all tasks; only dehydrated's chain has more than one.
    pub(super) fn call(self, moment: Moment, all: &[Task], which: Range<usize>) -> Result<Call, SolverError> {
        let task = &all[which.start];
        let name = host(&task.identifier)?;
        let verb = self.verb(moment);
        let mut call = Call { own: self.variables(), ..Call::default() };
        match self {
            Self::Luacme => {
                call.args = words([verb, task.kind.as_str(), &name]);
                call.variables = luacme::variables(verb, task);
                call.input = luacme::json(verb, task);
            }
            Self::Uacme => {
                call.args = words([verb, task.kind.as_str(), &name, token(task)?, &value(task)?]);
                call.variables =
                    self.variables().iter().zip(&call.args).map(|(name, value)| set(name, value)).collect();
            }
            Self::Lego => {
                let record = task.proof.txt_record().ok_or_else(|| unfit(task, "it knows TXT records only"))?;
                call.args = words([verb, &record.name, &record.value]);
            }
            Self::LegoRaw => call.args = words([verb, "--", &name, token(task)?, key_authorization(task)?.as_str()]),
            Self::Dehydrated => {
                call.args = words([verb]);
                for task in &all[which] {
                    call.args.extend(words([&host(&task.identifier)?, token(task)?, &value(task)?]));
                }
            }
            Self::Certbot => call.variables = certbot(all, which.start)?,
        }
        Ok(call)
    }
}

/// certbot's variables, in both spellings: the older ones speak of domains where there may be addresses.
fn certbot(all: &[Task], index: usize) -> Result<Vec<(String, OsString)>, SolverError> {
    let task = &all[index];
    let name = host(&task.identifier)?;
    let everything = all.iter().map(|task| host(&task.identifier)).collect::<Result<Vec<_>, _>>()?.join(",");
    let mut variables = vec![
        set("CERTBOT_DOMAIN", &name),
        set("CERTBOT_IDENTIFIER", &name),
        set("CERTBOT_VALIDATION", value(task)?),
        set("CERTBOT_ALL_DOMAINS", &everything),
        set("CERTBOT_ALL_IDENTIFIERS", &everything),
        set("CERTBOT_REMAINING_CHALLENGES", (all.len() - index - 1).to_string()),
    ];
    if let Proof::Http01 { .. } = task.proof {
        variables.push(set("CERTBOT_TOKEN", token(task)?));
    }
    Ok(variables)
}

/// dehydrated's `invalid_challenge`.
pub(super) fn invalid_challenge(task: &Task, why: &str) -> Result<Call, SolverError> {
    Ok(Call { args: words(["invalid_challenge", &host(&task.identifier)?, &harmless(why)]), ..Call::default() })
}

/// Of what a CA may have written, only characters that no shell would act on, even where a script forgets its quotes.
pub(super) fn harmless(text: &str) -> String {
    let harmless = |c: char| if c.is_ascii_alphanumeric() || " .,:/_-".contains(c) { c } else { '_' };
    text.chars().take(1000).map(harmless).collect()
}

/// The identifier, checked: a CA may have written it.
pub(super) fn host(identifier: &Identifier) -> Result<String, SolverError> {
    let value = identifier.value();
    match Identifier::parse(&value) {
        Ok(parsed) if parsed == *identifier && !parsed.is_wildcard() => Ok(value),
        _ => Err(SolverError::new(
            format!("{value:?} is neither a domain name nor an address, so it is given to no hook"),
            "order names and addresses only; if it is one, the CA shows it in an odd form",
        )),
    }
}

/// What is published, as most clients give it to a hook: the key authorization for http-01, its digest for the others.
fn value(task: &Task) -> Result<String, SolverError> {
    match &task.proof {
        Proof::Http01 { body, .. } => Ok(body.as_str().to_owned()),
        Proof::TlsAlpn01(_) => key_authorization(task).map(KeyAuthorization::dns_txt),
        proof => {
            let record = proof.txt_record().ok_or_else(|| unfit(task, "it has no word for that"))?;
            Ok(record.value.clone())
        }
    }
}

fn token(task: &Task) -> Result<&str, SolverError> {
    task.token.as_ref().map(Token::as_str).ok_or_else(|| unfit(task, "there is no token to give it"))
}

fn key_authorization(task: &Task) -> Result<&KeyAuthorization, SolverError> {
    task.key_authorization.as_ref().ok_or_else(|| unfit(task, "there is no key authorization to give it"))
}

fn unfit(task: &Task, why: &str) -> SolverError {
    SolverError::declined(
        format!("a hook of this style cannot meet {} for {}: {why}", task.kind, task.identifier),
        "use a hook of the style luacme, or another challenge type",
    )
}

fn words<const N: usize>(words: [&str; N]) -> Vec<OsString> {
    words.map(OsString::from).into()
}

fn set(name: &str, value: impl Into<OsString>) -> (String, OsString) {
    (name.to_owned(), value.into())
}
