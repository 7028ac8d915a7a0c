//! What node_exporter's textfile collector reads (the Prometheus text format).

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::history::{Outcome, time};
use crate::outlook::{Leaf, Outlook, Standing};

/// Each value of a certificate: its name, what it tells, how it is read.
type Metric = (&'static str, &'static str, fn(&Outlook, SystemTime) -> Option<u64>);

const METRICS: [Metric; 7] = [
    ("valid", "Whether the certificate in use is valid.", |outlook, now| {
        Some(u64::from(matches!(outlook.standing(now), Standing::Good | Standing::Due)))
    }),
    ("due", "Whether it is to be renewed.", |outlook, now| Some(u64::from(outlook.standing(now) != Standing::Good))),
    ("not_before_timestamp_seconds", "When it begins.", |outlook, _| of_leaf(outlook, |leaf| leaf.start)),
    ("not_after_timestamp_seconds", "When it ends.", |outlook, _| of_leaf(outlook, |leaf| leaf.end)),
    ("renewal_timestamp_seconds", "When it is renewed or tried again.", |outlook, now| {
        outlook.settings.as_ref().map(|_| seconds(outlook.next_attempt(now)))
    }),
    ("last_attempt_timestamp_seconds", "When the last attempt ended.", |outlook, _| {
        outlook.past.last.as_ref().map(|last| seconds(time(last.at)))
    }),
    ("last_attempt_success", "Whether it gave a certificate.", |outlook, _| {
        outlook.past.last.as_ref().map(|last| u64::from(last.outcome == Outcome::Issued))
    }),
];

/// All values of all certificates. Of those that cannot be read, that they are not valid.
pub(super) fn text(outlooks: &[Outlook], broken: &[&str], now: SystemTime) -> String {
    let mut text = String::new();
    for (number, (metric, help, value)) in METRICS.iter().enumerate() {
        // Writing to a string does not fail.
        let _ = writeln!(text, "# HELP luacme_certificate_{metric} {help}\n# TYPE luacme_certificate_{metric} gauge");
        let values = outlooks.iter().filter_map(|outlook| Some((outlook.name.as_str(), value(outlook, now)?)));
        let of_broken = broken.iter().filter(|_| number == 0).map(|name| (*name, 0));
        for (name, value) in values.chain(of_broken) {
            let _ = writeln!(text, "luacme_certificate_{metric}{{name=\"{}\"}} {value}", escaped(name));
        }
    }
    text
}

fn of_leaf(outlook: &Outlook, read: impl Fn(&Leaf) -> SystemTime) -> Option<u64> {
    outlook.leaf.as_ref().map(|leaf| seconds(read(leaf)))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// The name of a folder may hold whatever its maker liked.
fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
