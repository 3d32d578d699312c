//! Labelled collections, read from a folder, a CSV file or a MIREX list.

mod duplicates;
mod folder;
pub(crate) mod list;
pub(crate) mod paths;
pub(crate) mod rare;
mod records;
mod rows;

use duplicates::without_duplicates;
pub use folder::{AudioFiles, audio_files};
pub use rows::Row;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::data::split::Split;
use crate::data::stratify::folds;
use crate::error::Error;
use crate::io::SkippedFile;
use crate::model::LabelCount;
use crate::path_text::path_text;
use crate::plural::plural;

/// Collections with more files are refused; most likely, the user chose the wrong folder.
const MAX_FILES: usize = 1_000_000;

/// Which columns to read. For their meaning in a folder, see `docs/collections.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionOptions {
    /// The label column. By default it is `label`, else `genre`, else the only column that can
    /// contain labels.
    pub label: Option<String>,
    /// The group column. Clips with the same value are kept in one fold.
    pub group: Option<String>,
}

/// One clip of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The file, as named by the collection.
    pub name: PathBuf,
    /// The file to open.
    pub path: PathBuf,
    /// Class number: an index into the collection's labels.
    pub label: usize,
    /// Index into the collection's groups, if the clip has a group.
    pub group: Option<usize>,
    /// The clip's entry in the list's column `fold`, if any.
    pub fold: Option<String>,
    /// The clip's entry in the list's column `split` (`train`, `valid` or `test`), if any.
    pub split: Option<String>,
}

/// Labelled clips, in the order of the list. The clips of a folder are sorted by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The collection, as given by the user.
    pub path: PathBuf,
    /// Whether the collection was read from `path`. For rows in memory, `path` is only a name.
    pub on_disk: bool,
    /// Name of the label column; `folder` for a folder and `label` for a MIREX list.
    pub label_column: String,
    /// Name of the group column, if any; none if the column is empty for all clips.
    pub group_column: Option<String>,
    /// The labels, sorted. Class number `c` is `labels[c]`.
    pub labels: Vec<String>,
    /// The groups, sorted.
    pub groups: Vec<String>,
    /// The clips.
    pub items: Vec<Item>,
    /// Lines and files that cannot be used.
    pub skipped_files: Vec<SkippedFile>,
    /// What the user should know about the collection.
    pub warnings: Vec<String>,
    /// Columns by which files could be grouped: `artist` and `album`, if a value occurs more than
    /// once.
    pub group_candidates: Vec<String>,
}

/// A clip as found in a list or folder, before labels and groups are numbered.
struct Entry {
    name: PathBuf,
    path: PathBuf,
    label: String,
    group: Option<String>,
    fold: Option<String>,
    split: Option<String>,
}

/// The content of a folder or list.
#[derive(Default)]
struct Found {
    label_column: String,
    entries: Vec<Entry>,
    skipped_files: Vec<SkippedFile>,
    warnings: Vec<String>,
    group_candidates: Vec<String>,
}

impl Collection {
    /// The list or folder that the collection was read from; `None` for rows in memory.
    #[must_use]
    pub fn source(&self) -> Option<&Path> {
        self.on_disk.then_some(self.path.as_path())
    }

    /// Every path that the collection is read from: the list or folder, and the clips.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let clips = self.items.iter().map(|item| item.path.as_path());
        self.source().into_iter().chain(clips)
    }

    /// Reads a collection: a folder whose sub-folders are the labels, a CSV file with a header, or a
    /// MIREX list (`path<TAB>label`). No audio file is opened.
    ///
    /// Lines and files that cannot be used are listed in [`skipped_files`](Self::skipped_files).
    ///
    /// # Errors
    /// [`Error::Io`] if the folder or list cannot be read; [`Error::Collection`] if it is neither,
    /// has no suitable column, or has fewer than two labels. Messages say what would help.
    pub fn open(path: impl AsRef<Path>, options: &CollectionOptions) -> Result<Self, Error> {
        let path = path.as_ref();
        let about = fs::metadata(path).map_err(Error::io(path))?;
        let found = if about.is_dir() {
            folder::read(path, options)?
        } else if about.is_file() {
            list::read(path, options)?
        } else {
            return Err(refused(path, "neither a folder nor a file"));
        };
        let collection = Self::number(path, options, without_duplicates(found));
        collection.check()?;
        Ok(collection)
    }

    fn number(path: &Path, options: &CollectionOptions, found: Found) -> Self {
        let labels = numbered(found.entries.iter().map(|e| &e.label));
        let groups = numbered(found.entries.iter().filter_map(|e| e.group.as_ref()));
        let mut warnings = found.warnings;
        let ungrouped = found.entries.iter().filter(|e| e.group.is_none()).count();
        let mut group_column = options.group.clone();
        if let Some(column) = options.group.as_ref().filter(|_| ungrouped > 0) {
            if groups.is_empty() {
                group_column = None;
                warnings.push(format!(
                    "the column `{column}` is empty for all files, so they are not grouped"
                ));
            } else {
                let files = plural(ungrouped, "file");
                warnings.push(format!("no {column} for {files}: each forms its own group"));
            }
        }
        let item = |entry: Entry| Item {
            label: labels.get(&entry.label).copied().unwrap_or_default(),
            group: entry.group.and_then(|group| groups.get(&group).copied()),
            name: entry.name,
            path: entry.path,
            fold: entry.fold,
            split: entry.split,
        };
        Self {
            path: path.to_owned(),
            on_disk: true,
            label_column: found.label_column,
            group_column,
            items: found.entries.into_iter().map(item).collect(),
            labels: labels.into_keys().collect(),
            groups: groups.into_keys().collect(),
            skipped_files: found.skipped_files,
            warnings,
            group_candidates: found.group_candidates,
        }
    }

    /// Checks that the collection has files with at least two labels.
    ///
    /// # Errors
    /// [`Error::Collection`] if it has not.
    pub fn check(&self) -> Result<(), Error> {
        match (self.labels.as_slice(), self.skipped_files.as_slice()) {
            ([], []) => Err(refused(
                &self.path,
                "contains no labelled audio files: use a folder with one sub-folder of audio files \
                 per label, or a list of files with their labels",
            )),
            ([], skipped_files) => Err(self.unusable(skipped_files)),
            ([only], []) => Err(refused(
                &self.path,
                format!("all files have the label `{only}`: at least two labels are needed"),
            )),
            ([only], skipped_files @ [first, ..]) => Err(refused(
                &self.path,
                format!(
                    "all usable files have the label `{only}`, but at least two labels are needed; \
                     {} skipped, the first is {}: {}",
                    plural(skipped_files.len(), "entry"),
                    path_text(&first.path),
                    first.error
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The error for a collection without usable entries, with the first of the reasons.
    pub(crate) fn unusable(&self, skipped_files: &[SkippedFile]) -> Error {
        let first = skipped_files.first();
        let first = first.map_or_else(String::new, |SkippedFile { path, error }| {
            format!("; the first is {}: {error}", path_text(path))
        });
        let entries = plural(skipped_files.len(), "entry");
        self.refused(format!("none of its {entries} can be used{first}"))
    }

    /// The collection restricted to the items with the given indices, in that order. Labels and
    /// groups that no longer occur are dropped, so class numbers may change.
    #[must_use]
    pub fn subset(&self, keep: &[usize]) -> Self {
        let mut items: Vec<Item> =
            keep.iter().filter_map(|&i| self.items.get(i)).cloned().collect();
        let labels = kept(&self.labels, items.iter_mut().map(|item| &mut item.label));
        let groups = kept(&self.groups, items.iter_mut().filter_map(|item| item.group.as_mut()));
        Self {
            path: self.path.clone(),
            on_disk: self.on_disk,
            label_column: self.label_column.clone(),
            group_column: self.group_column.clone(),
            labels,
            groups,
            items,
            skipped_files: self.skipped_files.clone(),
            warnings: self.warnings.clone(),
            group_candidates: self.group_candidates.clone(),
        }
    }

    /// A warning to show before clips are divided, if they could be grouped but are not.
    #[must_use]
    pub fn ungrouped_warning(&self) -> Option<String> {
        let column = self.group_candidates.first().filter(|_| self.group_column.is_none())?;
        Some(format!(
            "the list has a column `{column}`, but files are not grouped by it: the same {column} \
             may be both trained on and tested, which inflates accuracies; use `group={column}` to \
             prevent it"
        ))
    }

    /// The class number of each clip.
    #[must_use]
    pub fn classes(&self) -> Vec<usize> {
        self.items.iter().map(|item| item.label).collect()
    }

    /// The group number of each clip, if there is a group column. Each clip without a group gets a
    /// unique number.
    #[must_use]
    pub fn group_numbers(&self) -> Option<Vec<usize>> {
        self.group_column.as_ref()?;
        let unique = self.groups.len()..;
        let number = |(item, unique): (&Item, usize)| item.group.unwrap_or(unique);
        Some(self.items.iter().zip(unique).map(number).collect())
    }

    /// The number of clips of each label.
    #[must_use]
    pub fn label_counts(&self) -> Vec<LabelCount> {
        let count = |(c, name): (usize, &String)| LabelCount {
            name: name.clone(),
            clips: self.items.iter().filter(|item| item.label == c).count(),
        };
        self.labels.iter().enumerate().map(count).collect()
    }

    /// The fold (`0..k`) of each clip: that in the list's column `fold`, if there is one. Otherwise,
    /// folds are drawn by [`folds`](crate::data::folds()): they are stratified by label and, if there
    /// is a group column, keep groups whole.
    ///
    /// # Errors
    /// [`Error::Collection`] if labels have fewer files (or groups) than there are folds, or if the
    /// list's folds are not valid; otherwise as [`folds`](crate::data::folds()).
    pub fn folds(&self, k: usize, seed: u64) -> Result<Vec<usize>, Error> {
        let (classes, groups) = (self.classes(), self.group_numbers());
        if self.items.iter().any(|item| item.fold.is_some()) {
            return Split::listed(self, k).map(|split| split.numbers());
        }
        self.refuse_rare(k)?;
        folds(&classes, groups.as_deref(), k, seed)
    }

    /// Digest (BLAKE3, hexadecimal) of the collection: the content digest, label and group of each
    /// item, in order. File names are not part of it, so moving a collection does not change it.
    ///
    /// `contents` are the content digests of the items
    /// ([`ClipFeatures::digest`](crate::features::ClipFeatures::digest)).
    #[must_use]
    pub fn digest<S: AsRef<str>>(&self, contents: &[S]) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut part = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        for (item, content) in self.items.iter().zip(contents) {
            part(content.as_ref());
            part(&self.labels[item.label]);
            part(item.group.map_or("", |group| &self.groups[group]));
        }
        hasher.finalize().to_hex().to_string()
    }

    pub(crate) fn refused(&self, reason: String) -> Error {
        refused(&self.path, reason)
    }
}

fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::Collection { path: path.to_owned(), reason: reason.into() }
}

/// The distinct names, sorted and numbered.
fn numbered<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, usize> {
    let names: BTreeSet<&String> = names.collect();
    names.into_iter().cloned().zip(0..).collect()
}

/// The names that `numbers` refer to. The numbers are changed to indices into the result.
fn kept<'a>(names: &[String], numbers: impl Iterator<Item = &'a mut usize>) -> Vec<String> {
    let mut numbers: Vec<&mut usize> = numbers.collect();
    let used: BTreeSet<usize> = numbers.iter().map(|number| **number).collect();
    let new: BTreeMap<usize, usize> = used.iter().copied().zip(0..).collect();
    numbers.iter_mut().for_each(|number| **number = new[*number]);
    used.into_iter().map(|number| names[number].clone()).collect()
}
