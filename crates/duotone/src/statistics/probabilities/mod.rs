//! Scores of probabilities, at the level of files or of segments.
//!
//! Decisions are scored by [`scores`](crate::evaluate::scores()); the functions here also count how much
//! probability went to which label. `docs/evaluation.md` states the formulas; every function is tested
//! against scikit-learn (`scripts/metrics_fixtures.py`).

mod auc;
mod brier;
mod calibration;
mod log_loss;
mod top;

use serde::{Deserialize, Serialize};

use crate::error::Error;
pub use calibration::CalibrationBin;

/// Scores of probabilities: files or segments × classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProbabilityScores {
    /// Number of files or segments that have probabilities.
    pub count: u64,
    /// Mean over the labels of the area under the receiver operating characteristic curve of one label
    /// against all others; labels that all or no clips have are left out. With folds pooled, the mean
    /// of the folds' areas. `None` if no label could be scored.
    pub auc: Option<f64>,
    /// Share whose true label is among the two most probable labels.
    pub top_2_accuracy: f64,
    /// Mean of −log(probability of the true label), in nats.
    pub log_loss: f64,
    /// Mean squared distance of the probabilities from the truth, from 0 to 2.
    pub brier_score: f64,
    /// Expected calibration error: mean difference between confidence and accuracy.
    pub calibration_error: f64,
    /// What the calibration error is computed from: bins of equal width from confidence 0 to 1.
    pub calibration: Vec<CalibrationBin>,
}

/// Scores probabilities against the truth: `truth` has one class number per file (or segment),
/// `probabilities` one row of `classes` probabilities for each. `None` if there are no rows.
///
/// # Errors
/// [`Error::Input`] if the lengths do not fit, or a class number is not below `classes`.
pub fn probability_scores(
    truth: &[usize],
    probabilities: &[f64],
    classes: usize,
) -> Result<Option<ProbabilityScores>, Error> {
    if probabilities.len() != truth.len() * classes {
        return Err(Error::Input(format!(
            "{} probabilities for {} rows of {classes} classes",
            probabilities.len(),
            truth.len()
        )));
    }
    if truth.iter().any(|&class| class >= classes) {
        return Err(Error::Input(format!("a class number is not below {classes}")));
    }
    if truth.is_empty() {
        return Ok(None);
    }
    let calibration = calibration::bins(truth, probabilities, classes);
    Ok(Some(ProbabilityScores {
        count: truth.len() as u64,
        auc: auc::macro_auc(truth, probabilities, classes),
        top_2_accuracy: top::top_accuracy(2, truth, probabilities, classes),
        log_loss: log_loss::log_loss(truth, probabilities, classes),
        brier_score: brier::brier_score(truth, probabilities, classes),
        calibration_error: calibration::error(&calibration),
        calibration,
    }))
}

/// Pools the scores of several folds: the mean of their areas under the curve, because probabilities of
/// different networks need not be comparable (Forman & Scholz 2010), and means over all files (or
/// segments) of everything else. `None` without folds.
pub(crate) fn pooled(folds: &[ProbabilityScores]) -> Option<ProbabilityScores> {
    let count: u64 = folds.iter().map(|fold| fold.count).sum();
    if count == 0 {
        return None;
    }
    let mean = |value: fn(&ProbabilityScores) -> f64| {
        folds.iter().map(|fold| fold.count as f64 * value(fold)).sum::<f64>() / count as f64
    };
    let areas: Vec<f64> = folds.iter().filter_map(|fold| fold.auc).collect();
    let calibration = calibration::pooled(folds.iter().map(|fold| fold.calibration.as_slice()));
    Some(ProbabilityScores {
        count,
        auc: (!areas.is_empty()).then(|| areas.iter().sum::<f64>() / areas.len() as f64),
        top_2_accuracy: mean(|fold| fold.top_2_accuracy),
        log_loss: mean(|fold| fold.log_loss),
        brier_score: mean(|fold| fold.brier_score),
        calibration_error: calibration::error(&calibration),
        calibration,
    })
}

#[cfg(test)]
mod tests;
