//! Where decisions go: standard output, or a file that bears its name once it is whole.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use duotone::path_text;

use crate::exit::Failure;
use crate::output;

/// Takes text as it comes.
pub(crate) enum Sink {
    Stdout,
    File(Part),
}

/// A file on its way: `FILE.part` until it is finished.
pub(crate) struct Part {
    target: PathBuf,
    file: File,
}

/// The name of a file with something appended.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Where a file's content is until it is whole.
pub(crate) fn part(target: &Path) -> PathBuf {
    beside(target, ".part")
}

/// Where the settings are that the part was made by.
pub(crate) fn settings(target: &Path) -> PathBuf {
    beside(target, ".part.json")
}

impl Part {
    /// Opens the part of a file, which no other run may write meanwhile, and keeps its content.
    pub(crate) fn open(target: &Path) -> Result<Self, Failure> {
        let path = part(target);
        let open = File::options().create(true).truncate(false).read(true).write(true).open(&path);
        let file = open.map_err(duotone::Error::io(&path))?;
        // Where the file system knows no locks, there is no harm but two runs' mixed lines.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let path = path_text(&path);
            return Err(Failure::Work(format!(
                "{path}: another run is writing it: wait until it ends, or choose another output"
            )));
        }
        Ok(Self { target: target.to_owned(), file })
    }

    /// Keeps this many bytes of it.
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
        // A leftover does no harm: the next run writes it anew.
        let _ = fs::remove_file(settings(&self.target));
        Ok(())
    }
}

impl Sink {
    /// Text that is whole by itself, such as a line.
    pub(crate) fn put(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Stdout => output::print(text),
            Self::File(part) => part.file.write_all(text.as_bytes()).map_err(|e| part.failed(e)),
        }
    }

    /// All is written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self {
            Self::Stdout => Ok(()),
            Self::File(part) => part.finish(),
        }
    }
}
