//! Extraction of the features of many files in parallel.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use duotone_audio::{FrontEnd, probe};
use rayon::prelude::*;

use crate::data::Collection;
use crate::error::Error;
use crate::features::store::Bucket;
use crate::features::{ClipFeatures, FeatureStore};
use crate::io::SkippedFile;
use crate::plural::plural;
use crate::progress::{Event, Observer};

/// Sample rates that a collection may keep. At these, the paper's window and hop are whole numbers
/// of samples.
const KEPT_RATES: [u32; 3] = [44_100, 22_050, 11_025];
/// The sample rate for every other collection, as in MIREX.
const COMMON_RATE: u32 = 22_050;

/// Like [`extract_each`], but for the clips of a collection: a [`SkippedFile`] has the name of the clip
/// in the collection, both in the results and for the observer.
///
/// # Errors
/// As [`extract_each`].
pub fn extract_collection<T: Send>(
    collection: &Collection,
    front_end: &FrontEnd,
    store: Option<&FeatureStore>,
    observer: &dyn Observer,
    keep: impl Fn(ClipFeatures) -> T + Sync,
) -> Result<Vec<Result<T, SkippedFile>>, Error> {
    let files: Vec<(&Path, &Path)> =
        collection.items.iter().map(|item| (&*item.path, &*item.name)).collect();
    extract_named(&files, front_end, store, observer, keep)
}

/// Extracts the features of every file. Results are in the order of `paths`; a file that cannot be
/// used gives a [`SkippedFile`].
///
/// Runs on the current rayon pool, with one file at a time per thread. The result contains all
/// features, about 138 KB per 30 s of audio; if that is too much memory, use [`extract_each`].
///
/// # Errors
/// As [`extract_each`].
pub fn extract_all(
    paths: &[PathBuf],
    front_end: &FrontEnd,
    store: Option<&FeatureStore>,
    observer: &dyn Observer,
) -> Result<Vec<Result<ClipFeatures, SkippedFile>>, Error> {
    extract_each(paths, front_end, store, observer, |features| features)
}

/// Like [`extract_all`], but maps the features of each file with `keep` and drops them.
///
/// # Errors
/// [`Error::Interrupted`] if the observer asks to stop; [`Error::Io`] if the store is not writable;
/// [`Error::Audio`] if the front end is invalid. A file that cannot be used is not an error.
pub fn extract_each<T: Send>(
    paths: &[PathBuf],
    front_end: &FrontEnd,
    store: Option<&FeatureStore>,
    observer: &dyn Observer,
    keep: impl Fn(ClipFeatures) -> T + Sync,
) -> Result<Vec<Result<T, SkippedFile>>, Error> {
    let files: Vec<(&Path, &Path)> = paths.iter().map(|path| (&**path, &**path)).collect();
    extract_named(&files, front_end, store, observer, keep)
}

/// Extracts the features of files, each given as its path and the name that a [`SkippedFile`] gets.
fn extract_named<T: Send>(
    files: &[(&Path, &Path)],
    front_end: &FrontEnd,
    store: Option<&FeatureStore>,
    observer: &dyn Observer,
    keep: impl Fn(ClipFeatures) -> T + Sync,
) -> Result<Vec<Result<T, SkippedFile>>, Error> {
    front_end.validate()?;
    let bucket = store.map(|store| store.bucket(front_end)).transpose()?;
    // Locked during the call of the observer, so that the counts that it gets never decrease.
    let done = Mutex::new(0);
    let one = |(path, name): (&Path, &Path)| {
        if observer.stop() {
            return Err(Error::Interrupted);
        }
        let result = features_of(path, front_end, bucket.as_ref())?;
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        observer.event(Event::Extracted { done: *done, total: files.len(), path });
        Ok(match result {
            Ok(features) => Ok(features),
            Err(error) => {
                let skipped = SkippedFile { path: name.to_owned(), error };
                observer.event(Event::SkippedFile(&skipped));
                Err(skipped)
            }
        })
    };
    // Files take very different times. Each is a separate task and the largest come first, so that
    // the threads finish at about the same time.
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_cached_key(|&i| Reverse(fs::metadata(files[i].0).map_or(0, |about| about.len())));
    let work = order.par_iter().with_max_len(1);
    let mut results: Vec<_> =
        work.map(|&i| Ok((i, one(files[i])?.map(&keep)))).collect::<Result<_, Error>>()?;
    results.sort_unstable_by_key(|(i, _)| *i);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// The features of one file. The outer error ends the operation; the inner one is the reason for
/// skipping this file.
fn features_of(
    path: &Path,
    front_end: &FrontEnd,
    bucket: Option<&Bucket>,
) -> Result<Result<ClipFeatures, String>, Error> {
    let before = match stamp(path) {
        Ok(stamp) => stamp,
        Err(e) => return Ok(Err(e.to_string())),
    };
    let content = match digest(path) {
        Ok(content) => content,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(features) = bucket.and_then(|bucket| bucket.get(&content)) {
        return Ok(Ok(features));
    }
    let features = match duotone_audio::extract(path, front_end) {
        Ok(extraction) => ClipFeatures::new(extraction, content.to_hex().to_string()),
        Err(e) => return Ok(Err(e.to_string())),
    };
    // If the file changed in between, the features of other content would be stored under this
    // digest. A file that was modified a moment ago may be modified again within the resolution of
    // the clock, with the same stamp, so its digest is computed once more.
    let unchanged = stamp(path).ok() == Some(before);
    if !unchanged || (!is_settled(before) && digest(path) != Ok(content)) {
        return Ok(Err("the file changed while it was being read; run again".to_owned()));
    }
    if let Some(bucket) = bucket {
        bucket.put(&content, &features)?;
    }
    Ok(Ok(features))
}

/// Length and modification time.
fn stamp(path: &Path) -> std::io::Result<(u64, Option<SystemTime>)> {
    let about = fs::metadata(path)?;
    Ok((about.len(), about.modified().ok()))
}

/// Whether the last modification is old enough that another one would change the stamp.
fn is_settled((_, changed): (u64, Option<SystemTime>)) -> bool {
    let age = changed.and_then(|changed| changed.elapsed().ok());
    age.is_some_and(|age| age > Duration::from_secs(2))
}

/// Digest of a file's content, read in blocks.
pub(crate) fn digest(path: &Path) -> Result<blake3::Hash, String> {
    // Reading a pipe or device could block, or never end.
    match fs::metadata(path) {
        Ok(about) if about.is_file() => {}
        Ok(_) => return Err("not a file".to_owned()),
        Err(e) => return Err(e.to_string()),
    }
    let file = File::open(path).map_err(|e| e.to_string())?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(|e| e.to_string())?;
    Ok(hasher.finalize())
}

/// The sample rate chosen for a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateChoice {
    /// In hertz.
    pub rate: u32,
    /// A warning for the user if files are resampled, with their rates.
    pub warning: Option<String>,
}

/// Chooses the sample rate for a collection: that of its files if they all have the same rate and
/// it is 44.1, 22.05 or 11.025 kHz, otherwise 22.05 kHz. Unreadable files are ignored.
#[must_use]
pub fn choose_rate(paths: &[PathBuf]) -> RateChoice {
    let rate = |path: &PathBuf| probe(path).ok().map(|info| info.sample_rate);
    let rates: Vec<u32> = paths.par_iter().filter_map(rate).collect();
    let chosen = automatic_rate(rates.iter().copied());
    RateChoice { rate: chosen, warning: rate_warning(&rates, chosen) }
}

/// Number of sample rates that a warning names.
const NAMED_RATES: usize = 4;

/// A warning if any of the files has another rate than the chosen one.
fn rate_warning(rates: &[u32], chosen: u32) -> Option<String> {
    let mut files: BTreeMap<u32, usize> = BTreeMap::new();
    rates.iter().for_each(|&rate| *files.entry(rate).or_default() += 1);
    if files.keys().all(|&rate| rate == chosen) {
        return None;
    }
    let mut named: Vec<String> = files
        .iter()
        .take(NAMED_RATES)
        .map(|(rate, &count)| format!("{rate} Hz ({})", plural(count, "file")))
        .collect();
    if files.len() > NAMED_RATES {
        named.push(format!("{} other rates", files.len() - NAMED_RATES));
    }
    Some(format!(
        "sample rates: {}; all are resampled to {chosen} Hz; set `sample_rate` to choose another",
        named.join(", ")
    ))
}

/// The sample rate that [`choose_rate`] chooses for files with these rates, in hertz.
#[must_use]
pub fn automatic_rate(rates: impl IntoIterator<Item = u32>) -> u32 {
    let rates: BTreeSet<u32> = rates.into_iter().collect();
    match rates.first() {
        Some(&rate) if rates.len() == 1 && KEPT_RATES.contains(&rate) => rate,
        _ => COMMON_RATE,
    }
}
