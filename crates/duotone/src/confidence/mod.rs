//! How far a model's decisions can be trusted: measured on training files that were held out of inner folds.

mod familiarity;
mod range;
mod risk;
pub(crate) mod temperature;

pub use familiarity::{Familiarity, Spread, UnitScale};
pub(crate) use familiarity::{Strangeness, UnitSums};
pub use range::TrainingRange;
pub(crate) use range::{PowerMeter, Recording};
pub use risk::{RiskCurve, RiskPoint};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::statistics::largest;
use crate::statistics::probabilities::probability_scores;

/// What held-out training files say about a model's decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Number of inner folds; each file was held out of one.
    pub folds: usize,
    /// Number of files.
    pub files: usize,
    /// Number of groups, if files were held out by group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<usize>,
    /// The temperature of the probabilities of files, under the vote `mean`.
    pub file_temperature: f64,
    /// The temperature of the probabilities of segments.
    pub segment_temperature: f64,
    /// How well the probabilities of the held-out files fitted before that.
    pub before: CalibrationScores,
    /// And how well they fit after it.
    pub after: CalibrationScores,
    /// The risk–coverage curve of the held-out files, after calibration.
    pub risk: RiskCurve,
    /// How strange the held-out files are to the networks that were trained without them; `None` if that could
    /// not be measured, as on a GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub familiarity: Option<Familiarity>,
    /// Properties of the training files.
    pub range: TrainingRange,
}

/// How well probabilities fit what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CalibrationScores {
    /// Expected calibration error.
    pub calibration_error: f64,
    /// Mean of −log(probability of the true label), in nats.
    pub log_loss: f64,
    /// Mean squared distance of the probabilities from the truth, from 0 to 2.
    pub brier_score: f64,
}

impl Confidence {
    /// Calibrates the probabilities of a segment, one per class.
    pub fn calibrate_segment(&self, probabilities: &mut [f64]) {
        temperature::apply(probabilities, self.segment_temperature);
    }
}

/// Predictions for held-out files.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeldOut {
    pub(crate) classes: usize,
    /// The class of each file.
    pub(crate) truth: Vec<usize>,
    /// Files × classes.
    pub(crate) files: Vec<f64>,
    /// The class of each segment's file.
    pub(crate) segment_truth: Vec<usize>,
    /// Segments × classes.
    pub(crate) segments: Vec<f64>,
    pub(crate) strangeness: Vec<Strangeness>,
}

/// Temperatures, and what they change on the predictions that they were fitted to.
pub(crate) struct Calibrated {
    pub(crate) file_temperature: f64,
    pub(crate) segment_temperature: f64,
    pub(crate) before: CalibrationScores,
    pub(crate) after: CalibrationScores,
    pub(crate) risk: RiskCurve,
}

impl HeldOut {
    /// Fits the temperatures and draws the curve.
    pub(crate) fn calibrated(&self) -> Result<Calibrated, Error> {
        let classes = self.classes;
        let file_temperature = temperature::fit(&self.truth, &self.files, classes);
        let segment_temperature = temperature::fit(&self.segment_truth, &self.segments, classes);
        let mut files = self.files.clone();
        files.chunks_exact_mut(classes).for_each(|row| temperature::apply(row, file_temperature));
        let decision = |(&truth, row): (&usize, &[f64])| {
            let decided = largest(row);
            (row[decided], decided == truth)
        };
        let decisions: Vec<_> =
            self.truth.iter().zip(files.chunks_exact(classes)).map(decision).collect();
        Ok(Calibrated {
            file_temperature,
            segment_temperature,
            before: CalibrationScores::of(&self.truth, &self.files, classes)?,
            after: CalibrationScores::of(&self.truth, &files, classes)?,
            risk: RiskCurve::new(&decisions),
        })
    }
}

impl CalibrationScores {
    /// Scores rows of `classes` probabilities against the true classes.
    pub(crate) fn of(
        truth: &[usize],
        probabilities: &[f64],
        classes: usize,
    ) -> Result<Self, Error> {
        let scores = probability_scores(truth, probabilities, classes)?;
        Ok(scores.map_or(Self::default(), |scores| Self {
            calibration_error: scores.calibration_error,
            log_loss: scores.log_loss,
            brier_score: scores.brier_score,
        }))
    }
}

impl Confidence {
    /// Checks a part of an untrusted file.
    pub(crate) fn check(&self) -> Result<(), String> {
        for temperature in [self.file_temperature, self.segment_temperature] {
            if !(temperature > 0.0 && temperature.is_finite()) {
                return Err(format!("a temperature of {temperature}: it must be above 0"));
            }
        }
        self.risk.check()?;
        self.range.check()?;
        self.familiarity.as_ref().map_or(Ok(()), Familiarity::check)
    }
}

#[cfg(test)]
mod tests {
    use super::HeldOut;

    #[test]
    fn calibration_improves_the_fit_of_overconfident_probabilities() {
        // Confidence 0.98, three of four are right.
        let truth: Vec<usize> = (0..40).map(|i| usize::from(i % 4 == 0)).collect();
        let files = [0.98, 0.02].repeat(40);
        let held_out = HeldOut {
            classes: 2,
            segment_truth: truth.clone(),
            segments: files.clone(),
            truth,
            files,
            ..HeldOut::default()
        };
        let calibrated = held_out.calibrated().unwrap();
        assert!(calibrated.file_temperature > 2.0);
        assert!((calibrated.before.calibration_error - 0.23).abs() < 1e-9);
        let (before, after) = (calibrated.before, calibrated.after);
        assert!(after.calibration_error < 0.05, "{after:?}");
        assert!(after.log_loss < before.log_loss && after.brier_score < before.brier_score);
        assert_eq!((calibrated.risk.decisions(), calibrated.risk.0.len()), (40, 1));
    }
}
