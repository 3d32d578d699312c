//! Formats how far the probabilities of an evaluation's systems can be trusted.

use duotone::evaluate::{ConfidenceResult, MeasuredRisk, RiskPromise, SystemResult};

use crate::output::{decimal, percent, table};

/// Formats a table of scores before and after calibration, and one of promised errors; empty if no system was
/// calibrated.
pub(crate) fn text(systems: &[SystemResult]) -> String {
    let (mut scores, mut promises) = (Vec::new(), Vec::new());
    for system in systems {
        if let Some(confidence) = &system.confidence {
            scores.push(score_row(&system.name, confidence));
            promises.extend(confidence.promises.iter().map(|p| promise_row(&system.name, p)));
        }
    }
    if scores.is_empty() {
        return String::new();
    }
    let header = [
        "system",
        "temperature",
        "ECE\nbefore",
        "\nafter",
        "log loss\nbefore",
        "\nafter",
        "Brier\nbefore",
        "\nafter",
    ];
    let mut text = "\nCalibration (temperatures fitted on the other folds):\n\n".to_owned();
    text += &table(&header, scores);
    let header =
        ["system", "promised\nerror", "accepted\nfiles", "measured\nerror", "95 %\ninterval"];
    text += "\nDecisions accepted for a promised error (thresholds from the other folds):\n\n";
    text += &table(&header, promises);
    text
}

fn score_row(system: &str, confidence: &ConfidenceResult) -> [String; 8] {
    let ConfidenceResult { temperatures, before, after, .. } = confidence;
    let lowest = decimal(temperatures.iter().copied().fold(f64::INFINITY, f64::min), 2);
    let highest = decimal(temperatures.iter().copied().fold(0.0, f64::max), 2);
    [
        system.to_owned(),
        if lowest == highest { lowest } else { format!("{lowest}–{highest}") },
        percent(before.calibration_error),
        percent(after.calibration_error),
        decimal(before.log_loss, 3),
        decimal(after.log_loss, 3),
        decimal(before.brier_score, 3),
        decimal(after.brier_score, 3),
    ]
}

fn promise_row(system: &str, promise: &RiskPromise) -> [String; 5] {
    let measured = promise.measured.as_ref();
    let interval = |m: &MeasuredRisk| format!("{:.1}–{:.1}", 100.0 * m.low, 100.0 * m.high);
    [
        system.to_owned(),
        percent(promise.promised),
        percent(promise.coverage),
        measured.map_or("–".to_owned(), |m| percent(m.risk)),
        measured.map_or("–".to_owned(), interval),
    ]
}
