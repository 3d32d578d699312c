//! One fold of a network system: train on the other folds, choose among several networks if there
//! are any, and classify the fold's clips.

use crate::classify::Vote;
use crate::classify::predictor::{Outcome, accuracies};
use crate::error::Error;
use crate::evaluate::deformations::DeformedTest;
use crate::evaluate::job::no_architecture;
use crate::evaluate::record::{NetworkSpec, Tested};
use crate::evaluate::{Candidate, FoldResult, Selection, probability_scores};
use crate::features::segments::LabelledClip;
use crate::progress::Observer;
use crate::train::checkpoint::RunSpec;
use crate::train::run::{TrainedModel, TrainingRun, clips_digest};

/// Formats a fold's number, from 1: `fold 2 of 5`.
pub(super) fn fold_of(number: usize, folds: usize) -> String {
    match folds {
        0 | 1 => "the test part".to_owned(),
        _ => format!("fold {number} of {folds}"),
    }
}

pub(super) struct FoldRun<'a> {
    /// The networks to train, at least one. If there are several, the held-out clips choose the one that
    /// is tested.
    pub(super) runs: Vec<TrainingRun<'a>>,
    /// Number of the fold, from 1.
    pub(super) fold: usize,
    /// The clips to test, with the features of each run's front end.
    pub(super) tests: Vec<Vec<LabelledClip<'a>>>,
    pub(super) vote: Vote,
    /// The clips to test, to be deformed.
    pub(super) deformed: DeformedTest<'a>,
}

impl FoldRun<'_> {
    pub(super) fn remove_checkpoints(&self) -> Result<(), Error> {
        self.runs.iter().try_for_each(TrainingRun::remove_checkpoints)
    }

    pub(super) fn spec(&self) -> NetworkSpec {
        let mut specs: Vec<RunSpec> = self.runs.iter().map(TrainingRun::spec).collect();
        let test_clips = clips_digest(&[&self.tests[0]]);
        NetworkSpec {
            run: specs.remove(0),
            others: specs,
            test_clips,
            vote: self.vote,
            deformations: self.deformed.tester.deformations.clone(),
            ffmpeg: self.deformed.tester.ffmpeg.clone(),
        }
    }

    /// Trains the networks, chooses one and classifies the clips to test.
    pub(super) fn outcome(&self, observer: &dyn Observer) -> Result<Tested, Error> {
        let mut candidates: Vec<Candidate> = Vec::new();
        let mut chosen: Option<(usize, TrainedModel)> = None;
        for (number, run) in self.runs.iter().enumerate() {
            let fitted = run.fit(observer)?;
            if self.runs.len() > 1 {
                candidates.push(self.validate(run, &fitted)?);
            }
            let better = chosen.as_ref().is_none_or(|(best, _)| {
                let (best, new) = (&candidates[*best], &candidates[number]);
                (new.accuracy, -new.loss) > (best.accuracy, -best.loss)
            });
            if better {
                chosen = Some((number, fitted));
            }
        }
        let (number, TrainedModel { predictor, history, .. }) =
            chosen.ok_or_else(no_architecture)?;
        let (run, test) = (&self.runs[number], &self.tests[number]);
        let classes = run.labels.len();
        let (mut truth, mut probabilities) = (Vec::new(), Vec::new());
        let clips = predictor.decide_each(test, run.front_end, self.vote, |label, rows| {
            truth.extend(std::iter::repeat_n(label, rows.len() / classes));
            probabilities.extend_from_slice(rows);
        })?;
        let (file_accuracy, segment_accuracy) = accuracies(test, &clips);
        let deformed =
            self.deformed.winners(&predictor, run.front_end, self.vote, test, observer)?;
        let chosen = run.recipe.name.clone();
        let result = FoldResult {
            file_accuracy: Some(file_accuracy),
            segment_accuracy: Some(segment_accuracy),
            segment_probabilities: probability_scores(&truth, &probabilities, classes)?,
            history,
            selection: (self.runs.len() > 1).then_some(Selection { chosen, candidates }),
            ..FoldResult::empty(self.fold, run.train.len(), clips.len())
        };
        Ok(Tested { result, clips, deformed })
    }

    /// Scores a candidate on the clips held out of its training.
    fn validate(&self, run: &TrainingRun<'_>, fitted: &TrainedModel) -> Result<Candidate, Error> {
        let outcomes = fitted.predictor.decide(run.held_out, run.front_end, self.vote)?;
        let loss = |(example, outcome): (&LabelledClip<'_>, &Outcome)| {
            loss_of(outcome.probabilities[example.label as usize])
        };
        let losses = run.held_out.iter().zip(&outcomes).map(loss);
        Ok(Candidate {
            name: run.recipe.name.clone(),
            accuracy: accuracies(run.held_out, &outcomes).0,
            loss: losses.sum::<f64>() / outcomes.len().max(1) as f64,
        })
    }
}

/// The loss of a clip whose label has this probability.
fn loss_of(probability: f64) -> f64 {
    // Negation would turn the loss of a probability of 1 into −0.
    0.0 - probability.max(f64::MIN_POSITIVE).ln()
}

#[cfg(test)]
mod tests {
    use super::loss_of;

    #[test]
    fn certainty_has_a_loss_of_0_without_a_sign() {
        assert_eq!(format!("{:?}", loss_of(1.0)), "0.0");
        assert!(loss_of(0.0) > 700.0 && loss_of(0.0).is_finite());
    }
}
