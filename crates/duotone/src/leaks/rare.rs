//! Labels with too few clips for the folds.

use std::collections::BTreeSet;

use super::findings::RareLabel;
use super::placement::Placement;
use crate::data::Collection;
use crate::data::collection::rare::Units;

/// One clip (or group) of a label is learnt or tested, never both.
const LEAST: usize = 2;

/// The labels with fewer clips (or, where grouped, groups) than folds, by class number.
pub(super) fn fewer_than(collection: &Collection, folds: usize) -> Vec<usize> {
    Units::of(collection).fewer_than(folds.max(LEAST))
}

/// The labels that are too rare for the folds, or are not in each of them.
pub(super) fn labels(collection: &Collection, placement: &Placement) -> Vec<RareLabel> {
    let count = placement.count.unwrap_or(LEAST);
    let mut in_folds = vec![BTreeSet::new(); collection.labels.len()];
    for (item, fold) in collection.items.iter().zip(&placement.of_clip) {
        in_folds[item.label].extend(fold.as_ref());
    }
    let known = in_folds.iter().any(|folds| !folds.is_empty());
    let mut rare: BTreeSet<usize> = fewer_than(collection, count).into_iter().collect();
    if known {
        rare.extend((0..in_folds.len()).filter(|&class| in_folds[class].len() < count));
    }
    let units = Units::of(collection);
    let label = |class: usize| RareLabel {
        name: collection.labels[class].clone(),
        clips: units.clips[class],
        groups: units.groups.as_ref().map(|groups| groups[class].len()),
        folds: placement.count,
        in_folds: known.then(|| in_folds[class].len()),
    };
    rare.into_iter().map(label).collect()
}
