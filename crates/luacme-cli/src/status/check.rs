//! `luacme check`: one certificate, one line, one exit code, for monitoring.

use std::time::SystemTime;

use serde_json::json;

use super::{days_left, word};
use crate::Done;
use crate::arguments::{Check, Shared};
use crate::certificate_folder::CertificateFolder;
use crate::failure::Failure;
use crate::outlook::{Outlook, Standing};
use crate::output::Output;
use crate::round::moment;
use crate::state::State;

/// Exit codes: it is good, it is due, it does not serve.
const GOOD: u8 = 0;
const DUE: u8 = 1;
const BROKEN: u8 = 2;

pub(crate) fn run(shared: &Shared, verb: &Check, output: &Output) -> Result<Done, Failure> {
    let now = SystemTime::now();
    let dir = State::locate(shared)?.dir;
    let read = CertificateFolder::chosen(&dir, std::slice::from_ref(&verb.name))
        .and_then(|folders| folders.iter().map(|folder| Outlook::read(folder, now)).collect::<Result<Vec<_>, _>>());
    let (code, standing, detail) = match &read {
        Ok(outlooks) => outlooks.first().map_or((BROKEN, "missing", String::new()), |outlook| verdict(outlook, now)),
        Err(failure) => (BROKEN, "broken", failure.what.replace('\n', " ")),
    };
    let object = json!({"event": "check", "name": verb.name, "standing": standing, "exit": code, "detail": detail});
    output.result(object, &format!("{standing}: {}: {detail}", verb.name));
    Ok(Done::Verdict(code))
}

fn verdict(outlook: &Outlook, now: SystemTime) -> (u8, &'static str, String) {
    let standing = outlook.standing(now);
    let code = match standing {
        Standing::Good => GOOD,
        Standing::Due => DUE,
        Standing::Expired | Standing::NotYetValid | Standing::Missing => BROKEN,
    };
    let mut detail = match &outlook.leaf {
        None => "there is no certificate that can be read".to_owned(),
        Some(leaf) if standing == Standing::NotYetValid => {
            format!("it begins {}, but the clock says {}", moment(leaf.start), moment(now))
        }
        Some(leaf) => format!("ends {}, {} days left", moment(leaf.end), days_left(leaf.end, now)),
    };
    if let (Some(last), true) = (&outlook.past.last, outlook.past.has_failed()) {
        detail.push_str(&format!("; the last attempt failed: {}", last.detail.replace('\n', " ")));
    }
    if outlook.undeployed {
        detail.push_str("; not deployed");
    }
    (code, word(standing), detail)
}
