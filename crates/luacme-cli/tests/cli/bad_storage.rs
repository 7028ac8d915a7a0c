//! Storage that is not as it should be: a clear error, the right exit code, nothing lost, the old certificate untouched.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use crate::support::{Bench, Run, tree};

/// A bench where a certificate for a.test is in use.
fn bench() -> Bench {
    let bench = Bench::registered();
    bench.getcert(&["a.test"]).succeeds();
    bench
}

/// `luacme getcert a.test --force` with the folder of state on a file system of its own, mounted with these options by a shell
/// in a user namespace, after this line of shell. `None` where this computer allows no such thing: the test is skipped then.
fn on_a_file_system(bench: &Bench, options: &str, prepare: &str) -> Option<Run> {
    let mount = bench.beside("mounted").display().to_string();
    fs::create_dir_all(&mount).unwrap();
    let namespace = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "/bin/sh", "-ec", script]).current_dir(bench.beside(""));
        command
    };
    let may = namespace(&format!("mount -t tmpfs none {mount}")).output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped, for a file system cannot be mounted here: {options}");
        return None;
    }
    let script = format!(
        "mount -t tmpfs -o {options} none {mount}; cp -a state/. {mount}/; {prepare}\n\
         before=$(cd {mount}/live && cat a.test/* | cksum)\n\
         {luacme} getcert a.test --force --dir {mount} --ca-file ca.pem || code=$?\n\
         test \"$before\" = \"$(cd {mount}/live && cat a.test/* | cksum)\" || exit 99\n\
         exit $code",
        luacme = env!("CARGO_BIN_EXE_luacme"),
    );
    Some(Run::of(&mut namespace(&script)))
}

#[test]
fn a_read_only_disk() {
    let bench = bench();
    let requests = bench.requests();
    let mount = bench.beside("mounted").display().to_string();
    let Some(run) = on_a_file_system(&bench, "size=1m", &format!("mount -o remount,ro {mount}")) else { return };
    let run = run.exits(1).complains("Read-only file system");
    assert!(run.part("what to do").contains("folder"), "{}", run.stderr);
    assert_eq!(bench.requests(), requests, "said before the CA is asked");
}

#[test]
fn a_full_disk() {
    let bench = bench();
    let mount = bench.beside("mounted").display().to_string();
    let fill = format!("cat /dev/zero > {mount}/filler 2> /dev/null || true");
    let Some(run) = on_a_file_system(&bench, "size=256k", &fill) else { return };
    let run = run.exits(1).complains("No space left on device");
    assert!(run.part("what to do").contains("has room"), "{}", run.stderr);
}

#[test]
fn files_of_a_newer_version_or_cut_short() {
    for (why, file, change, part) in [
        ("settings of a newer version", "certs/a.test/config.toml", ("version = 1", "version = 2"), "another version"),
        ("a setting nobody knows", "certs/a.test/config.toml", ("version = 1", "version = 1\ncolour = 1"), "colour"),
        ("settings cut short", "certs/a.test/config.toml", ("key_type = ", "key_type"), "config.toml"),
        ("an account of a newer version", "account.json", ("\"version\": 1", "\"version\": 2"), "has version 2"),
        ("an account cut short", "account.json", ("}", ""), "account.json"),
    ] {
        let bench = bench();
        let text = bench.read(file);
        assert!(text.contains(change.0), "{why}: {text}");
        fs::write(bench.file(file), text.replace(change.0, change.1)).unwrap();
        let (before, requests) = (bench.read(file), bench.requests());
        let run = bench.fails(1, &["getcert", "a.test", "--force"]).complains(part);
        assert!(!run.part("what to do").is_empty(), "{why}");
        assert_eq!((bench.read(file), bench.requests()), (before, requests), "{why}");
    }
}

#[test]
fn links_where_files_belong_and_the_other_way() {
    let bench = bench();
    let precious = bench.beside("precious");
    fs::write(&precious, "not to be touched").unwrap();
    for file in ["lock", "history.jsonl"] {
        let path = bench.file("certs/a.test").join(file);
        let kept = fs::read(&path).ok();
        let _ = fs::remove_file(&path);
        symlink(&precious, &path).unwrap();
        bench.fails(1, &["getcert", "a.test", "--force"]).complains("is a symbolic link");
        assert_eq!(fs::read_to_string(&precious).unwrap(), "not to be touched", "{file}");
        fs::remove_file(&path).unwrap();
        if let Some(kept) = kept {
            fs::write(&path, kept).unwrap();
        }
    }
    for file in ["certs/a.test/config.toml", "certs/a.test/pending.json", "account.json"] {
        let path = bench.file(file);
        fs::write(&precious, fs::read(&path).unwrap_or_default()).unwrap();
        let _ = fs::remove_file(&path);
        symlink(&precious, &path).unwrap();
        let before = fs::read(&precious).unwrap();
        bench.getcert(&["a.test", "--force"]).succeeds();
        assert_eq!(fs::read(&precious).unwrap(), before, "{file} is replaced, not written through");
    }
    let link = bench.file("live/a.test");
    fs::remove_file(&link).unwrap();
    fs::create_dir(&link).unwrap();
    fs::write(link.join("index.html"), "somebody's").unwrap();
    let requests = bench.requests();
    bench.fails(1, &["getcert", "a.test", "--force"]).complains("is no symbolic link");
    assert_eq!(bench.requests(), requests, "said before the CA is asked");
    fs::remove_dir_all(&link).unwrap();
    bench.getcert(&["a.test", "--force"]).succeeds();
    assert_eq!(bench.version("a.test"), Path::new("../certs/a.test/5"), "nothing was lost");
}

#[test]
fn private_keys_that_everybody_may_read() {
    let bench = bench();
    bench.getcert(&["a.test", "--reuse-key"]).succeeds();
    for key in ["account.key", "live/a.test/privkey.pem"] {
        let before = tree(&bench.file("live"));
        fs::set_permissions(bench.file(key), Permissions::from_mode(0o644)).unwrap();
        let run = bench.fails(1, &["getcert", "a.test", "--force"]).complains("everybody may open");
        assert!(run.part("what to do").contains("chmod 600"), "{key}: {}", run.stderr);
        assert_eq!(tree(&bench.file("live")), before);
        fs::set_permissions(bench.file(key), Permissions::from_mode(0o600)).unwrap();
    }
    bench.getcert(&["a.test", "--force"]).succeeds();
}
