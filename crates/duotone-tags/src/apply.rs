//! Applying a plan.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use data_encoding::BASE64;
use rayon::prelude::*;

use crate::delta;
use crate::error::TagError;
use crate::journal::{Journal, MAX_DELTA, Record, Writer, Written};
use crate::plan::{Plan, PlannedFile};
use crate::replace::{self, Copy};
use crate::rewrite::rewrite;
use crate::stamp::{Stamp, digest};

/// Number of files, and of their bytes, that share one synchronisation of the journal. Their copies are on
/// the disk at the same time.
const BATCH: usize = 32;
const BATCH_BYTES: u64 = 256 << 20;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Its tags were written, or restored.
    Now,
    /// They had been, by an earlier run.
    Before,
}

/// A file whose copy is complete.
struct Prepared {
    copy: Copy,
    record: Written,
}

/// Applies a plan to its files, and appends to a journal what [`undo`](crate::undo) needs. A file that
/// fails is left as it was, and the work goes on with the next. `plan_name` is for people to read.
/// `stop` is asked between batches of files.
///
/// # Errors
/// Only of the journal, without which no file is changed.
pub fn apply(
    plan: &Plan,
    plan_name: &str,
    journal: &Path,
    keep_times: bool,
    stop: &dyn Fn() -> bool,
    mut each: impl FnMut(&Path, Result<Done, TagError>),
) -> Result<(), TagError> {
    let earlier = Journal::open(journal)?;
    let mut applied: HashMap<&Path, Vec<&Written>> = HashMap::new();
    for written in earlier.written() {
        applied.entry(&written.path).or_default().push(written);
    }
    let mut writer = Writer::open(journal)?;
    let mut is_begun = false;
    let files: Vec<&PlannedFile> =
        plan.files.iter().filter(|file| !file.changes.is_empty()).collect();
    for batch in batches(&files) {
        if stop() {
            break;
        }
        let none = Vec::new();
        let results: Vec<Result<Option<Prepared>, TagError>> = batch
            .par_iter()
            .map(|file| {
                let applied = applied.get(&*file.path).unwrap_or(&none);
                prepare(file, applied, keep_times)
            })
            .collect();
        let mut records = Vec::new();
        for prepared in results.iter().flatten().flatten() {
            if !is_begun {
                records.push(Record::apply(plan_name.to_owned()));
                is_begun = true;
            }
            records.push(Record::Write(prepared.record.clone()));
        }
        // Before any file is replaced.
        if !records.is_empty() {
            writer.append(&records)?;
        }
        let mut folders = BTreeSet::new();
        for (file, result) in batch.iter().zip(results) {
            let done = result.and_then(|prepared| match prepared {
                Some(prepared) => prepared.copy.rename().map(|()| Done::Now),
                None => Ok(Done::Before),
            });
            if matches!(done, Ok(Done::Now)) {
                folders.extend(file.path.parent());
            }
            each(&file.path, done);
        }
        folders.into_iter().for_each(replace::sync_folder);
    }
    Ok(())
}

/// Divides files into batches of limited number and size. A file may be named once in a batch.
fn batches<'a>(files: &'a [&'a PlannedFile]) -> Vec<&'a [&'a PlannedFile]> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0_u64);
    let mut paths: BTreeSet<&PathBuf> = BTreeSet::new();
    for (number, file) in files.iter().enumerate() {
        let size = file.stamp.size;
        let full = number - start == BATCH || bytes.saturating_add(size) > BATCH_BYTES;
        if number > start && (full || paths.contains(&file.path)) {
            batches.push(&files[start..number]);
            (start, bytes) = (number, 0);
            paths.clear();
        }
        bytes = bytes.saturating_add(size);
        paths.insert(&file.path);
    }
    batches.push(&files[start..]);
    batches
}

/// Writes the copy of a file. Returns `None` if an earlier run has applied the plan to it.
fn prepare(
    file: &PlannedFile,
    applied: &[&Written],
    keep_times: bool,
) -> Result<Option<Prepared>, TagError> {
    replace::sweep(&file.path)?;
    let original = replace::open(&file.path)?;
    let before = Stamp::new(&original.bytes, &original.about);
    if before != file.stamp {
        let is_applied = |written: &&&Written| {
            written.before.digest == file.stamp.digest && written.after == before.digest
        };
        return match applied.iter().find(is_applied) {
            Some(_) => Ok(None),
            None => Err(TagError::Changed("it has changed since it was planned")),
        };
    }
    let bytes = rewrite(&original.bytes, &file.changes)?;
    let delta = delta::diff(&original.bytes, &bytes);
    if delta.len() > MAX_DELTA {
        return Err(TagError::Unsupported("undoing the change would need too much space"));
    }
    if delta::patch(&delta, &bytes, original.bytes.len())? != original.bytes {
        return Err(TagError::NotPreserved("the way back"));
    }
    let record = Written {
        path: file.path.clone(),
        after: digest(&bytes),
        delta: BASE64.encode(&delta),
        before,
    };
    let stamp = keep_times.then_some(record.before.modified);
    let copy = replace::write_copy(&file.path, original, &bytes, stamp)?;
    Ok(Some(Prepared { copy, record }))
}
