//! `luacme status`: how certificates stand, from what is stored alone.

mod check;
mod prometheus;
mod table;

use std::time::SystemTime;

use serde_json::{Value, json};

use crate::Done;
use crate::arguments::{Shared, Status};
use crate::certificate_folder::CertificateFolder;
use crate::failure::{Exit, Failure};
use crate::files::{self, Readers};
use crate::history::Outcome;
use crate::outlook::{Outlook, Standing};
use crate::output::Output;
use crate::round::moment;
use crate::state::State;
pub(crate) use check::run as check;

pub(crate) fn run(shared: &Shared, verb: &Status, output: &Output) -> Result<Done, Failure> {
    let (dir, now) = (State::locate(shared)?.dir, SystemTime::now());
    let folders = CertificateFolder::chosen(&dir, &verb.names)?;
    let mut outlooks = Vec::with_capacity(folders.len());
    let mut broken = Vec::new();
    for folder in &folders {
        match Outlook::read(folder, now) {
            Ok(outlook) => outlooks.push(outlook),
            Err(failure) => broken.push((folder.name(), failure)),
        }
    }
    let names: Vec<_> = broken.iter().map(|(name, _)| *name).collect();
    match &verb.prometheus {
        Some(Some(path)) => {
            files::write(path, prometheus::text(&outlooks, &names, now).as_bytes(), Readers::Everybody)?
        }
        Some(None) => output.answer(Value::Null, prometheus::text(&outlooks, &names, now).trim_end()),
        None if output.is_json() => {
            outlooks.iter().for_each(|outlook| output.answer(object(outlook, now), ""));
        }
        None if folders.is_empty() => {
            output.answer(Value::Null, &format!("there are no certificates in {}", dir.join("certs").display()));
        }
        None => output.answer(Value::Null, &table::text(&outlooks, now)),
    }
    for (name, failure) in &mut broken {
        failure.what = format!("{name}: {}", failure.what);
        output.failure(failure);
    }
    Ok(if broken.is_empty() { Done::Complete } else { Done::SomeFailed(Exit::Failed) })
}

/// All that is known of a certificate.
fn object(outlook: &Outlook, now: SystemTime) -> Value {
    let leaf = outlook.leaf.as_ref();
    let time = |time: Option<SystemTime>| time.map(moment);
    let window = leaf.and_then(|leaf| leaf.window);
    let last =
        outlook.past.last.as_ref().map(
            |last| json!({"at": format!("{:.0}", last.at), "outcome": outcome(last.outcome), "detail": last.detail}),
        );
    json!({
        "event": "status",
        "name": outlook.name,
        "standing": word(outlook.standing(now)),
        "names": leaf.map(|leaf| &leaf.names),
        "issuer": leaf.map(|leaf| &leaf.issuer),
        "not_before": time(leaf.map(|leaf| leaf.start)),
        "not_after": time(leaf.map(|leaf| leaf.end)),
        "days_left": leaf.map(|leaf| days_left(leaf.end, now)),
        "window": window.map(|(start, end)| json!({"start": moment(start), "end": moment(end)})),
        "explanation": leaf.and_then(|leaf| leaf.explanation_url.as_ref()),
        "server": outlook.settings.as_ref().map(|settings| &settings.server),
        "last": last,
        "next": outlook.settings.as_ref().map(|_| moment(outlook.next_attempt(now))),
        "undeployed": outlook.undeployed,
    })
}

/// Whole days, rounded down; negative once it is over.
fn days_left(end: SystemTime, now: SystemTime) -> i64 {
    let days = |seconds: u64| i64::try_from(seconds / 86_400).unwrap_or(i64::MAX);
    match end.duration_since(now) {
        Ok(left) => days(left.as_secs()),
        Err(over) => -days(over.duration().as_secs() + 86_399),
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Due => "due",
        Standing::Expired => "expired",
        Standing::NotYetValid => "not-yet-valid",
        Standing::Missing => "missing",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Issued => "issued",
        Outcome::AwaitsPerson => "awaits-person",
        Outcome::Failed => "failed",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn days_are_rounded_down() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000 * 86_400);
        for (before, want) in
            [(86_400 * 3, 3), (86_400 * 3 - 1, 2), (1, 0), (0, 0), (-1, -1), (-86_400, -1), (-86_401, -2)]
        {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs((1_000 * 86_400_i64 - before).unsigned_abs());
            assert_eq!(days_left(end, now), want, "{before} s before");
        }
    }
}
