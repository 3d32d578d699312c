//! From the scores of a recording's segments to a decision.

use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::classify::classifier::{Classifier, FileScores};
use crate::classify::options::{ClassifyOptions, UNKNOWN};
use crate::classify::vote::{Vote, Voted, vote};
use crate::confidence::{UnitSums, temperature};
use crate::error::Error;
use crate::features::Notes;
use crate::statistics::largest;

/// The decision on a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The file, as named by the caller.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// The predicted label, or [`UNKNOWN`] if the options ask for more confidence.
    pub label: String,
    /// The most probable label, if the decision is [`UNKNOWN`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub best_guess: Option<String>,
    /// The probability of each label, in the model's order; an object in JSON. Calibrated if the model is and
    /// the vote is [`Vote::Mean`].
    #[serde(serialize_with = "as_object")]
    pub probabilities: Vec<(String, f64)>,
    /// The percentage of files like the training files that are more familiar to the model than this recording:
    /// 50 is usual, above 99 is rare. `None` if the model cannot say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfamiliar: Option<f64>,
    /// Length of the recording in seconds.
    pub seconds: f64,
    /// What the user should know about the recording. In JSON, its fields are part of the decision.
    #[serde(flatten)]
    pub notes: Notes,
    /// Start and end of each excerpt in seconds, unless the whole recording was classified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpts: Option<Vec<(f64, f64)>>,
    /// The decision on each segment, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Vec<SegmentDecision>>,
}

/// The decision on one segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentDecision {
    /// Start of the segment in seconds.
    pub start_seconds: f64,
    /// End of the segment in seconds.
    pub end_seconds: f64,
    /// The most probable label.
    pub label: String,
    /// The probability of each label, in the model's order; an object in JSON.
    #[serde(serialize_with = "as_object")]
    pub probabilities: Vec<(String, f64)>,
}

fn as_object<S: Serializer>(pairs: &[(String, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(label, probability)| (label, probability)))
}

impl Classifier {
    pub(super) fn decide(
        &self,
        path: &Path,
        scores: FileScores,
        options: &ClassifyOptions,
    ) -> Result<Decision, Error> {
        let card = &self.card;
        if scores.rows.iter().any(|p| !p.is_finite()) {
            let reason =
                "the model produced non-finite outputs; retrain it with a lower learning rate";
            return Err(Error::Model(reason.into()));
        }
        let classes = card.labels.len();
        let threshold = self.threshold(options)?;
        let Voted { winner, mut probabilities } = vote(&scores.rows, classes, options.vote);
        let mut rows = scores.rows;
        let mut notes = scores.notes;
        if let Some(confidence) = &card.confidence {
            if options.vote == Vote::Mean {
                temperature::apply(&mut probabilities, confidence.file_temperature);
            }
            if options.segments {
                let segments = rows.chunks_exact_mut(classes);
                segments.for_each(|row| confidence.calibrate_segment(row));
            }
            if !notes.silent {
                let recording = scores.power.finish(&card.front_end, scores.source_rate);
                notes.warnings.extend(confidence.range.warnings(&recording));
            }
        }
        let length = self.segment_seconds();
        let segment = |(&start, row): (&f64, &[f64])| SegmentDecision {
            start_seconds: start,
            end_seconds: start + length,
            label: card.labels[largest(row)].name.clone(),
            probabilities: self.named(row),
        };
        let segments = || scores.starts.iter().zip(rows.chunks_exact(classes)).map(segment);
        let best = card.labels[winner].name.clone();
        let (label, best_guess) = match probabilities[winner] < threshold {
            true => (UNKNOWN.to_owned(), Some(best)),
            false => (best, None),
        };
        Ok(Decision {
            path: path.to_owned(),
            label,
            best_guess,
            probabilities: self.named(&probabilities),
            unfamiliar: self.unfamiliar(&scores.units),
            seconds: scores.seconds,
            notes,
            excerpts: scores.excerpts,
            segments: options.segments.then(|| segments().collect()),
        })
    }

    /// Returns the probability below which a decision is unknown; 0 if none is, infinity if all are.
    ///
    /// # Errors
    /// [`Error::Setting`] if an option is out of its range, or the model cannot follow it.
    pub fn threshold(&self, options: &ClassifyOptions) -> Result<f64, Error> {
        let smallest = options.min_probability.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&smallest) {
            let reason = format!("smallest probability {smallest}: choose a number from 0 to 1");
            return Err(Error::setting("min_probability", reason));
        }
        let Some(risk) = options.unknown_above_risk else { return Ok(smallest) };
        let wrong = |reason: String| Err(Error::setting("unknown_above_risk", reason));
        if !(risk > 0.0 && risk < 1.0) {
            return wrong(format!("risk {risk}: choose a number between 0 and 1, such as 0.1"));
        }
        if options.vote != Vote::Mean {
            return wrong("the risk was measured with the vote `mean`: use that vote".into());
        }
        match &self.card.confidence {
            None => wrong(
                "the risk of the model's decisions was not measured: train it again with \
                 `calibrate` set to 3, or choose a smallest probability instead"
                    .into(),
            ),
            Some(confidence) => {
                Ok(confidence.risk.threshold(risk).map_or(f64::INFINITY, |t| t.max(smallest)))
            }
        }
    }

    /// The percentile of a recording's strangeness, from the inputs of the output layer.
    fn unfamiliar(&self, units: &UnitSums) -> Option<f64> {
        let familiarity = self.card.confidence.as_ref()?.familiarity.as_ref()?;
        Some(familiarity.percentile(&units.strangeness(self.familiarity.as_ref()?)?))
    }

    fn named(&self, probabilities: &[f64]) -> Vec<(String, f64)> {
        let labels = self.card.labels.iter().map(|label| label.name.clone());
        labels.zip(probabilities.iter().copied()).collect()
    }
}
