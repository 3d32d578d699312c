use serde::Deserialize;

use super::*;

/// Written by `scripts/metrics_fixtures.py`.
#[derive(Deserialize)]
struct Case {
    classes: usize,
    truth: Vec<usize>,
    probabilities: Vec<Vec<f64>>,
    /// Null if no label has positives and negatives.
    auc: Option<f64>,
    top_2_accuracy: f64,
    log_loss: f64,
    brier_score: f64,
    calibration_error: f64,
    /// Of the bins that hold decisions.
    confidences: Vec<f64>,
    accuracies: Vec<f64>,
}

#[track_caller]
fn assert_near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

fn score(truth: &[usize], rows: &[&[f64]]) -> ProbabilityScores {
    probability_scores(truth, &rows.concat(), rows[0].len()).unwrap().unwrap()
}

#[test]
fn as_scikit_learn() {
    let json = include_str!("../../../tests/fixtures/probabilities.json");
    let cases: Vec<Case> = serde_json::from_str(json).unwrap();
    assert!(cases.len() >= 7);
    assert!(cases.iter().any(|case| case.auc.is_none()));
    for case in cases {
        let rows = case.probabilities.concat();
        let ours = probability_scores(&case.truth, &rows, case.classes).unwrap().unwrap();
        assert_eq!(ours.count, case.truth.len() as u64);
        assert_eq!(ours.auc.is_some(), case.auc.is_some());
        assert_near(ours.auc.unwrap_or(0.0), case.auc.unwrap_or(0.0));
        assert_near(ours.top_2_accuracy, case.top_2_accuracy);
        assert_near(ours.log_loss, case.log_loss);
        assert_near(ours.brier_score, case.brier_score);
        assert_near(ours.calibration_error, case.calibration_error);
        let filled: Vec<&CalibrationBin> =
            ours.calibration.iter().filter(|bin| bin.count > 0).collect();
        assert_eq!((ours.calibration.len(), filled.len()), (15, case.confidences.len()));
        for (bin, (confidence, accuracy)) in
            filled.iter().zip(case.confidences.iter().zip(&case.accuracies))
        {
            assert_near(bin.confidence.unwrap(), *confidence);
            assert_near(bin.accuracy.unwrap(), *accuracy);
        }
    }
}

/// Small enough to check with a pencil.
#[test]
fn by_hand() {
    let ours = score(&[0, 0, 1], &[&[0.75, 0.25], &[0.5, 0.5], &[0.5, 0.5]]);
    // Of the two pairs, one is ordered and one tied, for either label.
    assert_eq!(ours.auc, Some(0.75));
    assert_near(ours.top_2_accuracy, 1.0);
    assert_near(ours.log_loss, (-(0.75_f64.ln()) - 2.0 * 0.5_f64.ln()) / 3.0);
    assert_near(ours.brier_score, (0.125 + 0.5 + 0.5) / 3.0);
    // 0.5 is in the bin up to 8/15, with one of two correct; 0.75 in that up to 12/15.
    let filled: Vec<usize> = (0..15).filter(|&bin| ours.calibration[bin].count > 0).collect();
    assert_eq!(filled, [7, 11]);
    assert_near(ours.calibration_error, 0.25 / 3.0);
}

#[test]
fn ties_go_to_the_first_labels() {
    let even: &[f64] = &[1.0 / 3.0; 3];
    assert_near(score(&[0, 1, 2], &[even; 3]).top_2_accuracy, 2.0 / 3.0);
}

#[test]
fn certain_mistakes_cost_a_finite_loss() {
    let ours = score(&[0], &[&[0.0, 1.0]]);
    assert_near(ours.log_loss, 52.0 * std::f64::consts::LN_2);
    assert_eq!((ours.auc, ours.brier_score, ours.calibration_error), (None, 2.0, 1.0));
}

#[test]
fn folds_are_pooled() {
    let first: [&[f64]; 2] = [&[0.9, 0.1], &[0.3, 0.7]];
    let second: [&[f64]; 3] = [&[0.8, 0.2], &[0.6, 0.4], &[0.55, 0.45]];
    let third: [&[f64]; 1] = [&[0.2, 0.8]];
    let folds = [score(&[0, 1], &first), score(&[0, 1, 0], &second), score(&[1], &third)];
    let ours = pooled(&folds).unwrap();
    let whole = score(&[0, 1, 0, 1, 0, 1], &[&first[..], &second, &third].concat());
    // The third fold has one label only.
    assert_eq!((folds[0].auc, folds[1].auc, folds[2].auc), (Some(1.0), Some(0.5), None));
    assert_eq!(ours.auc, Some(0.75));
    assert_eq!(ours.count, whole.count);
    assert_near(ours.top_2_accuracy, whole.top_2_accuracy);
    assert_near(ours.log_loss, whole.log_loss);
    assert_near(ours.brier_score, whole.brier_score);
    assert_near(ours.calibration_error, whole.calibration_error);
    for (ours, whole) in ours.calibration.iter().zip(&whole.calibration) {
        assert_eq!(ours.count, whole.count);
        assert_near(ours.confidence.unwrap_or(0.0), whole.confidence.unwrap_or(0.0));
    }
    assert!(pooled(&[]).is_none());
}

#[test]
fn nonsense_is_refused() {
    assert!(probability_scores(&[0], &[0.5], 2).is_err());
    assert!(probability_scores(&[2], &[0.5, 0.5], 2).is_err());
    assert_eq!(probability_scores(&[], &[], 2).unwrap(), None);
}
