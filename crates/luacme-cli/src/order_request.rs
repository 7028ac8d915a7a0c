//! What an order asks for beyond its names: what it replaces, a profile and an end.

use std::time::SystemTime;

use acme_proto::{Identifier, NewOrder, Timestamp};

use crate::failure::Failure;
use crate::issuance::Issuance;

/// The order for these names as the settings want it.
pub(crate) fn new(issuance: &Issuance<'_>, identifiers: &[Identifier]) -> Result<NewOrder, Failure> {
    let mut order = NewOrder::new(identifiers.iter().cloned());
    order.replaces = issuance.replaces(identifiers)?;
    order.profile = profile(issuance)?;
    order.not_after = not_after(issuance)?;
    Ok(order)
}

fn profile(issuance: &Issuance<'_>) -> Result<Option<String>, Failure> {
    let Some(choice) = issuance.settings.profile_choice() else { return Ok(None) };
    let meta = &issuance.account.directory()?.meta;
    let chosen = choice.decide(meta).map_err(|error| {
        Failure::new(error.to_string(), "give one it offers with --profile, or none with --profile ''")
    })?;
    if chosen.is_none() {
        let wanted = issuance.settings.preferred_profile.as_deref().unwrap_or_default();
        issuance.output.warn(
            &format!("the CA does not offer the profile {wanted:?}; its usual one is taken"),
            "nothing, or name another one: `luacme directory` shows them",
        );
    }
    Ok(chosen.map(str::to_owned))
}

fn not_after(issuance: &Issuance<'_>) -> Result<Option<Timestamp>, Failure> {
    let Some(wanted) = &issuance.settings.not_after else { return Ok(None) };
    let now = jiff::Timestamp::now();
    let end = wanted.end(now).filter(|end| *end > now);
    let end = end.and_then(|end| Timestamp::try_from(SystemTime::try_from(end).ok()?).ok());
    end.map(Some).ok_or_else(|| {
        Failure::usage(format!("no certificate can end at {wanted}"), "give a time in the future with --not-after")
    })
}
