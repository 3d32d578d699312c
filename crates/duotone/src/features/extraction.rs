//! From the files of a collection to their features.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use duotone_audio::{FrontEnd, probe};
use rayon::prelude::*;

use crate::error::Error;
use crate::features::store::Bucket;
use crate::features::{ClipFeatures, FeatureStore};
use crate::io::LeftOut;
use crate::plural::plural;
use crate::progress::{Event, Observer};

/// Rates that a collection may keep; the paper's sizes are whole numbers there.
const KEPT_RATES: [u32; 3] = [44_100, 22_050, 11_025];
/// The rate of every other collection: MIREX's.
const COMMON_RATE: u32 = 22_050;

/// The features of every file, in the order of `paths`, or why a file is left out.
///
/// Works on the current rayon pool and holds at most one file in flight on each of its threads;
/// all features are in memory in the end (about 138 KB for 30 s). See [`extract_each`] for more
/// files than that allows.
///
/// # Errors
/// As [`extract_each`].
pub fn extract_all(
    paths: &[PathBuf],
    front_end: &FrontEnd,
    store: Option<&FeatureStore>,
    observer: &dyn Observer,
) -> Result<Vec<Result<ClipFeatures, LeftOut>>, Error> {
    extract_each(paths, front_end, store, observer, |features| features)
}

/// Like [`extract_all`], but keeps only what `keep` makes of each file's features.
///
/// # Errors
/// [`Error::Interrupted`] when the observer asks to stop, [`Error::Io`] when the store cannot be
/// written, [`Error::Audio`] for an impossible front end. A file that cannot be read is none.
pub fn extract_each<T: Send>(
    paths: &[PathBuf],
    front_end: &FrontEnd,
    store: Option<&FeatureStore>,
    observer: &dyn Observer,
    keep: impl Fn(ClipFeatures) -> T + Sync,
) -> Result<Vec<Result<T, LeftOut>>, Error> {
    front_end.validate()?;
    let bucket = store.map(|store| store.bucket(front_end)).transpose()?;
    // Held while the observer is told, so that it sees the count rise.
    let done = Mutex::new(0);
    let one = |path: &PathBuf| {
        if observer.stop() {
            return Err(Error::Interrupted);
        }
        let result = features_of(path, front_end, bucket.as_ref())?;
        let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
        *done += 1;
        observer.event(Event::Extracted { done: *done, total: paths.len(), path });
        Ok(match result {
            Ok(features) => Ok(features),
            Err(reason) => {
                let left_out = LeftOut { path: path.clone(), reason };
                observer.event(Event::LeftOut(&left_out));
                Err(left_out)
            }
        })
    };
    // Files take very different times: each is a task of its own, and the largest come first, so
    // that no thread is left alone with one of them at the end.
    let mut order: Vec<usize> = (0..paths.len()).collect();
    order.sort_by_cached_key(|&i| Reverse(fs::metadata(&paths[i]).map_or(0, |about| about.len())));
    let work = order.par_iter().with_max_len(1);
    let mut results: Vec<_> =
        work.map(|&i| Ok((i, one(&paths[i])?.map(&keep)))).collect::<Result<_, Error>>()?;
    results.sort_unstable_by_key(|(i, _)| *i);
    Ok(results.into_iter().map(|(_, result)| result).collect())
}

/// The outer error ends the work, the inner one is the reason to leave this file out.
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
        Err(reason) => return Ok(Err(reason)),
    };
    if let Some(features) = bucket.and_then(|bucket| bucket.get(&content)) {
        return Ok(Ok(features));
    }
    let features = match duotone_audio::extract(path, front_end) {
        Ok(extraction) => ClipFeatures::new(extraction, content.to_hex().to_string()),
        Err(e) => return Ok(Err(e.to_string())),
    };
    // Or other content's features would be kept under this one's digest. A file changed a moment
    // ago may change again within the clock's grain and keep its stamp.
    let same = stamp(path).ok() == Some(before);
    if !same || (!is_settled(before) && digest(path) != Ok(content)) {
        return Ok(Err("the file changed while it was read; run again".to_owned()));
    }
    if let Some(bucket) = bucket {
        bucket.put(&content, &features)?;
    }
    Ok(Ok(features))
}

/// Length and time of the last change.
fn stamp(path: &Path) -> std::io::Result<(u64, Option<SystemTime>)> {
    let about = fs::metadata(path)?;
    Ok((about.len(), about.modified().ok()))
}

/// Whether the last change is so long ago that any other has another stamp.
fn is_settled((_, changed): (u64, Option<SystemTime>)) -> bool {
    let age = changed.and_then(|changed| changed.elapsed().ok());
    age.is_some_and(|age| age > Duration::from_secs(2))
}

/// Digest of a file's content, read in blocks.
pub(crate) fn digest(path: &Path) -> Result<blake3::Hash, String> {
    // A pipe or device could block or never end.
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

/// A sample rate that was chosen for files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateChoice {
    /// In hertz.
    pub rate: u32,
    /// What the user should know: which files are resampled to it, and how to choose another.
    pub notice: Option<String>,
}

/// The sample rate for a collection: its own where all files share one of 44.1, 22.05 and
/// 11.025 kHz, otherwise 22.05 kHz. Files that cannot be read have no say.
#[must_use]
pub fn choose_rate(paths: &[PathBuf]) -> RateChoice {
    let rate = |path: &PathBuf| probe(path).ok().map(|info| info.sample_rate);
    let rates: Vec<u32> = paths.par_iter().filter_map(rate).collect();
    let chosen = automatic_rate(rates.iter().copied());
    RateChoice { rate: chosen, notice: rate_notice(&rates, chosen) }
}

/// Rates that a notice names.
const NAMED_RATES: usize = 4;

/// Says so where some of the rates are not the chosen one.
fn rate_notice(rates: &[u32], chosen: u32) -> Option<String> {
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

/// The rule of [`choose_rate`] for rates that are already known, in hertz.
#[must_use]
pub fn automatic_rate(rates: impl IntoIterator<Item = u32>) -> u32 {
    let rates: BTreeSet<u32> = rates.into_iter().collect();
    match rates.first() {
        Some(&rate) if rates.len() == 1 && KEPT_RATES.contains(&rate) => rate,
        _ => COMMON_RATE,
    }
}
