//! Labels with too few clips, or too few groups, to be divided into folds.

use std::collections::BTreeSet;

use super::Collection;
use crate::error::Error;
use crate::plural::plural;

/// The clips and groups of each class.
pub(crate) struct Units {
    /// Number of clips of each class.
    pub(crate) clips: Vec<usize>,
    /// The groups of each class, if the collection is grouped.
    pub(crate) groups: Option<Vec<BTreeSet<usize>>>,
}

impl Units {
    pub(crate) fn of(collection: &Collection) -> Self {
        let numbers = collection.group_numbers();
        let mut clips = vec![0; collection.labels.len()];
        let mut groups = vec![BTreeSet::new(); clips.len()];
        for (i, item) in collection.items.iter().enumerate() {
            clips[item.label] += 1;
            groups[item.label].extend(numbers.as_ref().map(|numbers| numbers[i]));
        }
        Self { clips, groups: numbers.map(|_| groups) }
    }

    /// Number of groups of a class, or of clips if the collection is not grouped.
    fn count(&self, class: usize) -> usize {
        self.groups.as_ref().map_or(self.clips[class], |groups| groups[class].len())
    }

    /// Numbers of the classes with fewer groups (or clips) than `least`.
    pub(crate) fn fewer_than(&self, least: usize) -> Vec<usize> {
        (0..self.clips.len()).filter(|&class| self.count(class) < least).collect()
    }
}

impl Collection {
    /// The collection without the labels that have fewer than `least` clips or, if it is grouped,
    /// fewer than `least` groups. A warning lists these labels.
    ///
    /// # Errors
    /// [`Error::Collection`] if fewer than two labels are left.
    pub fn without_rare(&self, least: usize) -> Result<Self, Error> {
        let units = Units::of(self);
        let rare = units.fewer_than(least);
        if rare.is_empty() {
            return Ok(self.clone());
        }
        let keep = |&i: &usize| !rare.contains(&self.items[i].label);
        let keep: Vec<usize> = (0..self.items.len()).filter(keep).collect();
        let mut kept = self.subset(&keep);
        kept.warnings.push(format!(
            "left out {} with fewer than {}: {}",
            plural(rare.len(), "label"),
            plural(least, self.unit()),
            self.with_counts(&rare, &units)
        ));
        if kept.labels.len() < 2 {
            return Err(self.refused(format!(
                "{} with {} or more, but at least two labels are needed: choose a smaller minimum",
                plural(kept.labels.len(), "label"),
                plural(least, self.unit())
            )));
        }
        Ok(kept)
    }

    /// Fails if some labels are too rare for a number of folds. The error lists all of them.
    pub(crate) fn refuse_rare(&self, folds: usize) -> Result<(), Error> {
        let units = Units::of(self);
        let rare = units.fewer_than(folds);
        let few = rare.iter().map(|&class| units.count(class)).min();
        let Some(few) = few else { return Ok(()) };
        let what = match rare.as_slice() {
            [only] => {
                let has = plural(few, self.unit());
                format!("label `{}` has {has}, fewer than {folds} folds", self.labels[*only])
            }
            _ => format!(
                "{} labels have fewer {}s than {folds} folds: {}",
                rare.len(),
                self.unit(),
                self.with_counts(&rare, &units)
            ),
        };
        let fewer = match few {
            0 | 1 => String::new(),
            _ => format!("choose at most {few} folds, "),
        };
        // Without the rare labels, at least two others must be left.
        let remedy = if self.labels.len() - rare.len() >= 2 {
            format!("add files, or leave out rare labels (`min_per_label={folds}`)")
        } else {
            match &self.group_column {
                Some(column) => format!("add files of other {column}s, or do not group"),
                None => "add files".to_owned(),
            }
        };
        Err(self.refused(format!("{what}: {fewer}{remedy}")))
    }

    /// What is divided into folds, as a noun.
    fn unit(&self) -> &str {
        self.group_column.as_deref().unwrap_or("file")
    }

    /// The given labels, each with its number of groups (or clips).
    fn with_counts(&self, classes: &[usize], units: &Units) -> String {
        let one = |&class: &usize| format!("`{}` ({})", self.labels[class], units.count(class));
        classes.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}
