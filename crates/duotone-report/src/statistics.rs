//! The little statistics that the report adds to the scores.

use duotone::evaluate::statistics::Bootstrap;
use duotone::evaluate::{Protocol, Results, Scores, SystemResult};

/// Accuracy of guessing each label alike often.
pub(super) fn chance(protocol: &Protocol) -> f64 {
    1.0 / protocol.labels.len().max(1) as f64
}

/// Mean and sample standard deviation; the latter is no number for fewer than two values.
pub(super) fn mean_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, if values.len() < 2 { f64::NAN } else { (squares / (n - 1.0)).sqrt() })
}

/// The system with the most files right, the first of equals, among those that finished every fold.
pub(super) fn best(results: &Results) -> Option<(&SystemResult, &Scores, &Bootstrap)> {
    let whole = |s| -> Option<(_, &Scores, &Bootstrap)> {
        let s: &SystemResult = s;
        Some((s, s.files.as_ref()?, s.interval.as_ref()?))
    };
    let better = |best: &Scores, new: &Scores| new.accuracy > best.accuracy;
    results
        .systems
        .iter()
        .filter_map(whole)
        .reduce(|best, new| if better(best.1, new.1) { new } else { best })
}
