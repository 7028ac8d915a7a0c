//! Running other programs: an error names what was run.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, ensure};

/// The workspace's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// `cargo` with these arguments, in the workspace's folder.
pub(crate) fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(root());
    // `cargo run` tells this program what it is. Build scripts (ring's) would take it as news and build all over again.
    let told =
        |name: &OsStr| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start));
    for (name, _) in std::env::vars_os().filter(|(name, _)| told(name)) {
        command.env_remove(name);
    }
    command
}

/// Runs to the end; what it prints is seen at once.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("could not start `{}`", words(command)))?;
    ensure!(status.success(), "`{}` failed ({status})", words(command));
    Ok(())
}

/// Runs to the end and hands back what it printed on stdout.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("could not start `{}`", words(command)))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{}` failed ({}): {}", words(command), output.status, stderr.trim());
    String::from_utf8(output.stdout).with_context(|| format!("{} did not print UTF-8", words(command)))
}

/// A command as one would type it, its folders left out.
pub(crate) fn words(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// The folder that holds what cargo builds, this program included.
pub(crate) fn target() -> anyhow::Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(2).map(Path::to_owned).context("xtask does not run from a target folder")
}

/// Builds the `luacme` command and says where it is.
pub(crate) fn build_luacme() -> anyhow::Result<PathBuf> {
    run(&mut cargo(["build", "-p", "luacme-cli"]))?;
    luacme()
}

/// Where the `luacme` command is that was built.
pub(crate) fn luacme() -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(format!("luacme{}", std::env::consts::EXE_SUFFIX)))
}
