//! The style of our own: what a program learns of a challenge, in `LUACME_*` and as JSON. The README shows it.

use std::ffi::OsString;

use acme_account::Task;
use acme_proto::Proof;
use serde_json::{Map, Value};

/// All that may be set, in the order of [`facts`].
pub(super) const VARIABLES: &[&str] = &[
    "LUACME_ACTION",
    "LUACME_TYPE",
    "LUACME_IDENTIFIER",
    "LUACME_IDENTIFIER_TYPE",
    "LUACME_WILDCARD",
    "LUACME_TOKEN",
    "LUACME_KEY_AUTHORIZATION",
    "LUACME_URL",
    "LUACME_TXT_NAME",
    "LUACME_TXT_VALUE",
    "LUACME_SERVER_NAME",
    "LUACME_SHA256",
];

/// The members of the JSON object; what does not apply is not there.
fn facts(action: &str, task: &Task) -> Vec<(&'static str, Value)> {
    let text = |text: &str| Some(Value::from(text));
    let mut facts = vec![
        ("action", text(action)),
        ("type", text(task.kind.as_str())),
        ("identifier", text(&task.identifier.value())),
        ("identifier_type", text(task.identifier.kind())),
        ("wildcard", Some(Value::from(task.wildcard))),
        ("token", task.token.as_ref().and_then(|token| text(token.as_str()))),
        ("key_authorization", task.key_authorization.as_ref().and_then(|it| text(it.as_str()))),
    ];
    match &task.proof {
        Proof::Http01 { url, .. } => facts.push(("url", text(url))),
        Proof::TlsAlpn01(handshake) => {
            let hex: String = handshake.sha256.iter().map(|octet| format!("{octet:02x}")).collect();
            facts.extend([("server_name", text(&handshake.server_name)), ("sha256", text(&hex))]);
        }
        proof => {
            let record = proof.txt_record();
            facts.push(("txt_name", record.and_then(|record| text(&record.name))));
            facts.push(("txt_value", record.and_then(|record| text(&record.value))));
        }
    }
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// Each member as a variable: `txt_name` is `LUACME_TXT_NAME`.
pub(super) fn variables(action: &str, task: &Task) -> Vec<(String, OsString)> {
    let variable = |(name, value): (&str, Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        (format!("LUACME_{}", name.to_ascii_uppercase()), value.into())
    };
    facts(action, task).into_iter().map(variable).collect()
}

/// The object in one line.
pub(super) fn json(action: &str, task: &Task) -> Vec<u8> {
    let members: Map<_, _> = facts(action, task).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    format!("{}\n", Value::from(members)).into_bytes()
}
