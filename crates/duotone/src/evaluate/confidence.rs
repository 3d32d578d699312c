//! How far a system's probabilities can be trusted. Everything that is fitted for a fold is fitted on the
//! predictions for the other folds.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::confidence::{CalibrationScores, RiskCurve, temperature};
use crate::error::Error;
use crate::evaluate::Prediction;
use crate::evaluate::pool::LEVEL;
use crate::statistics::{bootstrap, largest};

/// How far the probabilities of a system can be trusted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConfidenceResult {
    /// The temperature of each fold and seed, in the order of the system's folds: fitted on the other folds.
    pub temperatures: Vec<f64>,
    /// How well the probabilities of files fit as they are.
    pub before: CalibrationScores,
    /// How well they fit after calibration.
    pub after: CalibrationScores,
    /// The risk–coverage curve, after calibration.
    pub risk: Vec<RiskAtCoverage>,
    /// What came of decisions that were accepted for a promised error.
    pub promises: Vec<RiskPromise>,
}

/// The share of wrong decisions among the most confident ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskAtCoverage {
    /// The share of all decisions that are accepted.
    pub coverage: f64,
    /// The share of those that are wrong.
    pub risk: f64,
    /// Lower end of its 95 % confidence interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Decisions accepted by a threshold that was read off the risk–coverage curve of the other folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RiskPromise {
    /// The largest error that is asked for.
    pub promised: f64,
    /// Number of decisions that were accepted.
    pub accepted: u64,
    /// Their share of all decisions.
    pub coverage: f64,
    /// The share of the accepted decisions that are wrong, and its 95 % confidence interval; `None` if none was
    /// accepted.
    pub measured: Option<MeasuredRisk>,
}

/// A measured share of wrong decisions, with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MeasuredRisk {
    /// The share.
    pub risk: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The errors that are promised.
const PROMISED: [f64; 3] = [0.05, 0.1, 0.2];
/// Points of the curve.
const POINTS: usize = 20;

/// A decision after calibration.
#[derive(Clone, Copy, Debug)]
struct Decided {
    confidence: f64,
    right: bool,
    group: usize,
}

/// Measures how far probabilities can be trusted. `predictions` are those of one system with the number of each
/// one's group, `labels` the names of the classes. `None` if there are fewer than two folds, or predictions
/// without probabilities.
///
/// # Errors
/// [`Error::Input`] if a label is not one of `labels`, or a row of probabilities has another length.
pub(super) fn confidence(
    predictions: &[(&Prediction, usize)],
    labels: &[String],
    seed: u64,
) -> Result<Option<ConfidenceResult>, Error> {
    let runs: BTreeSet<(Option<u64>, usize)> =
        predictions.iter().map(|(p, _)| (p.seed, p.fold)).collect();
    let folds: BTreeSet<usize> = runs.iter().map(|&(_, fold)| fold).collect();
    let complete = predictions.iter().all(|(p, _)| p.probabilities.len() == labels.len());
    if folds.len() < 2 || !complete {
        return Ok(None);
    }
    let class_of = |name: &String| {
        let unknown = || Error::Input(format!("the label `{name}` is not one of the system's"));
        labels.iter().position(|label| label == name).ok_or_else(unknown)
    };
    let classes: Vec<usize> =
        predictions.iter().map(|(p, _)| class_of(&p.label)).collect::<Result<_, _>>()?;
    // The true classes and the probabilities of the predictions of a run, or of its other folds.
    let part = |chosen: &dyn Fn(&Prediction) -> bool| {
        let (mut truth, mut rows, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        for ((prediction, group), &class) in predictions.iter().zip(&classes) {
            if chosen(prediction) {
                truth.push(class);
                rows.extend_from_slice(&prediction.probabilities);
                groups.push(*group);
            }
        }
        (truth, rows, groups)
    };
    let (mut all_truth, mut all_rows) = (Vec::new(), Vec::new());
    let (mut temperatures, mut decided) = (Vec::new(), Vec::new());
    let mut accepted: Vec<Vec<Decided>> = vec![Vec::new(); PROMISED.len()];
    for (of_seed, fold) in runs {
        let (other_truth, mut other_rows, other_groups) =
            part(&|p| p.seed == of_seed && p.fold != fold);
        let (truth, mut rows, groups) = part(&|p| p.seed == of_seed && p.fold == fold);
        let temperature = temperature::fit(&other_truth, &other_rows, labels.len());
        temperatures.push(temperature);
        for row in other_rows.chunks_exact_mut(labels.len()) {
            temperature::apply(row, temperature);
        }
        rows.chunks_exact_mut(labels.len()).for_each(|row| temperature::apply(row, temperature));
        let others = decisions(&other_truth, &other_rows, &other_groups);
        let curve: Vec<(f64, bool)> = others.iter().map(|d| (d.confidence, d.right)).collect();
        let curve = RiskCurve::new(&curve);
        let own = decisions(&truth, &rows, &groups);
        for (accepted, promised) in accepted.iter_mut().zip(PROMISED) {
            let threshold = curve.threshold(promised).unwrap_or(f64::INFINITY);
            accepted.extend(own.iter().filter(|d| d.confidence >= threshold));
        }
        decided.extend(own);
        all_truth.extend(truth);
        all_rows.extend(rows);
    }
    let (truth, rows, _) = part(&|_| true);
    let promise = |(accepted, promised): (Vec<Decided>, f64)| {
        let count = accepted.len();
        Ok::<_, Error>(RiskPromise {
            promised,
            accepted: count as u64,
            coverage: count as f64 / decided.len().max(1) as f64,
            measured: (count > 0).then(|| risk_of(&accepted, seed)).transpose()?,
        })
    };
    Ok(Some(ConfidenceResult {
        temperatures,
        before: CalibrationScores::of(&truth, &rows, labels.len())?,
        after: CalibrationScores::of(&all_truth, &all_rows, labels.len())?,
        promises: accepted.into_iter().zip(PROMISED).map(promise).collect::<Result<_, _>>()?,
        risk: curve(decided.clone(), seed)?,
    }))
}

fn decisions(truth: &[usize], rows: &[f64], groups: &[usize]) -> Vec<Decided> {
    let classes = rows.len() / truth.len().max(1);
    let rows = rows.chunks_exact(classes.max(1));
    let decision = |((&truth, row), &group): ((&usize, &[f64]), &usize)| {
        let decided = largest(row);
        Decided { confidence: row[decided], right: decided == truth, group }
    };
    truth.iter().zip(rows).zip(groups).map(decision).collect()
}

/// The share of wrong decisions and its interval, with whole groups drawn.
fn risk_of(decided: &[Decided], seed: u64) -> Result<MeasuredRisk, Error> {
    let wrong: Vec<bool> = decided.iter().map(|d| !d.right).collect();
    let groups: Vec<usize> = decided.iter().map(|d| d.group).collect();
    let interval = bootstrap(&wrong, Some(&groups), LEVEL, seed)?;
    let errors = wrong.iter().filter(|&&wrong| wrong).count();
    let risk = errors as f64 / wrong.len() as f64;
    Ok(MeasuredRisk { risk, low: interval.low, high: interval.high })
}

/// The curve at equal steps of coverage.
fn curve(mut decided: Vec<Decided>, seed: u64) -> Result<Vec<RiskAtCoverage>, Error> {
    decided.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    let mut points: Vec<RiskAtCoverage> = Vec::new();
    for step in 1..=POINTS {
        let count = decided.len() * step / POINTS;
        if count == 0 {
            continue;
        }
        let MeasuredRisk { risk, low, high } = risk_of(&decided[..count], seed)?;
        let coverage = count as f64 / decided.len() as f64;
        points.push(RiskAtCoverage { coverage, risk, low, high });
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::confidence;
    use crate::evaluate::Prediction;
    use crate::features::Notes;

    /// Two labels; of ten decisions with a confidence of 0.99 eight are right, of ten with 0.6 six.
    fn predictions(folds: usize) -> Vec<Prediction> {
        let mut predictions = Vec::new();
        for fold in 1..=folds {
            for i in 0..20 {
                let (confidence, right) = if i < 10 { (0.99, i < 8) } else { (0.6, i < 16) };
                predictions.push(Prediction {
                    path: format!("{fold}-{i}").into(),
                    label: if right { "a" } else { "b" }.into(),
                    predicted: "a".into(),
                    fold,
                    seed: None,
                    group: None,
                    notes: Notes::default(),
                    probabilities: vec![confidence, 1.0 - confidence],
                });
            }
        }
        predictions
    }

    fn measured(predictions: &[Prediction]) -> Option<super::ConfidenceResult> {
        let labels = ["a".to_owned(), "b".to_owned()];
        let numbered: Vec<_> = predictions.iter().enumerate().map(|(i, p)| (p, i)).collect();
        confidence(&numbered, &labels, 0).unwrap()
    }

    #[test]
    fn overconfidence_is_corrected_by_what_other_folds_say() {
        let result = measured(&predictions(3)).unwrap();
        assert_eq!(result.temperatures.len(), 3);
        assert!(result.temperatures.iter().all(|&t| t > 2.0), "{:?}", result.temperatures);
        assert!((result.before.calibration_error - 0.095).abs() < 1e-9, "{:?}", result.before);
        assert!(result.after.calibration_error < 0.07, "{:?}", result.after);
        assert!(result.after.log_loss < result.before.log_loss);
        let last = result.risk.last().unwrap();
        assert_eq!((last.coverage, result.risk.len()), (1.0, 20));
        assert!((last.risk - 0.3).abs() < 1e-9 && last.low < 0.3 && last.high > 0.3, "{last:?}");
        // Half of the decisions, of which a fifth is wrong.
        let half = &result.risk[9];
        assert!((half.coverage - 0.5).abs() < 1e-9 && (half.risk - 0.2).abs() < 1e-9, "{half:?}");
    }

    #[test]
    fn promises_are_kept_or_nothing_is_accepted() {
        let result = measured(&predictions(3)).unwrap();
        // The other folds' 20 confident decisions have (4 + 1)/(20 + 1) errors: too many for 0.2.
        assert!(result.promises.iter().all(|p| p.accepted == 0 && p.measured.is_none()));
        let mut better = predictions(6);
        better.iter_mut().filter(|p| p.probabilities[0] > 0.9).for_each(|p| p.label = "a".into());
        let result = measured(&better).unwrap();
        let tenth = &result.promises[1];
        assert_eq!((tenth.promised, tenth.accepted, tenth.coverage), (0.1, 60, 0.5));
        assert_eq!(tenth.measured.unwrap().risk, 0.0);
    }

    #[test]
    fn needs_probabilities_and_other_folds() {
        assert_eq!(measured(&predictions(1)), None);
        let mut without = predictions(2);
        without[0].probabilities.clear();
        assert_eq!(measured(&without), None);
    }
}
