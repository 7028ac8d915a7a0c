//! CAA records: whether the CA may issue to this account by these ways (RFC 8659, RFC 8657).

use acme_proto::{CaaRefusal, ChallengeType, caa_permits};
use acme_solver::dns::{Client, Data, DnsError, RecordType};

use super::code::Code;
use super::finding::Finding;
use super::plan::{Plan, Subject};

/// The properties that CAs know (RFC 8659 §4, RFC 9495, and those that CAs pass over by their own rules).
const KNOWN: [&str; 7] = ["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"];

/// A CAA record.
struct Property {
    critical: bool,
    tag: String,
    value: String,
}

/// Whether the CA may issue for a name.
pub(crate) fn check(plan: &Plan, subject: &Subject) -> Vec<Finding> {
    let base = subject.base();
    let finding = |code, evidence: String| vec![Finding::of(subject.identifier.value(), code, evidence)];
    match relevant(&plan.client(), &base) {
        Err(why) => finding(Code::CaaUnanswered, why.to_string()),
        Ok(None) => finding(Code::CaaPermits, "there are no CAA records".to_owned()),
        Ok(Some((name, properties))) => {
            let (code, why) = judge(plan, subject, &properties);
            finding(code, format!("{name}: {why}"))
        }
    }
}

/// The records of the name, or of the nearest name above that has some (RFC 8659 §3).
fn relevant(client: &Client, base: &str) -> Result<Option<(String, Vec<Property>)>, DnsError> {
    let mut name = base;
    loop {
        let properties: Vec<_> = client.ask(name, RecordType::Caa)?.data.into_iter().filter_map(property).collect();
        if !properties.is_empty() {
            return Ok(Some((name.to_owned(), properties)));
        }
        match name.split_once('.') {
            Some((_, above)) => name = above,
            None => return Ok(None),
        }
    }
}

fn property(data: Data) -> Option<Property> {
    match data {
        Data::Caa { critical, tag, value } => Some(Property { critical, tag, value }),
        _ => None,
    }
}

fn judge(plan: &Plan, subject: &Subject, properties: &[Property]) -> (Code, String) {
    if let Some(unknown) = properties.iter().find(|one| one.critical && !KNOWN.contains(&one.tag.as_str())) {
        return (Code::CaaCritical, format!("the tag {:?} is critical", unknown.tag));
    }
    let values = values(properties, subject.identifier.is_wildcard());
    let identities = &plan.authority.identities;
    match () {
        () if values.is_empty() => (Code::CaaPermits, "the CAA records let every CA issue".to_owned()),
        () if identities.is_empty() => (Code::CaaUnjudged, quoted(&values)),
        () => by_kind(&values, identities, &plan.authority.account, &subject.kinds()),
    }
}

/// `issuewild` counts for wildcards where there is one, else `issue` (RFC 8659 §4.3).
fn values(properties: &[Property], wildcard: bool) -> Vec<&str> {
    let of =
        |tag: &str| properties.iter().filter(|one| one.tag == tag).map(|one| one.value.as_str()).collect::<Vec<_>>();
    match of("issuewild") {
        wild if wildcard && !wild.is_empty() => wild,
        _ => of("issue"),
    }
}

/// One type of challenge that is allowed is enough, for that one can be met.
fn by_kind(values: &[&str], identities: &[String], account: &str, kinds: &[ChallengeType]) -> (Code, String) {
    let refusals: Vec<_> = kinds.iter().map(|kind| refusal(values, identities, account, kind)).collect();
    match refusals.into_iter().collect::<Option<Vec<_>>>() {
        None => (Code::CaaPermits, quoted(values)),
        Some(refusals) => {
            let code = refusals.into_iter().map(|refusal| code(&refusal)).max_by_key(nearness);
            (code.unwrap_or(Code::CaaForbids), quoted(values))
        }
    }
}

/// Why none of the records lets the CA issue, from the one that comes nearest.
fn refusal(values: &[&str], identities: &[String], account: &str, kind: &ChallengeType) -> Option<CaaRefusal> {
    let verdicts = values.iter().map(|value| caa_permits(value, identities, account, kind).err());
    let refusals = verdicts.collect::<Option<Vec<_>>>()?;
    refusals.into_iter().max_by_key(|refusal| nearness(&code(refusal)))
}

fn code(refusal: &CaaRefusal) -> Code {
    match refusal {
        CaaRefusal::OtherAccount(_) => Code::CaaOtherAccount,
        CaaRefusal::OtherMethods(_) => Code::CaaOtherMethod,
        _ => Code::CaaForbids,
    }
}

fn nearness(code: &Code) -> u8 {
    match code {
        Code::CaaOtherMethod => 2,
        Code::CaaOtherAccount => 1,
        _ => 0,
    }
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ")
}
