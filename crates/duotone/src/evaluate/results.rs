//! The outcome of an evaluation as plain data: what `results.json` holds and the report shows.

use std::path::PathBuf;

use duotone_audio::FrontEnd;
use duotone_nn::Architecture;
use serde::{Deserialize, Serialize};

use crate::classify::Vote;
use crate::data::Balance;
use crate::evaluate::statistics::{Bootstrap, Comparison, Friedman, McNemar};
use crate::features::Notes;
use crate::io::LeftOut;
use crate::leaks::Findings;
use crate::model::{EpochRecord, LabelCount, TrainSettings};

/// Everything an evaluation found, with the protocol that found it. Holds no clock times: the same
/// protocol gives the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version of this schema: 4. Folds are numbered from 1; in version 2 they were from 0.
    pub format: u32,
    /// How it was done.
    pub protocol: Protocol,
    /// One entry for each system, all on the same folds.
    pub systems: Vec<SystemResult>,
    /// Whether those that finished every fold differ by more than luck, where there are several.
    pub significance: Option<Significance>,
    /// What the steps took, in a contest; no part of the JSON, which is the same every time.
    #[serde(skip)]
    pub times: Vec<RunTime>,
}

impl Results {
    /// Whether a system failed in a fold.
    #[must_use]
    pub fn has_failures(&self) -> bool {
        self.systems.iter().any(|system| system.files.is_none())
    }

    /// The systems that [`significance`](Self::significance) compares: those that finished every
    /// fold.
    pub fn compared(&self) -> impl Iterator<Item = &SystemResult> {
        self.systems.iter().filter(|system| system.files.is_some())
    }
}

/// What a step of a system took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTime {
    /// Name of the system; `duotone` for features that its networks share.
    pub system: String,
    /// Number of the fold, from 1; none for features of all files.
    pub fold: Option<usize>,
    /// `extract`, `train`, `classify` or `train-classify`.
    pub step: String,
    /// Wall-clock seconds; none where the step was resumed in the middle.
    pub seconds: Option<f64>,
}

/// All that is needed to repeat or to judge an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Protocol {
    /// What the evaluation is called, where it has a name.
    #[serde(default)]
    pub task: Option<String>,
    /// The collection as the user named it.
    pub collection: String,
    /// Digest of the collection's files' content and labels.
    pub collection_digest: String,
    /// What the label column is called.
    pub label: String,
    /// The column whose values are kept within one fold, if any.
    pub group: Option<String>,
    /// Decides the folds, where they are drawn, and the intervals; none before version 4, in which the
    /// settings' seed did.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Number of folds; 1 for a split into one part to learn from and one to test on.
    pub folds: usize,
    /// Who divided the clips, in words.
    pub folds_source: String,
    /// What a list or file calls the folds, in the order of their numbers.
    #[serde(default)]
    pub fold_names: Option<Vec<String>>,
    /// How evenly.
    pub balance: Balance,
    /// Digest of which clip is in which fold.
    pub folds_digest: String,
    /// Clips evaluated.
    pub clips: usize,
    /// Distinct groups, where grouped.
    pub groups: Option<usize>,
    /// Clips of each label, in the order of the confusion matrices.
    pub labels: Vec<LabelCount>,
    /// How segments decided a file, where all networks have it in common.
    pub vote: Option<Vote>,
    /// Training settings, where all networks have them and the vote in common.
    pub settings: Option<TrainSettings>,
    /// Version of duotone.
    pub version: String,
    /// How to repeat it, in the words of whoever ran it.
    pub command: String,
    /// Files that could not be used.
    pub left_out: Vec<LeftOut>,
    /// Clips that were repeated to fill a segment.
    #[serde(serialize_with = "crate::io::json::paths")]
    pub repeated: Vec<PathBuf>,
    /// Clips that are silent.
    #[serde(serialize_with = "crate::io::json::paths")]
    pub silent: Vec<PathBuf>,
    /// What makes the scores read too high, or labels doubtful.
    #[serde(default)]
    pub findings: Findings,
}

impl Protocol {
    /// Accuracy of always naming the label that is most frequent among the clips tested.
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

/// One system's outcome over all folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SystemResult {
    /// Preset or file name; of a selection, all its candidates'.
    pub name: String,
    /// Its network; of a selection, all candidates; none of a program.
    pub networks: Vec<NetworkInfo>,
    /// A program's command lines; none of a network.
    #[serde(default)]
    pub commands: Vec<CommandLine>,
    /// Scores of files, the folds pooled; none where a fold failed.
    pub files: Option<Scores>,
    /// 95 % confidence interval of the share of files right; none where a fold failed.
    pub interval: Option<Bootstrap>,
    /// Scores of segments, the folds pooled; none of a program, or where a fold failed.
    pub segments: Option<Scores>,
    /// Fold by fold.
    pub folds: Vec<FoldResult>,
    /// File by file, in the collection's order.
    pub predictions: Vec<Prediction>,
}

/// A command of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// `extract`, `train`, `classify` or `train-classify`.
    pub step: String,
    /// The words, with places such as `{scratch}` in them.
    pub line: String,
}

/// A network and the framing of its input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkInfo {
    /// Preset or file name.
    pub name: String,
    /// The network.
    pub architecture: Architecture,
    /// Its number of trainable parameters.
    pub parameters: usize,
    /// The front end.
    pub front_end: FrontEnd,
    /// Training settings, where the protocol has none for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<TrainSettings>,
    /// How segments decided a file, where the protocol does not say it for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vote: Option<Vote>,
}

/// Tests of the differences between systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Significance {
    /// McNemar's test of every pair, on files.
    pub pairs: Vec<PairTest>,
    /// Ranks of the systems' accuracies fold by fold, where there are several folds.
    pub by_fold: Option<Ranking>,
    /// Ranks of the systems' recalls label by label, the folds pooled.
    pub by_label: Option<Ranking>,
}

/// Two systems on the same files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairTest {
    /// Number of the one system among those compared, from 0.
    pub first: usize,
    /// Number of the other.
    pub second: usize,
    /// The test.
    pub mcnemar: McNemar,
}

/// Friedman's test and, pair by pair, Tukey and Kramer's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// Whether any differ.
    pub friedman: Friedman,
    /// Which.
    pub tukey_kramer: Comparison,
}

/// Scores over a set of decisions. Conventions as in scikit-learn: a precision, recall or F1 whose
/// denominator is 0 is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// Share of right decisions.
    pub accuracy: f64,
    /// Mean of the classes' recalls (class-normalised accuracy), over the classes that occur.
    pub balanced_accuracy: f64,
    /// Mean of the classes' F1.
    pub macro_f1: f64,
    /// Counts: row the truth, column the decision.
    pub confusion: Vec<Vec<u64>>,
    /// Class by class.
    pub classes: Vec<ClassScores>,
}

/// Scores of one class.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassScores {
    /// The label.
    pub label: String,
    /// Right decisions for this class / decisions for it.
    pub precision: f64,
    /// Right decisions for this class / its occurrences.
    pub recall: f64,
    /// Harmonic mean of the two.
    pub f1: f64,
    /// Occurrences.
    pub support: u64,
}

/// One fold of one system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldResult {
    /// Number of the fold, from 1.
    pub fold: usize,
    /// Clips trained on.
    pub train_clips: usize,
    /// Clips tested.
    pub test_clips: usize,
    /// Why there are no decisions, in words.
    #[serde(default)]
    pub failure: Option<String>,
    /// What the user should know of the decisions, in words.
    #[serde(default)]
    pub notes: Vec<String>,
    /// Scores of the test files; none where the fold failed, or before version 4.
    #[serde(default)]
    pub files: Option<Scores>,
    /// Share of test files decided right; none where the fold failed.
    pub file_accuracy: Option<f64>,
    /// Share of test segments decided right; none of a program, or where the fold failed.
    pub segment_accuracy: Option<f64>,
    /// The learning curve.
    pub history: Vec<EpochRecord>,
    /// How the network tested was chosen, where there was a choice.
    pub selection: Option<Selection>,
}

impl FoldResult {
    /// A fold of which nothing is known but its clips.
    pub(super) fn empty(fold: usize, train_clips: usize, test_clips: usize) -> Self {
        Self {
            fold,
            train_clips,
            test_clips,
            failure: None,
            notes: Vec::new(),
            files: None,
            file_accuracy: None,
            segment_accuracy: None,
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
    /// All there were to choose from.
    pub candidates: Vec<Candidate>,
}

/// A network that might have been chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its name.
    pub name: String,
    /// Share of the held-out files right.
    pub accuracy: f64,
    /// Mean of −log(probability of the truth) over the held-out files, in nats.
    pub loss: f64,
}

/// The decision on one file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// The file as the collection names it.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// The truth.
    pub label: String,
    /// The decision.
    pub predicted: String,
    /// Number of the fold it was tested in, from 1.
    pub fold: usize,
    /// What the user should know of the file; its fields stand beside the others in JSON.
    #[serde(flatten)]
    pub notes: Notes,
    /// One probability per label, in the labels' order; none of a program, or where a network could not
    /// read the file.
    pub probabilities: Vec<f64>,
}
