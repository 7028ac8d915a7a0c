//! The folder of a web server: what is written, with which modes, and what is left afterwards.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use acme_account::Readiness;
use acme_proto::{ChallengeType, Token};
use acme_solver::http01::Webroot;
use common::{One as _, answer, dead_address, http_task, serve_always, task};
use tempfile::TempDir;

const FOLDER: &str = ".well-known/acme-challenge";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_file_is_there_for_the_web_server_and_goes_with_its_folders() {
    let root = TempDir::new().unwrap();
    let solver = Webroot::new(root.path());
    let (one, two) = (http_task("one"), http_task("two"));
    for task in [&one, &two, &one] {
        solver.present_one(task).unwrap();
    }
    let folder = root.path().join(FOLDER);
    assert_eq!(names(&folder), ["one", "two"], "and no drafts");
    assert_eq!(fs::read_to_string(folder.join("one")).unwrap(), one.key_authorization.as_ref().unwrap().as_str());
    for (path, want) in [(folder.join("one"), 0o644), (folder.clone(), 0o755), (root.path().join(".well-known"), 0o755)]
    {
        assert_eq!(mode(&path), want, "{path:?}");
    }
    solver.clean_up_one(&one).unwrap();
    assert_eq!(names(&folder), ["two"]);
    for _ in 0..2 {
        solver.clean_up_one(&two).unwrap();
        assert!(names(root.path()).is_empty(), "the folders it made are gone");
    }
    solver.present_one(&one).unwrap();
    assert_eq!(names(&folder), ["one"], "and come back");
}

#[test]
fn folders_that_others_made_or_use_are_kept() {
    for (why, before, after) in [
        ("both were there", &[FOLDER][..], &[][..]),
        ("the outer one was there", &[".well-known"], &[]),
        ("somebody put something in meanwhile", &[], &[".well-known/acme-challenge/theirs"]),
        ("somebody put something beside", &[], &[".well-known/security.txt"]),
    ] {
        let root = TempDir::new().unwrap();
        for folder in before {
            fs::create_dir_all(root.path().join(folder)).unwrap();
            fs::set_permissions(root.path().join(folder), fs::Permissions::from_mode(0o711)).unwrap();
        }
        let solver = Webroot::new(root.path());
        solver.present_one(&http_task("one")).unwrap();
        for file in after {
            fs::write(root.path().join(file), "theirs").unwrap();
        }
        solver.clean_up_one(&http_task("one")).unwrap();
        for folder in before {
            assert_eq!(mode(&root.path().join(folder)), 0o711, "{why}: {folder} is as it was");
        }
        for file in after {
            assert!(root.path().join(file).exists(), "{why}: {file}");
        }
        assert!(!root.path().join(FOLDER).join("one").exists(), "{why}");
        assert_eq!(
            root.path().join(FOLDER).exists(),
            before == [FOLDER] || after == [".well-known/acme-challenge/theirs"],
            "{why}"
        );
    }
}

#[test]
fn another_process_takes_away_what_a_killed_one_made_and_no_more() {
    for (why, before, left) in [
        ("no folder was there", &[][..], &[][..]),
        ("the outer one was there", &[".well-known"], &[".well-known"]),
        ("both were there", &[".well-known", FOLDER], &[".well-known", FOLDER]),
    ] {
        let root = TempDir::new().unwrap();
        before.iter().for_each(|folder| fs::create_dir(root.path().join(folder)).unwrap());
        let killed = Webroot::new(root.path());
        let missing = killed.missing_folders();
        killed.present_one(&http_task("one")).unwrap();
        // As if it had been killed while it wrote.
        fs::write(root.path().join(FOLDER).join(".acme-one"), "hal").unwrap();
        let next = Webroot::new(root.path()).made_before(missing.iter().chain([&root.path().to_owned()]));
        next.clean_up_one(&http_task("one")).unwrap();
        let folders = [".well-known", FOLDER].into_iter().filter(|folder| root.path().join(folder).exists());
        assert_eq!(folders.collect::<Vec<_>>(), left, "{why}");
        assert!(left != [".well-known", FOLDER] || names(&root.path().join(FOLDER)).is_empty(), "{why}");
        assert!(root.path().exists(), "{why}: the web root is nobody's to remove");
    }
}

#[test]
fn a_folder_that_cannot_be_used_is_named_with_what_to_do() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("file"), "").unwrap();
    fs::create_dir(root.path().join("blocked")).unwrap();
    fs::write(root.path().join("blocked/.well-known"), "a file in the way").unwrap();
    fs::create_dir_all(root.path().join("half/.well-known/acme-challenge/one")).unwrap();
    for (why, folder, message) in [
        ("missing", "missing", "does not exist"),
        ("a file", "file", "is not a folder"),
        ("a file in the way", "blocked", "acme-challenge"),
        ("a folder where the file should be", "half", "one"),
    ] {
        let webroot = Webroot::new(root.path().join(folder));
        assert_eq!(webroot.check().is_err(), ["missing", "file"].contains(&folder), "{why}: before an order is placed");
        let error = webroot.present_one(&http_task("one")).unwrap_err();
        assert!(error.to_string().contains(message), "{why}: {error}");
        assert!(error.to_string().contains(folder), "{why}: {error}");
        assert!(error.advice().contains("--webroot"), "{why}: {}", error.advice());
    }
    assert_eq!(names(&root.path().join("half").join(FOLDER)), ["one"], "no draft is left behind");
    assert_eq!(names(root.path()), ["blocked", "file", "half"], "and no webroot is made");
}

#[test]
fn an_unwritable_folder_is_an_error_that_leaves_nothing() {
    let root = TempDir::new().unwrap();
    fs::set_permissions(root.path(), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(root.path().join("probe"), "").is_ok() {
        eprintln!("an_unwritable_folder_is_an_error_that_leaves_nothing: skipped, root may write everywhere");
        return;
    }
    let error = Webroot::new(root.path()).present_one(&http_task("one")).unwrap_err();
    assert!(error.to_string().contains(".well-known") && error.advice().contains("may write"), "{error}");
    assert!(names(root.path()).is_empty());
}

#[test]
fn a_token_cannot_leave_the_folder() {
    for text in ["../../etc/passwd", "..", ".", "/etc/passwd", "a/b", "a\\b", "", "a\0", "a b", "a=b"] {
        assert!(Token::parse(text).is_err(), "C-04: {text:?} must not even become a token");
    }
    let root = TempDir::new().unwrap();
    let outside = root.path().join("outside");
    fs::write(&outside, "theirs").unwrap();
    let web = root.path().join("web");
    fs::create_dir_all(web.join(FOLDER)).unwrap();
    symlink(&outside, web.join(FOLDER).join("one")).unwrap();
    let solver = Webroot::new(&web);
    solver.present_one(&http_task("one")).unwrap();
    assert_eq!(fs::read_to_string(&outside).unwrap(), "theirs", "a planted link is replaced, not followed");
    solver.clean_up_one(&http_task("one")).unwrap();
    assert_eq!(names(&web.join(FOLDER)), Vec::<String>::new());
}

#[test]
fn a_look_tells_right_from_wrong_from_unseen() {
    let task = http_task("one");
    let right = task.key_authorization.as_ref().unwrap().as_str();
    let url = "http://a.test/.well-known/acme-challenge/one";
    let redirect = "HTTP/1.1 301 Moved\r\nLocation: https://a.test/elsewhere\r\nContent-Length: 0\r\n\r\n".to_owned();
    for (why, reply, want) in [
        ("the answer", answer("200 OK", right), Ok("")),
        ("another text", answer("200 OK", "<html>"), Err("<html>")),
        ("not found", answer("404 Not Found", right), Err("404")),
        ("a redirect", redirect, Ok("https://a.test/elsewhere")),
        ("not HTTP", "SSH-2.0-x\r\n".to_owned(), Ok("not HTTP")),
    ] {
        let (address, asked) = serve_always(reply);
        match (Webroot::new("/unused").check_at(address).verify_one(&task), want) {
            (Ok(Readiness::Ready), Ok("")) => {}
            (Ok(Readiness::Unseen(text)), Ok(part)) if !part.is_empty() => {
                assert!(text.contains(part) && text.contains(url), "{why}: {text}");
            }
            (Err(error), Err(part)) => {
                assert!(error.to_string().contains(part) && error.to_string().contains(url), "{why}: {error}");
                assert!(error.advice().contains("a.test"), "{why}: {}", error.advice());
            }
            (seen, _) => panic!("{why}: {seen:?}"),
        }
        let request = asked.recv().unwrap();
        assert!(
            request.starts_with("GET /.well-known/acme-challenge/one HTTP/1.1\r\nHost: a.test\r\n"),
            "{why}: {request}"
        );
    }
}

#[test]
fn what_cannot_be_reached_from_here_is_left_to_the_ca() {
    let unresolvable = task("no-such-host.invalid", ChallengeType::Http01, "one");
    let dead = dead_address();
    for (why, solver, part) in [
        ("no such name", Webroot::new("/unused"), "no-such-host.invalid".to_owned()),
        ("nobody listens", Webroot::new("/unused").check_at(dead), dead.to_string()),
    ] {
        let Ok(Readiness::Unseen(text)) = solver.verify_one(&unresolvable) else { panic!("{why}") };
        assert!(text.contains(&part), "{why}: {text}");
    }
}
