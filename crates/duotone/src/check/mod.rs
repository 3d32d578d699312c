//! What makes an evaluation read too high: the same recording twice, groups in two folds, one name
//! spelt in two ways, labels too rare to be dealt.
//!
//! How recordings are recognised, and how well, is in `docs/check.md`.

mod findings;
mod fingerprint;
mod folds;
mod index;
mod names;
mod rare;
mod recordings;
mod score;
mod words;

use std::collections::BTreeSet;
use std::path::PathBuf;

use duotone_audio::FrontEnd;

pub use findings::{
    AlikeNames, CheckReport, ClipName, Findings, Harm, RareLabel, SameRecording, SplitGroup,
};
pub(crate) use fingerprint::Fingerprint;
pub use folds::FoldChoice;
pub(crate) use folds::Folds;

use crate::{Collection, Error, Event, Item, LeftOut, Observer, extract_each};

/// Version of the report's schema.
const FORMAT: u32 = 1;

/// The rate that recordings are compared at, in hertz: codecs change what is above its half most.
const RATE: u32 = 11_025;

/// Looks a collection through for what makes an evaluation of it read too high.
///
/// Every file is decoded once; what is kept of it is a few kilobytes.
///
/// # Errors
/// [`Error::Interrupted`] when the observer asks to stop; [`Error::Collection`] when no file can be
/// used or folds cannot be made; [`Error::File`] or [`Error::Io`] for a list of folds that cannot be
/// read.
pub fn check(
    collection: &Collection,
    folds: &FoldChoice,
    observer: &dyn Observer,
) -> Result<CheckReport, Error> {
    collection.notices.iter().for_each(|notice| observer.event(Event::Notice(notice)));
    collection.left_out.iter().for_each(|left_out| observer.event(Event::LeftOut(left_out)));
    // What is wrong with them is found out before the audio is read.
    Folds::of(collection, folds)?;
    let front_end = FrontEnd::paper(RATE);
    let paths: Vec<PathBuf> = collection.items.iter().map(|item| item.path.clone()).collect();
    let heard = extract_each(&paths, &front_end, None, observer, |clip| Fingerprint::of(&clip))?;
    let (mut usable, mut prints) = (Vec::new(), Vec::new());
    let mut left_out = collection.left_out.clone();
    for (i, print) in heard.into_iter().enumerate() {
        match print {
            Ok(print) => {
                usable.push(i);
                prints.push(print);
            }
            Err(LeftOut { reason, .. }) => {
                left_out.push(LeftOut { path: collection.items[i].name.clone(), reason });
            }
        }
    }
    if usable.is_empty() {
        let reason = "none of its files can be used".to_owned();
        return Err(Error::Collection { path: collection.path.clone(), reason });
    }
    let kept = collection.subset(&usable);
    let folds = Folds::of(&kept, folds)?;
    Ok(CheckReport {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").into(),
        collection: collection.path.display().to_string(),
        label: collection.label_column.clone(),
        group: collection.group_column.clone(),
        folds: folds.count,
        clips: kept.items.len(),
        findings: find(&kept, &prints, &folds, front_end.frame_seconds()),
        left_out,
    })
}

/// All findings, from the clips' fingerprints in the collection's order.
pub(crate) fn find(
    collection: &Collection,
    prints: &[Fingerprint],
    folds: &Folds,
    frame_seconds: f64,
) -> Findings {
    let mute = collection.items.iter().zip(prints).filter(|(_, print)| print.is_mute());
    Findings {
        recordings: recordings::pairs(collection, prints, folds, frame_seconds),
        split_groups: split_groups(collection, folds),
        alike_groups: alike(&collection.groups, collection, folds, |item| item.group),
        alike_labels: alike(&collection.labels, collection, folds, |item| Some(item.label)),
        rare_labels: rare::labels(collection, folds),
        without_fingerprint: mute.map(|(item, _)| item.name.clone()).collect(),
    }
}

fn split_groups(collection: &Collection, folds: &Folds) -> Vec<SplitGroup> {
    let spread = spread(collection.groups.len(), collection, folds, |item| item.group);
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
    folds: &Folds,
    number: impl Fn(&Item) -> Option<usize>,
) -> Vec<AlikeNames> {
    let spread = spread(names.len(), collection, folds, number);
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

/// How many clips each of `count` groups (or labels) has, and in which folds.
fn spread<'a>(
    count: usize,
    collection: &Collection,
    folds: &'a Folds,
    number: impl Fn(&Item) -> Option<usize>,
) -> Vec<(usize, BTreeSet<&'a String>)> {
    let mut spread = vec![(0, BTreeSet::new()); count];
    for (item, fold) in collection.items.iter().zip(&folds.of_clip) {
        if let Some((clips, folds)) = number(item).and_then(|n| spread.get_mut(n)) {
            *clips += 1;
            folds.extend(fold.as_ref());
        }
    }
    spread
}
