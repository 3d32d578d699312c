//! Collections from rows in memory, such as a table of another program.

use std::path::{Path, PathBuf};

use super::{Collection, CollectionOptions, Entry, Found, MAX_FILES, refused, without_duplicates};
use crate::error::Error;
use crate::path_text::on_disk;

/// One labelled file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The file. Other spellings are resolved by [`on_disk`](crate::on_disk).
    pub path: PathBuf,
    /// Its label.
    pub label: String,
    /// Its group. Files with the same group are kept in one fold.
    pub group: Option<String>,
    /// Its fold.
    pub fold: Option<String>,
    /// Its part of a split (`train`, `valid` or `test`).
    pub split: Option<String>,
}

impl Collection {
    /// Builds a collection from rows, in their order, as if [`open`](Self::open) had read them from a
    /// list called `name`. The options give the names of the columns.
    ///
    /// # Errors
    /// [`Error::Collection`] if there are fewer than two labels or more than a million rows.
    pub fn from_rows(
        name: &Path,
        rows: impl IntoIterator<Item = Row>,
        options: &CollectionOptions,
    ) -> Result<Self, Error> {
        let entry = |Row { path, label, group, fold, split }: Row| Entry {
            path: on_disk(&path),
            name: path,
            label,
            group,
            fold,
            split,
        };
        let entries: Vec<Entry> = rows.into_iter().map(entry).collect();
        if entries.len() > MAX_FILES {
            return Err(refused(name, format!("more than {MAX_FILES} rows: use a smaller table")));
        }
        let label_column = options.label.clone().unwrap_or_else(|| "label".into());
        let found = Found { label_column, entries, ..Found::default() };
        let mut collection = Self::number(name, options, without_duplicates(found));
        collection.on_disk = false;
        collection.check()?;
        Ok(collection)
    }
}

#[cfg(test)]
mod tests {
    use super::Row;
    use crate::data::{Collection, CollectionOptions};

    fn row(path: &str, label: &str, group: Option<&str>) -> Row {
        Row {
            path: path.into(),
            label: label.into(),
            group: group.map(str::to_owned),
            fold: None,
            split: None,
        }
    }

    #[test]
    fn rows_are_numbered_like_lists() {
        let options = CollectionOptions { label: Some("mood".into()), group: Some("by".into()) };
        let rows = [
            row("b.wav", "sad", Some("y")),
            row("a.wav", "glad", Some("x")),
            row("b.wav", "sad", Some("y")),
            row("c.wav", "sad", None),
        ];
        let collection = Collection::from_rows("t".as_ref(), rows, &options).unwrap();
        assert_eq!(collection.labels, ["glad", "sad"]);
        assert_eq!(collection.classes(), [1, 0, 1]);
        assert_eq!(collection.group_numbers(), Some(vec![1, 0, 4]));
        assert_eq!(collection.label_column, "mood");
        assert_eq!(collection.warnings.len(), 2, "{:?}", collection.warnings);
    }

    #[test]
    fn one_label_is_refused() {
        let rows = [row("a", "same", None), row("b", "same", None)];
        let refused = Collection::from_rows("t".as_ref(), rows, &CollectionOptions::default());
        assert!(refused.unwrap_err().to_string().contains("at least two labels"));
    }
}
