//! A collection as Python values, for pickles.

use std::path::PathBuf;

use duotone::data::{Collection, Item};
use duotone::io::SkippedFile;
use pyo3::prelude::*;

/// All fields of a collection.
#[derive(FromPyObject, IntoPyObject)]
pub(crate) struct State {
    #[pyo3(item)]
    path: PathBuf,
    #[pyo3(item)]
    on_disk: bool,
    #[pyo3(item)]
    label_column: String,
    #[pyo3(item)]
    group_column: Option<String>,
    #[pyo3(item)]
    labels: Vec<String>,
    #[pyo3(item)]
    groups: Vec<String>,
    #[pyo3(item)]
    items: Vec<ItemState>,
    #[pyo3(item)]
    skipped_files: Vec<(PathBuf, String)>,
    #[pyo3(item)]
    warnings: Vec<String>,
    #[pyo3(item)]
    group_candidates: Vec<String>,
}

/// Name, path, label, group, fold and part of a split of a clip.
type ItemState = (PathBuf, PathBuf, usize, Option<usize>, Option<String>, Option<String>);

impl State {
    pub(crate) fn of(collection: &Collection, warnings: &[String]) -> Self {
        let Collection {
            path,
            on_disk,
            label_column,
            group_column,
            labels,
            groups,
            items,
            skipped_files,
            warnings: _,
            group_candidates,
        } = collection.clone();
        let item =
            |item: Item| (item.name, item.path, item.label, item.group, item.fold, item.split);
        Self {
            path,
            on_disk,
            label_column,
            group_column,
            labels,
            groups,
            items: items.into_iter().map(item).collect(),
            skipped_files: skipped_files.into_iter().map(|file| (file.path, file.error)).collect(),
            warnings: warnings.to_vec(),
            group_candidates,
        }
    }

    /// Fails if an item has a label or a group that does not exist.
    pub(crate) fn into_collection(self) -> Result<Collection, &'static str> {
        let mut items = Vec::with_capacity(self.items.len());
        for (name, path, label, group, fold, split) in self.items {
            if label >= self.labels.len() || group.is_some_and(|group| group >= self.groups.len()) {
                return Err("the pickle of the collection is damaged");
            }
            items.push(Item { name, path, label, group, fold, split });
        }
        let skipped = |(path, error)| SkippedFile { path, error };
        Ok(Collection {
            path: self.path,
            on_disk: self.on_disk,
            label_column: self.label_column,
            group_column: self.group_column,
            labels: self.labels,
            groups: self.groups,
            items,
            skipped_files: self.skipped_files.into_iter().map(skipped).collect(),
            warnings: self.warnings,
            group_candidates: self.group_candidates,
        })
    }
}
