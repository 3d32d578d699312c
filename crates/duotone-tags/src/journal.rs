//! The journal: one line per change, written and synced before the file is replaced, from which the
//! change can be undone. Lines are only appended, and each has a checksum.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::TagError;
use crate::lines;
use crate::stamp::{Stamp, now};

/// Longest line, in bytes.
const MAX_LINE: usize = 128 << 20;
/// Longest description of how a file was, in bytes.
pub(crate) const MAX_DELTA: usize = 64 << 20;
/// The version of the format.
const VERSION: u32 = 1;
/// A line is this, the first 16 digits of the record's BLAKE3 digest, this, the record, and `}`.
const START: &[u8] = b"{\"check\":\"";
const MIDDLE: &[u8] = b"\",\"record\":";
const DIGITS: usize = 16;

/// A record of a journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Record {
    /// A plan was applied from here on.
    Apply {
        /// The version of the format.
        version: u32,
        /// The plan's file, for people to read.
        plan: String,
        /// Seconds since 1970.
        time: i64,
    },
    /// A file was about to be replaced.
    Write(Written),
    /// A file was as before again.
    Undone {
        /// The file.
        #[serde(with = "crate::stamp::path")]
        path: PathBuf,
        /// The digest of the version that was restored.
        digest: String,
    },
}

/// How a file changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The file.
    #[serde(with = "crate::stamp::path")]
    pub path: PathBuf,
    /// The version before.
    pub before: Stamp,
    /// Digest of the version after.
    pub after: String,
    /// How to make the version before from the one after, in Base64.
    pub(crate) delta: String,
}

/// What a journal contains.
#[derive(Debug, Default)]
pub struct Journal {
    /// The records, in order.
    pub records: Vec<Record>,
    /// Number of lines that are no records: usually the last one, of a run that was killed.
    pub damaged: usize,
}

impl Record {
    /// The first record of a run.
    pub(crate) fn apply(plan: String) -> Self {
        Self::Apply { version: VERSION, plan, time: now() }
    }

    fn line(&self) -> Result<Vec<u8>, TagError> {
        let record = serde_json::to_vec(self).map_err(|e| TagError::Line(e.to_string()))?;
        let check = blake3::hash(&record).to_hex();
        let line = [START, &check.as_bytes()[..DIGITS], MIDDLE, &record, b"}\n"].concat();
        if line.len() > MAX_LINE {
            return Err(TagError::Unsupported("undoing the change would need too much space"));
        }
        Ok(line)
    }

    /// Reads a line, without its end.
    fn read(line: &[u8]) -> Option<Self> {
        let (check, rest) = line.strip_prefix(START)?.split_at_checked(DIGITS)?;
        let record = rest.strip_prefix(MIDDLE)?.strip_suffix(b"}")?;
        if blake3::hash(record).to_hex().as_bytes()[..DIGITS] != *check {
            return None;
        }
        serde_json::from_slice(record).ok()
    }
}

impl Journal {
    /// Reads a journal. Lines that are damaged are counted.
    ///
    /// # Errors
    /// [`TagError::Line`] if a line is too long or the journal was written by a later version of duotone;
    /// [`TagError::Io`].
    pub fn read(mut input: impl BufRead) -> Result<Self, TagError> {
        let mut journal = Self::default();
        let mut line = Vec::new();
        while lines::next(&mut input, &mut line, MAX_LINE)? {
            let record = line.strip_suffix(b"\n").and_then(Record::read);
            if let Some(Record::Apply { version, .. }) = record
                && version != VERSION
            {
                let reason = "the journal was written by another version of duotone";
                return Err(TagError::Line(reason.into()));
            }
            match record {
                Some(record) => journal.records.push(record),
                None => journal.damaged += 1,
            }
        }
        Ok(journal)
    }

    /// Reads a journal. If the file does not exist, the journal is empty.
    ///
    /// # Errors
    /// As [`read`](Self::read); [`TagError::Line`] if the file is something else.
    pub fn open(path: &Path) -> Result<Self, TagError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(e) => return Err(TagError::io("reading the journal")(e)),
        };
        let mut input = BufReader::new(file);
        let start = input.fill_buf().map_err(TagError::io("reading the journal"))?;
        let common = start.len().min(START.len());
        if start[..common] != START[..common] {
            return Err(TagError::Line("it is not a journal".into()));
        }
        Self::read(input)
    }

    /// What the journal says in total; `None` if nothing was written.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let mut last = None;
        let mut files: BTreeMap<&Path, bool> = BTreeMap::new();
        for record in &self.records {
            match record {
                Record::Apply { plan, time, .. } => last = Some((plan.clone(), *time)),
                Record::Write(written) => drop(files.insert(&written.path, true)),
                Record::Undone { path, .. } => drop(files.insert(path, false)),
            }
        }
        let (plan, time) = last?;
        let pending = files.values().filter(|pending| **pending).count();
        Some(Summary { plan, time, written: files.len(), pending })
    }

    /// The changes of files.
    pub fn written(&self) -> impl DoubleEndedIterator<Item = &Written> {
        self.records.iter().filter_map(|record| match record {
            Record::Write(written) => Some(written),
            _ => None,
        })
    }
}

/// What a journal says in total.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// The plan that was applied last.
    pub plan: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// Number of files that were written.
    pub written: usize,
    /// Number of them that are not undone.
    pub pending: usize,
}

/// A journal that is written to, by one run at a time.
pub(crate) struct Writer {
    file: File,
}

impl Writer {
    /// Opens and locks a journal, which is created if it does not exist.
    pub(crate) fn open(path: &Path) -> Result<Self, TagError> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(TagError::io("creating the journal's folder"))?;
        }
        let mut options = File::options();
        options.create(true).append(true).read(true);
        let mut file = options.open(path).map_err(TagError::io("opening the journal"))?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(TagError::Protected("another run is writing this journal"));
        }
        // A run that was killed may have left half a line.
        let length = file.seek(SeekFrom::End(0)).map_err(TagError::io("reading the journal"))?;
        if length > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))
                .and_then(|_| file.read_exact(&mut last))
                .and_then(|()| if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") })
                .map_err(TagError::io("writing the journal"))?;
        } else if let Some(folder) = path.parent() {
            crate::replace::sync_folder(folder);
        }
        Ok(Self { file })
    }

    /// Appends records, and returns when they are on the disk.
    pub(crate) fn append(&mut self, records: &[Record]) -> Result<(), TagError> {
        let mut lines = Vec::new();
        for record in records {
            lines.append(&mut record.line()?);
        }
        let written = self.file.write_all(&lines).and_then(|()| self.file.sync_data());
        written.map_err(TagError::io("writing the journal"))
    }
}

/// The folder of journals whose place was not chosen: `duotone/tags` in the user's folder for state.
///
/// # Errors
/// [`TagError::Value`] if the user has no home folder.
pub fn folder() -> Result<PathBuf, TagError> {
    use etcetera::BaseStrategy;
    let none = || TagError::Value("you have no home folder: choose a file with `--journal`".into());
    let strategy = etcetera::choose_base_strategy().map_err(|_| none())?;
    let state = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    Ok(state.join("duotone").join("tags"))
}
