//! Atomic writing: a file is written under a temporary name in the same folder, synced, then
//! renamed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;

use crate::error::Error;

/// A temporary name is the file's name, this, and [`RANDOM`] random characters.
const PARTIAL: &str = ".partial-";
const RANDOM: usize = 6;

/// Replaces the content of the file at `path` by `bytes`. A reader finds either the old content or
/// the new, never a mixture, even after a crash. If several threads or processes write the same
/// file, the last one wins.
///
/// # Errors
/// [`Error::Io`] with the path, for instance if the disk is full.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes, File::sync_all).map_err(Error::io(path))?;
    sync_folder(path);
    Ok(())
}

/// Makes the renaming of a file durable. If its folder cannot be synced, the system does so later.
pub(super) fn sync_folder(path: &Path) {
    if let Some(folder) = File::open(folder_of(path)).ok().filter(|_| cfg!(unix)) {
        let _ = folder.sync_all();
    }
}

/// Replaces a file by a value as indented JSON, as [`write_file`] does.
///
/// # Errors
/// As [`write_file`]; [`Error::File`] if the value cannot be written as JSON.
pub fn write_json<T: Serialize>(path: &Path, value: &T) -> Result<(), Error> {
    let json = serde_json::to_string_pretty(value)
        .map_err(|e| Error::File { path: path.into(), reason: e.to_string() })?;
    write_file(path, format!("{json}\n").as_bytes())
}

/// Replaces a file atomically; `sync` decides whether the new content survives a crash of the
/// machine.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    sync: fn(&File) -> io::Result<()>,
) -> io::Result<()> {
    // Removed when dropped, if anything below fails.
    let mut file = temporary_for(path)?;
    file.write_all(bytes)?;
    sync(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

/// Creates a file under a temporary name next to `path`.
pub(super) fn temporary_for(path: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(PARTIAL);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder_of(path))
}

/// Creates the folder for a file that will be written later, and checks that it is writable.
///
/// # Errors
/// [`Error::File`] if `path` is a folder; [`Error::Io`] if the folder is not writable.
pub fn prepare(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    if path.is_dir() {
        let reason = "is a folder: choose a file to write".into();
        return Err(Error::File { path: path.into(), reason });
    }
    try_writing(folder).map_err(Error::io(path))
}

/// Creates an unnamed file in a folder, which leaves nothing behind even if the process is killed.
///
/// # Errors
/// The system's error if the folder is not writable.
pub fn try_writing(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// Removes a file if it exists.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io(path)(e)),
        _ => Ok(()),
    }
}

/// The path with something appended to its name.
#[must_use]
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file that a run locks while it writes `path`.
pub(crate) fn lock(path: &Path) -> PathBuf {
    with_suffix(path, ".lock")
}

/// A lock that lets only one run at a time write a file and its companions (its checkpoint, for
/// example). If the process is killed, the system releases the lock; the empty `.lock` file that it
/// leaves does not stop the next run, which removes it.
pub(crate) struct OutputLock {
    lock: PathBuf,
    _file: File,
}

impl OutputLock {
    /// Locks an output for which [`prepare`] succeeded.
    ///
    /// # Errors
    /// [`Error::File`] if another run is writing it.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        let lock = lock(path);
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(Error::io(&lock))?;
        if file.metadata().is_ok_and(|about| about.len() > 0) {
            let reason = "not a lock file of duotone, which needs this name while it writes: move \
                          it, or choose another output";
            return Err(Error::File { path: lock, reason: reason.into() });
        }
        // On a file system without locks, the worst that can happen is that two runs mix their
        // checkpoints.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let reason = "another run is writing it: wait until it ends, or choose another output";
            return Err(Error::File { path: path.into(), reason: reason.into() });
        }
        Ok(Self { lock, _file: file })
    }

    /// Removes temporary files that killed runs left while writing this file.
    pub(crate) fn sweep(&self, path: &Path) {
        let Some(name) = path.file_name() else { return };
        let is_leftover = |entry: &fs::DirEntry| {
            let rest = entry.file_name();
            let rest = rest.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
            let random = rest.and_then(|rest| rest.strip_prefix(PARTIAL.as_bytes()));
            random.is_some_and(|random| random.len() == RANDOM)
        };
        let entries = fs::read_dir(folder_of(path)).into_iter().flatten().flatten();
        for entry in entries.filter(is_leftover) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl Drop for OutputLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.lock);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{OutputLock, prepare, write_file};

    fn count(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn replaces_a_file_and_leaves_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file");
        prepare(&path).unwrap();
        write_file(&path, b"one").unwrap();
        write_file(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(count(path.parent().unwrap()), 1);
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(prepare(folder.path()).unwrap_err().to_string().contains("is a folder"));
        let path = folder.path().join("absent/file");
        assert!(write_file(&path, b"x").unwrap_err().to_string().contains("absent"));
    }

    /// While eight threads write one file, readers see neither mixed nor truncated content.
    #[test]
    fn concurrent_writers_leave_one_whole_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_file(&path, &[0; 100_000]).unwrap();
        std::thread::scope(|scope| {
            for writer in 1..=8_u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..5 {
                        write_file(path, &vec![writer; 100_000 + usize::from(writer)]).unwrap();
                        let read = fs::read(path).unwrap();
                        assert!(read.iter().all(|&byte| byte == read[0]));
                        assert_eq!(read.len(), 100_000 + usize::from(read[0]));
                    }
                });
            }
        });
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn lock_is_exclusive_and_sweeps_leftovers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let kept = ["model.partial-1", "model.partial-1234567", "xmodel.partial-123456", "model"];
        for name in kept.iter().chain(&["model.partial-123456", "model.lock"]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let output_lock = OutputLock::of(&path).unwrap();
        let refused = OutputLock::of(&path).err().unwrap().to_string();
        assert!(refused.contains("model: another run is writing it"), "{refused}");
        output_lock.sweep(&path);
        drop(output_lock);
        assert_eq!(count(folder.path()), kept.len());
        assert!(kept.iter().all(|name| folder.path().join(name).exists()));
        drop(OutputLock::of(&path).unwrap());
    }
}
