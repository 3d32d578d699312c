//! Labels too rare for the folds.

use std::collections::BTreeSet;

use super::findings::RareLabel;
use super::placement::Placement;
use crate::data::Collection;
use crate::data::collection::rare::Units;

/// Clips (or groups) that a label needs at least: one to train on and one to test.
const MIN_UNITS: usize = 2;

/// Class numbers of the labels with fewer clips (or groups, if the collection is grouped) than
/// folds.
pub(super) fn fewer_than(collection: &Collection, folds: usize) -> Vec<usize> {
    Units::of(collection).fewer_than(folds.max(MIN_UNITS))
}

/// The labels that are too rare for the folds, or not in all of them.
pub(super) fn labels(collection: &Collection, placement: &Placement) -> Vec<RareLabel> {
    let count = placement.count.unwrap_or(MIN_UNITS);
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
