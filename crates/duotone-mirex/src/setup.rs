//! The clips and folds of a task, and the lists that systems are given.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use duotone::data::{Collection, FoldClips};
use duotone::io::{SkippedFile, write_file};
use duotone::{Error, path_text};

use crate::lists;
use crate::task::{FoldLists, Folds, Task};

/// A task's clips and folds.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) collection: Collection,
    /// Absolute path of each clip's file, as it appears in lists.
    pub(super) paths: Vec<PathBuf>,
    pub(super) folds: Vec<FoldClips>,
}

impl Setup {
    /// Opens the task's collection and draws or reads its folds. No audio is decoded, since another
    /// system may read files that duotone cannot.
    ///
    /// # Errors
    /// As [`Collection::open`] and [`Collection::folds`]; [`Error::Collection`] if lists do not
    /// fit the collection, or a fold tests on what it trains on.
    pub(super) fn new(task: &Task) -> Result<Self, Error> {
        let mut collection = nameable(Collection::open(&task.collection, &task.columns)?);
        if let Some(least) = task.min_per_label {
            collection = collection.without_rare(least)?;
        }
        collection.check()?;
        let absolute = |item: &duotone::data::Item| std::path::absolute(&item.path);
        let paths: Vec<PathBuf> = collection
            .items
            .iter()
            .map(|item| absolute(item).map_err(Error::io(&item.path)))
            .collect::<Result<_, _>>()?;
        let folds = match &task.folds {
            Folds::Made { number, seed } => made(&collection.folds(*number, *seed)?, *number),
            Folds::Listed(folds) => {
                let known = known(&collection);
                let one = |lists: &FoldLists| {
                    let train = indices(&lists.train, &collection, &known)?;
                    let test = indices(&lists.test, &collection, &known)?;
                    let split = FoldClips { train, test };
                    apart(&lists.test, &collection, &split).map(|()| split)
                };
                folds.iter().map(one).collect::<Result<_, _>>()?
            }
        };
        Ok(Self { collection, paths, folds })
    }

    /// Writes the lists: `files.txt`, `fold1-train.txt`, `fold1-test.txt` and so on.
    pub(super) fn write_lists(&self, folder: &Path) -> Result<(), Error> {
        let path = |clip: usize| self.paths[clip].as_path();
        let files = (0..self.paths.len()).map(|clip| (path(clip), None));
        write_file(&files_list(folder), &lists::bytes(files))?;
        for (fold, split) in self.folds.iter().enumerate() {
            let label =
                |clip: usize| self.collection.labels[self.collection.items[clip].label].as_str();
            let train = split.train.iter().map(|&clip| (path(clip), Some(label(clip))));
            write_file(&train_list(folder, fold), &lists::bytes(train))?;
            let test = split.test.iter().map(|&clip| (path(clip), None));
            write_file(&test_list(folder, fold), &lists::bytes(test))?;
        }
        Ok(())
    }
}

pub(super) fn files_list(folder: &Path) -> PathBuf {
    folder.join("files.txt")
}

pub(super) fn train_list(folder: &Path, fold: usize) -> PathBuf {
    folder.join(format!("fold{}-train.txt", fold + 1))
}

pub(super) fn test_list(folder: &Path, fold: usize) -> PathBuf {
    folder.join(format!("fold{}-test.txt", fold + 1))
}

/// Skips files that a list cannot name, because their names contain tabs or line breaks.
fn nameable(collection: Collection) -> Collection {
    let can = |i: &usize| lists::can_name(&collection.items[*i].path);
    let (keep, drop): (Vec<usize>, Vec<usize>) = (0..collection.items.len()).partition(can);
    let mut kept = collection.subset(&keep);
    kept.skipped_files.extend(drop.into_iter().map(|i| SkippedFile {
        path: collection.items[i].name.clone(),
        error: "its name contains a tab or line break, which a list cannot hold: rename it".into(),
    }));
    kept
}

fn made(fold_of: &[usize], number: usize) -> Vec<FoldClips> {
    let part = |fold: usize, test: bool| {
        (0..fold_of.len()).filter(|&clip| (fold_of[clip] == fold) == test).collect()
    };
    (0..number).map(|fold| FoldClips { train: part(fold, false), test: part(fold, true) }).collect()
}

/// Maps each clip's real path, with links resolved, to its index.
fn known(collection: &Collection) -> HashMap<PathBuf, usize> {
    collection.items.iter().map(|item| canonical(&item.path)).zip(0..).collect()
}

fn canonical(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Returns the clips that a list names.
fn indices(
    list: &Path,
    collection: &Collection,
    known: &HashMap<PathBuf, usize>,
) -> Result<Vec<usize>, Error> {
    let refused = |reason: String| Error::Collection { path: list.into(), reason };
    let mut clips = Vec::new();
    let mut stats = vec![false; collection.items.len()];
    for line in lists::read(list)? {
        let path = path_text(&line.path);
        let clip = *known.get(&canonical(&line.place(list))).ok_or_else(|| {
            refused(format!("{path} is not in the collection {}", path_text(&collection.path)))
        })?;
        let label = &collection.labels[collection.items[clip].label];
        if let Some(other) = line.label.filter(|other| other != label) {
            return Err(refused(format!(
                "{path} has the label `{other}` here and `{label}` in the collection"
            )));
        }
        if std::mem::replace(&mut stats[clip], true) {
            return Err(refused(format!("{path} is listed twice")));
        }
        clips.push(clip);
    }
    Ok(clips)
}

/// Refuses a fold that tests on training clips.
fn apart(list: &Path, collection: &Collection, split: &FoldClips) -> Result<(), Error> {
    let refused = |reason: String| Error::Collection { path: list.into(), reason };
    let mut trained = vec![false; collection.items.len()];
    split.train.iter().for_each(|&clip| trained[clip] = true);
    if let Some(&clip) = split.test.iter().find(|&&clip| trained[clip]) {
        let name = path_text(&collection.items[clip].name);
        return Err(refused(format!("{name} is trained on in the same fold")));
    }
    let Some(column) = &collection.group_column else { return Ok(()) };
    let mut groups = vec![false; collection.groups.len()];
    let group = |clip: usize| collection.items[clip].group;
    split.train.iter().filter_map(|&clip| group(clip)).for_each(|group| groups[group] = true);
    match split.test.iter().filter_map(|&clip| group(clip)).find(|&group| groups[group]) {
        Some(group) => Err(refused(format!(
            "the {column} `{}` is trained on in the same fold: move it to one side, or give the \
             task no group",
            collection.groups[group]
        ))),
        None => Ok(()),
    }
}
