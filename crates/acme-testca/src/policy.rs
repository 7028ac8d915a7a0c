//! What this CA issues certificates for: dates, profiles, names.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value, json};

use crate::behaviour::Behaviour;
use crate::ca::Ca;
use crate::clock::moment;
use crate::identifier::Identifier;
use crate::issue::{BACKDATED, LEAF_LIFETIME};
use crate::problem::{ErrorType, Problem};
use crate::state::State;

/// The profile whose certificates live for days, and which alone allows addresses where that is the rule.
pub(crate) const SHORT_LIVED: &str = "shortlived";
/// How long such a certificate lives, as at Let's Encrypt.
const SHORT_LIFE: Duration = Duration::from_secs(160 * 3600);

/// Top-level domains that are not on the public suffix list.
const PRIVATE: [&str; 9] = ["corp", "example", "home", "internal", "invalid", "lan", "local", "localhost", "test"];

/// When a certificate is to begin and to end, if the client cares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dates {
    not_before: Option<String>,
    not_after: Option<String>,
}

impl Dates {
    /// Adds them to an order, as they came.
    pub(crate) fn write(&self, order: &mut Value) {
        for (name, value) in [("notBefore", &self.not_before), ("notAfter", &self.not_after)] {
            if let Some(value) = value {
                order[name] = json!(value);
            }
        }
    }

    /// From when to when a certificate is good.
    pub(crate) fn validity(&self, state: &State, profile: Option<&str>) -> (SystemTime, SystemTime) {
        let usual = if profile == Some(SHORT_LIVED) { SHORT_LIFE } else { LEAF_LIFETIME };
        let lifetime = state.number(Behaviour::LeafLifetime).map_or(usual, Duration::from_secs);
        let asked = |text: &Option<String>| text.as_deref().and_then(moment);
        let start = asked(&self.not_before).unwrap_or_else(|| state.clock.now() - BACKDATED);
        (start, asked(&self.not_after).unwrap_or(start + lifetime))
    }
}

/// The dates of a newOrder (RFC 8555 §7.4).
pub(crate) fn dates(state: &State, asked: &Map<String, Value>) -> Result<Dates, Problem> {
    let (not_before, not_after) = (date(asked, "notBefore")?, date(asked, "notAfter")?);
    if (&not_before, &not_after) == (&None, &None) {
        return Ok(Dates::default());
    }
    if !state.has(Behaviour::DatesHonoured) {
        return Err(Problem::malformed("this CA chooses notBefore and notAfter itself"));
    }
    let dates = Dates { not_before, not_after };
    let (start, end) = dates.validity(state, None);
    if start < end { Ok(dates) } else { Err(Problem::malformed("notAfter is not after notBefore")) }
}

fn date(asked: &Map<String, Value>, name: &str) -> Result<Option<String>, Problem> {
    match asked.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if moment(text).is_some() => Ok(Some(text.clone())),
        Some(other) => {
            Err(Problem::malformed(format!("{name} is {other}, expected a date of RFC 3339")).breaking("RFC 8555 §7.4"))
        }
    }
}

/// The profile of a new order (draft-ietf-acme-profiles §4).
pub(crate) fn profile(ca: &Ca, state: &mut State, asked: &Map<String, Value>) -> Result<Option<String>, Problem> {
    let Some(name) = asked.get("profile").filter(|name| !name.is_null()) else {
        let random = state.has(Behaviour::ProfileRandom);
        let chosen = if random { state.random.choose(ca.profiles.len()) } else { 0 };
        return Ok(ca.profiles.get(chosen).map(|(name, _)| name.clone()));
    };
    if let Some((known, _)) = ca.profiles.iter().find(|(known, _)| *name == **known) {
        if state.has(Behaviour::ProfileUnauthorized) {
            return Err(Problem::unauthorized(format!("account is not permitted to use profile {known:?}")));
        }
        return Ok(Some(known.clone()));
    }
    state.advise("draft-ietf-acme-profiles §4", format!("{name} is no profile of this CA"));
    let detail = format!("profile {name} not recognized");
    Err(match (state.has(Behaviour::ProfileUnauthorized), state.has(Behaviour::ProfileMalformed)) {
        (true, _) => Problem::unauthorized(detail),
        (_, true) => Problem::malformed(detail),
        _ => Problem::new(ErrorType::InvalidProfile, detail),
    })
}

/// Whether the CA wants to issue for these names at all.
pub(crate) fn check(state: &State, names: &BTreeSet<Identifier>, profile: Option<&str>) -> Result<(), Problem> {
    let refused: Vec<_> = names
        .iter()
        .filter_map(|name| Some((name.to_json(), refusal(state, name, profile)?)))
        .map(|(identifier, detail)| (identifier, Problem::new(ErrorType::RejectedIdentifier, detail)))
        .collect();
    if refused.is_empty() { Ok(()) } else { Err(Problem::compound(refused)) }
}

fn refusal(state: &State, name: &Identifier, profile: Option<&str>) -> Option<String> {
    match name {
        Identifier::Ip(address) if state.has(Behaviour::IpNeedsProfile) && profile != Some(SHORT_LIVED) => {
            Some(format!("{address}: addresses need the profile {SHORT_LIVED}"))
        }
        Identifier::Dns(name) if state.has(Behaviour::PublicSuffixOnly) => {
            let last = name.rsplit('.').next().unwrap_or_default();
            PRIVATE.contains(&last).then(|| format!("{name} does not end with a valid public suffix (TLD)"))
        }
        _ => None,
    }
}
