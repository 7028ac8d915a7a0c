//! `luacme step`: one signed request, as lua-acme's `step`.

use std::collections::BTreeMap;

use acme_account::Payload;
use serde_json::value::RawValue;

use crate::Done;
use crate::arguments::{Shared, Step};
use crate::client;
use crate::failure::Failure;
use crate::output::Output;
use crate::state::State;

pub(crate) fn run(shared: &Shared, verb: &Step, output: &Output) -> Result<Done, Failure> {
    let payload = payload(verb.payload.as_deref())?;
    let state = State::locate(shared)?;
    let account = client::stored(shared, &state, output)?.ok_or_else(|| state.no_account())?;
    output.response(&account.step(&verb.target, &payload)?);
    Ok(Done::Complete)
}

/// The payload just as it is typed, once it is known to be a JSON object; nothing and `{}` are different (RFC 8555 §6.3).
fn payload(json: Option<&str>) -> Result<Payload, Failure> {
    let Some(text) = json.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(Payload::Empty) };
    let not_json = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("the payload is not a JSON object: {error}"), "quote it for the shell, as in '{…}'")
    };
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if members.is_empty() {
        return Ok(Payload::EmptyObject);
    }
    let verbatim: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    Payload::json(&verbatim).map_err(|error| not_json(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_goes_out_as_it_is_typed() {
        let typed = |text: &str| payload(Some(text)).ok();
        assert_eq!(payload(None).ok(), Some(Payload::Empty));
        assert_eq!(typed(" "), Some(Payload::Empty), "nothing is not an empty object");
        assert_eq!(typed(" { } "), Some(Payload::EmptyObject));
        let verbatim = r#"{"z":1, "a":[1.0,2]}"#;
        assert!(format!("{:?}", typed(verbatim)).contains(&format!("{verbatim:?}")), "neither sorted nor reformatted");
        for (why, text) in [("not JSON", "{z:1}"), ("not an object", "[1]"), ("text behind it", "{} {}")] {
            assert_eq!(payload(Some(text)).unwrap_err().exit, crate::failure::Exit::Usage, "{why}");
        }
    }
}
