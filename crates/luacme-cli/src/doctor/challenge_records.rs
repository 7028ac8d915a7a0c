//! The TXT records of challenges: where they must stand, and what is there already.

use std::time::{Duration, SystemTime};

use acme_proto::PersistRecord;
use acme_solver::dns::{Data, RecordType};
use jiff::Timestamp;

use super::code::Code;
use super::finding::Finding;
use super::name::trouble;
use super::plan::{Plan, Subject};

/// Standing records are worth a warning so long before they end.
const SOON: Duration = Duration::from_secs(30 * 86_400);

/// `_acme-challenge` and `_validation-persist` of a name.
pub(crate) fn check(plan: &Plan, subject: &Subject) -> Vec<Finding> {
    let base = subject.base();
    let mut findings: Vec<_> = place(plan, &base).into_iter().collect();
    findings.extend(leftover(plan, &base));
    findings.extend(standing(plan, &base));
    findings
}

/// Whether aliases or a zone of its own lead elsewhere.
fn place(plan: &Plan, base: &str) -> Option<Finding> {
    let name = format!("_acme-challenge.{base}");
    match plan.zones().place(&name) {
        Err(why) => Some(Finding::of(base, trouble(&why), why.to_string())),
        Ok(place) if !place.aliases.is_empty() => {
            let evidence = format!("{name} is an alias of {}, in the zone {}", place.name, place.zone);
            Some(Finding::of(base, Code::DnsDelegated, evidence))
        }
        Ok(place) if place.zone == place.name => {
            Some(Finding::of(base, Code::DnsDelegated, format!("{name} is a zone of its own")))
        }
        Ok(_) => None,
    }
}

/// Values left by earlier challenges. Too many of them make an answer too large to be read.
fn leftover(plan: &Plan, base: &str) -> Option<Finding> {
    let name = format!("_acme-challenge.{base}");
    let values = texts(plan, &name);
    (!values.is_empty())
        .then(|| Finding::of(base, Code::DnsLeftoverTxt, format!("{name} TXT \"{}\"", values.join("\" \""))))
}

/// Records of dns-persist-01 and when they end (draft-ietf-acme-dns-persist-02 §9.4).
fn standing(plan: &Plan, base: &str) -> Vec<Finding> {
    let name = format!("_validation-persist.{base}");
    let now = SystemTime::now();
    let say = |value: String| {
        let record = PersistRecord::parse(&value)?;
        let until = Timestamp::try_from(record.until?).ok()?;
        let code = match record.remaining(now) {
            Duration::ZERO => Code::PersistExpired,
            left if left < SOON => Code::PersistExpiring,
            _ => return None,
        };
        Some(Finding::of(base, code, format!("{name} for {}: until {until:.0}", record.issuer)))
    };
    texts(plan, &name).into_iter().filter_map(say).collect()
}

fn texts(plan: &Plan, name: &str) -> Vec<String> {
    let data = plan.client().ask(name, RecordType::Txt).map(|answer| answer.data).unwrap_or_default();
    data.into_iter().filter_map(|data| if let Data::Txt(text) = data { Some(text) } else { None }).collect()
}
