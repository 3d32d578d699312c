//! What a check found, as plain data: what `duotone check --format json` prints, and `results.json`
//! holds of an evaluation.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::io::LeftOut;

/// A check of a collection with what was checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Version of this schema.
    pub format: u32,
    /// Version of duotone.
    pub version: String,
    /// The collection as the user named it.
    pub collection: String,
    /// What the label column is called.
    pub label: String,
    /// The column of the groups, if any.
    pub group: Option<String>,
    /// Number of folds, where they are known.
    pub folds: Option<usize>,
    /// Clips that were compared.
    pub clips: usize,
    /// What was found.
    pub findings: Findings,
    /// Files that could not be used.
    pub left_out: Vec<LeftOut>,
}

/// All that makes a collection's evaluation read too high, or its labels doubtful.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// Pairs of clips that hold the same recording, the gravest first.
    pub recordings: Vec<SameRecording>,
    /// Groups that are in several folds.
    pub split_groups: Vec<SplitGroup>,
    /// Groups whose names differ only in case, spaces, punctuation or accents.
    pub alike_groups: Vec<AlikeNames>,
    /// Labels whose names do.
    pub alike_labels: Vec<AlikeNames>,
    /// Labels that cannot be in every fold, or are not.
    pub rare_labels: Vec<RareLabel>,
    /// Clips without a fingerprint (silent, or nearly), which only an identical file is found of.
    #[serde(serialize_with = "crate::io::json::paths")]
    pub without_fingerprint: Vec<PathBuf>,
}

/// Two clips that hold the same recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SameRecording {
    /// The clip that is earlier in the collection.
    pub first: ClipName,
    /// The other one.
    pub second: ClipName,
    /// Where in the first the second begins, in seconds; negative where the first begins within
    /// the second.
    pub offset: f64,
    /// Seconds that the two have in common.
    pub overlap: f64,
    /// How alike they are there: 0 is chance, 1 is identical.
    pub score: f64,
    /// Whether the files are the same to the byte.
    pub identical: bool,
    /// What is wrong with that, the gravest first.
    pub harm: Vec<Harm>,
}

/// A clip and where the collection and the folds put it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipName {
    /// The file as the collection names it.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// Its label.
    pub label: String,
    /// Its group, where it has one.
    pub group: Option<String>,
    /// Its fold, where folds are known; folds that are drawn are numbered from 0.
    pub fold: Option<String>,
}

/// What two clips of one recording do to an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
    /// They are in two folds.
    TwoFolds,
    /// They bear two labels.
    TwoLabels,
    /// They are in two groups.
    TwoGroups,
    /// They count as two.
    CountedTwice,
}

impl Harm {
    /// What it means, in words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::TwoFolds => "in two folds: each is tested by a network that learnt the other",
            Self::TwoLabels => {
                "under two labels: one is wrong, or no decision can be right on both"
            }
            Self::TwoGroups => "in two groups: grouping does not keep them in one fold",
            Self::CountedTwice => "one recording counts as two",
        }
    }
}

/// A group that is in several folds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitGroup {
    /// The group.
    pub name: String,
    /// Its folds.
    pub folds: Vec<String>,
    /// Its clips.
    pub clips: usize,
}

/// Several names that are probably meant to be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlikeNames {
    /// The names.
    pub names: Vec<String>,
    /// Their clips.
    pub clips: Vec<usize>,
    /// The folds that they are in together, where folds are known.
    pub folds: Vec<String>,
}

/// A label with too few clips, or groups, for the folds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RareLabel {
    /// The label.
    pub name: String,
    /// Its clips.
    pub clips: usize,
    /// The groups that its clips are in, where grouped.
    pub groups: Option<usize>,
    /// Number of folds, where they are known.
    pub folds: Option<usize>,
    /// How many of them it is in, where folds are known.
    pub in_folds: Option<usize>,
}

impl Findings {
    /// How many findings there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.recordings.len()
            + self.split_groups.len()
            + self.alike_groups.len()
            + self.alike_labels.len()
            + self.rare_labels.len()
    }

    /// Pairs of one recording that do this harm.
    #[must_use]
    pub fn pairs(&self, harm: Harm) -> usize {
        self.recordings.iter().filter(|pair| pair.harm.contains(&harm)).count()
    }
}
