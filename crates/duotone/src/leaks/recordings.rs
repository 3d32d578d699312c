//! Pairs of clips with the same recording, and the harm that they do.

use std::collections::{BTreeMap, HashMap};

use super::findings::{ClipName, Harm, SameRecording};
use super::fingerprint::Fingerprint;
use super::index;
use super::placement::Placement;
use super::score::Alignment;
use crate::data::Collection;

/// All pairs, the most harmful first, otherwise in the collection's order.
pub(super) fn pairs(
    collection: &Collection,
    prints: &[&Fingerprint],
    placement: &Placement,
    frame_seconds: f64,
) -> Vec<SameRecording> {
    let words: Vec<&[u32]> = prints.iter().map(|print| print.words.as_slice()).collect();
    let similar = index::pairs(&words).into_iter().map(|(i, j, found)| ((i, j), found));
    let mut pairs: BTreeMap<(usize, usize), Alignment> = similar.collect();
    for (i, j) in identical(prints) {
        let frames = prints[i].frames;
        pairs.insert((i, j), Alignment { offset: 0, frames, score: 1.0 });
    }
    let pair = |((i, j), found): ((usize, usize), Alignment)| SameRecording {
        first: name(collection, placement, i),
        second: name(collection, placement, j),
        offset: found.offset as f64 * frame_seconds,
        overlap: found.frames as f64 * frame_seconds,
        score: found.score,
        identical: prints[i].digest == prints[j].digest,
        harm: harm(collection, placement, i, j),
    };
    let mut pairs: Vec<SameRecording> = pairs.into_iter().map(pair).collect();
    pairs.sort_by(|a, b| a.harm.cmp(&b.harm));
    pairs
}

/// Pairs of consecutive files with the same content. If the files with one content are in several
/// folds, the two files of at least one such pair are.
fn identical(prints: &[&Fingerprint]) -> Vec<(usize, usize)> {
    let mut last: HashMap<&str, usize> = HashMap::new();
    let with_last = prints.iter().enumerate().map(|(i, print)| (last.insert(&print.digest, i), i));
    with_last.filter_map(|(before, i)| Some((before?, i))).collect()
}

fn name(collection: &Collection, placement: &Placement, clip: usize) -> ClipName {
    let item = &collection.items[clip];
    ClipName {
        path: item.name.clone(),
        label: collection.labels[item.label].clone(),
        group: item.group.map(|group| collection.groups[group].clone()),
        fold: placement.of_clip[clip].clone(),
    }
}

fn harm(collection: &Collection, placement: &Placement, i: usize, j: usize) -> Vec<Harm> {
    let (a, b) = (&collection.items[i], &collection.items[j]);
    let folds_differ = match (&placement.of_clip[i], &placement.of_clip[j]) {
        (Some(a), Some(b)) => a != b,
        _ => false,
    };
    // A clip without a group forms its own group.
    let groups_differ =
        collection.group_column.is_some() && (a.group != b.group || a.group.is_none());
    let mut harm = Vec::new();
    harm.extend(folds_differ.then_some(Harm::TwoFolds));
    harm.extend((a.label != b.label).then_some(Harm::TwoLabels));
    harm.extend(groups_differ.then_some(Harm::TwoGroups));
    if harm.is_empty() {
        harm.push(Harm::CountedTwice);
    }
    harm
}
