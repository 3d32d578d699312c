//! Whole files or none: written under another name in the same folder, synced, then renamed.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::Error;

/// Replaces the file at `path` by `bytes`: whoever looks, also after a crash, finds the old content
/// or the new, never half of it.
///
/// The temporary name is always the same (`.partial` appended), so that a killed program leaves at
/// most one behind and the next takes it over; two must not write one file at once.
///
/// # Errors
/// [`Error::Io`] with the path, for instance when the disk is full.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let partial = beside(path, ".partial");
    let written = File::create(&partial)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&partial, path));
    if written.is_err() {
        let _ = fs::remove_file(&partial);
    }
    written.map_err(Error::io(path))?;
    // The rename itself is on disk once the folder is; where folders cannot be synced, it will be.
    if let Some(folder) = File::open(folder_of(path)).ok().filter(|_| cfg!(unix)) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Makes the folder of a file that will be written later, and finds out now if it cannot be.
pub(crate) fn prepare(path: &Path) -> Result<(), Error> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    if path.is_dir() {
        let reason = "is a folder; name a file to write".into();
        return Err(Error::File { path: path.into(), reason });
    }
    let partial = beside(path, ".partial");
    File::create(&partial).and_then(|_| fs::remove_file(&partial)).map_err(Error::io(path))
}

/// Removes a file if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io(path)(e)),
        _ => Ok(()),
    }
}

/// The path with something appended to its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::{prepare, write_file};

    #[test]
    fn replaces_whole_and_leaves_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er/file");
        prepare(&path).unwrap();
        write_file(&path, b"one").unwrap();
        write_file(&path, b"two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(prepare(folder.path()).unwrap_err().to_string().contains("is a folder"));
        let path = folder.path().join("absent/file");
        assert!(write_file(&path, b"x").unwrap_err().to_string().contains("absent"));
    }
}
