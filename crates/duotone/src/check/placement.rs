//! Where a check takes the folds from.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use super::rare;
use crate::division::Division;
use crate::{Collection, Error};

/// The largest list of folds that is read, in bytes.
const LARGEST: u64 = 256 << 20;

/// Which folds a check looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FoldChoice {
    /// The collection's own, where its list has a `fold` column; otherwise none.
    #[default]
    Listed,
    /// As an evaluation with so many folds and this seed makes them: a list's own come first.
    Made {
        /// Number of folds.
        folds: usize,
        /// Seed that they are drawn by.
        seed: u64,
    },
    /// A CSV file with the columns `path` and `fold`, such as an evaluation's `predictions.csv`.
    File(PathBuf),
}

/// The folds of a collection's clips.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folds {
    /// The fold of each clip, where it has one.
    pub(super) of_clip: Vec<Option<String>>,
    /// Number of folds that are there, or wanted.
    pub(super) count: Option<usize>,
}

impl Folds {
    /// Folds numbered from 0.
    fn numbered(folds: &[usize], count: usize) -> Self {
        let of_clip = folds.iter().map(|fold| Some(fold.to_string())).collect();
        Self { of_clip, count: Some(count) }
    }

    /// As an evaluation divides its clips.
    pub(crate) fn of_division(division: &Division) -> Self {
        let of_clip = division.parts.iter().map(|&part| Some(division.word(part))).collect();
        Self { of_clip, count: Some(division.folds) }
    }

    fn named(of_clip: Vec<Option<String>>) -> Self {
        let names: BTreeSet<&String> = of_clip.iter().flatten().collect();
        let count = Some(names.len()).filter(|&n| n > 0);
        Self { of_clip, count }
    }

    pub(super) fn of(collection: &Collection, choice: &FoldChoice) -> Result<Self, Error> {
        let listed = Self::named(collection.items.iter().map(|item| item.fold.clone()).collect());
        match choice {
            FoldChoice::Made { folds, seed } if listed.count.is_none() => {
                // A label too rare for the folds is a finding here: they cannot be made then.
                if !rare::fewer_than(collection, *folds).is_empty() {
                    return Ok(Self { count: Some(*folds), ..listed });
                }
                Ok(Self::numbered(&collection.folds(*folds, *seed)?, *folds))
            }
            FoldChoice::Listed | FoldChoice::Made { .. } => Ok(listed),
            FoldChoice::File(path) => Self::read(collection, path),
        }
    }

    fn read(collection: &Collection, path: &Path) -> Result<Self, Error> {
        let wrong = |reason: String| Error::File { path: path.to_owned(), reason };
        let about = fs::metadata(path).map_err(Error::io(path))?;
        if !about.is_file() || about.len() > LARGEST {
            return Err(wrong("not a file of at most 256 MiB: name a list of folds".to_owned()));
        }
        let text = fs::read(path).map_err(Error::io(path))?;
        let mut rows = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_slice());
        let header = rows.byte_headers().map_err(|e| wrong(e.to_string()))?.clone();
        let column = |name: &str| {
            header.iter().position(|head| head.trim_ascii() == name.as_bytes()).ok_or_else(|| {
                wrong(format!("no column `{name}`: a list of folds has the columns path and fold"))
            })
        };
        let (path_column, fold_column) = (column("path")?, column("fold")?);
        let mut of_path: HashMap<String, String> = HashMap::new();
        for row in rows.byte_records() {
            let row = row.map_err(|e| wrong(e.to_string()))?;
            let cell = |i: usize| String::from_utf8_lossy(row.get(i).unwrap_or_default());
            let (name, fold) = (cell(path_column).into_owned(), cell(fold_column));
            let fold = fold.trim();
            let known = of_path.get(&name).map(String::as_str);
            match known {
                _ if fold.is_empty() => {}
                // Several architectures are tested on the same folds.
                Some(known) if known == fold => {}
                Some(known) => {
                    let reason = format!("{name} is in the folds {known} and {fold}: keep one");
                    return Err(wrong(reason));
                }
                None => {
                    of_path.insert(name, fold.to_owned());
                }
            }
        }
        let fold = |name: &Path| of_path.get(name.to_string_lossy().as_ref()).cloned();
        let of_clip: Vec<_> = collection.items.iter().map(|item| fold(&item.name)).collect();
        if of_clip.iter().all(Option::is_none) {
            let reason = "names none of the collection's files: write paths as the collection does";
            return Err(wrong(reason.to_owned()));
        }
        Ok(Self::named(of_clip))
    }
}
