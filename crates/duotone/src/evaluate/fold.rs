//! One fold of one system: train on the rest, decide on the fold's clips, keep the outcome.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::classify::Vote;
use crate::classify::predictor::{Outcome, accuracies};
use crate::error::Error;
use crate::evaluate::{Candidate, FoldResult, Selection};
use crate::features::segments::LabelledClip;
use crate::io::{write, write_file};
use crate::progress::Observer;
use crate::train::checkpoint::{RunSpec, same};
use crate::train::run::{TrainedModel, TrainingRun, clips_digest};

/// A fold in words, by its number from 1: `fold 2 of 5`.
pub(crate) fn fold_of(number: usize, folds: usize) -> String {
    match folds {
        0 | 1 => "the test part".to_owned(),
        _ => format!("fold {number} of {folds}"),
    }
}

pub(crate) struct FoldRun<'a> {
    /// The network to train, or several of which the held-out clips choose one: only that one meets
    /// the clips to test.
    pub(crate) runs: Vec<TrainingRun<'a>>,
    /// Number of the fold, from 1.
    pub(crate) fold: usize,
    /// The clips to test, as each run's front end shows them.
    pub(crate) tests: Vec<Vec<LabelledClip<'a>>>,
    pub(crate) vote: Vote,
}

/// Everything that decides a fold's outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FoldSpec {
    run: RunSpec,
    /// Those that the first competes with.
    others: Vec<RunSpec>,
    /// Digest of the clips tested.
    test_clips: String,
    vote: Vote,
}

/// A finished fold as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FoldOutcome {
    spec: FoldSpec,
    pub(crate) result: FoldResult,
    /// In the order of the test clips.
    pub(crate) clips: Vec<Outcome>,
}

impl FoldRun<'_> {
    /// The fold's outcome: the one kept in `file`, when resuming, or a new one, which is kept
    /// there.
    pub(crate) fn outcome(
        &self,
        file: Option<&Path>,
        observer: &dyn Observer,
    ) -> Result<FoldOutcome, Error> {
        let spec = self.spec()?;
        let resume = self.runs.iter().any(|run| run.resume);
        if let Some(file) = file.filter(|file| resume && file.exists()) {
            let mut outcome = self.read(file, &spec)?;
            // Version 0.1.0 counted folds from 0 within these files.
            outcome.result.fold = self.fold;
            // A run killed just after it wrote the outcome has left them.
            self.remove_checkpoints()?;
            return Ok(outcome);
        }
        let outcome = self.compute(spec, observer)?;
        if let Some(file) = file {
            let json = serde_json::to_vec(&outcome).map_err(|e| damaged(file, &e.to_string()))?;
            write_file(file, &json)?;
        }
        // Until here the checkpoints of finished candidates serve to resume.
        self.remove_checkpoints()?;
        Ok(outcome)
    }

    fn remove_checkpoints(&self) -> Result<(), Error> {
        self.runs.iter().filter_map(|run| run.checkpoint).try_for_each(write::remove)
    }

    fn spec(&self) -> Result<FoldSpec, Error> {
        let mut specs = self.runs.iter().map(TrainingRun::spec);
        let (Some(run), Some(test)) = (specs.next(), self.tests.first()) else {
            return Err(Error::Settings("no architecture to evaluate".into()));
        };
        let test_clips = clips_digest(&[test]);
        Ok(FoldSpec { run, others: specs.collect(), test_clips, vote: self.vote })
    }

    fn read(&self, file: &Path, spec: &FoldSpec) -> Result<FoldOutcome, Error> {
        let bytes = std::fs::read(file).map_err(Error::io(file))?;
        let outcome: FoldOutcome =
            serde_json::from_slice(&bytes).map_err(|e| damaged(file, &e.to_string()))?;
        same(file, &outcome.spec, spec)?;
        let classes = self.runs.first().map_or(0, |run| run.labels.len());
        let fits = |clip: &Outcome| {
            clip.winner < classes
                && clip.probabilities.len() == classes
                && clip.segments.len() == classes
        };
        let clips = self.tests.first().map_or(0, Vec::len);
        match outcome.clips.len() == clips && outcome.clips.iter().all(fits) {
            true => Ok(outcome),
            false => Err(damaged(file, "it does not fit the collection's clips or labels")),
        }
    }

    fn compute(&self, spec: FoldSpec, observer: &dyn Observer) -> Result<FoldOutcome, Error> {
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
        let Some((number, TrainedModel { predictor, history, .. })) = chosen else {
            return Err(Error::Settings("no architecture to evaluate".into()));
        };
        let (run, test) = (&self.runs[number], &self.tests[number]);
        let clips = predictor.decide(test, run.front_end, self.vote)?;
        let (file_accuracy, segment_accuracy) = accuracies(test, &clips);
        let chosen = run.recipe.name.clone();
        let result = FoldResult {
            fold: self.fold,
            train_clips: run.train.len(),
            test_clips: clips.len(),
            file_accuracy,
            segment_accuracy,
            history,
            selection: (self.runs.len() > 1).then_some(Selection { chosen, candidates }),
        };
        Ok(FoldOutcome { spec, result, clips })
    }

    /// How well a candidate decides on the clips held out of its training.
    fn validate(&self, run: &TrainingRun<'_>, fitted: &TrainedModel) -> Result<Candidate, Error> {
        let outcomes = fitted.predictor.decide(run.held_out, run.front_end, self.vote)?;
        let loss = |(example, outcome): (&LabelledClip<'_>, &Outcome)| {
            // Not negated: that would make a loss of −0 of a probability of 1.
            0.0 - outcome.probabilities[example.label as usize].max(f64::MIN_POSITIVE).ln()
        };
        let losses = run.held_out.iter().zip(&outcomes).map(loss);
        Ok(Candidate {
            name: run.recipe.name.clone(),
            accuracy: accuracies(run.held_out, &outcomes).0,
            loss: losses.sum::<f64>() / outcomes.len().max(1) as f64,
        })
    }
}

fn damaged(file: &Path, how: &str) -> Error {
    Error::File {
        path: file.into(),
        reason: format!("a damaged fold result: {how}; delete it to have the fold done again"),
    }
}
