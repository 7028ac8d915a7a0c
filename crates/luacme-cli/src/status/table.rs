//! The table for people.

use std::time::SystemTime;

use super::{days_left, outcome, word};
use crate::outlook::{Leaf, Outlook, Standing};
use crate::round::moment;

const HEADER: [&str; 7] = ["NAME", "NAMES", "ISSUER", "LEFT", "RENEWAL WINDOW", "LAST ATTEMPT", "NEXT"];

/// The bar has so many places.
const BAR: u64 = 10;

/// A line for each certificate, below a header.
pub(super) fn text(outlooks: &[Outlook], now: SystemTime) -> String {
    let mut rows = vec![HEADER.map(str::to_owned)];
    rows.extend(outlooks.iter().map(|outlook| row(outlook, now)));
    let widths: [usize; HEADER.len()] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; HEADER.len()]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(outlook: &Outlook, now: SystemTime) -> [String; HEADER.len()] {
    let leaf = outlook.leaf.as_ref();
    let none = || "-".to_owned();
    let last = outlook.past.last.as_ref();
    let next = match &outlook.settings {
        None => "never obtained".to_owned(),
        Some(_) if outlook.next_attempt(now) <= now => "now".to_owned(),
        Some(_) => minute(outlook.next_attempt(now)),
    };
    [
        outlook.name.clone(),
        leaf.map_or_else(none, names),
        leaf.map_or_else(none, |leaf| leaf.issuer.clone()),
        leaf.map_or_else(none, |leaf| left(leaf, outlook.standing(now), now)),
        leaf.and_then(|leaf| leaf.window).map_or_else(none, |(start, end)| format!("{} to {}", day(start), day(end))),
        last.map_or_else(none, |last| format!("{} {}", last.at.strftime("%Y-%m-%d %H:%M"), outcome(last.outcome))),
        next,
    ]
}

/// The first name, and how many more.
fn names(leaf: &Leaf) -> String {
    match leaf.names.as_slice() {
        [] => "-".to_owned(),
        [only] => only.clone(),
        [first, more @ ..] => format!("{first} +{}", more.len()),
    }
}

/// Days, and the part of the life that is left as a bar; a standing that is not good is named.
fn left(leaf: &Leaf, standing: Standing, now: SystemTime) -> String {
    let life = leaf.end.duration_since(leaf.start).unwrap_or_default().as_secs().max(1);
    let left = leaf.end.duration_since(now).unwrap_or_default().as_secs().min(life);
    let full = usize::try_from(left.saturating_mul(BAR).div_ceil(life)).unwrap_or(0);
    let bar = "#".repeat(full) + &".".repeat(BAR as usize - full);
    let days = format!("{:>4} d [{bar}]", days_left(leaf.end, now));
    match standing {
        Standing::Good => days,
        other => format!("{days} {}", word(other)),
    }
}

fn day(time: SystemTime) -> String {
    moment(time).chars().take(10).collect()
}

fn minute(time: SystemTime) -> String {
    moment(time).chars().take(16).collect::<String>().replace('T', " ")
}
