//! Tests which differences between systems are significant.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::evaluate::pairs::pairs;
use crate::evaluate::{FoldResult, Prediction, Ranking, Significance, SystemResult};
use crate::statistics::{friedman, tukey_kramer};

/// Significance level of all tests.
const ALPHA: f64 = 0.05;

/// Compares all systems that finished every fold; `None` if there are fewer than two. They must have
/// classified the same files. The seed is that of the bootstrap.
///
/// # Errors
/// [`Error::Input`] if the systems' numbers of files, folds or labels differ.
pub fn significance(systems: &[SystemResult], seed: u64) -> Result<Option<Significance>, Error> {
    let systems: Vec<&SystemResult> = systems.iter().filter(|s| s.files.is_some()).collect();
    if systems.len() < 2 {
        return Ok(None);
    }
    let folds: Vec<Vec<f64>> = systems.iter().map(|s| of_folds(&s.folds)).collect();
    // A label without test clips ranks no system.
    let recalls = |s: &&SystemResult| {
        let classes = s.files.iter().flat_map(|files| &files.classes);
        classes.filter(|class| class.support > 0).map(|class| class.recall).collect()
    };
    let labels: Vec<Vec<f64>> = systems.iter().map(recalls).collect();
    Ok(Some(Significance {
        pairs: pairs(&systems, seed)?,
        by_fold: ranking(&folds)?,
        by_label: ranking(&labels)?,
    }))
}

/// Returns the accuracy in each fold, the mean of all repeats.
fn of_folds(folds: &[FoldResult]) -> Vec<f64> {
    let mut accuracies: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for fold in folds {
        accuracies.entry(fold.fold).or_default().extend(fold.file_accuracy);
    }
    let mean = |all: Vec<f64>| all.iter().sum::<f64>() / all.len().max(1) as f64;
    accuracies.into_values().map(mean).collect()
}

/// Returns which of a system's decisions on files are right.
pub(super) fn right(predictions: &[Prediction]) -> Vec<bool> {
    predictions.iter().map(|p| p.predicted == p.label).collect()
}

/// Returns which predictions are those of the first repeat.
pub(super) fn of_first_seed(predictions: &[Prediction]) -> Vec<bool> {
    predictions.iter().map(|p| p.seed == predictions[0].seed).collect()
}

/// Returns the decisions of the first repeat, which McNemar's test compares: others on the same file are not
/// independent of them.
pub(super) fn of_first_repeat(right: &[bool], first: &[bool]) -> Vec<bool> {
    right.iter().zip(first).filter(|(_, first)| **first).map(|(right, _)| *right).collect()
}

/// Ranks the systems over the blocks of a systems × blocks table; `None` for a single block.
fn ranking(scores: &[Vec<f64>]) -> Result<Option<Ranking>, Error> {
    let blocks = scores.iter().map(Vec::len).min().unwrap_or(0);
    if blocks < 2 {
        return Ok(None);
    }
    let block = |block: usize| scores.iter().map(|system| system[block]).collect();
    let friedman = friedman(&(0..blocks).map(block).collect::<Vec<_>>())?;
    let tukey_kramer = tukey_kramer(&friedman, ALPHA)?;
    Ok(Some(Ranking { friedman, tukey_kramer }))
}
