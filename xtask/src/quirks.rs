//! The second half of `cargo xtask rfc-map`: docs/quirks.md names, for every quirk of a server and every bug of another client,
//! the behaviours of acme-testca that play it and the tests of ours; this checks that it is so.
//!
//! A row of four cells is a quirk: name, what, behaviours, tests. A row of two cells is a behaviour that belongs to no server
//! in particular, and its tests. In place of tests may stand `planned: ` and what is missing.

use std::{collections::BTreeSet, fs};

use acme_testca::Behaviour;
use anyhow::{Context, ensure};

use crate::{
    rfc_map::{cells, has_test, source},
    shell::root,
};

/// Quirks and bugs in the list; one that gets lost is missed by this.
const ROWS: usize = 34;

const LIST: &str = "docs/quirks.md";

/// A row of any of its tables.
#[derive(Debug, PartialEq)]
struct Row {
    name: String,
    behaviours: Vec<String>,
    tests: Vec<String>,
    /// What must be built before there can be a test.
    planned: Option<String>,
}

/// Checks the list against the tests and behaviours that are there.
pub(crate) fn run() -> anyhow::Result<()> {
    let text = fs::read_to_string(root().join(LIST)).with_context(|| format!("{LIST} cannot be read"))?;
    let (rows, generic) = read(&text);
    let behaviours: Vec<&str> = Behaviour::ALL.iter().map(|behaviour| behaviour.name()).collect();
    let mut complaints = complaints(&rows, &generic, &behaviours, source);
    if rows.len() != ROWS {
        complaints.push(format!("{} rows instead of {ROWS}", rows.len()));
    }
    let planned: Vec<&str> = rows.iter().filter(|row| row.planned.is_some()).map(|row| row.name.as_str()).collect();
    println!("{} quirks, {} behaviours; planned: {}", rows.len(), behaviours.len(), planned.join(", "));
    ensure!(complaints.is_empty(), "{LIST}:\n  {}", complaints.join("\n  "));
    Ok(())
}

/// The quirks, and the behaviours that belong to none.
fn read(text: &str) -> (Vec<Row>, Vec<Row>) {
    let (mut rows, mut generic) = (Vec::new(), Vec::new());
    for cells in text.lines().filter_map(cells) {
        match *cells {
            [name, _, behaviours, tests] => rows.push(Row::new(name, list(behaviours), tests)),
            [name, tests] => generic.push(Row::new(name.trim_matches('`'), list(name), tests)),
            _ => rows.push(Row::new(cells[0], Vec::new(), "")),
        }
    }
    (rows, generic)
}

impl Row {
    fn new(name: &str, behaviours: Vec<String>, tests: &str) -> Self {
        let planned = tests.strip_prefix("planned: ").map(str::to_owned);
        let tests = if planned.is_some() { Vec::new() } else { list(tests) };
        Self { name: name.to_owned(), behaviours, tests, planned }
    }
}

/// What stands in a cell between backticks and commas.
fn list(cell: &str) -> Vec<String> {
    let items = cell.split(',').map(|item| item.trim().trim_matches('`').to_owned());
    items.filter(|item| !item.is_empty()).collect()
}

/// Every broken rule, a line each.
fn complaints(rows: &[Row], generic: &[Row], known: &[&str], source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    let named: BTreeSet<&str> =
        rows.iter().chain(generic).flat_map(|row| &row.behaviours).map(String::as_str).collect();
    let missing = known.iter().filter(|name| !named.contains(*name));
    found.extend(missing.map(|name| format!("{name} stands in no row: say whose it is, or that it is nobody's")));
    let unknown = named.iter().filter(|name| !known.contains(*name));
    found.extend(unknown.map(|name| format!("{name} is no behaviour of acme-testca")));
    for row in rows.iter().chain(generic) {
        if row.tests.is_empty() && row.planned.is_none() {
            found.push(format!("{} has no test", row.name));
        }
        let missing = row.tests.iter().filter(|test| !has_test(test, &source));
        found.extend(missing.map(|test| format!("{}: there is no test {test}", row.name)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Quirks\n\n| row | what | behaviours | tests |\n|---|---|---|---|\n\
        | zerossl | HTML | `html-504`, `null-members` | `a/tests/b.rs::one`, `a/tests/b.rs::two` |\n\
        | stale TXT | crash | | planned: a journal |\n\
        \n| row | tests |\n|---|---|\n| `busy` | `a/tests/b.rs::one` |\n";

    #[test]
    fn a_list_is_checked() {
        for (why, from, to, complaint) in [
            ("as it should be", "", "", None),
            ("a behaviour of nobody", "`html-504`, ", "", Some("html-504 stands in no row")),
            ("nor of the general ones", "| `busy` | `a/tests/b.rs::one` |", "", Some("busy stands in no row")),
            ("an invented one", "`html-504`", "`html-504`, `html-505`", Some("html-505 is no behaviour")),
            ("no test", "planned: a journal", "", Some("stale TXT has no test")),
            ("a test that is gone", "b.rs::two", "b.rs::three", Some("zerossl: there is no test a/tests/b.rs::three")),
            ("a file that is gone", "`a/tests/b.rs::one` |", "`a/tests/c.rs::one` |", Some("busy: there is no test")),
            ("a cell too many", "| HTML |", "| HTML | x |", Some("zerossl has no test")),
        ] {
            let (rows, generic) = read(&GOOD.replacen(from, to, 1));
            let source = |file: &str| {
                (file == "a/tests/b.rs").then(|| "#[test]\nfn one() {}\n#[test]\nfn two() {}\n".to_owned())
            };
            let found = complaints(&rows, &generic, &["html-504", "null-members", "busy"], source);
            match complaint {
                Some(text) => assert!(found.iter().any(|line| line.starts_with(text)), "{why}: {found:?}"),
                None => assert!(found.is_empty(), "{why}: {found:?}"),
            }
        }
    }
}
