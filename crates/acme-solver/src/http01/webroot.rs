//! http-01 by a file in the folder of a web server that is there already.

use std::fs::{self, DirBuilder};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use acme_account::{Readiness, Solver, SolverError, Task};
use acme_proto::{ChallengeType, Identifier, KeyAuthorization, Token};

use super::{PREFIX, answer, challenge_types};
use crate::sight::{self, Sight};

/// The mode of the folders that are made: whoever runs the web server can enter them.
const FOLDER_MODE: u32 = 0o755;

/// The mode of the files: whoever runs the web server can read them.
const FILE_MODE: u32 = 0o644;

/// Puts http-01 answers into the folder that a web server serves as `/`.
#[derive(Debug)]
pub struct Webroot {
    root: PathBuf,
    check_at: Option<SocketAddr>,
    /// The folders made here, outermost first: they go when they are empty again.
    made: Mutex<Vec<PathBuf>>,
}

impl Webroot {
    /// Into this folder.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), check_at: None, made: Mutex::default() }
    }

    /// Looks for the answer at this address rather than on port 80 of the name.
    pub fn check_at(mut self, address: SocketAddr) -> Self {
        self.check_at = Some(address);
        self
    }

    fn folder(&self) -> PathBuf {
        self.root.join(PREFIX.trim_matches('/'))
    }

    /// A token has no character that means something in a path, so the file is in the folder.
    fn file(&self, token: &Token) -> PathBuf {
        self.folder().join(token.as_str())
    }

    fn made(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_root(&self) -> Result<(), SolverError> {
        let refuse = |why: &str| {
            SolverError::new(
                format!("the webroot {} {why}", self.root.display()),
                "give the folder that the web server serves as / with --webroot",
            )
        };
        match fs::metadata(&self.root) {
            Ok(found) if found.is_dir() => Ok(()),
            Ok(_) => Err(refuse("is not a folder")),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Err(refuse("does not exist")),
            Err(why) => Err(refuse(&format!("cannot be used: {why}"))),
        }
    }

    /// Makes the folders that are missing.
    fn make_folders(&self, made: &mut Vec<PathBuf>) -> io::Result<()> {
        let folder = self.folder();
        for folder in folder.parent().into_iter().chain([folder.as_path()]) {
            match DirBuilder::new().create(folder) {
                Ok(()) => made.push(folder.to_owned()),
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(why) => return Err(at(folder, why)),
            }
            set_mode(folder, FOLDER_MODE).map_err(|why| at(folder, why))?;
        }
        Ok(())
    }

    /// Writes the file so that it appears at once and whole.
    fn write(&self, token: &Token, body: &KeyAuthorization) -> io::Result<()> {
        let file = self.file(token);
        let mut draft = tempfile::Builder::new()
            .prefix(".acme-")
            .tempfile_in(self.folder())
            .map_err(|why| at(&self.folder(), why))?;
        draft.write_all(body.as_str().as_bytes())?;
        set_mode(draft.path(), FILE_MODE)?;
        draft.persist(&file).map_err(|why| at(&file, why.error))?;
        Ok(())
    }
}

impl Solver for Webroot {
    fn challenge_types(&self, identifier: &Identifier, wildcard: bool) -> Vec<ChallengeType> {
        challenge_types(identifier, wildcard)
    }

    fn present(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.present_one(task)).collect()
    }

    fn verify(&self, tasks: &[Task]) -> Vec<Result<Readiness, SolverError>> {
        tasks.iter().map(|task| self.verify_one(task)).collect()
    }

    fn clean_up(&self, tasks: &[Task]) -> Vec<Result<(), SolverError>> {
        tasks.iter().map(|task| self.clean_up_one(task)).collect()
    }
}

impl Webroot {
    fn present_one(&self, task: &Task) -> Result<(), SolverError> {
        let (token, body) = answer(task)?;
        self.check_root()?;
        let mut made = self.made();
        self.make_folders(&mut made).and_then(|()| self.write(token, body)).map_err(|why| {
            remove_empty(&mut made);
            SolverError::with_source(
                format!("cannot write the answer for {}: {why}", task.identifier),
                "run as somebody who may write there, or give another folder with --webroot",
                why,
            )
        })
    }

    fn verify_one(&self, task: &Task) -> Result<Readiness, SolverError> {
        match sight::http01(task, self.check_at) {
            Sight::Right => Ok(Readiness::Ready),
            Sight::Unclear(why) => Ok(Readiness::Unseen(why)),
            Sight::Wrong(why) => Err(SolverError::new(
                why,
                format!(
                    "make the web server of {} serve {} at {PREFIX} over plain HTTP on port 80, or give the folder that it \
                     serves as / with --webroot",
                    task.identifier,
                    self.folder().display()
                ),
            )),
        }
    }

    fn clean_up_one(&self, task: &Task) -> Result<(), SolverError> {
        let file = self.file(answer(task)?.0);
        match fs::remove_file(&file) {
            Err(why) if !is_gone(&why) => {
                return Err(SolverError::with_source(
                    format!("cannot remove {}: {why}", file.display()),
                    "remove it by hand",
                    why,
                ));
            }
            _ => remove_empty(&mut self.made()),
        }
        Ok(())
    }
}

/// Removes those folders, innermost first, that nobody has put anything into.
fn remove_empty(made: &mut Vec<PathBuf>) {
    while let Some(folder) = made.last() {
        match fs::remove_dir(folder) {
            Err(why) if !is_gone(&why) => return,
            _ => made.pop(),
        };
    }
}

fn is_gone(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn at(path: &Path, why: io::Error) -> io::Error {
    io::Error::new(why.kind(), format!("{}: {why}", path.display()))
}

/// Sets a mode whatever the umask is.
#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}
