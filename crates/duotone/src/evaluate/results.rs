//! The outcome of an evaluation as plain data: what `results.json` holds and the report shows.

use std::path::PathBuf;

use duotone_audio::FrontEnd;
use duotone_nn::Architecture;
use serde::{Deserialize, Serialize};

use crate::classify::Vote;
use crate::data::Balance;
use crate::evaluate::confidence::ConfidenceResult;
use crate::evaluate::deformations::DeformationResult;
use crate::features::Notes;
use crate::io::{SkippedFile, json};
use crate::leaks::Findings;
use crate::model::{EpochRecord, LabelCount, TrainSettings};
use crate::statistics::probabilities::ProbabilityScores;
use crate::statistics::{Bootstrap, Comparison, Difference, Friedman, McNemar};

/// The results of an evaluation and its protocol. Contains no clock times, so that the same protocol
/// produces the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version of this schema: 4. Folds are numbered from 1; in version 2 they were from 0.
    pub format: u32,
    /// How the evaluation was done.
    pub protocol: Protocol,
    /// One entry per system, all on the same folds.
    pub systems: Vec<SystemResult>,
    /// Tests of the differences between the systems that finished every fold, if there are several.
    pub significance: Option<Significance>,
    /// What limits how far the intervals and tests can be trusted, one sentence each.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Durations of the steps, in a contest; not part of the JSON, which is reproducible.
    #[serde(skip)]
    pub times: Vec<RunTime>,
}

impl Results {
    /// Returns whether a system failed in a fold.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.systems.iter().any(|system| system.files.is_none())
    }

    /// Returns the systems that [`significance`](Self::significance) compares: those that finished every
    /// fold.
    pub fn compared(&self) -> impl Iterator<Item = &SystemResult> {
        self.systems.iter().filter(|system| system.files.is_some())
    }
}

/// The duration of a step of a system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTime {
    /// Name of the system; `duotone` for features that its networks share.
    pub system: String,
    /// Number of the fold, from 1; `None` for features of all files.
    pub fold: Option<usize>,
    /// `extract`, `train`, `classify` or `train-classify`.
    pub step: String,
    /// Wall-clock seconds; `None` if the step was resumed midway.
    pub seconds: Option<f64>,
}

/// Everything needed to repeat or to judge an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// Name of the evaluation, if it has one.
    #[serde(default)]
    pub task: Option<String>,
    /// Path of the collection as given.
    pub collection: String,
    /// Digest of the content and labels of the collection's files.
    pub collection_digest: String,
    /// Name of the label column.
    pub label: String,
    /// Name of the column by which clips are grouped, if any.
    pub group: Option<String>,
    /// Seed of randomly drawn folds and of the bootstrap; `None` before version 4, in which it was the
    /// settings' seed.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Number of folds; 1 for a split into a training part and a test part.
    pub folds: usize,
    /// How often networks are trained and tested in each fold, with different seeds.
    #[serde(default = "json::one", skip_serializing_if = "json::is_one")]
    pub repeats: usize,
    /// Where the folds come from, as text.
    pub folds_source: String,
    /// Names of the folds in the list or file that defines them, in the order of their numbers.
    #[serde(default)]
    pub fold_names: Option<Vec<String>>,
    /// How evenly the clips are divided.
    pub balance: Balance,
    /// Digest of the assignment of clips to folds.
    pub folds_digest: String,
    /// Number of clips evaluated.
    pub clips: usize,
    /// Number of distinct groups, if grouped.
    pub groups: Option<usize>,
    /// Number of clips per label, in the order of the confusion matrices.
    pub labels: Vec<LabelCount>,
    /// How segments vote on a file, if all networks share it.
    pub vote: Option<Vote>,
    /// Training settings, if all networks share them and the vote.
    pub settings: Option<TrainSettings>,
    /// Version of duotone.
    pub version: String,
    /// How to repeat the evaluation, as given by its caller.
    pub command: String,
    /// Files that could not be used.
    #[serde(alias = "left_out")]
    pub skipped_files: Vec<SkippedFile>,
    /// Clips that were repeated to fill a segment.
    #[serde(serialize_with = "crate::io::json::paths")]
    pub repeated: Vec<PathBuf>,
    /// Clips that are silent.
    #[serde(serialize_with = "crate::io::json::paths")]
    pub silent: Vec<PathBuf>,
    /// Leaks that make the scores too high, and doubtful labels.
    #[serde(default)]
    pub findings: Findings,
    /// Version of ffmpeg, if it coded test clips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ffmpeg: Option<String>,
}

impl Protocol {
    /// Returns the accuracy of always predicting the most frequent label among the test clips.
    #[must_use]
    pub fn majority_accuracy(&self) -> f64 {
        let tested = |label: usize| -> usize {
            self.balance.counts.iter().filter_map(|fold| fold.get(label)).sum()
        };
        let counts: Vec<usize> = (0..self.labels.len()).map(tested).collect();
        let all: usize = counts.iter().sum();
        counts.iter().max().copied().unwrap_or(0) as f64 / all.max(1) as f64
    }
}

/// The results of one system over all folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemResult {
    /// Preset or file name; for a selection, those of all candidates.
    pub name: String,
    /// Its network, or all candidates of a selection; empty for a program.
    pub networks: Vec<NetworkInfo>,
    /// A program's command lines; empty for a network.
    #[serde(default)]
    pub commands: Vec<CommandLine>,
    /// Scores of files, with the folds and all repeats pooled; `None` if a fold failed.
    pub files: Option<Scores>,
    /// 95 % confidence interval of the accuracy on files; `None` if a fold failed.
    pub interval: Option<Bootstrap>,
    /// Scores of segments, with the folds pooled; `None` for a program, or if a fold failed.
    pub segments: Option<Scores>,
    /// How far its probabilities of files can be trusted; `None` if it has none, a fold failed, or there is
    /// only one fold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<ConfidenceResult>,
    /// Scores of files that were deformed; empty for a program.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deformations: Vec<DeformationResult>,
    /// Scores of each repeat, if there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<Repeat>,
    /// Results per fold, of one repeat after the other.
    pub folds: Vec<FoldResult>,
    /// Predictions in the collection's order. With repeats, all predictions for a file are adjacent.
    pub predictions: Vec<Prediction>,
}

/// The scores of files with one seed, with the folds pooled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// The seed of the training settings.
    pub seed: u64,
    /// Share of correct decisions.
    pub accuracy: f64,
    /// Mean of the classes' recalls.
    pub balanced_accuracy: f64,
    /// Mean of the classes' F1.
    pub macro_f1: f64,
}

/// A command line of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// `extract`, `train`, `classify` or `train-classify`.
    pub step: String,
    /// The command line, with placeholders such as `{scratch}`.
    pub line: String,
}

/// A network and its front end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkInfo {
    /// Preset or file name.
    pub name: String,
    /// The network.
    pub architecture: Architecture,
    /// Number of trainable parameters.
    pub parameters: usize,
    /// The front end.
    pub front_end: FrontEnd,
    /// Training settings, if the protocol does not state them for all networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<TrainSettings>,
    /// How segments vote on a file, if the protocol does not state it for all networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<Vote>,
}

/// Tests of the differences between systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Significance {
    /// Tests of every pair of systems, on files.
    pub pairs: Vec<PairTest>,
    /// Ranks of the systems' accuracies per fold, if there are several folds.
    pub by_fold: Option<Ranking>,
    /// Ranks of the systems' recalls per label, with the folds pooled.
    pub by_label: Option<Ranking>,
}

/// A comparison of two systems on the same files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairTest {
    /// Index of the first system among those compared.
    pub first: usize,
    /// Index of the second system.
    pub second: usize,
    /// McNemar's test, which takes files as independent: of several repeats, it compares the first.
    pub mcnemar: McNemar,
    /// The difference of the accuracies, with an interval and a test over groups; `None` in files of
    /// earlier versions.
    #[serde(default)]
    pub difference: Option<Difference>,
    /// The p-values, corrected for the number of pairs; `None` in files of earlier versions.
    #[serde(default)]
    pub holm: Option<Holm>,
}

/// The p-values of a pair of systems after Holm's correction over all pairs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Holm {
    /// Of McNemar's exact test.
    pub mcnemar: f64,
    /// Of the sign-flip test over groups.
    pub sign_flip: f64,
}

/// Friedman's test and Tukey and Kramer's test of every pair.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// Whether any systems differ.
    pub friedman: Friedman,
    /// Which systems differ.
    pub tukey_kramer: Comparison,
}

/// Scores of a set of decisions. As in scikit-learn, a precision, recall or F1 whose denominator is 0
/// is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of correct decisions.
    pub accuracy: f64,
    /// Mean of the classes' recalls (class-normalised accuracy), over the classes that occur.
    pub balanced_accuracy: f64,
    /// Mean of the classes' F1.
    pub macro_f1: f64,
    /// Counts, with a row per true label and a column per predicted label.
    pub confusion: Vec<Vec<u64>>,
    /// Scores per class.
    pub classes: Vec<ClassScores>,
    /// Scores of the probabilities behind the decisions; `None` if there are none, as for a program.
    #[serde(default)]
    pub probabilities: Option<ProbabilityScores>,
}

/// Scores of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The label.
    pub label: String,
    /// Correct decisions for this class / all decisions for it.
    pub precision: f64,
    /// Correct decisions for this class / number of its files or segments.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Number of files or segments of this class.
    pub support: u64,
}

/// The results of one system in one fold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// Number of the fold, from 1.
    pub fold: usize,
    /// The seed of the training settings, if networks are trained with several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Number of training clips.
    pub train_clips: usize,
    /// Number of test clips.
    pub test_clips: usize,
    /// Why the system failed in this fold; `None` if it did not.
    #[serde(default)]
    pub failure: Option<String>,
    /// Notes on the decisions, for the user.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Scores of the test files; `None` if the fold failed, or before version 4.
    #[serde(default)]
    pub files: Option<Scores>,
    /// Accuracy on test files; `None` if the fold failed.
    pub file_accuracy: Option<f64>,
    /// Accuracy on test segments; `None` for a program, or if the fold failed.
    pub segment_accuracy: Option<f64>,
    /// Scores of the probabilities of test segments; `None` for a program, if the fold failed, or in
    /// files of earlier versions.
    #[serde(default)]
    pub segment_probabilities: Option<ProbabilityScores>,
    /// The learning curve.
    pub history: Vec<EpochRecord>,
    /// How the tested network was chosen, if there was a choice.
    pub selection: Option<Selection>,
}

impl FoldResult {
    /// Creates the results of a fold of which only the numbers of clips are known.
    pub(super) fn empty(fold: usize, train_clips: usize, test_clips: usize) -> Self {
        Self {
            fold,
            seed: None,
            train_clips,
            test_clips,
            failure: None,
            notes: Vec::new(),
            files: None,
            file_accuracy: None,
            segment_accuracy: None,
            segment_probabilities: None,
            history: Vec::new(),
            selection: None,
        }
    }
}

/// A choice among networks, made on clips held out of a fold's training part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Selection {
    /// The network chosen.
    pub chosen: String,
    /// All candidates.
    pub candidates: Vec<Candidate>,
}

/// A candidate of a selection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Accuracy on the held-out files.
    pub accuracy: f64,
    /// Mean of −log(probability of the true label) over the held-out files, in nats.
    pub loss: f64,
}

/// The decision on one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Path of the file as in the collection.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// The true label.
    pub label: String,
    /// The predicted label.
    pub predicted: String,
    /// Number of the fold in which it was tested, from 1.
    pub fold: usize,
    /// The seed of the training settings, if networks are trained with several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Name of its group, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Notes on the file; in JSON, their fields stand next to the others.
    #[serde(flatten)]
    pub notes: Notes,
    /// One probability per label, in the labels' order; empty for a program, or if a network could not
    /// read the file.
    pub probabilities: Vec<f64>,
}
