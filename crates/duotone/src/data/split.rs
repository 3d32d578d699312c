//! The division of clips for an evaluation: into folds that are each tested once, or by a published
//! split into training and test clips.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::data::{Collection, folds_digest, folds_file};
use crate::error::Error;
use crate::path_text::path_text;

/// How the clips are divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Folds {
    /// By the list's column `fold`, else by its column `split`, else into five random folds.
    #[default]
    Automatic,
    /// Into this many random folds. If the list has a column `fold`, it is used, and must have as many
    /// folds.
    Count(usize),
    /// By this column of the list.
    Column(Column),
    /// By a folds file: `folds.csv` of an earlier evaluation.
    File(PathBuf),
    /// Into these folds.
    Given(Vec<FoldClips>),
}

/// The clips of a fold, as indices of a collection's items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoldClips {
    /// Training clips.
    pub train: Vec<usize>,
    /// Tested clips.
    pub test: Vec<usize>,
}

/// A column by which a list divides its clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// `fold`, with any names.
    Fold,
    /// `split`, with `train`, `valid` and `test`.
    Split,
}

/// How evenly labels are spread over the folds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// Number of tested clips (folds × labels, in the order of the labels).
    pub counts: Vec<Vec<usize>>,
    /// The largest difference between one of the counts and an even share of the label, in clips.
    pub largest_deviation: f64,
}

impl From<usize> for Folds {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}

/// Number of folds for [`Folds::Automatic`].
const DEFAULT_FOLDS: usize = 5;

/// The division of a collection's clips.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    pub(crate) parts: Vec<Part>,
    /// Number of folds; 1 for a split.
    pub(crate) folds: usize,
    /// Its origin, for people to read.
    pub(crate) source: String,
    /// Names of the folds in the list or file, if any.
    pub(crate) names: Option<Vec<String>>,
    /// The clips of each fold, if they were given. A clip may be tested in several folds, or in none.
    given: Option<Vec<FoldClips>>,
}

/// The use of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Tested in this fold, and used for training in all others.
    Fold(usize),
    /// Only used for training.
    Train,
    /// Only used for validation.
    Valid,
}

impl Split {
    /// Divides a collection. Also returns warnings for the user.
    ///
    /// `contents` are the content digests of the clips, to compare with those in a folds file.
    pub(crate) fn new(
        collection: &Collection,
        folds: &Folds,
        seed: u64,
        contents: &[&str],
    ) -> Result<(Self, Vec<String>), Error> {
        let drawn = |count| {
            if collection.items.iter().any(|item| item.fold.is_some()) {
                return Ok((Self::listed(collection, count)?, Vec::new()));
            }
            let parts = collection.folds(count, seed)?.into_iter().map(Part::Fold).collect();
            let source = "the seed, stratified by label".into();
            Ok((Self { parts, folds: count, source, names: None, given: None }, Vec::new()))
        };
        match folds {
            Folds::Count(count) => drawn(*count),
            Folds::Column(column) => Self::of_column(collection, *column),
            Folds::File(file) => {
                let (words, warnings) = folds_file::read(file, collection, contents)?;
                let source = format!("the folds file {}", path_text(file));
                Ok((Self::of_words(collection, words, source)?, warnings))
            }
            Folds::Given(folds) => Ok((Self::given(collection, folds.clone())?, Vec::new())),
            Folds::Automatic => {
                let has =
                    |column| collection.items.iter().any(|item| column_of(item, column).is_some());
                let Some(column) = [Column::Fold, Column::Split].into_iter().find(|c| has(*c))
                else {
                    return drawn(DEFAULT_FOLDS);
                };
                let (split, mut warnings) = Self::of_column(collection, column)?;
                warnings.push(format!(
                    "split by {} ({}); to draw folds instead, remove that column",
                    split.source,
                    if split.is_split() {
                        "one test".into()
                    } else {
                        format!("{} folds", split.folds)
                    },
                ));
                Ok((split, warnings))
            }
        }
    }

    /// Divides a collection by its list's column `fold`, which must have `count` folds.
    pub(crate) fn listed(collection: &Collection, count: usize) -> Result<Self, Error> {
        let (split, _) = Self::of_column(collection, Column::Fold)?;
        match split.folds {
            n if n == count && !split.is_split() => Ok(split),
            n => Err(collection.refused(format!(
                "its column `fold` has {n} folds, not {count}: choose {n} folds, or remove the \
                 column"
            ))),
        }
    }

    /// Folds with given clips. The part of a clip is the first fold that tests it.
    fn given(collection: &Collection, folds: Vec<FoldClips>) -> Result<Self, Error> {
        let mut parts = vec![Part::Train; collection.items.len()];
        for (fold, clips) in folds.iter().enumerate().rev() {
            let known = clips.train.iter().chain(&clips.test).all(|clip| *clip < parts.len());
            if clips.train.is_empty() || clips.test.is_empty() || !known {
                let reason = "needs files of the collection for training and for testing";
                return Err(collection.refused(format!("fold {} {reason}", fold + 1)));
            }
            for &clip in &clips.test {
                parts[clip] = Part::Fold(fold);
            }
        }
        let (count, source) = (folds.len(), "lists of files".into());
        Ok(Self { parts, folds: count, source, names: None, given: Some(folds) })
    }

    /// The fold of each clip that has one.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        let number = |part: &Part| match part {
            Part::Fold(fold) => Some(*fold),
            Part::Train | Part::Valid => None,
        };
        self.parts.iter().filter_map(number).collect()
    }

    fn of_column(collection: &Collection, column: Column) -> Result<(Self, Vec<String>), Error> {
        let name = match column {
            Column::Fold => "fold",
            Column::Split => "split",
        };
        let without =
            collection.items.iter().filter(|item| column_of(item, column).is_none()).count();
        if without > 0 {
            return Err(collection.refused(match without == collection.items.len() {
                true => format!("it has no column `{name}`: add one, or choose a number of folds"),
                false => format!("its column `{name}` is empty for {without} of its files: fill it in, or remove the column"),
            }));
        }
        let words = collection.items.iter().filter_map(|item| column_of(item, column)).cloned();
        let source = format!("the list's column `{name}`");
        Ok((Self::of_words(collection, words.collect(), source)?, Vec::new()))
    }

    /// Divides a collection by the word for each clip: either all words are parts of a split (`train`,
    /// `valid` and `test`), or they are names of folds.
    fn of_words(
        collection: &Collection,
        words: Vec<String>,
        source: String,
    ) -> Result<Self, Error> {
        let split: Vec<Option<Part>> = words.iter().map(|word| of_split(word)).collect();
        let mut names = None;
        let parts: Vec<Part> = if split.iter().any(Option::is_some) {
            split
                .into_iter()
                .zip(&words)
                .map(|(part, word)| part.ok_or(word))
                .collect::<Result<_, _>>()
                .map_err(|word| {
                    collection.refused(format!(
                    "{source} has both parts of a split and `{word}`: use either train, valid and \
                     test, or names of folds"
                ))
                })?
        } else {
            let numbers = numbered(&words);
            let mut sorted: Vec<(&str, usize)> = numbers.clone().into_iter().collect();
            sorted.sort_unstable_by_key(|(_, number)| *number);
            names = Some(sorted.into_iter().map(|(name, _)| name.to_owned()).collect());
            words.iter().map(|word| Part::Fold(numbers[word.as_str()])).collect()
        };
        let last = parts.iter().map(|part| if let Part::Fold(f) = part { *f } else { 0 }).max();
        let folds = last.map_or(0, |last| last + 1);
        let split = Self { parts, folds, source, names, given: None };
        split.check(collection)?;
        Ok(split)
    }

    /// Checks that every fold has clips to train on and to test, and that no group is split.
    fn check(&self, collection: &Collection) -> Result<(), Error> {
        let refused = |what: String| Err(collection.refused(format!("{} {what}", self.source)));
        let has = |part| self.parts.contains(&part);
        if !has(Part::Fold(0)) {
            return refused("has no file to test: mark some as `test`".into());
        }
        if self.folds == 1 && !has(Part::Train) {
            return refused("has only one fold: use at least two, or `train` and `test`".into());
        }
        let mut of_group = HashMap::new();
        for (group, part) in collection.group_numbers().iter().flatten().zip(&self.parts) {
            if of_group.entry(group).or_insert(part) != &part {
                let name = collection.groups.get(*group).map_or("", String::as_str);
                return refused(format!(
                    "splits the group `{name}` into several parts: correct it, or do not group"
                ));
            }
        }
        let learnt: BTreeSet<usize> = (0..self.folds)
            .flat_map(|fold| {
                let labels: BTreeSet<usize> =
                    self.learnt(fold).iter().map(|&clip| collection.items[clip].label).collect();
                (0..collection.labels.len()).filter(move |label| !labels.contains(label))
            })
            .collect();
        if !learnt.is_empty() {
            let names = learnt.iter().map(|&label| format!("`{}`", collection.labels[label]));
            let names: Vec<String> = names.collect();
            let s = if names.len() == 1 { "" } else { "s" };
            return refused(format!(
                "leaves no file of the label{s} {} to train on in some fold: correct it, or leave \
                 out rare labels (`min_per_label=2`)",
                names.join(", ")
            ));
        }
        Ok(())
    }

    /// The clips that are tested in a fold.
    pub(crate) fn tested(&self, fold: usize) -> Vec<usize> {
        if let Some(given) = &self.given {
            return given[fold].test.clone();
        }
        (0..self.parts.len()).filter(|&clip| self.parts[clip] == Part::Fold(fold)).collect()
    }

    /// The clips that may be used for training when a fold is tested.
    pub(crate) fn learnt(&self, fold: usize) -> Vec<usize> {
        if let Some(given) = &self.given {
            return given[fold].train.clone();
        }
        let learnt = |part: Part| part != Part::Fold(fold) && part != Part::Valid;
        (0..self.parts.len()).filter(|&clip| learnt(self.parts[clip])).collect()
    }

    /// The validation clips of a split.
    pub(crate) fn valid(&self) -> Vec<usize> {
        (0..self.parts.len()).filter(|&clip| self.parts[clip] == Part::Valid).collect()
    }

    /// Whether this is a split rather than folds.
    pub(crate) fn is_split(&self) -> bool {
        self.folds == 1
    }

    /// The word for a part in lists; folds are numbered from 1.
    pub(crate) fn word(&self, part: Part) -> String {
        match part {
            Part::Fold(_) if self.is_split() => "test".to_owned(),
            Part::Fold(fold) => (fold + 1).to_string(),
            Part::Train => "train".to_owned(),
            Part::Valid => "valid".to_owned(),
        }
    }

    /// Digest of the part of each clip, in the order of the collection, and of clips tested repeatedly.
    pub(crate) fn digest(&self) -> String {
        let number = |part: &Part| match part {
            Part::Fold(fold) => *fold,
            Part::Train => usize::MAX,
            Part::Valid => usize::MAX - 1,
        };
        let mut numbers: Vec<usize> = self.parts.iter().map(number).collect();
        for (fold, clips) in self.given.iter().flatten().enumerate() {
            let again = clips.test.iter().filter(|&&clip| self.parts[clip] != Part::Fold(fold));
            numbers.extend(again.flat_map(|&clip| [fold, clip]));
        }
        folds_digest(&numbers)
    }

    /// How evenly the labels are spread over the folds.
    pub(crate) fn balance(&self, collection: &Collection) -> Balance {
        let mut counts = vec![vec![0; collection.labels.len()]; self.folds];
        let mut of_label = vec![0; collection.labels.len()];
        collection.items.iter().for_each(|item| of_label[item.label] += 1);
        for (fold, counts) in counts.iter_mut().enumerate() {
            for clip in self.tested(fold) {
                counts[collection.items[clip].label] += 1;
            }
        }
        let tested = counts.iter().flatten().sum::<usize>() as f64;
        let share = tested / self.folds.max(1) as f64 / collection.items.len().max(1) as f64;
        let deviation = |(&has, &all): (&usize, &usize)| (has as f64 - all as f64 * share).abs();
        let largest_deviation = counts
            .iter()
            .flat_map(|fold| fold.iter().zip(&of_label).map(deviation))
            .fold(0.0, f64::max);
        Balance { counts, largest_deviation }
    }
}

fn column_of(item: &crate::data::Item, column: Column) -> Option<&String> {
    match column {
        Column::Fold => item.fold.as_ref(),
        Column::Split => item.split.as_ref(),
    }
}

/// The part of a split that a word stands for, as in the splits of mirdata and MARBLE.
fn of_split(word: &str) -> Option<Part> {
    match word.to_ascii_lowercase().as_str() {
        "train" | "training" => Some(Part::Train),
        "valid" | "validation" | "val" | "dev" => Some(Part::Valid),
        "test" | "testing" => Some(Part::Fold(0)),
        _ => None,
    }
}

/// The name of each fold with its index: names that are numbers come first, in numeric order, then
/// the others in alphabetical order.
fn numbered(words: &[String]) -> BTreeMap<&str, usize> {
    let mut names: Vec<&str> = words.iter().map(String::as_str).collect();
    names.sort_unstable_by_key(|name| (name.parse::<u64>().unwrap_or(u64::MAX), *name));
    names.dedup();
    names.into_iter().zip(0..).collect()
}

#[cfg(test)]
mod tests;
