//! Findings as plain data, for the output of `duotone check --format json` and for `results.json`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::io::SkippedFile;

/// The report on a collection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// Version of this schema.
    pub format: u32,
    /// Version of duotone.
    pub version: String,
    /// The collection, as given by the user.
    pub collection: String,
    /// Name of the label column.
    pub label: String,
    /// Name of the group column, if any.
    pub group: Option<String>,
    /// Number of folds, if known.
    pub folds: Option<usize>,
    /// Number of clips that were compared.
    pub clips: usize,
    /// The findings.
    pub findings: Findings,
    /// Files that could not be used.
    #[serde(alias = "left_out")]
    pub skipped_files: Vec<SkippedFile>,
}

/// Everything in a collection that would inflate the result of an evaluation, or casts doubt on its
/// labels.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// Pairs of clips with the same recording, the most harmful first.
    pub recordings: Vec<SameRecording>,
    /// Groups that are in several folds.
    pub split_groups: Vec<SplitGroup>,
    /// Groups whose names differ only in case, spaces, punctuation or accents.
    pub alike_groups: Vec<AlikeNames>,
    /// Labels whose names differ only in case, spaces, punctuation or accents.
    pub alike_labels: Vec<AlikeNames>,
    /// Labels that are not in every fold, or cannot be.
    pub rare_labels: Vec<RareLabel>,
    /// Technical properties of the files from which the labels can be guessed, the best guess first.
    #[serde(default)]
    pub confounds: Vec<Confound>,
    /// Clips without a fingerprint, because they are silent or nearly so. Of these, only identical
    /// files are found.
    #[serde(serialize_with = "crate::io::json::paths")]
    pub without_fingerprint: Vec<PathBuf>,
}

/// Two clips with the same recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SameRecording {
    /// The clip that comes first in the collection.
    pub first: ClipName,
    /// The other clip.
    pub second: ClipName,
    /// Position in the first clip at which the second begins, in seconds. Negative if the first
    /// begins within the second.
    pub offset: f64,
    /// Length of the common part in seconds.
    pub overlap: f64,
    /// Similarity of the common part: 0 is chance, 1 is identical.
    pub score: f64,
    /// Whether the files are identical, byte for byte.
    pub identical: bool,
    /// The harm that the pair does to an evaluation, the worst first.
    pub harm: Vec<Harm>,
}

/// A clip with its label, group and fold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClipName {
    /// The file, as named by the collection.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// Its label.
    pub label: String,
    /// Its group, if any.
    pub group: Option<String>,
    /// Its fold, if known.
    pub fold: Option<String>,
}

/// The harm that two clips with the same recording do to an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Harm {
    /// They are in different folds.
    TwoFolds,
    /// They have different labels.
    TwoLabels,
    /// They are in different groups.
    TwoGroups,
    /// None of these: the recording is only counted twice.
    CountedTwice,
}

impl Harm {
    /// An explanation for people to read.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::TwoFolds => "in two folds: each is tested by a network trained on the other",
            Self::TwoLabels => {
                "under two labels: one is wrong, or no decision can be correct for both"
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
    /// The folds that contain its clips.
    pub folds: Vec<String>,
    /// Number of its clips.
    pub clips: usize,
}

/// Different spellings of what is probably one name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlikeNames {
    /// The spellings.
    pub names: Vec<String>,
    /// Number of clips per spelling.
    pub clips: Vec<usize>,
    /// The folds that contain any of these clips, if known.
    pub folds: Vec<String>,
}

/// A label with too few clips, or too few groups, for the folds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RareLabel {
    /// The label.
    pub name: String,
    /// Number of its clips.
    pub clips: usize,
    /// Number of groups that contain its clips, if the collection is grouped.
    pub groups: Option<usize>,
    /// Number of folds, if known.
    pub folds: Option<usize>,
    /// Number of folds that contain the label, if known.
    pub in_folds: Option<usize>,
}

/// Labels that can be guessed from technical properties of the files, without regard to the music.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Confound {
    /// The property, or all of them together.
    pub properties: Vec<Property>,
    /// Share of the clips whose label a small decision tree guesses, in cross-validation.
    pub accuracy: f64,
    /// Share of the clips with the most frequent label.
    pub chance: f64,
    /// Probability of such an accuracy if the labels do not depend on the properties, corrected for
    /// the number of tests.
    pub p_value: f64,
}

/// A technical property of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Property {
    /// Mean power over all bands and frames, in decibels.
    Level,
    /// Frequency above which the long-term spectrum is nearly empty.
    Bandwidth,
    /// Codec, with the bit depth of uncompressed audio.
    Codec,
    /// Size of the file divided by its length.
    BitRate,
    /// Sample rate of the file.
    SampleRate,
    /// Number of channels.
    Channels,
    /// Length of the clip.
    Length,
}

impl Property {
    /// All properties.
    pub const ALL: [Self; 7] = [
        Self::Level,
        Self::Bandwidth,
        Self::Codec,
        Self::BitRate,
        Self::SampleRate,
        Self::Channels,
        Self::Length,
    ];

    /// Its name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Level => "level",
            Self::Bandwidth => "bandwidth",
            Self::Codec => "codec",
            Self::BitRate => "bit rate",
            Self::SampleRate => "sample rate",
            Self::Channels => "number of channels",
            Self::Length => "length",
        }
    }
}

impl Findings {
    /// Number of findings of all kinds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.recordings.len()
            + self.split_groups.len()
            + self.alike_groups.len()
            + self.alike_labels.len()
            + self.rare_labels.len()
            + self.confounds.len()
    }

    /// Number of pairs of clips that do this harm.
    #[must_use]
    pub fn pairs(&self, harm: Harm) -> usize {
        self.recordings.iter().filter(|pair| pair.harm.contains(&harm)).count()
    }
}
