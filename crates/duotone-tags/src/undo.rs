//! Undoing what a journal describes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use data_encoding::BASE64;

use crate::apply::Done;
use crate::delta;
use crate::error::TagError;
use crate::journal::{Journal, Record, Writer, Written};
use crate::replace;
use crate::replace::MAX_FILE;
use crate::stamp::digest;

/// Number of files that share one synchronisation of the journal.
const BATCH: usize = 32;

/// Restores files to the version before the first change of a journal that led to the present version:
/// every byte, and the time of modification. A file that has changed since is left as it is, and the work
/// goes on with the next.
///
/// # Errors
/// Only of the journal.
pub fn undo(
    journal: &Path,
    stop: &dyn Fn() -> bool,
    mut each: impl FnMut(&Path, Result<Done, TagError>),
) -> Result<(), TagError> {
    let content = Journal::open(journal)?;
    let mut files: BTreeMap<&Path, Vec<&Written>> = BTreeMap::new();
    for written in content.written() {
        files.entry(&written.path).or_default().push(written);
    }
    let mut writer = Writer::open(journal)?;
    let files: Vec<(&Path, Vec<&Written>)> = files.into_iter().collect();
    for batch in files.chunks(BATCH) {
        if stop() {
            break;
        }
        let mut undone = Vec::new();
        let mut folders = BTreeSet::new();
        for (path, changes) in batch {
            let done = restore(path, changes);
            if let Ok((Done::Now, digest)) = &done {
                folders.extend(path.parent());
                undone.push(Record::Undone { path: path.to_path_buf(), digest: digest.clone() });
            }
            each(path, done.map(|(done, _)| done));
        }
        folders.into_iter().for_each(replace::sync_folder);
        // If a run is killed before this, the next one finds these files as they were.
        if !undone.is_empty() {
            writer.append(&undone)?;
        }
    }
    Ok(())
}

/// Restores a file. Returns the digest of its version then.
fn restore(path: &Path, changes: &[&Written]) -> Result<(Done, String), TagError> {
    replace::sweep(path)?;
    let original = replace::open(path)?;
    let present = digest(&original.bytes);
    let mut restored: Option<(Vec<u8>, &Written)> = None;
    for change in changes.iter().rev() {
        let (bytes, found) = match &restored {
            Some((bytes, last)) => (bytes, &last.before.digest),
            None => (&original.bytes, &present),
        };
        if change.after == *found {
            restored = Some((change.version_before(bytes)?, change));
        }
    }
    let Some((bytes, change)) = restored else {
        return match changes.iter().any(|change| change.before.digest == present) {
            true => Ok((Done::Before, present)),
            false => Err(TagError::Changed("it has changed since its tags were written")),
        };
    };
    let stamp = change.before.modified;
    replace::write_copy(path, original, &bytes, Some(stamp))?.rename()?;
    Ok((Done::Now, change.before.digest.clone()))
}

impl Written {
    /// Makes the version before from the one after.
    ///
    /// # Errors
    /// [`TagError::Damaged`] if the result does not have the digest of the version before.
    pub fn version_before(&self, after: &[u8]) -> Result<Vec<u8>, TagError> {
        let damaged = TagError::Damaged("the journal does not say how the file was");
        let size = usize::try_from(self.before.size).ok().filter(|&size| size <= MAX_FILE);
        let (Some(size), Ok(delta)) = (size, BASE64.decode(self.delta.as_bytes())) else {
            return Err(damaged);
        };
        let before = delta::patch(&delta, after, size)?;
        if digest(&before) == self.before.digest { Ok(before) } else { Err(damaged) }
    }
}
