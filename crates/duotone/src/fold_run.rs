//! One fold of one network: train on the rest, decide on the fold's clips, keep the outcome.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{RunSpec, same};
use crate::examples::Example;
use crate::fit::{Fitted, Run, clips_digest};
use crate::predict::{Outcome, accuracies};
use crate::{Error, FoldResult, Observer, Vote, write, write_file};

pub(crate) struct FoldRun<'a> {
    pub(crate) run: Run<'a>,
    /// From 0.
    pub(crate) fold: usize,
    pub(crate) test: &'a [Example<'a>],
    pub(crate) vote: Vote,
}

/// Everything that decides a fold's outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct FoldSpec {
    run: RunSpec,
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
        let spec = FoldSpec {
            run: self.run.spec(),
            test_clips: clips_digest(&[self.test]),
            vote: self.vote,
        };
        if let Some(file) = file.filter(|file| self.run.resume && file.exists()) {
            let outcome = self.read(file)?;
            same(file, &outcome.spec, &spec)?;
            return Ok(outcome);
        }
        let outcome = self.compute(spec, observer)?;
        if let Some(file) = file {
            let json = serde_json::to_vec(&outcome).map_err(|e| damaged(file, &e.to_string()))?;
            write_file(file, &json)?;
        }
        match self.run.checkpoint {
            Some(checkpoint) => write::remove(checkpoint).map(|()| outcome),
            None => Ok(outcome),
        }
    }

    fn read(&self, file: &Path) -> Result<FoldOutcome, Error> {
        let bytes = std::fs::read(file).map_err(Error::io(file))?;
        let outcome: FoldOutcome =
            serde_json::from_slice(&bytes).map_err(|e| damaged(file, &e.to_string()))?;
        let classes = self.run.labels.len();
        let fits = |clip: &Outcome| {
            clip.winner < classes
                && clip.probabilities.len() == classes
                && clip.segments.len() == classes
        };
        match outcome.clips.len() == self.test.len() && outcome.clips.iter().all(fits) {
            true => Ok(outcome),
            false => Err(damaged(file, "it does not fit the collection's clips or labels")),
        }
    }

    fn compute(&self, spec: FoldSpec, observer: &dyn Observer) -> Result<FoldOutcome, Error> {
        let Fitted { predictor, history, .. } = self.run.fit(observer)?;
        let clips = predictor.decide(self.test, self.run.front_end, self.vote)?;
        let (file_accuracy, segment_accuracy) = accuracies(self.test, &clips);
        let result = FoldResult {
            fold: self.fold,
            train_clips: self.run.train.len(),
            test_clips: clips.len(),
            file_accuracy,
            segment_accuracy,
            history,
        };
        Ok(FoldOutcome { spec, result, clips })
    }
}

fn damaged(file: &Path, how: &str) -> Error {
    Error::File {
        path: file.into(),
        reason: format!("a damaged fold result: {how}; delete it to have the fold done again"),
    }
}
