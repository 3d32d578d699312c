//! Guessing labels: cross-validation of a tree.

use super::tree::Tree;
use crate::data::stratify::fast_folds;

/// Number of folds.
const FOLDS: usize = 5;
const SEED: u64 = 0;

/// What labels are guessed from: columns of one number per clip.
pub(super) struct Guesser<'a> {
    columns: Vec<&'a [f64]>,
    /// The clips in the order of each column.
    orders: Vec<Vec<u32>>,
    groups: Option<&'a [usize]>,
}

impl<'a> Guesser<'a> {
    pub(super) fn new(columns: Vec<&'a [f64]>, groups: Option<&'a [usize]>) -> Self {
        let order = |column: &&[f64]| {
            let mut order: Vec<u32> = (0..column.len() as u32).collect();
            order.sort_by(|&a, &b| column[a as usize].total_cmp(&column[b as usize]));
            order
        };
        Self { orders: columns.iter().map(order).collect(), columns, groups }
    }

    /// Number of clips whose label is guessed correctly by a tree trained on other folds. The folds
    /// keep groups whole and are stratified by these labels, so that shuffled labels are guessed under
    /// the same conditions as the true ones.
    pub(super) fn correct(&self, labels: &[usize]) -> usize {
        let classes = labels.iter().max().map_or(0, |&last| last + 1);
        let Ok(fold_of) = fast_folds(labels, self.groups, FOLDS, SEED) else { return 0 };
        let mut correct = 0;
        for fold in 0..FOLDS {
            let is_trained = |clip: &&u32| fold_of[**clip as usize] != fold;
            let trained = |order: &Vec<u32>| order.iter().filter(is_trained).copied().collect();
            let orders: Vec<Vec<u32>> = self.orders.iter().map(trained).collect();
            let tree = Tree::train(&self.columns, &orders, labels, classes);
            for clip in (0..labels.len()).filter(|&clip| fold_of[clip] == fold) {
                correct += usize::from(tree.guess(&self.columns, clip) == labels[clip]);
            }
        }
        correct
    }
}
