//! Detection of anything that would inflate the result of an evaluation: duplicate recordings,
//! groups in several folds, names in several spellings, labels too rare for the folds, and labels that
//! can be guessed from technical properties of the files.
//!
//! `docs/check.md` describes how recordings are recognised, and how reliably.

mod confounds;
mod findings;
mod fingerprint;
mod index;
mod names;
mod placement;
mod rare;
mod recordings;
mod score;
mod words;

use std::collections::BTreeSet;

use duotone_audio::FrontEnd;
use rayon::prelude::*;

pub use findings::{
    AlikeNames, CheckReport, ClipName, Confound, Findings, Harm, Property, RareLabel,
    SameRecording, SplitGroup,
};
pub(crate) use fingerprint::Fingerprint;
pub(crate) use placement::Placement;

use confounds::{Properties, Sound};

use crate::data::{Collection, Folds, Item};
use crate::error::Error;
use crate::features::dataset::Dataset;
use crate::features::{ClipFeatures, FeatureStore, extract_collection};
use crate::io::SkippedFile;
use crate::path_text::path_text;
use crate::progress::{Event, Observer};

/// Version of the report's schema.
const FORMAT: u32 = 1;

/// The sample rate at which recordings are compared, in hertz. Codecs mostly change the frequencies
/// above half of it.
const RATE: u32 = 11_025;

/// Checks a collection for anything that would inflate the result of an evaluation.
///
/// Decodes every file once and keeps a few kilobytes of it. `folds` and `seed` give the folds that
/// an evaluation would use, except that [`Folds::Automatic`] draws none.
///
/// # Errors
/// [`Error::Interrupted`] if the observer asks to stop; [`Error::Collection`] if no file can be used
/// or the folds are invalid; [`Error::Io`] if the folds file cannot be read.
pub fn check(
    collection: &Collection,
    folds: &Folds,
    seed: u64,
    observer: &dyn Observer,
) -> Result<CheckReport, Error> {
    collection.warnings.iter().for_each(|warning| observer.event(Event::Warning(warning)));
    collection
        .ungrouped_warning()
        .iter()
        .for_each(|warning| observer.event(Event::Warning(warning)));
    collection.skipped_files.iter().for_each(|skipped| observer.event(Event::SkippedFile(skipped)));
    // Reports invalid folds before any audio is decoded.
    Placement::of(collection, folds, seed)?;
    let fingerprinted = Fingerprinted::new(collection, None, observer)?;
    if fingerprinted.clips.is_empty() {
        let skipped_files = [&collection.skipped_files[..], &fingerprinted.skipped_files].concat();
        return Err(collection.unusable(&skipped_files));
    }
    let kept = collection.subset(&fingerprinted.clips);
    let placement = Placement::of(&kept, folds, seed)?;
    Ok(CheckReport {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        collection: path_text(&collection.path).into_owned(),
        label: collection.label_column.clone(),
        group: collection.group_column.clone(),
        folds: placement.count,
        clips: kept.items.len(),
        findings: find(&kept, &fingerprinted.of_clips, &placement, fingerprinted.frame_seconds),
        skipped_files: [&collection.skipped_files[..], &fingerprinted.skipped_files].concat(),
    })
}

/// Checks all readable clips of a collection. The others are listed as clips without a fingerprint,
/// and are not reported to the observer.
pub(crate) fn find_all(
    collection: &Collection,
    placement: &Placement,
    store: Option<&FeatureStore>,
    observer: &dyn Observer,
) -> Result<Findings, Error> {
    let fingerprinted = Fingerprinted::new(collection, store, &Quiet(observer))?;
    let (kept, placement) =
        (collection.subset(&fingerprinted.clips), placement.subset(&fingerprinted.clips));
    let mut findings =
        find(&kept, &fingerprinted.of_clips, &placement, fingerprinted.frame_seconds);
    findings
        .without_fingerprint
        .extend(fingerprinted.skipped_files.into_iter().map(|skipped| skipped.path));
    Ok(findings)
}

/// An observer that ignores skipped files.
struct Quiet<'a>(&'a dyn Observer);

impl Observer for Quiet<'_> {
    fn event(&self, event: Event<'_>) {
        if !matches!(event, Event::SkippedFile(_)) {
            self.0.event(event);
        }
    }

    fn stop(&self) -> bool {
        self.0.stop()
    }
}

/// The readable clips of a collection, with the fingerprint and the sound of each.
struct Fingerprinted {
    clips: Vec<usize>,
    of_clips: Vec<(Fingerprint, Sound)>,
    skipped_files: Vec<SkippedFile>,
    frame_seconds: f64,
}

impl Fingerprinted {
    fn new(
        collection: &Collection,
        store: Option<&FeatureStore>,
        observer: &dyn Observer,
    ) -> Result<Self, Error> {
        let front_end = FrontEnd::paper(RATE);
        let keep = |clip: ClipFeatures| (Fingerprint::of(&clip), Sound::of_file(&clip, &front_end));
        let all = extract_collection(collection, &front_end, store, observer, keep)?;
        let frame_seconds = front_end.frame_seconds();
        let (clips, of_clips, skipped_files) = (Vec::new(), Vec::new(), Vec::new());
        let mut fingerprinted = Self { clips, of_clips, skipped_files, frame_seconds };
        for (clip, found) in all.into_iter().enumerate() {
            match found {
                Ok(found) => {
                    fingerprinted.clips.push(clip);
                    fingerprinted.of_clips.push(found);
                }
                Err(skipped) => fingerprinted.skipped_files.push(skipped),
            }
        }
        Ok(fingerprinted)
    }
}

/// All findings, given the fingerprint and the sound of each clip in the collection's order.
fn find(
    collection: &Collection,
    of_clips: &[(Fingerprint, Sound)],
    placement: &Placement,
    frame_seconds: f64,
) -> Findings {
    let prints: Vec<&Fingerprint> = of_clips.iter().map(|(print, _)| print).collect();
    let properties: Vec<Properties> = collection
        .items
        .par_iter()
        .zip(of_clips)
        .map(|(item, &(_, sound))| Properties::new(&item.path, sound))
        .collect();
    let unusable = collection.items.iter().zip(&prints).filter(|(_, print)| print.is_empty());
    Findings {
        recordings: recordings::pairs(collection, &prints, placement, frame_seconds),
        split_groups: split_groups(collection, placement),
        alike_groups: alike(&collection.groups, collection, placement, |item| item.group),
        alike_labels: alike(&collection.labels, collection, placement, |item| Some(item.label)),
        rare_labels: rare::labels(collection, placement),
        confounds: confounds::find(collection, &properties),
        without_fingerprint: unusable.map(|(item, _)| item.name.clone()).collect(),
    }
}

/// Checks a dataset on given folds, using the spectrograms already extracted.
pub(crate) fn check_dataset(dataset: &Dataset, placement: &Placement) -> Findings {
    let Some((front_end, clips)) = dataset.first() else { return Findings::default() };
    let of_clip = |clip| (Fingerprint::of(clip), Sound::of(clip, front_end));
    let of_clips: Vec<_> = clips.par_iter().map(of_clip).collect();
    find(&dataset.collection, &of_clips, placement, front_end.frame_seconds())
}

fn split_groups(collection: &Collection, placement: &Placement) -> Vec<SplitGroup> {
    let spread = spread(collection.groups.len(), collection, placement, |item| item.group);
    let split = collection.groups.iter().zip(spread).filter(|(_, (_, folds))| folds.len() > 1);
    let group = |(name, (clips, folds)): (&String, (usize, BTreeSet<&String>))| SplitGroup {
        name: name.clone(),
        folds: folds.into_iter().cloned().collect(),
        clips,
    };
    split.map(group).collect()
}

fn alike(
    names: &[String],
    collection: &Collection,
    placement: &Placement,
    number: impl Fn(&Item) -> Option<usize>,
) -> Vec<AlikeNames> {
    let spread = spread(names.len(), collection, placement, number);
    let together = |alike: Vec<usize>| {
        let folds: BTreeSet<&String> = alike.iter().flat_map(|&i| spread[i].1.clone()).collect();
        AlikeNames {
            names: alike.iter().map(|&i| names[i].clone()).collect(),
            clips: alike.iter().map(|&i| spread[i].0).collect(),
            folds: folds.into_iter().cloned().collect(),
        }
    };
    names::alike(names).into_iter().map(together).collect()
}

/// The number of clips of each of `count` groups (or labels), and the folds that they are in.
fn spread<'a>(
    count: usize,
    collection: &Collection,
    placement: &'a Placement,
    number: impl Fn(&Item) -> Option<usize>,
) -> Vec<(usize, BTreeSet<&'a String>)> {
    let mut spread = vec![(0, BTreeSet::new()); count];
    for (item, fold) in collection.items.iter().zip(&placement.of_clip) {
        if let Some((clips, folds)) = number(item).and_then(|n| spread.get_mut(n)) {
            *clips += 1;
            folds.extend(fold.as_ref());
        }
    }
    spread
}
