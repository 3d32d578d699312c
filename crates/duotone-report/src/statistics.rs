//! Simple statistics that the report adds to the scores.

use duotone::evaluate::{Protocol, Results, Scores, SystemResult};
use duotone::statistics::Bootstrap;

/// Returns the accuracy of guessing every label equally often.
pub(super) fn chance(protocol: &Protocol) -> f64 {
    1.0 / protocol.labels.len().max(1) as f64
}

/// Returns mean and sample standard deviation; the latter is NaN for fewer than two values.
pub(super) fn mean_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
    (mean, if values.len() < 2 { f64::NAN } else { (squares / (n - 1.0)).sqrt() })
}

/// Returns the most accurate system among those that finished every fold; the first one if several
/// are equal.
pub(super) fn best(results: &Results) -> Option<(&SystemResult, &Scores, &Bootstrap)> {
    let mut best: Option<(&SystemResult, &Scores, &Bootstrap)> = None;
    for system in &results.systems {
        if let (Some(files), Some(interval)) = (&system.files, &system.interval)
            && best.is_none_or(|(_, best, _)| files.accuracy > best.accuracy)
        {
            best = Some((system, files, interval));
        }
    }
    best
}
