//! A file that is written piece by piece and gets its name when it is complete.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::write::{sync_folder, temporary_for};
use crate::error::Error;

/// A file under a temporary name in the folder of its final one. It is removed when dropped before
/// [`finish`](Self::finish).
#[derive(Debug)]
pub struct StagedFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl StagedFile {
    /// Creates the temporary file.
    ///
    /// # Errors
    /// [`Error::Io`] with the path of the target.
    pub fn create(target: &Path) -> Result<Self, Error> {
        let file = temporary_for(target).map_err(Error::io(target))?;
        Ok(Self { file, target: target.to_owned() })
    }

    /// The final path.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// Gives the file its name, replacing what had that name before.
    ///
    /// # Errors
    /// [`Error::Io`] with the path of the target.
    pub fn finish(self) -> Result<(), Error> {
        let Self { file, target } = self;
        let done = file.as_file().sync_all().and_then(|()| Ok(file.persist(&target)?));
        done.map_err(Error::io(&target))?;
        sync_folder(&target);
        Ok(())
    }
}

impl Write for StagedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for StagedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.as_file_mut().seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{Seek, SeekFrom, Write};

    use super::StagedFile;

    #[test]
    fn appears_when_finished_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "old").unwrap();
        let mut dropped = StagedFile::create(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        let mut file = StagedFile::create(&path).unwrap();
        file.write_all(b"0 rows").unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.write_all(b"3").unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"3 rows");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(StagedFile::create(&path.join("x")).unwrap_err().to_string().contains("file/x"));
    }
}
