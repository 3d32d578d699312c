//! What is kept of a system's finished fold, so that it need not be run again.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::setup::Setup;
use super::task::{Kind, System};
use crate::error::Error;
use crate::io::write_file;

/// What became of a system in a fold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Decided {
        /// The class of each test clip, in the fold's order.
        decisions: Vec<usize>,
        /// What is to be known of them, in words.
        notes: Vec<String>,
    },
    /// Why there are none.
    Failed(String),
}

/// How long a step of a system took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Timing {
    /// `extract`, `train`, `classify` or `train-classify`.
    pub(super) step: String,
    /// Wall-clock seconds; none where it was resumed in the middle.
    pub(super) seconds: Option<f64>,
}

/// A finished piece of work as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Digest of all that decides the outcome.
    spec: String,
    time_limit: u64,
    pub(super) outcome: Outcome,
    pub(super) times: Vec<Timing>,
}

/// What a record must have been made by to be taken for the work.
pub(super) struct Wanted<'a> {
    spec: String,
    system: &'a System,
    tests: usize,
    classes: usize,
}

impl<'a> Wanted<'a> {
    /// The work of a system in a fold, or on all files.
    pub(super) fn new(setup: &Setup, system: &'a System, fold: Option<usize>) -> Self {
        let labels = &setup.collection.labels;
        let clips = match fold {
            Some(fold) => {
                let split = &setup.splits[fold];
                format!("{} {}", setup.digest(&split.train), setup.digest(&split.test))
            }
            None => setup.digest(&(0..setup.paths.len()).collect::<Vec<_>>()),
        };
        // Both are numbers, text and lists of them: they can be written.
        let kind = serde_json::to_string(&(&system.kind, labels)).unwrap_or_default();
        let version = match system.kind {
            Kind::Network(_) => env!("CARGO_PKG_VERSION"),
            Kind::Program(_) => "",
        };
        let spec = blake3::hash(format!("{kind} {clips} {version}").as_bytes());
        Self {
            spec: spec.to_hex().to_string(),
            system,
            tests: fold.map_or(0, |fold| setup.splits[fold].test.len()),
            classes: labels.len(),
        }
    }

    /// A record of this work.
    pub(super) fn record(&self, outcome: Outcome, times: Vec<Timing>) -> Record {
        let time_limit = self.system.time_limit.as_secs();
        Record { spec: self.spec.clone(), time_limit, outcome, times }
    }

    /// The record in a file, if it is whole and of this work. A failure counts only under the same
    /// time limit, and not at all when it is to be tried again.
    pub(super) fn kept(&self, file: &Path, retry: bool) -> Option<Record> {
        let record: Record = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        let fits = match &record.outcome {
            Outcome::Decided { decisions, .. } => {
                decisions.len() == self.tests && decisions.iter().all(|&c| c < self.classes)
            }
            Outcome::Failed(_) => !retry && record.time_limit == self.system.time_limit.as_secs(),
        };
        (fits && record.spec == self.spec).then_some(record)
    }
}

impl Record {
    pub(super) fn write(&self, file: &Path) -> Result<(), Error> {
        let json = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::File { path: file.into(), reason: e.to_string() })?;
        write_file(file, &json)
    }
}
