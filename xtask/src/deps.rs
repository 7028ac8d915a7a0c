//! `cargo xtask deps`: how much acme-jose brings along, for somebody who takes that crate alone.

use std::collections::BTreeSet;

use anyhow::ensure;

use crate::shell::{cargo, output, run as run_command};

/// acme-jose with its default features counts fewer crates than this, itself included.
const TOO_MANY: usize = 45;

/// Prints the tree and counts the crates in it.
pub(crate) fn run() -> anyhow::Result<()> {
    let tree = ["tree", "-p", "acme-jose", "-e", "normal"];
    run_command(&mut cargo(tree))?;
    let crates = distinct(&output(&mut cargo(tree.into_iter().chain(["--prefix", "none"])))?);
    ensure!(crates < TOO_MANY, "acme-jose and what it brings are {crates} crates; they must stay below {TOO_MANY}");
    println!("deps: acme-jose and what it brings are {crates} crates, below {TOO_MANY}");
    Ok(())
}

/// Crates in a `cargo tree --prefix none`, each version once; ` (*)` marks one that stood above.
fn distinct(tree: &str) -> usize {
    let names = tree.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty());
    names.collect::<BTreeSet<_>>().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_crate_counts_once() {
        for (why, tree, want) in [
            ("nothing", "", 0),
            ("seen again", "a v1\nb v1\nb v1 (*)\n", 2),
            ("two versions are two crates", "a v1\nb v1\nb v2\n", 3),
            ("blank lines part the trees", "a v1\n\nb v1\n", 2),
        ] {
            assert_eq!(distinct(tree), want, "{why}");
        }
    }
}
