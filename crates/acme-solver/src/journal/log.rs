//! The file of one run: a line for each answer that is to be put in place, another once it is gone.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use acme_account::TaskRecord;
use serde::{Deserialize, Serialize};

use super::JournalError;

/// How the names of these files end.
const SUFFIX: &str = ".journal";

#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Line {
    Presented(Entry),
    CleanedUp(TaskRecord),
}

/// An answer that is to be put in place.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Entry {
    pub(super) task: TaskRecord,
    pub(super) note: String,
}

/// A file that is locked for as long as this lives. It goes when nothing is outstanding any more.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Where the next line goes: half a line that could not be written whole is written over.
    end: u64,
    outstanding: Vec<Entry>,
    /// Numbers of the lines that nobody here wrote.
    unreadable: Vec<usize>,
}

impl Log {
    /// A new file, readable by its owner alone.
    pub(super) fn create(folder: &Path) -> Result<Self, JournalError> {
        make_folder(folder).map_err(|why| JournalError::new("make the folder", folder, why))?;
        loop {
            let named = tempfile::Builder::new().prefix("run-").suffix(SUFFIX).tempfile_in(folder);
            let named = named.map_err(|why| JournalError::new("create a file in", folder, why))?;
            let (file, path) = named.keep().map_err(|why| JournalError::new("create a file in", folder, why.error))?;
            let failed = |why| JournalError::new("lock", &path, why);
            file.lock().map_err(failed)?;
            // Somebody who looked between creation and lock took it for the empty file of a dead run, and removed it.
            if path.try_exists().map_err(failed)? {
                sync_folder(folder).map_err(|why| JournalError::new("sync", folder, why))?;
                return Ok(Self { path, file, end: 0, outstanding: Vec::new(), unreadable: Vec::new() });
            }
        }
    }

    /// The files in a folder whose process is gone.
    pub(super) fn dead(folder: &Path) -> Result<Vec<Self>, JournalError> {
        let failed = |why| JournalError::new("read", folder, why);
        let entries = match fs::read_dir(folder) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut dead = Vec::new();
        for entry in entries {
            let path = entry.map_err(failed)?.path();
            if path.to_string_lossy().ends_with(SUFFIX) {
                dead.extend(Self::open_dead(&path).map_err(|why| JournalError::new("read", &path, why))?);
            }
        }
        Ok(dead)
    }

    /// `None` while its process is alive.
    fn open_dead(path: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::options().read(true).write(true).open(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        match file.try_lock() {
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            locked => locked?,
        }
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        // Half a line: its answer was never put in place, since that waits for the line to be on disk.
        let end = text.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
        let mut log =
            Self { path: path.to_owned(), file, end: end as u64, outstanding: Vec::new(), unreadable: Vec::new() };
        for (index, line) in text[..end].split_inclusive(|octet| *octet == b'\n').enumerate() {
            match serde_json::from_slice(line) {
                Ok(line) => log.note(line),
                Err(_) => log.unreadable.push(index + 1),
            }
        }
        Ok(Some(log))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn outstanding(&self) -> &[Entry] {
        &self.outstanding
    }

    pub(super) fn unreadable(&self) -> &[usize] {
        &self.unreadable
    }

    /// Notes answers that are about to be put in place. They are on disk when this returns.
    pub(super) fn add(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        let lines = entries.iter().cloned().map(Line::Presented);
        let written = self.append(lines.clone()).and_then(|()| self.file.sync_data());
        written.map_err(|why| JournalError::new("write", &self.path, why))?;
        lines.for_each(|line| self.note(line));
        Ok(())
    }

    /// Notes that answers are gone. Should this get lost, they are taken away once more, which does no harm.
    pub(super) fn remove(&mut self, tasks: &[TaskRecord]) {
        let lines = tasks.iter().cloned().map(Line::CleanedUp);
        lines.clone().for_each(|line| self.note(line));
        if self.is_done() && self.file.set_len(0).is_ok() {
            self.end = 0;
        } else {
            _ = self.append(lines);
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.outstanding.is_empty() && self.unreadable.is_empty()
    }

    fn append(&mut self, lines: impl Iterator<Item = Line>) -> io::Result<()> {
        let mut text = Vec::new();
        for line in lines {
            serde_json::to_writer(&mut text, &line)?;
            text.push(b'\n');
        }
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(&text).or_else(|why| self.file.set_len(self.end).and(Err(why)))?;
        self.end += text.len() as u64;
        Ok(())
    }

    fn note(&mut self, line: Line) {
        match line {
            Line::Presented(entry) if self.outstanding.contains(&entry) => {}
            Line::Presented(entry) => self.outstanding.push(entry),
            Line::CleanedUp(task) => self.outstanding.retain(|entry| entry.task != task),
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if self.is_done() {
            _ = fs::remove_file(&self.path);
        }
        // A program that another thread is just starting has the file too, until it is started.
        _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Makes a file that is new in a folder last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
