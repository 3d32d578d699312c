//! Work on many files in parallel, with results in the order of the files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::error::Error;
use crate::io::SkippedFile;
use crate::progress::{Event, Observer};

/// Calls `one` for many files in parallel, one per thread of the current rayon pool, and `each` with every
/// result in the order of `paths`, as soon as all earlier ones are available. The observer receives
/// [`Event::Extracted`] for every file, with counts that never decrease.
///
/// # Errors
/// [`Error::Interrupted`] if the observer asks to stop. A file for which `one` fails is not an error: `each`
/// and the observer receive a [`SkippedFile`] for it.
pub(crate) fn each_file<T: Send>(
    paths: &[PathBuf],
    observer: &dyn Observer,
    one: impl Fn(&Path) -> Result<T, Error> + Sync,
    each: impl FnMut(Result<T, SkippedFile>) + Send,
) -> Result<(), Error> {
    // Locked during the call of the observer, so that the counts that it gets never decrease.
    let done = Mutex::new(0);
    let watched = |path: &PathBuf| {
        if observer.stop() {
            return Err(Error::Interrupted);
        }
        let result =
            one(path).map_err(|e| SkippedFile { path: path.clone(), error: e.to_string() });
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        observer.event(Event::Extracted { done: *done, total: paths.len(), path });
        if let Err(skipped) = &result {
            observer.event(Event::SkippedFile(skipped));
        }
        Ok(result)
    };
    let out = Mutex::new((0, BTreeMap::new(), each));
    // Threads take files in order and never wait for each other; early results are kept until
    // the ones before them are available.
    paths.iter().enumerate().par_bridge().try_for_each(|(i, path)| {
        let result = watched(path)?;
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, waiting, each) = &mut *out;
        waiting.insert(i, result);
        while let Some(result) = waiting.remove(next) {
            *next += 1;
            each(result);
        }
        Ok(())
    })
}
