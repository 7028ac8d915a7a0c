//! Every behaviour is named in a test of this crate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fs;
use std::path::Path;

use acme_testca::Behaviour;

/// Those that other tests show without naming them, and where.
const SHOWN: [(Behaviour, &str); 6] = [
    (Behaviour::RandomPaths, "paths_are_random_unless_seeded"),
    (Behaviour::Shuffled, "shuffling_loses_nothing_and_moves_something"),
    (Behaviour::NoReasonPhrase, "no_status_line_has_a_reason"),
    (Behaviour::NonceOnPostOnly, "the_directory_and_get_answers_carry_no_nonce"),
    (Behaviour::KidExact, "kid_exact"),
    (Behaviour::FinalizeProcessing, "finalize_and_after"),
];

fn sources(folder: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "rs") && !path.ends_with("catalogue.rs"));
    files.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_behaviour_has_a_test() {
    let (tests, all) = (sources("tests"), sources("tests") + &sources("src"));
    let named = |behaviour: &Behaviour| {
        let name = format!("Behaviour::{behaviour:?}");
        let end = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric());
        tests.match_indices(&name).any(|(at, _)| end(&tests[at + name.len()..]))
    };
    let shown = |behaviour: &Behaviour| SHOWN.iter().find(|(shown, _)| shown == behaviour);
    for behaviour in Behaviour::ALL {
        match shown(behaviour) {
            None => assert!(named(behaviour), "no test names {behaviour:?}"),
            Some((_, test)) => assert!(all.contains(&format!("fn {test}()")), "{behaviour:?}: no test {test}"),
        }
    }
}
