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

    /// The folders that answers need and that are not there yet, outermost first.
    pub fn missing_folders(&self) -> Vec<PathBuf> {
        self.folders().into_iter().filter(|folder| !folder.exists()).collect()
    }

    /// For the clean-up after a process that is gone: these of the [folders that were missing](Self::missing_folders) before it
    /// began go too, once they are empty. Others are not touched.
    pub fn made_before<P: AsRef<Path>>(mut self, folders: impl IntoIterator<Item = P>) -> Self {
        let folders: Vec<_> = folders.into_iter().collect();
        let is_one = |own: &PathBuf| folders.iter().any(|folder| folder.as_ref() == own);
        self.made = Mutex::new(self.folders().into_iter().filter(is_one).collect());
        self
    }

    /// Whether the folder is there, so that a mistake shows before an order is placed.
    ///
    /// # Errors
    /// When it is not, or is no folder.
    pub fn check(&self) -> Result<(), SolverError> {
        self.check_root()
    }

    /// `.well-known`, and what is in it.
    fn folders(&self) -> [PathBuf; 2] {
        let folder = self.folder();
        [folder.parent().unwrap_or(&folder).to_owned(), folder]
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
        for folder in self.folders() {
            match DirBuilder::new().create(&folder) {
                Ok(()) => made.push(folder.clone()),
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(why) => return Err(at(&folder, why)),
            }
            set_mode(&folder, FOLDER_MODE).map_err(|why| at(&folder, why))?;
        }
        Ok(())
    }

    /// Writes the file so that it appears at once and whole.
    fn write(&self, token: &Token, body: &KeyAuthorization) -> io::Result<()> {
        let file = self.file(token);
        remove_file(&self.folder().join(draft_name(token)))?;
        let mut draft = tempfile::Builder::new()
            .prefix(&draft_name(token))
            .rand_bytes(0)
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
        let (token, _) = answer(task)?;
        let draft = self.folder().join(draft_name(token));
        remove_file(&self.file(token))
            .and_then(|()| remove_file(&draft))
            .map_err(|why| SolverError::with_source(format!("cannot remove {why}"), "remove it by hand", why))?;
        remove_empty(&mut self.made());
        Ok(())
    }
}

/// The file that becomes the answer. It has one name for each token, so that one that a killed process left can be found.
fn draft_name(token: &Token) -> String {
    format!(".acme-{:.64}", token.as_str())
}

/// Removes a file, if it is there.
fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(why) if !is_gone(&why) => Err(at(path, why)),
        _ => Ok(()),
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
