//! Scores of decisions, by scikit-learn's conventions.

use crate::error::Error;
use crate::evaluate::{ClassScores, Scores};

/// Scores decisions against the truth.
///
/// `truth` and `predicted` hold one class number per clip (or segment), an index into `labels`. As
/// in scikit-learn, a ratio whose denominator is 0 is 0; `balanced_accuracy` is the mean recall
/// over the classes that occur in the truth (`balanced_accuracy_score`), `macro_f1` the mean F1
/// over all `labels` (`f1_score` with `labels` given). Probabilities are not scored
/// ([`probability_scores`](crate::evaluate::probability_scores) does that).
///
/// # Errors
/// [`Error::Input`] if there is nothing to score, the lengths differ, or a class number has no
/// label.
pub fn scores(labels: &[String], truth: &[usize], predicted: &[usize]) -> Result<Scores, Error> {
    if truth.is_empty() || truth.len() != predicted.len() {
        return Err(Error::Input(format!(
            "scores need one decision for each of at least one clip: {} truths, {} decisions",
            truth.len(),
            predicted.len()
        )));
    }
    let mut confusion = vec![vec![0_u64; labels.len()]; labels.len()];
    for (&truth, &predicted) in truth.iter().zip(predicted) {
        let count = confusion.get_mut(truth).and_then(|row| row.get_mut(predicted));
        *count.ok_or_else(|| {
            Error::Input(format!("a class number is not below {}", labels.len()))
        })? += 1;
    }

    let class = |(c, label): (usize, &String)| {
        let right = confusion[c][c];
        let support = confusion[c].iter().sum();
        let decided = confusion.iter().map(|row| row[c]).sum();
        ClassScores {
            label: label.clone(),
            precision: ratio(right, decided),
            recall: ratio(right, support),
            f1: ratio(2 * right, decided + support),
            support,
        }
    };
    let classes: Vec<ClassScores> = labels.iter().enumerate().map(class).collect();
    let right = (0..labels.len()).map(|c| confusion[c][c]).sum();
    Ok(Scores {
        accuracy: ratio(right, truth.len() as u64),
        balanced_accuracy: mean(classes.iter().filter(|c| c.support > 0).map(|c| c.recall)),
        macro_f1: mean(classes.iter().map(|c| c.f1)),
        confusion,
        classes,
        probabilities: None,
    })
}

/// Returns `part / whole`, or 0 if `whole` is 0.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, n) = values.fold((0.0, 0_u64), |(sum, n), value| (sum + value, n + 1));
    if n == 0 { 0.0 } else { sum / n as f64 }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::scores;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("class {i}")).collect()
    }

    fn assert_near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    }

    /// Small enough to check with a pencil.
    #[test]
    fn by_hand() {
        // Truth 0 0 0 1 1 2, decided 0 0 1 1 2 2.
        let s = scores(&names(3), &[0, 0, 0, 1, 1, 2], &[0, 0, 1, 1, 2, 2]).unwrap();
        assert_eq!(s.confusion, [[2, 1, 0], [0, 1, 1], [0, 0, 1]]);
        assert_near(s.accuracy, 4.0 / 6.0);
        assert_near(s.balanced_accuracy, (2.0 / 3.0 + 0.5 + 1.0) / 3.0);
        assert_near(s.classes[0].precision, 1.0);
        assert_near(s.classes[0].recall, 2.0 / 3.0);
        assert_near(s.classes[0].f1, 0.8);
        assert_near(s.classes[1].f1, 0.5);
        assert_near(s.classes[2].precision, 0.5);
        assert_near(s.macro_f1, (0.8 + 0.5 + 2.0 / 3.0) / 3.0);
        assert_eq!(s.classes.iter().map(|c| c.support).collect::<Vec<_>>(), [3, 2, 1]);
        assert_eq!(s.classes[1].label, "class 1");
    }

    #[test]
    fn a_class_that_never_occurs_counts_for_f1_alone() {
        let s = scores(&names(3), &[0, 1], &[0, 1]).unwrap();
        assert_near(s.balanced_accuracy, 1.0);
        assert_near(s.macro_f1, 2.0 / 3.0);
        assert_near(s.classes[2].precision, 0.0);
    }

    #[derive(Deserialize)]
    struct Case {
        classes: usize,
        truth: Vec<usize>,
        predicted: Vec<usize>,
        accuracy: f64,
        balanced_accuracy: f64,
        macro_f1: f64,
        confusion: Vec<Vec<u64>>,
        precision: Vec<f64>,
        recall: Vec<f64>,
        f1: Vec<f64>,
        support: Vec<u64>,
    }

    /// Fixtures of `scripts/metrics_fixtures.py`.
    #[test]
    fn as_scikit_learn() {
        let cases: Vec<Case> =
            serde_json::from_str(include_str!("../../tests/fixtures/metrics.json")).unwrap();
        assert!(cases.len() >= 5);
        for case in cases {
            let s = scores(&names(case.classes), &case.truth, &case.predicted).unwrap();
            assert_eq!(s.confusion, case.confusion);
            assert_near(s.accuracy, case.accuracy);
            assert_near(s.balanced_accuracy, case.balanced_accuracy);
            assert_near(s.macro_f1, case.macro_f1);
            for (c, class) in s.classes.iter().enumerate() {
                assert_near(class.precision, case.precision[c]);
                assert_near(class.recall, case.recall[c]);
                assert_near(class.f1, case.f1[c]);
                assert_eq!(class.support, case.support[c]);
            }
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(scores(&names(2), &[], &[]).is_err());
        assert!(scores(&names(2), &[0, 1], &[0]).is_err());
        assert!(scores(&names(2), &[0, 2], &[0, 1]).is_err());
        assert!(scores(&names(2), &[0, 1], &[0, usize::MAX]).is_err());
    }
}
