//! Labelled collections: a folder, a CSV or a MIREX list becomes clips with class numbers.

mod folder;
pub(crate) mod list;
pub(crate) mod places;
pub(crate) mod rare;
mod records;
mod rows;

pub use folder::{AudioFiles, audio_files};
pub use rows::Row;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::data::split::Split;
use crate::data::stratify::folds;
use crate::error::Error;
use crate::io::LeftOut;
use crate::model::LabelCount;
use crate::path_text::path_text;
use crate::plural::plural;

/// More files than this are refused: a wrong folder, not a collection.
const MAX_FILES: usize = 1_000_000;

/// Which columns to read. For a folder, see `docs/collections.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectionOptions {
    /// The column that holds the labels; by default `label`, else `genre`, else the only one that
    /// can be meant.
    pub label: Option<String>,
    /// The column whose values are kept within one fold.
    pub group: Option<String>,
}

/// One clip of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The file as the collection names it.
    pub name: PathBuf,
    /// The file to open.
    pub path: PathBuf,
    /// Class number: an index into the collection's labels.
    pub label: usize,
    /// An index into the collection's groups; `None` where the clip has none.
    pub group: Option<usize>,
    /// The fold the list puts it in, as written there.
    pub fold: Option<String>,
    /// The part of a split (`train`, `valid`, `test`) the list puts it in, as written there.
    pub split: Option<String>,
}

/// Labelled clips, in the order of the list or, for a folder, of their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// The collection as the user named it.
    pub path: PathBuf,
    /// Whether `path` is the list or folder that was read; rows in memory have a name only.
    pub on_disk: bool,
    /// The column the labels are from; `folder` and `label` where there are no columns.
    pub label_column: String,
    /// The column the groups are from; none where it is empty for all clips.
    pub group_column: Option<String>,
    /// The labels, sorted: class number `c` is `labels[c]`.
    pub labels: Vec<String>,
    /// The groups, sorted.
    pub groups: Vec<String>,
    /// The clips.
    pub items: Vec<Item>,
    /// Lines and files that cannot take part.
    pub left_out: Vec<LeftOut>,
    /// What the user should know, in words.
    pub notices: Vec<String>,
    /// Columns that files could be grouped by: artists or albums with several files.
    pub group_candidates: Vec<String>,
}

/// A clip as it was found, before labels and groups have numbers.
struct Entry {
    name: PathBuf,
    path: PathBuf,
    label: String,
    group: Option<String>,
    fold: Option<String>,
    split: Option<String>,
}

/// What was found in a folder or a list.
#[derive(Default)]
struct Found {
    label_column: String,
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
    notices: Vec<String>,
    group_candidates: Vec<String>,
}

impl Collection {
    /// The list or folder that was read; none for rows in memory.
    #[must_use]
    pub fn source(&self) -> Option<&Path> {
        self.on_disk.then_some(self.path.as_path())
    }

    /// Every file that the collection is read from: the list (or folder) itself, and the clips.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let clips = self.items.iter().map(|item| item.path.as_path());
        self.source().into_iter().chain(clips)
    }

    /// Reads a collection: a folder whose sub-folders are the labels, a CSV with a header, or a
    /// MIREX list (`path<TAB>label`). No audio file is opened.
    ///
    /// A line or file that cannot be used goes to [`left_out`](Self::left_out), and the rest is
    /// kept.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder or list cannot be read; [`Error::Collection`] when it is
    /// neither, lacks a column, or holds fewer than two labels. Messages name the cure.
    pub fn open(path: &Path, options: &CollectionOptions) -> Result<Self, Error> {
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
        let mut notices = found.notices;
        let alone = found.entries.iter().filter(|e| e.group.is_none()).count();
        let mut group_column = options.group.clone();
        if let Some(column) = options.group.as_ref().filter(|_| alone > 0) {
            if groups.is_empty() {
                group_column = None;
                notices.push(format!(
                    "the column `{column}` is empty for all files: not grouped by it"
                ));
            } else {
                let files = plural(alone, "file");
                notices.push(format!("no {column} for {files}: a group of its own for each"));
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
            left_out: found.left_out,
            notices,
            group_candidates: found.group_candidates,
        }
    }

    /// Refuses a collection that nothing can be learnt from: no files, or one class only.
    ///
    /// # Errors
    /// [`Error::Collection`] says which, and what would help.
    pub fn check(&self) -> Result<(), Error> {
        match (self.labels.as_slice(), self.left_out.as_slice()) {
            ([], []) => Err(refused(
                &self.path,
                "holds no labelled audio files: give a folder with one sub-folder of audio files \
                 for each label, or a list of files with their labels",
            )),
            ([], left_out) => Err(self.unusable(left_out)),
            ([only], []) => Err(refused(
                &self.path,
                format!("all files have the label `{only}`: at least two labels are needed"),
            )),
            ([only], left_out @ [first, ..]) => Err(refused(
                &self.path,
                format!(
                    "all usable files have the label `{only}`, and at least two labels are needed; \
                     {} left out, the first, {}: {}",
                    plural(left_out.len(), "entry"),
                    path_text(&first.path),
                    first.reason
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The error for a collection of which nothing can be used, with the first of the reasons.
    pub(crate) fn unusable(&self, left_out: &[LeftOut]) -> Error {
        let first = left_out.first();
        let first = first.map_or_else(String::new, |LeftOut { path, reason }| {
            format!("; the first, {}: {reason}", path_text(path))
        });
        let entries = plural(left_out.len(), "entry");
        self.refused(format!("none of its {entries} can be used{first}"))
    }

    /// The same collection with only the items whose indices are given, in that order; labels and
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
            left_out: self.left_out.clone(),
            notices: self.notices.clone(),
            group_candidates: self.group_candidates.clone(),
        }
    }

    /// What to say before clips are divided, where they are not grouped and could be.
    #[must_use]
    pub fn ungrouped_notice(&self) -> Option<String> {
        let column = self.group_candidates.first().filter(|_| self.group_column.is_none())?;
        Some(format!(
            "the list has a column `{column}`, but files are not grouped: one {column} may be both \
             trained on and tested, and accuracies then read too high; `group={column}` keeps \
             them apart"
        ))
    }

    /// The class number of each clip.
    #[must_use]
    pub fn classes(&self) -> Vec<usize> {
        self.items.iter().map(|item| item.label).collect()
    }

    /// The group number of each clip, where a group column was chosen; a clip without a group has
    /// a number of its own.
    #[must_use]
    pub fn group_numbers(&self) -> Option<Vec<usize>> {
        self.group_column.as_ref()?;
        let alone = self.groups.len()..;
        let number = |(item, alone): (&Item, usize)| item.group.unwrap_or(alone);
        Some(self.items.iter().zip(alone).map(number).collect())
    }

    /// How many clips bear each label.
    #[must_use]
    pub fn label_counts(&self) -> Vec<LabelCount> {
        let count = |(c, name): (usize, &String)| LabelCount {
            name: name.clone(),
            clips: self.items.iter().filter(|item| item.label == c).count(),
        };
        self.labels.iter().enumerate().map(count).collect()
    }

    /// The fold (`0..k`) of each clip: the list's own where it has a `fold` column, otherwise
    /// [`folds`](crate::data::folds()) drawn by `seed`, stratified, and grouped where a group column was
    /// chosen.
    ///
    /// # Errors
    /// [`Error::Collection`] names the labels with fewer files (or groups) than folds, or says what
    /// is wrong with the list's own folds.
    pub fn folds(&self, k: usize, seed: u64) -> Result<Vec<usize>, Error> {
        let (classes, groups) = (self.classes(), self.group_numbers());
        if self.items.iter().any(|item| item.fold.is_some()) {
            return Split::listed(self, k).map(|split| split.numbers());
        }
        self.refuse_rare(k)?;
        folds(&classes, groups.as_deref(), k, seed)
    }

    /// Digest (BLAKE3, hexadecimal) of the collection: its labels and groups, and in its order the
    /// content digest and label of each file. File names do not count: a collection that moved
    /// keeps its digest.
    ///
    /// `contents` holds each item's content digest
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

    /// Reports files of the same content under different names, by the items' content digests:
    /// in two folds they make a result too good, under two labels one of them is wrong.
    #[must_use]
    pub fn same_content<S: AsRef<str>>(&self, contents: &[S]) -> Vec<String> {
        let mut of_content: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for (item, content) in self.items.iter().zip(contents) {
            of_content.entry(content.as_ref()).or_default().push(item);
        }
        let same = of_content.into_values().filter(|items| items.len() > 1);
        let mut notices: Vec<String> = same.map(|items| self.same_notice(&items)).collect();
        notices.sort_unstable();
        notices
    }

    fn same_notice(&self, items: &[&Item]) -> String {
        let names: Vec<_> = items.iter().map(|item| path_text(&item.name)).collect();
        let labels: BTreeSet<&str> =
            items.iter().map(|item| self.labels[item.label].as_str()).collect();
        let mut notice = format!("same content: {}", names.join(", "));
        if labels.len() > 1 {
            let labels: Vec<_> = labels.into_iter().collect();
            notice += &format!("; their labels contradict each other: {}", labels.join(", "));
        }
        notice
    }

    pub(crate) fn refused(&self, reason: String) -> Error {
        refused(&self.path, reason)
    }
}

fn refused(path: &Path, reason: impl Into<String>) -> Error {
    Error::Collection { path: path.to_owned(), reason: reason.into() }
}

/// Each distinct name with its number, in sorted order.
fn numbered<'a>(names: impl Iterator<Item = &'a String>) -> BTreeMap<String, usize> {
    let names: BTreeSet<&String> = names.collect();
    names.into_iter().cloned().zip(0..).collect()
}

/// The names that `numbers` still use; the numbers become indices into them.
fn kept<'a>(names: &[String], numbers: impl Iterator<Item = &'a mut usize>) -> Vec<String> {
    let mut numbers: Vec<&mut usize> = numbers.collect();
    let used: BTreeSet<usize> = numbers.iter().map(|number| **number).collect();
    let new: BTreeMap<usize, usize> = used.iter().copied().zip(0..).collect();
    numbers.iter_mut().for_each(|number| **number = new[*number]);
    used.into_iter().map(|number| names[number].clone()).collect()
}

/// Keeps a file that is named twice once; leaves it out altogether where its labels differ.
fn without_duplicates(mut found: Found) -> Found {
    let mut of_file: HashMap<PathBuf, Vec<usize>> = HashMap::new();
    for (i, entry) in found.entries.iter().enumerate() {
        let file = fs::canonicalize(&entry.path).unwrap_or_else(|_| entry.path.clone());
        of_file.entry(file).or_default().push(i);
    }
    let mut again = 0;
    let mut keep = vec![true; found.entries.len()];
    let mut conflicts = Vec::new();
    for same in of_file.into_values().filter(|same| same.len() > 1) {
        let labels: BTreeSet<&str> =
            same.iter().map(|&i| found.entries[i].label.as_str()).collect();
        if labels.len() == 1 {
            again += same.len() - 1;
            same[1..].iter().for_each(|&i| keep[i] = false);
        } else {
            let labels = labels.into_iter().collect::<Vec<_>>().join(", ");
            let reason = format!("listed with contradicting labels: {labels}; keep one of them");
            let mut named = BTreeSet::new();
            for i in same {
                keep[i] = false;
                // A link and its target are one file under two names, and both are reported.
                if named.insert(found.entries[i].name.clone()) {
                    conflicts.push((i, reason.clone()));
                }
            }
        }
    }
    if again > 0 {
        found
            .notices
            .push(format!("files listed again under the same label: {again} counted once"));
    }
    conflicts.sort_unstable();
    for (i, reason) in conflicts {
        found.left_out.push(LeftOut { path: found.entries[i].name.clone(), reason });
    }
    let mut keep = keep.into_iter();
    found.entries.retain(|_| keep.next().unwrap_or(true));
    found
}
