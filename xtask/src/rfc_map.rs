//! `cargo xtask rfc-map`: docs/rfc-map.md names, for every requirement, the item and the tests; this checks that it is so.
//!
//! A row of five cells in a table is a requirement: id, level, what, item, tests. Under the heading "Out of scope" stand rows
//! of two cells, id and reason, for requirements that no test proves; a reason that begins with "planned" is a debt.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use anyhow::{Context, ensure};

use crate::{quirks, shell::root};

/// Requirements in the map; a row that gets lost is missed by this.
const ROWS: usize = 413;

const MAP: &str = "docs/rfc-map.md";

/// The strongest level first. A `°` marks what the RFC puts on the server or the format.
const LEVELS: [&str; 9] =
    ["MUST", "MUST NOT", "MUST°", "SHOULD", "SHOULD NOT", "SHOULD°", "RECOMMENDED", "MAY", "info"];

/// What docs/rfc-map.md says.
#[derive(Default)]
struct Map {
    rows: Vec<Row>,
    /// Rows of the table at the end: id, reason.
    excuses: Vec<(String, String)>,
    complaints: Vec<String>,
}

/// One requirement.
struct Row {
    id: String,
    level: String,
    tests: Vec<String>,
}

/// Checks the map against the tests that are there.
pub(crate) fn run() -> anyhow::Result<()> {
    let text = fs::read_to_string(root().join(MAP)).with_context(|| format!("{MAP} cannot be read"))?;
    let map = Map::read(&text);
    let mut complaints = map.complaints(ROWS);
    complaints.extend(map.missing_tests(source));
    print!("{}", map.summary());
    ensure!(complaints.is_empty(), "{MAP}:\n  {}", complaints.join("\n  "));
    quirks::run()
}

/// The text of a test's file; a folder's is that of all files in it.
pub(crate) fn source(path: &str) -> Option<String> {
    let path = if path == PEBBLE { root().join("xtask/src/pebble_test") } else { root().join("crates").join(path) };
    if path.is_dir() { Some(folder(&path)) } else { fs::read_to_string(path).ok() }
}

fn folder(path: &Path) -> String {
    let entries = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
    let texts =
        entries.map(|path| if path.is_dir() { folder(&path) } else { fs::read_to_string(path).unwrap_or_default() });
    texts.collect()
}

/// Stands in a test's name for the cases of `cargo xtask pebble-test`.
const PEBBLE: &str = "pebble-test";

impl Map {
    fn read(text: &str) -> Self {
        let mut map = Self::default();
        let mut out_of_scope = false;
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                out_of_scope = heading.trim() == "Out of scope";
            } else if let Some(cells) = cells(line) {
                map.add(out_of_scope, &cells);
            }
        }
        map
    }

    fn add(&mut self, out_of_scope: bool, cells: &[&str]) {
        match (out_of_scope, cells) {
            (false, [id, level, _, _, tests]) => {
                let tests = tests.split(',').map(|test| test.trim().trim_matches('`').to_owned());
                let tests = tests.filter(|test| !test.is_empty()).collect();
                self.rows.push(Row { id: (*id).into(), level: (*level).into(), tests });
            }
            (true, [id, reason]) => self.excuses.push(((*id).into(), (*reason).into())),
            _ => self.complaints.push(format!("{}: {} cells do not fit in this table", cells[0], cells.len())),
        }
    }

    /// Every broken rule that the document shows by itself, a line each.
    fn complaints(&self, rows: usize) -> Vec<String> {
        let mut found = self.complaints.clone();
        if self.rows.len() != rows {
            found.push(format!("{} rows instead of {rows}", self.rows.len()));
        }
        found.extend(self.rows.iter().filter_map(Row::complaint));
        found.extend(doubles(self.rows.iter().map(|row| &row.id)));
        found.extend(doubles(self.excuses.iter().map(|(id, _)| id)));
        found.extend(self.gaps());
        found.extend(
            self.rows.iter().filter(|row| row.must() && row.tests.is_empty() && self.excuse(row).is_none()).map(
                |row| {
                    format!(
                        "{} is a {} without a test: name one, or say why not in the table at the end",
                        row.id, row.level
                    )
                },
            ),
        );
        found.extend(self.excuses.iter().filter_map(|(id, reason)| self.idle_excuse(id, reason)));
        found
    }

    /// Rows are counted from 1 in each section.
    fn gaps(&self) -> Vec<String> {
        let mut sections: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (section, number) in self.rows.iter().filter_map(|row| parts(&row.id)) {
            sections.entry(section).or_default().insert(number);
        }
        let gapless = |numbers: &BTreeSet<usize>| numbers.iter().copied().eq(1..=numbers.len());
        let broken = sections.iter().filter(|(_, numbers)| !gapless(numbers));
        broken.map(|(section, _)| format!("the rows {section}-… are not counted from 1 without a gap")).collect()
    }

    fn idle_excuse(&self, id: &str, reason: &str) -> Option<String> {
        match self.rows.iter().find(|row| row.id == id) {
            None => Some(format!("{id} stands at the end and in no table above")),
            Some(row) if !row.tests.is_empty() => Some(format!("{id} has a test: take it out of the table at the end")),
            Some(_) if reason.is_empty() => Some(format!("{id} stands at the end without a reason")),
            Some(_) => None,
        }
    }

    /// Why a row has no test.
    fn excuse(&self, row: &Row) -> Option<&str> {
        self.excuses.iter().find(|(id, _)| *id == row.id).map(|(_, reason)| reason.as_str())
    }

    /// Tests that are named and not there; `source` gives the text of a file.
    fn missing_tests(&self, source: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let mut sources: BTreeMap<&str, Option<String>> = BTreeMap::new();
        let mut found = Vec::new();
        for (row, test) in self.rows.iter().flat_map(|row| row.tests.iter().map(move |test| (row, test))) {
            let file = test.split_once("::").unwrap_or((test, "")).0;
            let text = sources.entry(file).or_insert_with(|| source(file));
            if !has_test(test, |_| text.clone()) {
                found.push(format!("{}: there is no test {test}", row.id));
            }
        }
        found
    }

    /// Counts per level, and the rows that no test proves.
    fn summary(&self) -> String {
        let mut text = String::from("level        rows  tested  out of scope  rest\n");
        for level in LEVELS {
            let rows: Vec<&Row> = self.rows.iter().filter(|row| row.level == level).collect();
            let tested = rows.iter().filter(|row| !row.tests.is_empty()).count();
            let excused = rows.iter().filter(|row| self.excuse(row).is_some()).count();
            let rest = rows.len().saturating_sub(tested + excused);
            let _ = writeln!(text, "{level:11} {:5} {tested:7} {excused:13} {rest:5}", rows.len());
        }
        let planned = self.rows.iter().filter(|row| self.excuse(row).is_some_and(|why| why.starts_with("planned")));
        let (must, other): (Vec<&Row>, Vec<&Row>) = planned.partition(|row| row.must());
        let rest = self.rows.iter().filter(|row| row.tests.is_empty() && self.excuse(row).is_none()).collect();
        for (what, rows) in [("PLANNED, MUST", must), ("planned, others", other), ("no test", rest)] {
            let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            let _ = writeln!(text, "{what}: {} {}", ids.len(), ids.join(" "));
        }
        text
    }
}

impl Row {
    fn must(&self) -> bool {
        self.level.starts_with("MUST")
    }

    fn complaint(&self) -> Option<String> {
        if parts(&self.id).is_none() {
            return Some(format!("{:?} is no id such as T-01", self.id));
        }
        (!LEVELS.contains(&self.level.as_str())).then(|| format!("{}: {:?} is no level", self.id, self.level))
    }
}

/// The cells of a table's line; none for its head, the line below that, and text.
pub(crate) fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = inner.split('|').map(str::trim).collect();
    let head = cells[0] == "row" || cells[0].starts_with("--");
    (!head).then_some(cells)
}

/// Section and number of an id such as `T-01`.
fn parts(id: &str) -> Option<(&str, usize)> {
    let (section, number) = id.split_once('-')?;
    let letters = !section.is_empty() && section.bytes().all(|byte| byte.is_ascii_uppercase());
    let digits = number.len() == 2 && number.bytes().all(|byte| byte.is_ascii_digit());
    if letters && digits { Some((section, number.parse().ok()?)) } else { None }
}

fn doubles<'a>(ids: impl Iterator<Item = &'a String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.filter(|id| !seen.insert(*id)).map(|id| format!("{id} stands there twice")).collect()
}

/// Whether a test named `FILE::NAME` is there; `source` gives the text of a file.
pub(crate) fn has_test(test: &str, source: impl Fn(&str) -> Option<String>) -> bool {
    let (file, name) = test.split_once("::").unwrap_or((test, ""));
    match (file, source(file)) {
        (_, None) => false,
        (PEBBLE, Some(text)) => text.contains(&format!("name: \"{name}\"")),
        (_, Some(text)) => is_test(&text, name.trim_start_matches("tests::")),
    }
}

/// Whether this source has such a test, one that runs: a function below `#[test]` without `#[ignore]`, or a name that a macro of
/// the file makes one of.
fn is_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let named = lines.iter().position(|line| line.strip_prefix("fn ").is_some_and(|rest| word_starts(rest, name)));
    if let Some(at) = named {
        let above = lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("//"));
        let attributes: Vec<_> = above.collect();
        let ignored = attributes.iter().any(|line| line.starts_with("#[ignore"));
        return attributes.contains(&&"#[test]") && !ignored;
    }
    let made = || lines.iter().any(|line| !line.starts_with("//") && word_starts(line, name));
    !name.is_empty() && source.contains("macro_rules!") && made()
}

/// Whether the line begins with just this word.
fn word_starts(line: &str, word: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    !word.is_empty() && line.strip_prefix(word).is_some_and(ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Map\n\n## Transport\n\n| row | level | what | item | tests |\n|---|---|---|---|---|\n\
        | T-01 | MUST | HTTPS | `a::B` | `a/tests/b.rs::one`, `a/src/c.rs::tests::two` |\n\
        | T-02 | MUST\u{b0} | roots | | |\n| T-03 | MAY | more | | |\n| X-01 | MUST NOT | x | | `pebble-test::case-1` |\n\
        \n## Out of scope\n\n| row | reason |\n|---|---|\n| T-02 | for servers |\n";

    #[test]
    fn a_map_is_checked() {
        for (why, from, to, complaint) in [
            ("as it should be", "", "", None),
            ("a row twice", "T-03 | MAY", "T-01 | MAY", Some("T-01 stands there twice")),
            ("a row lost", "| T-03 | MAY | more | | |\n", "", Some("3 rows instead of 4")),
            ("a row left out", "T-03 | MAY", "T-04 | MAY", Some("the rows T-\u{2026} are not counted")),
            ("no id", "T-03 | MAY", "T-3 | MAY", Some("\"T-3\" is no id")),
            ("an id in lower case", "T-03 | MAY", "t-03 | MAY", Some("\"t-03\" is no id")),
            ("no level", "T-03 | MAY", "T-03 | MIGHT", Some("T-03: \"MIGHT\" is no level")),
            ("a MUST untested", "`pebble-test::case-1`", "", Some("X-01 is a MUST NOT without a test")),
            ("a MUST\u{b0} untested", "| T-02 | for servers |\n", "", Some("T-02 is a MUST\u{b0} without a test")),
            ("a MAY untested is no matter", "| T-02 | for servers |", "| T-02 | s |\n| T-03 | later |", None),
            ("an excuse twice", "| T-02 | for", "| T-02 | again |\n| T-02 | for", Some("T-02 stands there twice")),
            ("an excuse for nothing", "| T-02 | for", "| Q-01 | x |\n| T-02 | for", Some("Q-01 stands at the end")),
            ("an idle excuse", "| T-02 | for", "| T-01 | x |\n| T-02 | for", Some("T-01 has a test")),
            ("no reason", "| T-02 | for servers |", "| T-02 | |", Some("T-02 stands at the end without a reason")),
            ("another heading is none", "## Out of scope", "## Elsewhere", Some("T-02: 2 cells do not fit")),
            ("a cell too many", "| T-03 | MAY | more |", "| T-03 | MAY | more | |", Some("T-03: 6 cells do not fit")),
        ] {
            let found = Map::read(&GOOD.replacen(from, to, 1)).complaints(4);
            match complaint {
                Some(text) => assert!(found.iter().any(|line| line.starts_with(text)), "{why}: {found:?}"),
                None => assert!(found.is_empty(), "{why}: {found:?}"),
            }
        }
    }

    const SOURCE: &str = "#[test]\nfn one() {}\nmod tests {\n    #[cfg(unix)]\n    // why\n    #[test]\n    fn two() {}\n}\n\
        proptest! {\n    #[test]\n    fn three(x: u8) {}\n}\nfn helper() {}\n#[test]\nfn longer_than_one() {}\n\
        #[test]\n#[ignore = \"slow\"]\nfn sleeper() {}\n";

    #[test]
    fn a_test_is_found_in_its_file() {
        let made = format!("macro_rules! each {{}}\neach! {{\n    four: 1,\n    // five\n}}\n{SOURCE}");
        for (why, source, name, found) in [
            ("a function", SOURCE, "one", true),
            ("with attributes between, in a module", SOURCE, "two", true),
            ("of proptest", SOURCE, "three", true),
            ("a function that is no test", SOURCE, "helper", false),
            ("the end of another name", SOURCE, "than_one", false),
            ("the beginning of another name", SOURCE, "longer", false),
            ("made by a macro", &made, "four", true),
            ("a comment in a macro", &made, "five", false),
            ("without a macro", SOURCE, "four", false),
            ("not a test beside a macro either", &made, "helper", false),
            ("one that does not run", SOURCE, "sleeper", false),
            ("nothing", &made, "", false),
        ] {
            assert_eq!(is_test(source, name), found, "{why}");
        }
    }

    #[test]
    fn what_is_named_must_be_there() {
        let sources = |file: &str| match file {
            "a/tests/b.rs" | "a/src/c.rs" => Some(SOURCE.to_owned()),
            PEBBLE => Some("Case { name: \"case-1\", setup: PLAIN }".to_owned()),
            _ => None,
        };
        assert_eq!(Map::read(GOOD).missing_tests(sources), Vec::<String>::new());
        for (from, to) in
            [("b.rs::one", "b.rs::gone"), ("a/tests/b.rs", "a/tests/x.rs"), ("case-1", "case"), ("::one", "")]
        {
            let found = Map::read(&GOOD.replacen(from, to, 1)).missing_tests(sources);
            assert!(found.len() == 1 && found[0].contains("there is no test"), "{from} -> {to}: {found:?}");
        }
    }

    #[test]
    fn what_is_planned_is_said_aloud() {
        let text = Map::read(&GOOD.replace("for servers", "planned: later")).summary();
        assert!(text.contains("PLANNED, MUST: 1 T-02\n"), "{text}");
        assert!(text.contains("no test: 1 T-03\n"), "{text}");
        let levels: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
        assert!(levels.contains(&vec!["MUST", "1", "1", "0", "0"]), "{text}");
        assert!(levels.contains(&vec!["MUST\u{b0}", "1", "0", "1", "0"]), "{text}");
        let text = Map::read(GOOD).summary();
        assert!(text.contains("PLANNED, MUST: 0 \n") && text.contains("planned, others: 0 \n"), "{text}");
    }
}
