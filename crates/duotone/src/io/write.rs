//! Whole files or none: written under another name in the same folder, synced, then renamed.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// Stands between a file's name and six characters that make its temporary name unique.
const PARTIAL: &str = ".partial-";
const RANDOM: usize = 6;

/// Replaces the file at `path` by `bytes`: whoever looks, also after a crash, finds the old content
/// or the new, never half of it. Where several write one file at once, the last is found.
///
/// # Errors
/// [`Error::Io`] with the path, for instance when the disk is full.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes, File::sync_all).map_err(Error::io(path))?;
    // The rename itself is on disk once the folder is; where folders cannot be synced, it will be.
    if let Some(folder) = File::open(folder_of(path)).ok().filter(|_| cfg!(unix)) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Puts a whole file in place of another, or none; `sync` decides whether it outlives a crash of
/// the machine.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    sync: fn(&File) -> io::Result<()>,
) -> io::Result<()> {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(PARTIAL);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).rand_bytes(RANDOM);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // Vanishes by itself where anything below fails.
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    sync(file.as_file())?;
    file.persist(path)?;
    Ok(())
}

/// Makes the folder of a file that will be written later, and finds out now if it cannot be.
///
/// # Errors
/// [`Error::File`] where there is a folder of that name, [`Error::Io`] where nothing can be written.
pub fn prepare(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    if path.is_dir() {
        let reason = "is a folder; name a file to write".into();
        return Err(Error::File { path: path.into(), reason });
    }
    try_writing(folder).map_err(Error::io(path))
}

/// Writes a file without a name into a folder: a run that is killed here leaves nothing behind.
pub(crate) fn try_writing(folder: &Path) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// Removes a file if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => Err(Error::io(path)(e)),
        _ => Ok(()),
    }
}

/// The path with something appended to its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The file that a run locks while it writes another.
pub(crate) fn lock(path: &Path) -> PathBuf {
    with_suffix(path, ".lock")
}

/// One run's right to write a file and what goes with it. The system takes it back from a killed
/// process; the empty `.lock` file that is then left is no obstacle, and removed by the next run.
pub(crate) struct OutputLock {
    lock: PathBuf,
    _file: File,
}

impl OutputLock {
    /// Claims a file that [`prepare`] has found writable.
    ///
    /// # Errors
    /// [`Error::File`] when another run is at it.
    pub(crate) fn of(path: &Path) -> Result<Self, Error> {
        let lock = lock(path);
        let mut options = File::options();
        let file = options.create(true).truncate(false).write(true).open(&lock);
        let file = file.map_err(Error::io(&lock))?;
        if file.metadata().is_ok_and(|about| about.len() > 0) {
            let reason = "this file is not of duotone's, which keeps an empty one of that name \
                          while it writes: move it, or name another output";
            return Err(Error::File { path: lock, reason: reason.into() });
        }
        // Where the file system knows no locks, there is no harm but two runs' mixed checkpoints.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let reason = "another run is writing it: wait for its end, or name another output";
            return Err(Error::File { path: path.into(), reason: reason.into() });
        }
        Ok(Self { lock, _file: file })
    }

    /// Removes what killed runs have left of writing this file.
    pub(crate) fn sweep(&self, path: &Path) {
        let Some(name) = path.file_name() else { return };
        let left = |entry: &fs::DirEntry| {
            let rest = entry.file_name();
            let rest = rest.as_encoded_bytes().strip_prefix(name.as_encoded_bytes());
            let random = rest.and_then(|rest| rest.strip_prefix(PARTIAL.as_bytes()));
            random.is_some_and(|random| random.len() == RANDOM)
        };
        let entries = fs::read_dir(folder_of(path)).into_iter().flatten().flatten();
        entries.filter(left).for_each(|entry| {
            let _ = fs::remove_file(entry.path());
        });
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
    fn replaces_whole_and_leaves_nothing_else() {
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

    /// Readers beside eight writers never see a mixture, nor an end missing.
    #[test]
    fn many_writers_of_one_file_leave_one_of_their_contents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_file(&path, &[0; 100_000]).unwrap();
        std::thread::scope(|scope| {
            for writer in 1..=8_u8 {
                let path = &path;
                scope.spawn(move || {
                    for _ in 0..5 {
                        write_file(path, &vec![writer; 100_000 + usize::from(writer)]).unwrap();
                        let seen = fs::read(path).unwrap();
                        assert!(seen.iter().all(|&byte| byte == seen[0]));
                        assert_eq!(seen.len(), 100_000 + usize::from(seen[0]));
                    }
                });
            }
        });
        assert_eq!(count(folder.path()), 1);
    }

    #[test]
    fn one_run_has_a_file_and_clears_what_a_killed_one_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model");
        let near = ["model.partial-1", "model.partial-1234567", "xmodel.partial-123456", "model"];
        for name in near.iter().chain(&["model.partial-123456", "model.lock"]) {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let claim = OutputLock::of(&path).unwrap();
        let refused = OutputLock::of(&path).err().unwrap().to_string();
        assert!(refused.contains("model: another run is writing it"), "{refused}");
        claim.sweep(&path);
        drop(claim);
        assert_eq!(count(folder.path()), near.len());
        assert!(near.iter().all(|name| folder.path().join(name).exists()));
        drop(OutputLock::of(&path).unwrap());
    }
}
