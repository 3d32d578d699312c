//! The fold of each clip of a collection that is checked.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use super::rare;
use crate::data::collection::list;
use crate::data::split::{Column, Split};
use crate::data::{Collection, Folds, Item};
use crate::error::Error;
use crate::path_text::{composed, path_text};

/// The folds of a collection's clips. They are not validated: finding what is wrong with them is the
/// purpose of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Placement {
    /// The fold of each clip, if any.
    pub(super) of_clip: Vec<Option<String>>,
    /// Number of folds, if known.
    pub(super) count: Option<usize>,
}

impl Placement {
    /// The folds of an evaluation.
    pub(crate) fn of_split(split: &Split) -> Self {
        let of_clip = split.parts.iter().map(|&part| Some(split.word(part))).collect();
        Self { of_clip, count: Some(split.folds) }
    }

    /// Folds by their indices; they are named by numbers from 1.
    pub(crate) fn numbered(of_clip: impl Iterator<Item = Option<usize>>, count: usize) -> Self {
        let of_clip = of_clip.map(|fold| fold.map(|fold| (fold + 1).to_string())).collect();
        Self { of_clip, count: Some(count) }
    }

    /// The folds of some of the clips.
    pub(super) fn subset(&self, clips: &[usize]) -> Self {
        let of_clip = clips.iter().map(|&clip| self.of_clip[clip].clone()).collect();
        Self { of_clip, count: self.count }
    }

    fn named(of_clip: impl Iterator<Item = Option<String>>) -> Self {
        let of_clip: Vec<_> = of_clip.collect();
        let names: BTreeSet<&String> = of_clip.iter().flatten().collect();
        let count = Some(names.len()).filter(|&n| n > 0);
        Self { of_clip, count }
    }

    /// The folds that an evaluation with these arguments would use; none if neither the caller nor
    /// the list specifies any.
    pub(super) fn of(collection: &Collection, folds: &Folds, seed: u64) -> Result<Self, Error> {
        let column = |of: fn(&Item) -> &Option<String>| {
            Self::named(collection.items.iter().map(|item| of(item).clone()))
        };
        let (fold, split) = (column(|item| &item.fold), column(|item| &item.split));
        Ok(match folds {
            Folds::File(path) => Self::read(collection, path)?,
            Folds::Given(_) => Self::of_split(&Split::new(collection, folds, seed, &[])?.0),
            Folds::Column(Column::Split) => split,
            Folds::Automatic if fold.count.is_none() => split,
            Folds::Count(count) if fold.count.is_none() => Self::drawn(collection, *count, seed)?,
            Folds::Automatic | Folds::Column(Column::Fold) | Folds::Count(_) => fold,
        })
    }

    /// The folds that an evaluation would draw. Clips of a label that is too rare for the folds,
    /// which is a finding, get no fold.
    fn drawn(collection: &Collection, count: usize, seed: u64) -> Result<Self, Error> {
        let rare = rare::fewer_than(collection, count);
        let clips = 0..collection.items.len();
        let kept: Vec<usize> =
            clips.filter(|&clip| !rare.contains(&collection.items[clip].label)).collect();
        let common = collection.subset(&kept);
        let mut of_clip = vec![None; collection.items.len()];
        if common.labels.len() > 1 {
            for (&clip, fold) in kept.iter().zip(common.folds(count, seed)?) {
                of_clip[clip] = Some(fold);
            }
        }
        Ok(Self::numbered(of_clip.into_iter(), count))
    }

    /// The folds from a file; a clip that is not in it has no fold.
    fn read(collection: &Collection, path: &Path) -> Result<Self, Error> {
        let wrong = |reason: String| Error::Collection { path: path.to_owned(), reason };
        let mut of_path: HashMap<String, String> = HashMap::new();
        for line in list::read_folds(path)? {
            // `predictions.csv` lists a file once per system, always with the same fold.
            let path = composed(&line.path).into_owned();
            let known = of_path.entry(path).or_insert_with(|| line.fold.clone());
            if *known != line.fold {
                let reason =
                    format!("a file is in both fold {known} and fold {}: keep one", line.fold);
                return Err(wrong(reason));
            }
        }
        let fold = |item: &Item| of_path.get(&*composed(&path_text(&item.name))).cloned();
        let placement = Self::named(collection.items.iter().map(fold));
        match placement.count {
            Some(_) => Ok(placement),
            None => Err(wrong(
                "lists none of the collection's files: use the same paths as the collection".into(),
            )),
        }
    }
}
