//! Confounds: technical properties of the files from which the labels can be guessed. A network that
//! learns them scores well on this collection and nowhere else.
//!
//! `docs/check.md` describes the test.

mod guess;
mod permutation;
pub(super) mod properties;
mod tree;

use guess::Guesser;
use permutation::{Shuffle, p_value};
pub(super) use properties::{Properties, Sound};

use super::findings::{Confound, Property};
use crate::data::Collection;
use crate::statistics::holm;

/// Fewer clips (or groups) prove nothing.
const MIN_UNITS: usize = 20;
/// The largest p-value, after Holm's correction, that counts as a finding.
const ALPHA: f64 = 0.01;
/// A finding must exceed chance by this share of the clips.
const MARGIN: f64 = 0.05;

/// Tests whether the labels of a collection can be guessed from each property of its clips alone, or
/// from all of them together. The best guess comes first.
pub(super) fn find(collection: &Collection, clips: &[Properties]) -> Vec<Confound> {
    let varying = varying(clips);
    search(&collection.classes(), collection.group_numbers().as_deref(), &varying)
}

/// A property that differs between clips, as columns of numbers.
type Columns = (Property, Vec<Vec<f64>>);

fn varying(clips: &[Properties]) -> Vec<Columns> {
    let columns = Property::ALL.map(|property| (property, properties::columns(property, clips)));
    columns.into_iter().filter(|(_, columns)| !columns.is_empty()).collect()
}

fn search(labels: &[usize], groups: Option<&[usize]>, properties: &[Columns]) -> Vec<Confound> {
    let shuffle = Shuffle::new(labels, groups);
    if shuffle.units() < MIN_UNITS || properties.is_empty() {
        return Vec::new();
    }
    let mut tests: Vec<Vec<&Columns>> = properties.iter().map(|one| vec![one]).collect();
    if properties.len() > 1 {
        tests.push(properties.iter().collect());
    }
    let clips = labels.len() as f64;
    let chance = majority(labels) as f64 / clips;
    let guess = |test: &Vec<&Columns>| {
        let columns = test.iter().flat_map(|(_, columns)| columns.iter().map(Vec::as_slice));
        let guesser = Guesser::new(columns.collect(), groups);
        // Shuffling groups of unequal sizes changes how many clips have the most frequent label.
        let beyond_chance =
            |labels: &[usize]| guesser.correct(labels) as i64 - majority(labels) as i64;
        let accuracy = guesser.correct(labels) as f64 / clips;
        let p = p_value(beyond_chance(labels), ALPHA, |i| beyond_chance(&shuffle.labels(i)));
        (accuracy, p)
    };
    let guesses: Vec<(f64, f64)> = tests.iter().map(guess).collect();
    let adjusted = holm(&guesses.iter().map(|&(_, p)| p).collect::<Vec<_>>());
    let mut found = Vec::new();
    for ((test, (accuracy, _)), p_value) in tests.iter().zip(guesses).zip(adjusted) {
        let properties: Vec<Property> = test.iter().map(|(property, _)| *property).collect();
        let best_alone = found.iter().map(|one: &Confound| one.accuracy).fold(chance, f64::max);
        // All properties together are reported only if they predict more than the best one alone.
        let enough = if properties.len() > 1 { best_alone } else { chance } + MARGIN;
        if p_value <= ALPHA && accuracy >= enough {
            found.push(Confound { properties, accuracy, chance, p_value });
        }
    }
    found.sort_by(|a, b| b.accuracy.total_cmp(&a.accuracy));
    found
}

/// Number of clips with the most frequent label.
fn majority(labels: &[usize]) -> usize {
    let mut counts = vec![0; labels.iter().max().map_or(0, |&last| last + 1)];
    labels.iter().for_each(|&label| counts[label] += 1);
    counts.into_iter().max().unwrap_or(0)
}

#[cfg(test)]
mod tests;
