//! Cross-validation of a tree.

use crate::data::stratify;

use super::tree::Tree;

/// Number of folds.
const FOLDS: usize = 5;
const SEED: u64 = 0;

/// The fold of each clip.
pub(super) struct Folds(Vec<usize>);

impl Folds {
    /// Draws folds that keep groups whole; `None` if the groups are too large. The folds do not depend
    /// on the labels, so that shuffled labels are guessed under the same conditions as the true ones.
    pub(super) fn draw(clips: usize, groups: Option<&[usize]>) -> Option<Self> {
        stratify::folds(&vec![0; clips], groups, FOLDS, SEED).ok().map(Self)
    }

    /// Prepares to guess from these columns of one number per clip.
    pub(super) fn sorted<'a>(&self, columns: Vec<&'a [f64]>) -> Sorted<'a> {
        let clips = || 0..self.0.len() as u32;
        let order = |column: &[f64]| {
            let mut order: Vec<u32> = clips().collect();
            order.sort_by(|&a, &b| column[a as usize].total_cmp(&column[b as usize]));
            order
        };
        let all: Vec<Vec<u32>> = columns.iter().map(|column| order(column)).collect();
        let fold = |fold: usize| {
            let trains = |clip: &u32| self.0[*clip as usize] != fold;
            let orders = all.iter().map(|order| order.iter().copied().filter(trains).collect());
            Fold { orders: orders.collect(), test: clips().filter(|clip| !trains(clip)).collect() }
        };
        Sorted { folds: (0..FOLDS).map(fold).collect(), columns }
    }
}

/// The clips of each fold, in the order of each column.
pub(super) struct Sorted<'a> {
    columns: Vec<&'a [f64]>,
    folds: Vec<Fold>,
}

struct Fold {
    orders: Vec<Vec<u32>>,
    test: Vec<u32>,
}

impl Sorted<'_> {
    /// Number of clips whose label is guessed correctly by a tree trained on the other folds.
    pub(super) fn correct(&self, labels: &[usize]) -> usize {
        let classes = labels.iter().max().map_or(0, |&last| last + 1);
        let mut correct = 0;
        for Fold { orders, test } in &self.folds {
            let tree = Tree::train(&self.columns, orders, labels, classes);
            let right =
                |&&clip: &&u32| tree.guess(&self.columns, clip as usize) == labels[clip as usize];
            correct += test.iter().filter(right).count();
        }
        correct
    }
}
