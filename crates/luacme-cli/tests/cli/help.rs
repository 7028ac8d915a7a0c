//! What a newcomer reads first.

use std::path::Path;
use std::process::Command;

use crate::support::Run;

fn luacme(words: &[&str]) -> Run {
    Run::of(Command::new(env!("CARGO_BIN_EXE_luacme")).env_clear().env("COLUMNS", "80").args(words))
}

/// The texts are kept beside this file. To accept what has changed, run the tests with `LUACME_ACCEPT=1`.
#[test]
fn help_is_as_it_was_read_last() {
    for (file, words) in [
        ("luacme.txt", &["-h"][..]),
        ("luacme-long.txt", &["--help"]),
        ("register.txt", &["register", "-h"]),
        ("getcert.txt", &["getcert", "-h"]),
        ("renew.txt", &["renew", "-h"]),
        ("status.txt", &["status", "-h"]),
        ("check.txt", &["check", "-h"]),
        ("run.txt", &["run", "-h"]),
        ("timer.txt", &["timer", "-h"]),
        ("step.txt", &["step", "-h"]),
        ("keyauth.txt", &["keyauth", "-h"]),
        ("account.txt", &["account", "-h"]),
        ("account-show.txt", &["account", "show", "-h"]),
        ("account-update.txt", &["account", "update", "-h"]),
        ("account-rekey.txt", &["account", "rekey", "-h"]),
        ("account-deactivate.txt", &["account", "deactivate", "-h"]),
        ("account-orders.txt", &["account", "orders", "-h"]),
        ("account-import.txt", &["account", "import", "-h"]),
        ("account-export.txt", &["account", "export", "-h"]),
        ("revoke.txt", &["revoke", "-h"]),
        ("export.txt", &["export", "-h"]),
        ("directory.txt", &["directory", "-h"]),
        ("doctor.txt", &["doctor", "-h"]),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help").join(file);
        let found = luacme(words).succeeds().stdout;
        if std::env::var_os("LUACME_ACCEPT").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        assert_eq!(found, std::fs::read_to_string(&path).unwrap(), "luacme {words:?} is not {file}");
    }
}

#[test]
fn help_fits_a_small_terminal() {
    for (words, lines) in [
        (&["-h"][..], 40),
        (&["register", "-h"], 24),
        (&["getcert", "-h"], 36),
        (&["renew", "-h"], 27),
        (&["status", "-h"], 24),
        (&["check", "-h"], 24),
        (&["run", "-h"], 24),
        (&["timer", "-h"], 24),
        (&["step", "-h"], 24),
        (&["keyauth", "-h"], 24),
        (&["account", "-h"], 30),
        (&["account", "show", "-h"], 24),
        (&["account", "update", "-h"], 24),
        (&["account", "rekey", "-h"], 24),
        (&["account", "deactivate", "-h"], 24),
        (&["account", "orders", "-h"], 24),
        (&["account", "import", "-h"], 32),
        (&["account", "export", "-h"], 30),
        (&["revoke", "-h"], 30),
        (&["export", "-h"], 24),
        (&["directory", "-h"], 24),
        (&["doctor", "-h"], 36),
    ] {
        let text = luacme(words).succeeds().stdout;
        let found = text.lines().count();
        assert!(found <= lines, "luacme {words:?} has {found} lines\n{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn nothing_at_all_shows_the_help() {
    let nothing = luacme(&[]).exits(2);
    assert_eq!(nothing.stderr, luacme(&["-h"]).succeeds().stdout);
}

#[test]
fn the_version_is_one_line() {
    assert_eq!(luacme(&["--version"]).succeeds().stdout, concat!("luacme ", env!("CARGO_PKG_VERSION"), "\n"));
}
