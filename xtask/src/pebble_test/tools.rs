//! Finding Pebble and its companion challtestsrv, or getting them with Go.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

use crate::shell::{output, run};

/// The version fetched when none is there.
const VERSION: &str = "v2.10.1";
/// The oldest Go that builds it.
const GO: (u32, u32) = (1, 24);

/// Where the two programs are.
pub(crate) struct Tools {
    pub(crate) pebble: PathBuf,
    pub(crate) challtestsrv: PathBuf,
}

impl Tools {
    /// `$PEBBLE` and `$CHALLTESTSRV`, then `$PATH`, then `target/tools`, then `go install` into that folder.
    pub(crate) fn find(target: &Path) -> anyhow::Result<Self> {
        let folder = target.join("tools");
        let find = |variable, name| find(variable, name, &folder);
        Ok(Self { pebble: find("PEBBLE", "pebble")?, challtestsrv: find("CHALLTESTSRV", "pebble-challtestsrv")? })
    }
}

fn find(variable: &str, name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os(variable).map(PathBuf::from) {
        ensure!(named.is_file(), "${variable} names {}, where no file is", named.display());
        return Ok(named);
    }
    match on_path(name).or_else(|| existing(folder, name)) {
        Some(found) => Ok(found),
        None => go_install(name, folder).with_context(|| {
            format!(
                "{name} is not there. Install Debian's `pebble` package, or take a release binary from \
                 https://github.com/letsencrypt/pebble/releases and name it in ${variable}"
            )
        }),
    }
}

/// Where a program is.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find_map(|folder| existing(&folder, name))
}

fn existing(folder: &Path, name: &str) -> Option<PathBuf> {
    Some(folder.join(name)).filter(|file| file.is_file())
}

fn go_install(name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let version = output(Command::new("go").args(["env", "GOVERSION"]))?;
    ensure!(
        go_version(&version) >= Some(GO),
        "Go {}.{} or newer builds Pebble; this is {}",
        GO.0,
        GO.1,
        version.trim()
    );
    let package = format!("github.com/letsencrypt/pebble/v2/cmd/{name}@{VERSION}");
    run(Command::new("go").args(["install", &package]).env("GOBIN", folder))?;
    existing(folder, name).context("`go install` left no program behind")
}

/// Major and minor of what `go env GOVERSION` says.
fn go_version(text: &str) -> Option<(u32, u32)> {
    let (major, rest) = text.trim().strip_prefix("go")?.split_once('.')?;
    let minor = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_versions_are_read() {
        for (why, text, want) in [
            ("release", "go1.26.8\n", Some((1, 26))),
            ("first of a line", "go1.24", Some((1, 24))),
            ("candidate", "go1.25rc1", Some((1, 25))),
            ("with experiments", "go1.24.3 X:nocoverageredesign", Some((1, 24))),
            ("built from source", "devel go1.27-abcdef", None),
        ] {
            assert_eq!(go_version(text), want, "{why}: {text:?}");
        }
    }
}
