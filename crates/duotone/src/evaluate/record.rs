//! Records of finished folds, so that an interrupted evaluation can be resumed.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::classify::Vote;
use crate::classify::predictor::Outcome;
use crate::error::Error;
use crate::evaluate::deformations::Deformation;
use crate::evaluate::job::Rules;
use crate::evaluate::program::Attempt;
use crate::evaluate::{FoldResult, RunTime};
use crate::io::write_file;
use crate::train::checkpoint::{RunSpec, same};

/// The record of a finished fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FoldRecord {
    pub(super) spec: Spec,
    pub(super) result: FoldResult,
    /// In the order of the test clips; for a network, of those that it could read.
    pub(super) clips: Vec<Outcome>,
    /// The class decided for each clip under each deformation, if it was tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deformed: Vec<Vec<Option<usize>>>,
    /// Time limit of each step in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) time_limit: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) times: Vec<RunTime>,
}

/// What testing gave.
pub(super) struct Tested {
    pub(super) result: FoldResult,
    pub(super) clips: Vec<Outcome>,
    pub(super) deformed: Vec<Vec<Option<usize>>>,
}

impl Tested {
    /// Wraps decisions on clips as they are.
    pub(super) fn of(result: FoldResult, clips: Vec<Outcome>) -> Self {
        Self { result, clips, deformed: Vec::new() }
    }
}

/// Everything that determines a fold's outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Spec {
    Network(Box<NetworkSpec>),
    /// Digest of the commands, the labels and the clips.
    Program(String),
}

/// Everything that determines a network's outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct NetworkSpec {
    pub(super) run: RunSpec,
    /// The networks that the first competes with.
    pub(super) others: Vec<RunSpec>,
    /// Digest of the test clips.
    pub(super) test_clips: String,
    pub(super) vote: Vote,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deformations: Vec<Deformation>,
    /// The version of ffmpeg, if it coded clips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ffmpeg: Option<String>,
}

/// What a stored record must match to be reused.
pub(super) struct Wanted {
    pub(super) spec: Spec,
    /// Number of the fold, from 1.
    pub(super) fold: usize,
    /// Number of clips classified.
    pub(super) clips: usize,
    pub(super) classes: usize,
    pub(super) time_limit: Option<u64>,
}

impl Wanted {
    /// Creates a record of a network's fold.
    pub(super) fn record(self, tested: Tested, times: Vec<RunTime>) -> FoldRecord {
        let Tested { result, clips, deformed } = tested;
        FoldRecord { spec: self.spec, result, clips, deformed, time_limit: self.time_limit, times }
    }

    /// Creates a record of a program's attempt at the fold that `result` names.
    pub(super) fn of_program(self, result: FoldResult, attempt: Attempt) -> FoldRecord {
        let Attempt { failure, classes, notes, times } = attempt;
        let class = |winner| Outcome { winner, probabilities: Vec::new(), segments: Vec::new() };
        let clips = classes.into_iter().map(class).collect();
        self.record(Tested::of(FoldResult { failure, notes, ..result }, clips), times)
    }

    /// Reads a record, if it matches. Another record is an error under strict rules and ignored in a
    /// contest, as is a failure that is to be retried.
    pub(super) fn kept(&self, file: &Path, rules: Rules) -> Result<Option<FoldRecord>, Error> {
        if !file.exists() {
            return Ok(None);
        }
        match (self.read(file), rules) {
            (Ok(record), Rules::Contest { retry }) if record.result.failure.is_some() => {
                Ok(Some(record).filter(|record| !retry && record.time_limit == self.time_limit))
            }
            (Err(_), Rules::Contest { .. }) => Ok(None),
            (record, _) => record.map(Some),
        }
    }

    fn read(&self, file: &Path) -> Result<FoldRecord, Error> {
        let bytes = std::fs::read(file).map_err(Error::io(file))?;
        let mut record: FoldRecord =
            serde_json::from_slice(&bytes).map_err(|e| damaged(file, &e.to_string()))?;
        same(file, &record.spec, &self.spec)?;
        // Version 0.1.0 numbered folds from 0 in these files.
        record.result.fold = self.fold;
        let (clips, columns) = match (&self.spec, &record.result.failure) {
            (_, Some(_)) => (0, 0),
            (Spec::Network(_), None) => (self.clips, self.classes),
            (Spec::Program(_), None) => (self.clips, 0),
        };
        let fits = |clip: &Outcome| {
            clip.winner < self.classes
                && clip.probabilities.len() == columns
                && clip.segments.len() == columns
        };
        let complete = record.clips.len() == clips && record.clips.iter().all(fits);
        match complete && self.has_all_deformed(&record) {
            true => Ok(record),
            false => Err(damaged(file, "it does not fit the collection's clips or labels")),
        }
    }

    /// Returns whether a record has a decision, or none, for each clip under each deformation.
    fn has_all_deformed(&self, record: &FoldRecord) -> bool {
        let deformations = match &self.spec {
            Spec::Network(spec) => spec.deformations.len(),
            Spec::Program(_) => 0,
        };
        let clips = if deformations > 0 { record.clips.len() } else { 0 };
        let fits = |winners: &Vec<Option<usize>>| {
            winners.len() == deformations
                && winners.iter().flatten().all(|&winner| winner < self.classes)
        };
        record.deformed.len() == clips && record.deformed.iter().all(fits)
    }
}

impl FoldRecord {
    pub(super) fn write(&self, file: &Path) -> Result<(), Error> {
        let json = serde_json::to_vec(self).map_err(|e| damaged(file, &e.to_string()))?;
        write_file(file, &json)
    }
}

fn damaged(file: &Path, how: &str) -> Error {
    Error::File {
        path: file.into(),
        reason: format!("a damaged fold result: {how}; delete it to have the fold done again"),
    }
}
