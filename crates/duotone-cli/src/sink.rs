//! Where decisions are written: standard output, or a file that gets its name when it is complete.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use duotone::io::with_suffix;
use duotone::path_text;

use crate::exit::Failure;
use crate::output;

/// The output for decisions.
pub(crate) enum Sink {
    Stdout,
    File(Part),
}

/// An unfinished file, called `FILE.part`.
pub(crate) struct Part {
    target: PathBuf,
    file: File,
}

/// The name of a file until it is complete.
pub(crate) fn part(target: &Path) -> PathBuf {
    with_suffix(target, ".part")
}

/// The name of the file with the settings of an unfinished file.
pub(crate) fn settings(target: &Path) -> PathBuf {
    with_suffix(target, ".part.json")
}

impl Part {
    /// Opens and locks the unfinished version of `target`, keeping its content.
    pub(crate) fn open(target: &Path) -> Result<Self, Failure> {
        let path = part(target);
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = open.map_err(duotone::Error::io(&path))?;
        // On a file system without locks, the worst that can happen is that two runs mix their
        // lines.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let path = path_text(&path);
            return Err(Failure::Work(format!(
                "{path}: another run is writing it: wait until it ends, or choose another output"
            )));
        }
        Ok(Self { target: target.to_owned(), file })
    }

    /// Truncates the file to this many bytes.
    pub(crate) fn cut(&mut self, length: u64) -> Result<(), Failure> {
        let cut = self.file.set_len(length).and_then(|()| self.file.seek(SeekFrom::Start(length)));
        cut.map(drop).map_err(|e| self.failed(e))
    }

    fn failed(&self, source: std::io::Error) -> Failure {
        duotone::Error::io(part(&self.target))(source).into()
    }

    fn finish(self) -> Result<(), Failure> {
        let path = part(&self.target);
        self.file.sync_all().map_err(|e| self.failed(e))?;
        fs::rename(&path, &self.target).map_err(duotone::Error::io(&self.target))?;
        // If it cannot be removed, the next run overwrites it.
        let _ = fs::remove_file(settings(&self.target));
        Ok(())
    }
}

impl Sink {
    /// Writes a complete piece of text, such as a line.
    pub(crate) fn put(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Stdout => output::print(text),
            Self::File(part) => part.file.write_all(text.as_bytes()).map_err(|e| part.failed(e)),
        }
    }

    /// Finishes the output once everything is written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(part) => part.finish(),
        }
    }
}
