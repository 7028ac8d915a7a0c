//! The TXT records that the CA sees: those that a test has set, and no others.

use std::collections::{BTreeMap, BTreeSet};

/// Names in lower case without a dot at the end, and the values at each.
#[derive(Debug, Default)]
pub(crate) struct TxtTable(BTreeMap<String, BTreeSet<String>>);

impl TxtTable {
    /// Adds a value; those that are there already stay.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        self.0.entry(canonical(name)).or_default().insert(value.to_string());
    }

    pub(crate) fn remove(&mut self, name: &str, value: &str) {
        if let Some(values) = self.0.get_mut(&canonical(name)) {
            values.remove(value);
        }
    }

    pub(crate) fn values(&self, name: &str) -> Vec<String> {
        self.0.get(&canonical(name)).into_iter().flatten().cloned().collect()
    }
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_added_and_taken_away_one_by_one() {
        let mut table = TxtTable::default();
        table.add("_acme-challenge.Example.com.", "a");
        table.add("_acme-challenge.example.com", "b");
        assert_eq!(table.values("_ACME-challenge.example.com"), ["a", "b"]);
        table.remove("_acme-challenge.example.com", "a");
        assert_eq!(table.values("_acme-challenge.example.com."), ["b"]);
        assert!(table.values("example.com").is_empty());
    }
}
