//! The outcome of a task as plain data.

use std::collections::BTreeSet;

use serde::Serialize;

use super::compare::{RankTest, compare};
use super::record::{Outcome, Record};
use super::setup::Setup;
use super::task::{Folds, Kind, Task};
use crate::data::folds_digest;
use crate::error::Error;
use crate::evaluate::{Scores, scores};
use crate::io::LeftOut;
use crate::leaks::Findings;
use crate::model::LabelCount;
use crate::path_text::path_text;

/// Everything a task found, with the protocol that found it. Holds no clock times: the same task
/// gives the same bytes.
#[derive(Clone, Debug, Serialize)]
pub struct TaskResults {
    /// Version of this schema. Folds are numbered from 1; in version 1 they were from 0.
    pub format: u32,
    /// How it was done.
    pub protocol: TaskProtocol,
    /// One entry a system, in the task's order.
    pub systems: Vec<SystemScores>,
    /// Which systems differ, over the labels and over the folds.
    pub comparisons: Vec<RankTest>,
}

/// All that is needed to repeat or to judge a task.
#[derive(Clone, Debug, Serialize)]
pub struct TaskProtocol {
    /// What the task is called.
    pub task: String,
    /// The collection as the task or the user named it.
    pub collection: String,
    /// Digest of the collection's files' content and labels.
    pub collection_digest: String,
    /// What the label column is called.
    pub label: String,
    /// The column whose values are kept on one side of each fold, if any.
    pub group: Option<String>,
    /// Distinct groups, where grouped.
    pub groups: Option<usize>,
    /// Seed of the folds; none where they were given.
    pub seed: Option<u64>,
    /// Fold by fold, the clips to learn from and to decide on.
    pub folds: Vec<FoldSize>,
    /// Digest of which clips are tested in which fold.
    pub folds_digest: String,
    /// Clips of the collection.
    pub clips: usize,
    /// Clips of each label, in the order of the confusion matrices.
    pub labels: Vec<LabelCount>,
    /// Lines and files of the collection that could not take part.
    pub left_out: Vec<LeftOut>,
    /// What makes the scores read too high, or labels doubtful.
    pub findings: Findings,
    /// Version of duotone.
    pub version: String,
}

/// Clips of a fold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FoldSize {
    /// To learn from.
    pub train: usize,
    /// To decide on.
    pub test: usize,
}

/// One system's outcome.
#[derive(Clone, Debug, Serialize)]
pub struct SystemScores {
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Scores of all folds' decisions together; none where a fold failed.
    pub scores: Option<Scores>,
    /// Fold by fold.
    pub folds: Vec<FoldScores>,
    /// The decisions, fold by fold; written to `predictions.csv`.
    #[serde(skip)]
    pub decisions: Vec<Decision>,
}

/// One fold of one system.
#[derive(Clone, Debug, Serialize)]
pub struct FoldScores {
    /// Number of the fold, from 1.
    pub fold: usize,
    /// Why there are no decisions, in words.
    pub failure: Option<String>,
    /// What is to be known of the decisions, in words.
    pub notes: Vec<String>,
    /// Scores of the decisions; none where the fold failed.
    pub scores: Option<Scores>,
}

/// The decision on one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The file as the collection names it.
    pub path: String,
    /// The truth.
    pub label: String,
    /// The decision.
    pub predicted: String,
    /// Number of the fold, from 1.
    pub fold: usize,
}

/// Version of the results' schema.
const FORMAT: u32 = 2;

impl TaskResults {
    /// Scores what became of every system in every fold.
    pub(super) fn new(
        task: &Task,
        setup: &Setup,
        findings: Findings,
        records: &[Vec<Record>],
    ) -> Result<Self, Error> {
        let systems = task
            .systems
            .iter()
            .zip(records)
            .map(|(system, records)| {
                SystemScores::new(system.name.clone(), system.kind.clone(), setup, records)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let comparisons = compare(&systems)?;
        let protocol = protocol(task, setup, findings);
        Ok(Self { format: FORMAT, protocol, systems, comparisons })
    }

    /// Whether a system failed in a fold.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.systems.iter().flat_map(|s| &s.folds).any(|fold| fold.failure.is_some())
    }
}

impl SystemScores {
    fn new(name: String, kind: Kind, setup: &Setup, records: &[Record]) -> Result<Self, Error> {
        let labels = &setup.collection.labels;
        let (mut folds, mut decisions) = (Vec::new(), Vec::new());
        let (mut truths, mut classes) = (Vec::new(), Vec::new());
        for (fold, (record, split)) in (1..).zip(records.iter().zip(&setup.splits)) {
            folds.push(match &record.outcome {
                Outcome::Failed(reason) => FoldScores {
                    fold,
                    failure: Some(reason.clone()),
                    notes: Vec::new(),
                    scores: None,
                },
                Outcome::Decided { decisions: decided, notes } => {
                    let truth = setup.classes(&split.test);
                    let own = scores(labels, &truth, decided)?;
                    decisions.extend(split.test.iter().zip(decided).map(|(&clip, &class)| {
                        let item = &setup.collection.items[clip];
                        Decision {
                            path: path_text(&item.name).into_owned(),
                            label: labels[item.label].clone(),
                            predicted: labels[class].clone(),
                            fold,
                        }
                    }));
                    truths.extend(truth);
                    classes.extend(decided);
                    FoldScores { fold, failure: None, notes: notes.clone(), scores: Some(own) }
                }
            });
        }
        let whole = folds.iter().all(|fold| fold.failure.is_none());
        let scores = whole.then(|| scores(labels, &truths, &classes)).transpose()?;
        Ok(Self { name, kind, scores, folds, decisions })
    }
}

fn protocol(task: &Task, setup: &Setup, findings: Findings) -> TaskProtocol {
    let collection = &setup.collection;
    let distinct = |groups: Vec<usize>| groups.into_iter().collect::<BTreeSet<_>>().len();
    let tested: Vec<usize> = setup
        .splits
        .iter()
        .enumerate()
        .flat_map(|(fold, split)| split.test.iter().flat_map(move |&clip| [fold, clip]))
        .collect();
    TaskProtocol {
        task: task.name.clone(),
        collection: path_text(&collection.path).into_owned(),
        collection_digest: collection.digest(&setup.digests),
        label: collection.label_column.clone(),
        group: collection.group_column.clone(),
        groups: collection.group_numbers().map(distinct),
        seed: match task.folds {
            Folds::Made { seed, .. } => Some(seed),
            Folds::Listed(_) => None,
        },
        folds: setup
            .splits
            .iter()
            .map(|split| FoldSize { train: split.train.len(), test: split.test.len() })
            .collect(),
        folds_digest: folds_digest(&tested),
        clips: collection.items.len(),
        labels: collection.label_counts(),
        left_out: collection.left_out.clone(),
        findings,
        version: env!("CARGO_PKG_VERSION").into(),
    }
}
