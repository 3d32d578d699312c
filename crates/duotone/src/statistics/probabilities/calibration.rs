use serde::{Deserialize, Serialize};

use crate::statistics::largest;

/// Number of bins; 15 is usual.
const BINS: usize = 15;

/// The decisions whose confidence, the largest probability, is in one interval: of 15 bins, bin m holds
/// those above (m − 1)/15 and up to m/15.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Number of decisions.
    pub count: u64,
    /// Their mean confidence; `None` if there are none.
    pub confidence: Option<f64>,
    /// Share of them that are correct; `None` if there are none.
    pub accuracy: Option<f64>,
}

impl CalibrationBin {
    fn new(count: u64, confidence: f64, right: f64) -> Self {
        let mean = |sum: f64| (count > 0).then(|| sum / count as f64);
        Self { count, confidence: mean(confidence), accuracy: mean(right) }
    }
}

/// Sorts decisions for the most probable class into bins by their confidence (Guo et al. 2017).
/// Equals scikit-learn's `calibration_curve(strategy="uniform")` of confidence against correctness.
pub(super) fn bins(truth: &[usize], probabilities: &[f64], classes: usize) -> Vec<CalibrationBin> {
    let mut sums = [(0_u64, 0.0, 0.0); BINS];
    for (&truth, row) in truth.iter().zip(probabilities.chunks_exact(classes)) {
        let decided = largest(row);
        let confidence = row[decided];
        let bin = (1..BINS).filter(|&edge| confidence > edge as f64 / BINS as f64).count();
        sums[bin].0 += 1;
        sums[bin].1 += confidence;
        sums[bin].2 += f64::from(u8::from(decided == truth));
    }
    sums.iter().map(|&(count, sum, right)| CalibrationBin::new(count, sum, right)).collect()
}

/// Pools the bins of several sets of decisions.
pub(super) fn pooled<'a>(sets: impl Iterator<Item = &'a [CalibrationBin]>) -> Vec<CalibrationBin> {
    let mut sums = [(0_u64, 0.0, 0.0); BINS];
    for set in sets {
        for (sum, bin) in sums.iter_mut().zip(set) {
            sum.0 += bin.count;
            sum.1 += bin.count as f64 * bin.confidence.unwrap_or(0.0);
            sum.2 += bin.count as f64 * bin.accuracy.unwrap_or(0.0);
        }
    }
    sums.iter().map(|&(count, sum, right)| CalibrationBin::new(count, sum, right)).collect()
}

/// Returns the expected calibration error (Naeini et al. 2015): the mean difference between a bin's
/// confidence and its accuracy, weighted by its number of decisions; 0 without decisions.
pub(super) fn error(bins: &[CalibrationBin]) -> f64 {
    let count: u64 = bins.iter().map(|bin| bin.count).sum();
    let mut sum = 0.0;
    for bin in bins {
        if let (Some(confidence), Some(accuracy)) = (bin.confidence, bin.accuracy) {
            sum += bin.count as f64 * (accuracy - confidence).abs();
        }
    }
    sum / count.max(1) as f64
}
